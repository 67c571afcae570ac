/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iosm_mux.c (sessions), iosm_mux_ul.c and iosm_mux_dl.c share, and
 * nobody else needs.
 */
#ifndef IOSM_MUX_PRIV_H
#define IOSM_MUX_PRIV_H

#include "iosm_mux.h"

static inline bool iosm_mux_is_lite(const struct iosm_mux *mux)
{
	return mux->flavour == IOSM_MUX_LITE;
}

/* The stack may send no more on this session for now. Caller holds ul_lock. */
static inline void iosm_mux_stop_queue(struct iosm_mux_session *s)
{
	s->tx.stop += !netif_queue_stopped(s->netdev);
	netif_stop_queue(s->netdev);
}

/* It may again. Caller holds ul_lock. */
static inline void iosm_mux_wake_queue(struct iosm_mux_session *s)
{
	s->tx.wake++;
	netif_wake_queue(s->netdev);
}

/**
 * enum iosm_mux_when - how soon the device must hear of new uplink
 * @IOSM_MUX_NOW: at once
 * @IOSM_MUX_STUCK: when it has little to do: no more will come before that
 * @IOSM_MUX_SOON: the same, but in company, or after some time
 * @IOSM_MUX_MORE: not before the next packet, which is there already
 */
enum iosm_mux_when {
	IOSM_MUX_NOW,
	IOSM_MUX_STUCK,
	IOSM_MUX_SOON,
	IOSM_MUX_MORE,
};

/* iosm_mux.c */
void iosm_mux_lie(struct iosm_mux *mux, const char *what);
void iosm_mux_cmd(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd);
void iosm_mux_grant(struct iosm_mux *mux,
		    const struct iosm_mux_credit *credit);

/* iosm_mux_ul.c */
int iosm_mux_ul_alloc(struct iosm_mux *mux);
void iosm_mux_ul_reclaim(struct iosm_mux *mux);
void iosm_mux_ul_free(struct iosm_mux *mux);
bool iosm_mux_post(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd,
		   unsigned int keep);
void iosm_mux_kick(struct iosm_mux *mux, enum iosm_mux_when when);
enum hrtimer_restart iosm_mux_ul_timeout(struct hrtimer *timer);
void iosm_mux_ul_flush(struct iosm_mux *mux);
u32 iosm_mux_gso_blocks(const struct iosm_mux_session *s,
			const struct sk_buff *skb, u32 head_len, u32 mss);
void iosm_mux_ul_disown(struct iosm_mux *mux, u8 if_id);
void iosm_mux_ul_poll(struct iosm_mux *mux, int budget);

/* iosm_mux_dl.c */
int iosm_mux_dl_alloc(struct iosm_mux *mux, u32 entries);
int iosm_mux_dl_fill(struct iosm_mux *mux);
void iosm_mux_dl_reclaim(struct iosm_mux *mux);
void iosm_mux_dl_free(struct iosm_mux *mux);
int iosm_mux_dl_poll(struct iosm_mux *mux, int budget);

#endif
