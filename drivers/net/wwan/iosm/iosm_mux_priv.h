/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internal to the IP channel.
 */
#ifndef IOSM_MUX_PRIV_H
#define IOSM_MUX_PRIV_H

#include "iosm_mux.h"

/* A block with less room than that is pushed (Aggregation). */
#define IOSM_MUX_MIN_ROOM	1500

/**
 * struct iosm_mux_tally - completed packets of one NAPI poll, for BQL
 * @packets: by session
 * @bytes: by session
 */
struct iosm_mux_tally {
	u32 packets[IOSM_SESSIONS];
	u32 bytes[IOSM_SESSIONS];
};

/**
 * struct iosm_mux_ops - operations of a flavour
 * @flavour: for the codec
 * @headroom: bytes in front of a packet, without head padding; 0: packets are
 *	copied to a block
 * @batch: number of TDs that are a batch, see struct iosm_mux_fill
 * @many: number of TDs that shortens the time between doorbells
 * @dl_overhead: bytes of a DL buffer that are not available for a packet
 * @can_frag: packets may be passed on as page fragments
 * @room: size of the largest packet with @pad bytes of head padding
 * @alloc: allocate memory when the channel is opened; sleeps. NULL: none
 * @free: the counterpart of @alloc
 * @put: push a packet, or add it to the open block. Return: true: consumed; false:
 *	no room
 * @flush: push the open block. Return: false: no TD. NULL: there are no blocks
 * @send_level: send the queue level of a session. Return: false: no room
 * @done: a buffer of packets was completed
 * @drop: free a buffer that was reclaimed from a closed pipe. NULL: nothing to do
 * @orphan: see iosm_mux_ul_orphan(). NULL: nothing to do
 * @rx: process a DL buffer. Return: its cost in packets, at least 1; 0: a data
 *	block, which the caller reads
 *
 * Context: @put, @flush, @send_level, @done and @orphan under ul_lock; @rx NAPI
 * poll.
 */
struct iosm_mux_ops {
	enum iosm_mux_flavour flavour;
	u32 headroom;
	u32 batch;
	u32 many;
	u32 dl_overhead;
	bool can_frag;
	u32 (*room)(u32 pad);
	int (*alloc)(struct iosm_mux *mux);
	void (*free)(struct iosm_mux *mux);
	bool (*put)(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb);
	bool (*flush)(struct iosm_mux *mux);
	bool (*send_level)(struct iosm_mux *mux, u8 if_id);
	void (*done)(struct iosm_mux *mux, const struct iosm_done *done,
		     struct iosm_mux_tally *tally, int budget);
	void (*drop)(struct iosm_mux *mux, const struct iosm_buf *buf);
	void (*orphan)(struct iosm_mux *mux, u8 if_id);
	int (*rx)(struct iosm_mux *mux, void *va, u32 len);
};

/* Push the open block, if there is one. False: no TD. */
static inline bool iosm_mux_flush_block(struct iosm_mux *mux)
{
	return !mux->ops->flush || mux->ops->flush(mux);
}

/* Slot of the command in a TD; IOSM_MUX_SLOTS: the TD has a packet. */
static inline unsigned int iosm_mux_slot_of(const struct iosm_mux *mux,
					    const void *cookie)
{
	uintptr_t offset = (uintptr_t)cookie - (uintptr_t)mux->cmdq.slots;

	return min_t(uintptr_t, offset / IOSM_MUX_SLOT_SIZE, IOSM_MUX_SLOTS);
}

/* Caller holds ul_lock. */
static inline void iosm_mux_stop_queue(struct iosm_mux_session *s)
{
	s->tx.stop += !netif_queue_stopped(s->netdev);
	netif_stop_queue(s->netdev);
}

/* Caller holds ul_lock. */
static inline void iosm_mux_wake_queue(struct iosm_mux_session *s)
{
	s->tx.wake++;
	netif_wake_queue(s->netdev);
}

/* iosm_mux_cmdq.c */
bool iosm_mux_post(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd,
		   unsigned int reserved);
unsigned int iosm_mux_slot(struct iosm_mux *mux);
bool iosm_mux_push_small(struct iosm_mux *mux, unsigned int slot, u32 len);
void iosm_mux_send_cmds(struct iosm_mux *mux);
int iosm_mux_alloc_slots(struct iosm_mux *mux);
void iosm_mux_free_slots(struct iosm_mux *mux);

/* iosm_mux_session.c */
void iosm_mux_set_state(struct iosm_mux *mux, u8 if_id,
			enum iosm_mux_state state);
void iosm_mux_malformed(struct iosm_mux *mux, const char *what);
void iosm_mux_cmd(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd);
void iosm_mux_grant(struct iosm_mux *mux,
		    const struct iosm_mux_credit *credit);
u32 iosm_mux_level(struct iosm_mux_session *s);
void iosm_mux_refund(struct iosm_mux *mux, struct iosm_mux_session *s,
		     u32 bytes);
void iosm_mux_count(struct iosm_mux *mux, struct iosm_mux_tally *tally,
		    u8 if_id, u32 epoch, u32 packets, u32 bytes, bool ok);

/* iosm_mux_coalesce.c */
void iosm_mux_kick(struct iosm_mux *mux, enum iosm_mux_when when);
enum hrtimer_restart iosm_mux_ul_timeout(struct hrtimer *timer);
void iosm_mux_ul_flush(struct iosm_mux *mux);

/* iosm_mux_gso.c */
u32 iosm_mux_gso_blocks(const struct iosm_mux_session *s,
			const struct sk_buff *skb, u32 head_len, u32 mss);
bool iosm_mux_gso_head(const struct sk_buff *skb, u32 *head_len);
void iosm_mux_gso_headers(u8 *head, const struct sk_buff *skb,
			  u32 head_len, u32 nr, u32 at, u32 n,
			  __wsum csum);

/* iosm_mux_ul.c */
int iosm_mux_ul_alloc(struct iosm_mux *mux);
void iosm_mux_ul_reclaim(struct iosm_mux *mux);
void iosm_mux_ul_free(struct iosm_mux *mux);
void iosm_mux_ul_orphan(struct iosm_mux *mux, u8 if_id);
void iosm_mux_ul_poll(struct iosm_mux *mux, int budget);

/* iosm_mux_aggregation.c, iosm_mux_lite.c */
extern const struct iosm_mux_ops iosm_mux_aggregation;
extern const struct iosm_mux_ops iosm_mux_lite;

/* iosm_mux_dl.c */
void iosm_mux_rx(struct iosm_mux *mux, const struct iosm_mux_dg *dg);
int iosm_mux_rx_credit(struct iosm_mux *mux, const void *va, u32 len);
int iosm_mux_dl_alloc(struct iosm_mux *mux, u32 entries, struct net_device *netdev);
int iosm_mux_dl_fill(struct iosm_mux *mux);
void iosm_mux_dl_reclaim(struct iosm_mux *mux);
void iosm_mux_dl_free(struct iosm_mux *mux);
int iosm_mux_dl_poll(struct iosm_mux *mux, int budget);

#endif
