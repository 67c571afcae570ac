/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions: IP data of up to eight links on channel 0.
 */
#ifndef IOSM_MUX_H
#define IOSM_MUX_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "iosm_channel.h"
#include "iosm_hw.h"
#include "iosm_mux_coalesce.h"
#include "iosm_mux_codec.h"
#include "iosm_mux_pace.h"
#include "iosm_stats.h"

struct iosm_core;
struct iosm_mux_ops;
struct page_pool;

/* UL data blocks (Aggregation). Fewer than TDs, which leaves TDs for commands. */
#define IOSM_MUX_BLOCKS		32
#define IOSM_MUX_BLOCK_SIZE	(16 * 1024)
/* Minimum for opening the channel. The largest packet needs 12. */
#define IOSM_MUX_BLOCKS_MIN	(IOSM_MUX_BLOCKS / 2)
/* Longest headers of a packet that the driver segments. */
#define IOSM_MUX_GSO_HEAD	128

/* Commands in the UL pipe, and commands in the queue. */
#define IOSM_MUX_SLOTS		24
#define IOSM_MUX_SLOT_SIZE	64
#define IOSM_MUX_CMD_QUEUE	64

/**
 * enum iosm_mux_state - state of a session
 * @IOSM_MUX_CLOSED: not open
 * @IOSM_MUX_OPENING: OPEN_SESSION was sent; the device may grant credit already
 * @IOSM_MUX_UP: open
 * @IOSM_MUX_CLOSING: CLOSE_SESSION was sent or queued; downlink may still arrive.
 *	The network device does not wait for the response.
 */
enum iosm_mux_state {
	IOSM_MUX_CLOSED,
	IOSM_MUX_OPENING,
	IOSM_MUX_UP,
	IOSM_MUX_CLOSING,
};

/**
 * struct iosm_mux_tx_stats - uplink of a session, counted under the uplink lock
 * @tx_blocks: blocks with packets of the session (Lite: packets)
 * @tx_deferred: packets deferred by flow control, credit or lack of room
 * @tx_credit_stalls: packets deferred by credit
 * @tx_flow_off: flow control commands that stopped the session
 * @tx_credit_grants: credit grants
 * @tx_credit_bytes: bytes of credit in them
 * @tx_drop_down: packets dropped: the session was not up
 * @tx_drop_too_big: packets dropped: larger than an empty block
 * @tx_drop_nomem: packets dropped: no memory or no DMA mapping
 * @tx_td_errors: packets that the device completed with an error
 * @stop: times that the queue of the network device was stopped
 * @wake: times that the queue was woken
 */
struct iosm_mux_tx_stats {
	u64 tx_blocks;
	u64 tx_deferred;
	u64 tx_credit_stalls;
	u64 tx_flow_off;
	u64 tx_credit_grants;
	u64 tx_credit_bytes;
	u64 tx_drop_down;
	u64 tx_drop_too_big;
	u64 tx_drop_nomem;
	u64 tx_td_errors;
	u64 stop;
	u64 wake;
};

/**
 * struct iosm_mux_rx_stats - downlink of a session, counted by NAPI
 * @sync: for readers of the counters
 * @rx_blocks: blocks with packets of the session (Lite: packets)
 * @rx_alloc_fail: packets dropped: no memory
 * @rx_bad_ip: packets dropped: neither IPv4 nor IPv6
 */
struct iosm_mux_rx_stats {
	struct u64_stats_sync sync;
	u64_stats_t rx_blocks;
	u64_stats_t rx_alloc_fail;
	u64_stats_t rx_bad_ip;
};

/**
 * struct iosm_mux_session - one session
 * @state: see enum iosm_mux_state
 * @netdev: its network device; set in OPENING and UP, and in CLOSING until
 *	iosm_mux_close() returns
 * @epoch: incremented by each opening; identifies packets of an earlier opening
 * @ul_pad: head padding of UL datagrams; iosm_mux_features() reads it without a
 *	lock
 * @is_stopped: stopped by flow control of the device
 * @is_level_sent: the queue level was sent after the last credit grant
 * @credit: IP bytes that may be sent
 * @deferred: packet that may not be sent yet; the queue of @netdev is stopped
 * @pace: selects packets that ring at once
 * @is_opening: iosm_mux_open() waits for the response
 * @is_answered: the response was received
 * @transaction: transaction ID of the last command
 * @result: 0 or a negative errno; valid with @is_answered, after OPEN_SESSION
 * @close_by: CLOSING: time in jiffies at which CLOSE_SESSION times out
 *
 * @tx: see struct iosm_mux_tx_stats
 * @rx: see struct iosm_mux_rx_stats; written by NAPI only
 * @rx_block: last block that was counted in @rx; NAPI only
 * @rx_packets: downlink packets; written by NAPI only
 *
 * The @ul_lock of the mux protects all other members.
 */
struct iosm_mux_session {
	enum iosm_mux_state state;
	struct net_device *netdev;
	u32 epoch;
	u32 ul_pad;
	bool is_stopped;
	bool is_level_sent;
	u64 credit;
	struct sk_buff *deferred;

	struct iosm_mux_pace pace;

	bool is_opening;
	bool is_answered;
	u32 transaction;
	int result;
	unsigned long close_by;

	struct iosm_mux_tx_stats tx;
	struct iosm_mux_rx_stats rx;
	u32 rx_block;
	u32 rx_packets;
};

/**
 * struct iosm_mux_block - an UL data block (Aggregation)
 * @va: memory
 * @dma: DMA address
 * @packets: number of packets, by session
 * @bytes: IP bytes, by session
 * @epoch: @epoch of the session when its packets were added
 */
struct iosm_mux_block {
	void *va;
	dma_addr_t dma;
	u16 packets[IOSM_SESSIONS];
	u32 bytes[IOSM_SESSIONS];
	u32 epoch[IOSM_SESSIONS];
};

/**
 * struct iosm_mux_stats - counters of the channel, written by NAPI
 * @sync: for readers of the counters
 * @napi_polls: NAPI polls
 * @malformed: buffers, tables or datagrams that violate the protocol
 * @unknown_session: datagrams and commands of sessions that are not open
 * @rx_while_closing: datagrams of sessions in CLOSING
 * @unexpected_resp: responses without a matching command
 * @resp_dropped: responses to the device dropped: command queue full
 * @copy_fallback: blocks copied because no new buffer could be allocated
 */
struct iosm_mux_stats {
	struct u64_stats_sync sync;
	u64_stats_t napi_polls;
	u64_stats_t malformed;
	u64_stats_t unknown_session;
	u64_stats_t rx_while_closing;
	u64_stats_t unexpected_resp;
	u64_stats_t resp_dropped;
	u64_stats_t copy_fallback;
};

/**
 * struct iosm_mux_rx - downlink of the channel
 * @pool: pool of DL pages; NULL: all packets are copied
 * @buf_size: bytes of a DL buffer
 * @at: current buffer
 * @rd: read position in @at
 * @is_reading: @at is a data block with unread datagrams
 * @is_replaced: @at was unmapped, and a new buffer was posted in its place
 * @frag_bytes: bytes of @at that become page fragments; 0: all packets are copied
 * @packets: packets read from @at
 * @block: sequence number of @at
 */
struct iosm_mux_rx {
	struct page_pool *pool;
	u32 buf_size;
	struct iosm_buf at;
	struct iosm_mux_reader rd;
	bool is_reading;
	bool is_replaced;
	u32 frag_bytes;
	u32 packets;
	u32 block;
};

/**
 * struct iosm_mux_tx - uplink of the channel
 * @is_paused: no uplink: channel not open, or system suspend
 * @turn: first session to send its deferred packet (round robin)
 * @sequence: sequence number of the next data block
 * @adb: builder of the open block
 * @open_block: block that is being filled
 * @blocks: all blocks
 * @free_blocks: blocks that are neither open nor in the UL pipe
 * @n_free: number of @free_blocks
 */
struct iosm_mux_tx {
	bool is_paused;
	u8 turn;
	u16 sequence;
	struct iosm_mux_adb adb;
	struct iosm_mux_block *open_block;
	struct iosm_mux_block blocks[IOSM_MUX_BLOCKS];
	struct iosm_mux_block *free_blocks[IOSM_MUX_BLOCKS];
	unsigned int n_free;
};

/**
 * struct iosm_mux_cmdq - commands to the device
 * @transaction: last transaction ID
 * @sequence: sequence number of the next command block
 * @slots: coherent memory for encoded commands
 * @dma: DMA address of @slots
 * @busy: bit mask of the slots in the UL pipe
 * @cmds: queue of commands that have no slot and TD yet
 * @first: index of the oldest command in @cmds
 * @count: number of commands in @cmds
 */
struct iosm_mux_cmdq {
	u32 transaction;
	u16 sequence;
	u8 *slots;
	dma_addr_t dma;
	unsigned long busy;
	struct iosm_mux_cmd cmds[IOSM_MUX_CMD_QUEUE];
	unsigned int first;
	unsigned int count;
};

/**
 * struct iosm_mux - the IP channel of a device
 * @core: the device
 * @dev: for DMA and messages
 * @ops: the flavour
 * @with_credits: uplink needs credits
 * @lock: serialises opening, closing, suspend and resume; sleeps
 * @users: bit mask of open sessions; under @lock
 * @is_up: channel is open; under @lock
 * @is_napi_on: @napi is enabled; under @lock
 * @is_suspended: system sleep: no commands may be sent; under @lock
 * @close_work: handles timeouts of CLOSE_SESSION, and closes the channel after the
 *	last session; without RTNL
 * @flush_wanted: number of the last request to flush GRO; under @lock
 * @flush_done: number of the last request that was seen at the begin of a NAPI
 *	poll, and that GRO was flushed for at its end
 * @ch: the channel
 * @napi_dev: dummy network device for @napi, as all sessions share one channel
 * @napi: consumer of both pipes, producer of the DL pipe
 * @rx: owned by the NAPI poll; by opening and closing of the channel while NAPI is
 *	disabled
 * @ul_lock: protects @sessions, @tx, @cmdq, @coalesce, and the producer side of
 *	the UL pipe; taken with bottom halves disabled
 * @sessions: by if_id
 * @tx: see struct iosm_mux_tx; under @ul_lock
 * @cmdq: see struct iosm_mux_cmdq; under @ul_lock
 * @coalesce: see struct iosm_mux_coalesce; under @ul_lock
 * @ul_timer: rings for packets that have been collected for long enough; armed
 *	under @ul_lock
 * @stats: see struct iosm_mux_stats
 */
struct iosm_mux {
	struct iosm_core *core;
	struct device *dev;
	const struct iosm_mux_ops *ops;
	bool with_credits;

	struct mutex lock;		/* opening and closing */
	unsigned long users;
	bool is_up;
	bool is_napi_on;
	bool is_suspended;
	struct delayed_work close_work;
	u32 flush_wanted;
	u32 flush_done;
	struct iosm_channel ch;

	struct net_device *napi_dev;
	struct napi_struct napi;
	struct iosm_mux_rx rx;

	spinlock_t ul_lock;		/* uplink and sessions */
	struct iosm_mux_session sessions[IOSM_SESSIONS];
	struct iosm_mux_tx tx;
	struct iosm_mux_cmdq cmdq;
	struct iosm_mux_coalesce coalesce;
	struct hrtimer ul_timer;

	struct iosm_mux_stats stats;
};

struct iosm_mux *iosm_mux_create(struct iosm_core *core);
void iosm_mux_destroy(struct iosm_mux *mux);

int iosm_mux_open(struct iosm_mux *mux, u8 if_id, struct net_device *netdev);
void iosm_mux_close(struct iosm_mux *mux, u8 if_id);
netdev_tx_t iosm_mux_xmit(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb);
void iosm_mux_suspend(struct iosm_mux *mux);
void iosm_mux_resume(struct iosm_mux *mux);

void iosm_mux_setup_netdev(struct iosm_mux *mux, struct net_device *netdev);
netdev_features_t iosm_mux_features(const struct iosm_mux *mux, u8 if_id,
				    const struct sk_buff *skb,
				    netdev_features_t features);
unsigned int iosm_mux_max_mtu(struct iosm_mux *mux, u8 if_id);
void iosm_mux_clear_stats(struct iosm_mux *mux, u8 if_id);
void iosm_mux_get_tx_stats(struct iosm_mux *mux, u8 if_id,
			   struct iosm_mux_tx_stats *stats);
const struct iosm_mux_rx_stats *iosm_mux_rx_stats(const struct iosm_mux *mux, u8 if_id);
const struct iosm_mux_stats *iosm_mux_stats(const struct iosm_mux *mux);

void iosm_mux_queue_close(struct iosm_mux *mux, unsigned int ms);

#if IS_ENABLED(CONFIG_KUNIT)
size_t iosm_mux_page_size(const struct iosm_mux *mux);
void iosm_mux_close_work(struct work_struct *work);
#endif

#endif
