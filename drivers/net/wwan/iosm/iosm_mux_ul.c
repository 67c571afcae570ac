// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uplink of the sessions.
 *
 * A packet is encoded into the open block (Lite: a TD) at once. When the
 * device is told depends on what comes along, see iosm_mux_kick():
 *
 *   - a packet of a session that sends few: at once. A ping, a request or a
 *     packet of a call does not wait, whatever other sessions do
 *     (iosm_mux_pace.h);
 *   - a packet behind which its sender stopped (byte limit, flow control, no
 *     room): as soon as the device has little to do;
 *   - any other packet: with the next ones. The doorbell waits for a batch, or
 *     for some time since the last one; a device that is busy is not disturbed
 *     before it has completed what it has.
 *
 * So doorbells and completion interrupts come per batch, not per packet.
 *
 * A packet that may not go (flow control, no credit, no room) is held by its
 * session and the session's queue stops. Whatever made it wait, the NAPI poll
 * that sees the reason vanish sends it and wakes the queue.
 */

#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/sch_generic.h>
#include <net/tcp.h>
#include <kunit/visibility.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_trace.h"

/* TDs that data leaves to commands (Lite). */
#define IOSM_MUX_TDS_KEPT	32
/* A batch, in TDs. */
#define IOSM_MUX_BATCH_BLOCKS	(IOSM_MUX_BLOCKS * 5 / 8)
#define IOSM_MUX_BATCH_LITE	128
/* Many, in Lite: about as many packets as in a block. */
#define IOSM_MUX_MANY_LITE	8

static_assert(IOSM_MUX_SLOTS < IOSM_MUX_TDS_KEPT);

/* ---- Data, Aggregation ---- */

/* Gives the open block to the device; false when there is no TD. */
static bool iosm_mux_push_block(struct iosm_mux *mux)
{
	struct iosm_mux_block *block = mux->tx.open_block;
	u32 levels[IOSM_SESSIONS] = {};
	u32 packets = 0, sessions = 0;
	struct iosm_buf buf;
	unsigned int i;

	if (!block)
		return true;
	if (!mux->tx.adb.tables) {
		/* Begun for a packet that was too large: says nothing. */
		mux->tx.free_blocks[mux->tx.n_free++] = block;
		mux->tx.open_block = NULL;
		return true;
	}
	if (!iosm_pipe_space(&mux->ch.ul))
		return false;

	for (i = 0; i < IOSM_SESSIONS; i++) {
		if (!mux->tx.adb.count[i])
			continue;
		levels[i] = iosm_mux_level(&mux->sessions[i]);
		sessions |= BIT(i);
		/* Some only tell of their level. */
		mux->sessions[i].tx.tx_blocks += !!block->packets[i];
		packets += block->packets[i];
	}

	buf.cookie = block;
	buf.dma = block->dma;
	buf.len = iosm_mux_adb_finish(&mux->tx.adb, mux->tx.sequence++, levels);
	trace_iosm_block_encode(mux->dev, buf.len, packets, sessions);
	dma_sync_single_for_device(mux->dev, block->dma, buf.len,
				   DMA_TO_DEVICE);
	iosm_pipe_push(&mux->ch.ul, &buf);
	mux->tx.open_block = NULL;

	return true;
}

static bool iosm_mux_open_block(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;

	if (mux->tx.open_block)
		return true;
	if (!mux->tx.n_free)
		return false;

	block = mux->tx.free_blocks[--mux->tx.n_free];
	memset(block->packets, 0, sizeof(block->packets));
	memset(block->bytes, 0, sizeof(block->bytes));
	dma_sync_single_for_cpu(mux->dev, block->dma, IOSM_MUX_BLOCK_SIZE,
				DMA_TO_DEVICE);
	iosm_mux_adb_begin(&mux->tx.adb, block->va, IOSM_MUX_BLOCK_SIZE);
	mux->tx.open_block = block;

	return true;
}

/*
 * Room for a packet in the open block, or in a new one; NULL when there is no
 * block, or no block that is large enough.
 */
static void *iosm_mux_reserve(struct iosm_mux *mux, u8 if_id, u32 priority,
			      u32 len)
{
	u32 pad = mux->sessions[if_id].ul_pad;
	void *to = NULL;

	if (mux->tx.open_block)
		to = iosm_mux_adb_add(&mux->tx.adb, if_id, priority, pad, len);
	if (!to && iosm_mux_push_block(mux) && iosm_mux_open_block(mux))
		to = iosm_mux_adb_add(&mux->tx.adb, if_id, priority, pad, len);

	return to;
}

/* Counts the packet that was put last, @bytes of it for the byte limit. */
static void iosm_mux_put_done(struct iosm_mux *mux, u8 if_id, u32 bytes)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct iosm_mux_block *block = mux->tx.open_block;

	block->packets[if_id]++;
	block->bytes[if_id] += bytes;
	block->epoch[if_id] = s->epoch;

	if (iosm_mux_adb_room(&mux->tx.adb, if_id, s->ul_pad) < IOSM_MUX_MIN_ROOM)
		iosm_mux_push_block(mux);
}

/* A packet that no block can hold, or @bytes that are left of it. */
static void iosm_mux_put_drop(struct iosm_mux *mux, u8 if_id,
			      struct sk_buff *skb, u32 bytes)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	s->tx.tx_drop_too_big++;
	DEV_STATS_INC(s->netdev, tx_dropped);
	netdev_completed_queue(s->netdev, 1, bytes);
	iosm_mux_refund(mux, s, bytes);
	dev_kfree_skb_any(skb);
}

/* Copies a packet to @to, and sums it up on the way if that is left to us. */
static void iosm_mux_copy_out(const struct sk_buff *skb, u8 *to)
{
	int start = skb_checksum_start_offset(skb);
	__sum16 sum;
	u8 *check;

	/* XDP may have cut off what was to be summed, or where to. */
	if (unlikely(skb->ip_summed == CHECKSUM_PARTIAL &&
		     (start < 0 || start > skb_headlen(skb) ||
		      start + skb->csum_offset + sizeof(sum) > skb->len))) {
		if (skb_copy_bits(skb, 0, to, skb->len))
			memset(to, 0, skb->len);
		return;
	}

	skb_copy_and_csum_dev(skb, to);
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;

	/* UDP has two zeros, and means "no checksum" by this one. */
	check = to + skb_checksum_start_offset(skb) + skb->csum_offset;
	sum = get_unaligned((__sum16 *)check);
	if (unlikely(!sum))
		put_unaligned(CSUM_MANGLED_0, (__sum16 *)check);
}

/* Puts a packet into a block; false: it has to wait. */
static bool iosm_mux_put_block(struct iosm_mux *mux, u8 if_id,
			       struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	void *to = iosm_mux_reserve(mux, if_id, skb->priority, skb->len);

	if (!to && (!mux->tx.open_block || mux->tx.adb.n))
		return false;
	if (unlikely(!to)) {
		/* Not even an empty block has room for it. */
		iosm_mux_put_drop(mux, if_id, skb, skb->len);
		return true;
	}

	skb_tx_timestamp(skb);
	iosm_mux_copy_out(skb, to);
	iosm_mux_put_done(mux, if_id, skb->len);
	dev_sw_netstats_tx_add(s->netdev, 1, skb->len);
	dev_consume_skb_any(skb);

	return true;
}

/*
 * Cuts a large TCP packet into segments while it is copied: all that a device
 * with TSO saves is saved, and the copy is not one more.
 */
static bool iosm_mux_put_gso(struct iosm_mux *mux, u8 if_id,
			     struct sk_buff *skb)
{
	u8 head[IOSM_MUX_GSO_HEAD] __aligned(4);
	u32 type = skb_shinfo(skb)->gso_type;
	u32 mss = skb_shinfo(skb)->gso_size;
	u32 head_len, packets = 0, bytes = 0, at, n;
	__wsum csum;
	u8 *to;

	/* User space can make such ones, and XDP sends what nobody checked. */
	if (unlikely(!(type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) || !mss ||
		     !iosm_mux_gso_head(skb, &head_len))) {
		iosm_mux_put_drop(mux, if_id, skb, skb->len);
		return true;
	}

	/* All or nothing: what has gone cannot be held. */
	n = iosm_mux_gso_blocks(&mux->sessions[if_id], skb, head_len, mss);
	if (n <= IOSM_MUX_BLOCKS_MIN &&
	    (n > mux->tx.n_free || n >= iosm_pipe_space(&mux->ch.ul)))
		return false;

	skb_tx_timestamp(skb);
	for (at = 0; head_len + at < skb->len; at += n) {
		n = min(mss, skb->len - head_len - at);
		to = iosm_mux_reserve(mux, if_id, skb->priority, head_len + n);
		if (unlikely(!to))
			break;

		csum = skb_copy_and_csum_bits(skb, head_len + at,
					      to + head_len, n);
		iosm_mux_gso_headers(head, skb, head_len, packets, at, n, csum);
		memcpy(to, head, head_len);
		/* The byte limit knows of one set of headers. */
		iosm_mux_put_done(mux, if_id, packets ? n : head_len + n);
		bytes += head_len + n;
		packets++;
	}
	dev_sw_netstats_tx_add(mux->sessions[if_id].netdev, packets, bytes);

	if (likely(head_len + at >= skb->len))
		dev_consume_skb_any(skb);
	else
		iosm_mux_put_drop(mux, if_id, skb,
				  skb->len - at - (packets ? head_len : 0));

	return true;
}

static bool iosm_mux_put_aggregation(struct iosm_mux *mux, u8 if_id,
				     struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		return iosm_mux_put_gso(mux, if_id, skb);

	return iosm_mux_put_block(mux, if_id, skb);
}

static bool iosm_mux_tell_level_block(struct iosm_mux *mux, u8 if_id)
{
	if (!iosm_mux_open_block(mux))
		return false;

	iosm_mux_adb_level(&mux->tx.adb, if_id);
	iosm_mux_push_block(mux);

	return true;
}

static u32 iosm_mux_room_aggregation(u32 pad)
{
	return iosm_mux_adb_fresh_room(IOSM_MUX_BLOCK_SIZE, pad);
}

static void iosm_mux_done_block(struct iosm_mux *mux,
				const struct iosm_done *done,
				struct iosm_mux_tally *tally, int budget)
{
	struct iosm_mux_block *block = done->buf.cookie;
	bool ok = done->status == IOSM_TD_END;
	unsigned int i;

	for (i = 0; i < IOSM_SESSIONS; i++)
		if (block->packets[i])
			iosm_mux_count(mux, tally, i, block->epoch[i],
				       block->packets[i], block->bytes[i], ok);
	mux->tx.free_blocks[mux->tx.n_free++] = block;
}

static void iosm_mux_free_blocks(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;
	unsigned int i;

	for (i = 0; i < IOSM_MUX_BLOCKS; i++) {
		block = &mux->tx.blocks[i];
		if (!block->va)
			continue;
		dma_unmap_single(mux->dev, block->dma, IOSM_MUX_BLOCK_SIZE,
				 DMA_TO_DEVICE);
		free_pages((unsigned long)block->va,
			   get_order(IOSM_MUX_BLOCK_SIZE));
		block->va = NULL;
	}
	mux->tx.n_free = 0;
	mux->tx.open_block = NULL;
}

static int iosm_mux_alloc_blocks(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;
	unsigned int i;

	for (i = 0; i < IOSM_MUX_BLOCKS; i++) {
		block = &mux->tx.blocks[i];
		/* The device can read all of it, not just what is sent. */
		block->va = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
						     get_order(IOSM_MUX_BLOCK_SIZE));
		if (!block->va)
			break;
		block->dma = dma_map_single(mux->dev, block->va,
					    IOSM_MUX_BLOCK_SIZE, DMA_TO_DEVICE);
		if (dma_mapping_error(mux->dev, block->dma)) {
			free_pages((unsigned long)block->va,
				   get_order(IOSM_MUX_BLOCK_SIZE));
			block->va = NULL;
			break;
		}
		mux->tx.free_blocks[mux->tx.n_free++] = block;
	}

	/* Fewer will do. */
	if (mux->tx.n_free >= IOSM_MUX_BLOCKS_MIN)
		return 0;

	iosm_mux_free_blocks(mux);

	return -ENOMEM;
}

/* One block holds many packets. */
const struct iosm_mux_ops iosm_mux_aggregation = {
	.flavour = IOSM_MUX_AGGREGATION,
	.batch = IOSM_MUX_BATCH_BLOCKS,
	.many = U32_MAX,
	.dl_overhead = IOSM_MUX_ADB_OVERHEAD + IOSM_MUX_DL_HEAD_PAD,
	.can_lend = true,
	.room = iosm_mux_room_aggregation,
	.alloc = iosm_mux_alloc_blocks,
	.free = iosm_mux_free_blocks,
	.put = iosm_mux_put_aggregation,
	.flush = iosm_mux_push_block,
	.tell_level = iosm_mux_tell_level_block,
	.done = iosm_mux_done_block,
	.rx = iosm_mux_rx_aggregation,
};

/* ---- Data, Lite ---- */

/* What Lite remembers of a packet that is with the device. */
struct iosm_mux_cb {
	u32 epoch;
	u32 bytes;
	u8 if_id;
};

static struct iosm_mux_cb *iosm_mux_cb(struct sk_buff *skb)
{
	static_assert(sizeof(struct iosm_mux_cb) <= sizeof(skb->cb));

	return (struct iosm_mux_cb *)skb->cb;
}

/* One TD a packet, sent from where it is. */
static bool iosm_mux_put_lite(struct iosm_mux *mux, u8 if_id,
			      struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	u32 bytes = skb->len, head;
	struct iosm_mux_cb *cb;
	struct iosm_buf buf;

	if (iosm_pipe_space(&mux->ch.ul) <= IOSM_MUX_TDS_KEPT)
		return false;

	head = sizeof(struct iosm_adgh) + s->ul_pad;
	if (head + bytes > U16_MAX) {
		s->tx.tx_drop_too_big++;
		goto drop;
	}
	if (skb_linearize(skb))
		goto no_memory;
	/* Before our header: who asked for the time gets the packet with it. */
	skb_tx_timestamp(skb);
	/* The last: MSG_ZEROCOPY holds a socket even where all was copied. */
	if (skb_cow_head(skb, head) || skb_orphan_frags_rx(skb, GFP_ATOMIC))
		goto no_memory;

	iosm_mux_adgh_encode(skb_push(skb, head), if_id, skb->priority,
			     s->ul_pad, bytes);
	buf.cookie = skb;
	buf.len = skb->len;
	buf.dma = dma_map_single(mux->dev, skb->data, skb->len, DMA_TO_DEVICE);
	if (dma_mapping_error(mux->dev, buf.dma))
		goto no_memory;

	/*
	 * It may stay with the device for longer than its network namespace
	 * lives; nothing of that is needed to send it.
	 */
	nf_reset_ct(skb);
	skb_dst_drop(skb);

	cb = iosm_mux_cb(skb);
	cb->if_id = if_id;
	cb->epoch = s->epoch;
	cb->bytes = bytes;
	trace_iosm_block_encode(mux->dev, buf.len, 1, BIT(if_id));
	iosm_pipe_push(&mux->ch.ul, &buf);
	dev_sw_netstats_tx_add(s->netdev, 1, bytes);
	s->tx.tx_blocks++;

	return true;

no_memory:
	s->tx.tx_drop_nomem++;
drop:
	DEV_STATS_INC(s->netdev, tx_dropped);
	netdev_completed_queue(s->netdev, 1, bytes);
	iosm_mux_refund(mux, s, bytes);
	dev_kfree_skb_any(skb);
	return true;
}

static void iosm_mux_disown_lite(struct iosm_mux *mux, u8 if_id)
{
	const struct iosm_pipe *ul = &mux->ch.ul;
	struct sk_buff *skb;
	u32 at;

	for (at = ul->tail; at != ul->head;
	     at = iosm_ring_next(at, ul->entries)) {
		skb = ul->slots[at].cookie;
		if (iosm_mux_slot_of(mux, skb) < IOSM_MUX_SLOTS ||
		    iosm_mux_cb(skb)->if_id != if_id)
			continue;
		skb_orphan(skb);
		skb->dev = NULL;
	}
}

static bool iosm_mux_tell_level_lite(struct iosm_mux *mux, u8 if_id)
{
	unsigned int slot = iosm_mux_slot(mux);
	u32 len;

	if (slot == IOSM_MUX_SLOTS)
		return false;

	len = iosm_mux_level_encode(mux->cmdq.slots + slot * IOSM_MUX_SLOT_SIZE,
				    if_id,
				    iosm_mux_level(&mux->sessions[if_id]));
	iosm_mux_push_small(mux, slot, len);

	return true;
}

static void iosm_mux_done_lite(struct iosm_mux *mux,
			       const struct iosm_done *done,
			       struct iosm_mux_tally *tally, int budget)
{
	struct sk_buff *skb = done->buf.cookie;
	struct iosm_mux_cb *cb = iosm_mux_cb(skb);

	dma_unmap_single(mux->dev, done->buf.dma, done->buf.len,
			 DMA_TO_DEVICE);
	iosm_mux_count(mux, tally, cb->if_id, cb->epoch, 1, cb->bytes,
		       done->status == IOSM_TD_END);
	napi_consume_skb(skb, budget);
}

static void iosm_mux_drop_lite(struct iosm_mux *mux, const struct iosm_buf *buf)
{
	dma_unmap_single(mux->dev, buf->dma, buf->len, DMA_TO_DEVICE);
	dev_kfree_skb_any(buf->cookie);
}

static u32 iosm_mux_room_lite(u32 pad)
{
	return IOSM_MUX_BLOCK_SIZE - sizeof(struct iosm_adgh) - pad;
}

/* One packet a TD. */
const struct iosm_mux_ops iosm_mux_lite = {
	.flavour = IOSM_MUX_LITE,
	.headroom = sizeof(struct iosm_adgh),
	.batch = IOSM_MUX_BATCH_LITE,
	.many = IOSM_MUX_MANY_LITE,
	.dl_overhead = sizeof(struct iosm_adgh),
	.room = iosm_mux_room_lite,
	.put = iosm_mux_put_lite,
	.tell_level = iosm_mux_tell_level_lite,
	.done = iosm_mux_done_lite,
	.drop = iosm_mux_drop_lite,
	.disown = iosm_mux_disown_lite,
	.rx = iosm_mux_rx_lite,
};

/* ---- What goes when ---- */

/* Tells a device with credits that there is something to grant them for. */
static void iosm_mux_tell_level(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	if (!s->is_level_told)
		s->is_level_told = mux->ops->tell_level(mux, if_id);
}

/* Sends a packet if its session may; false: it has to wait. */
static bool iosm_mux_put(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	u32 len = skb->len;

	/* Commands first: see the top of this file. */
	if (mux->tx.is_paused || mux->cmdq.count || s->is_stopped)
		return false;

	if (mux->with_credits && s->credit < len) {
		/* As who calls does next: it is a part of the level. */
		s->held = skb;
		iosm_mux_tell_level(mux, if_id);
		return false;
	}

	if (!mux->ops->put(mux, if_id, skb))
		return false;

	if (mux->with_credits)
		s->credit -= len;

	return true;
}

/* Once for each packet of a session. */
static bool iosm_mux_may_ring(struct iosm_mux_session *s)
{
	return iosm_mux_pace_take(&s->pace, jiffies, READ_ONCE(s->rx_packets));
}

/*
 * Sends held packets, in turns, and wakes the queues of their sessions. Returns
 * true when one of them should not wait for more.
 */
static bool iosm_mux_send_held(struct iosm_mux *mux)
{
	struct iosm_mux_session *s;
	bool lone = false;
	struct sk_buff *skb;
	unsigned int i;
	u8 if_id;

	for (i = 0; i < IOSM_SESSIONS; i++) {
		if_id = (mux->tx.turn + i) % IOSM_SESSIONS;
		s = &mux->sessions[if_id];
		if (s->state != IOSM_MUX_UP || s->is_stopped)
			continue;

		skb = s->held;
		if (skb) {
			s->held = NULL;
			if (!iosm_mux_put(mux, if_id, skb)) {
				s->held = skb;
				continue;
			}
			lone |= iosm_mux_may_ring(s);
		}
		if (netif_queue_stopped(s->netdev))
			iosm_mux_wake_queue(s);
	}

	mux->tx.turn = (mux->tx.turn + 1) % IOSM_SESSIONS;

	return lone;
}

/**
 * iosm_mux_xmit() - send a packet on a session
 * @mux: the IP channel
 * @if_id: the session
 * @skb: IP packet; consumed unless NETDEV_TX_BUSY
 *
 * Context: ndo_start_xmit of the session's network device.
 *
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY when the queue has been stopped
 * meanwhile.
 */
netdev_tx_t iosm_mux_xmit(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	enum iosm_mux_when when = IOSM_MUX_STUCK;
	netdev_tx_t ret = NETDEV_TX_OK;
	bool more, at_once;

	spin_lock(&mux->ul_lock);

	if (unlikely(s->held)) {
		iosm_mux_stop_queue(s);
		ret = NETDEV_TX_BUSY;
		goto out;
	}

	if (unlikely(s->state != IOSM_MUX_UP ||
		     iosm_core_is_dead(mux->core))) {
		s->tx.tx_drop_down++;
		DEV_STATS_INC(skb->dev, tx_dropped);
		dev_kfree_skb_any(skb);
		goto out;
	}

	more = !__netdev_sent_queue(s->netdev, skb->len, netdev_xmit_more());
	at_once = iosm_mux_may_ring(s);
	if (!iosm_mux_put(mux, if_id, skb)) {
		trace_iosm_tx_defer(mux->dev, if_id, skb->len, s->is_stopped,
				s->credit);
		s->tx.tx_deferred++;
		if (mux->with_credits && s->credit < skb->len)
			s->tx.tx_credit_stalls++;
		s->held = skb;
		iosm_mux_stop_queue(s);
	} else if (more) {
		when = IOSM_MUX_MORE;
	} else if (at_once) {
		when = IOSM_MUX_NOW;
	} else if (!netif_xmit_stopped(netdev_get_tx_queue(s->netdev, 0))) {
		when = IOSM_MUX_SOON;
	}
	iosm_mux_kick(mux, when);

out:
	spin_unlock(&mux->ul_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_xmit);

/* ---- Completions ---- */

static void iosm_mux_ul_done(struct iosm_mux *mux,
			     const struct iosm_done *done,
			     struct iosm_mux_tally *tally, int budget)
{
	unsigned int slot = iosm_mux_slot_of(mux, done->buf.cookie);

	if (slot < IOSM_MUX_SLOTS)
		__clear_bit(slot, &mux->cmdq.busy);
	else
		mux->ops->done(mux, done, tally, budget);
}

/**
 * iosm_mux_ul_poll() - take UL buffers back and send what waited for them
 * @mux: the IP channel
 * @budget: of the NAPI poll
 *
 * Context: NAPI poll.
 */
void iosm_mux_ul_poll(struct iosm_mux *mux, int budget)
{
	struct iosm_mux_tally tally = {};
	struct iosm_done done;
	unsigned int i;
	bool hurry;

	spin_lock(&mux->ul_lock);

	if (iosm_pipe_poll(&mux->ch.ul) < 0)
		iosm_channel_fail(&mux->ch);
	while (iosm_pipe_take(&mux->ch.ul, &done))
		iosm_mux_ul_done(mux, &done, &tally, budget);

	if (!mux->tx.is_paused) {
		/* Before what is held: it may go once there are none. */
		hurry = mux->cmdq.count;
		iosm_mux_send_cmds(mux);
		hurry |= iosm_mux_send_held(mux);
		iosm_mux_kick(mux, hurry ? IOSM_MUX_NOW : IOSM_MUX_SOON);
	}

	for (i = 0; i < IOSM_SESSIONS; i++)
		if (tally.packets[i])
			netdev_completed_queue(mux->sessions[i].netdev,
					       tally.packets[i],
					       tally.bytes[i]);

	spin_unlock(&mux->ul_lock);
}

/* ---- Memory ---- */

/**
 * iosm_mux_ul_free() - the counterpart of iosm_mux_ul_alloc()
 * @mux: the IP channel, its UL pipe empty
 */
void iosm_mux_ul_free(struct iosm_mux *mux)
{
	if (mux->ops->free)
		mux->ops->free(mux);
	iosm_mux_free_slots(mux);
}

/**
 * iosm_mux_ul_alloc() - memory for data blocks and commands
 * @mux: the IP channel, closed
 *
 * Context: may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int iosm_mux_ul_alloc(struct iosm_mux *mux)
{
	int err;

	err = iosm_mux_alloc_slots(mux);
	if (err || !mux->ops->alloc)
		return err;

	err = mux->ops->alloc(mux);
	if (err)
		iosm_mux_free_slots(mux);

	return err;
}

/**
 * iosm_mux_ul_reclaim() - take everything back from a closed UL pipe
 * @mux: the IP channel
 *
 * Context: nobody else uses the pipe.
 */
void iosm_mux_ul_reclaim(struct iosm_mux *mux)
{
	struct iosm_buf buf;

	while (iosm_pipe_reclaim(&mux->ch.ul, &buf))
		if (mux->ops->drop &&
		    iosm_mux_slot_of(mux, buf.cookie) == IOSM_MUX_SLOTS)
			mux->ops->drop(mux, &buf);
}

/**
 * iosm_mux_ul_disown() - let go of the senders of a session that is over
 * @mux: the IP channel
 * @if_id: the session
 *
 * Lite: its packets may stay with the device for as long as another session
 * keeps the channel open. Until now they have held their sockets, so that these
 * do not send too much; but a socket holds its network namespace.
 *
 * Context: ul_lock.
 */
void iosm_mux_ul_disown(struct iosm_mux *mux, u8 if_id)
{
	if (mux->ops->disown)
		mux->ops->disown(mux, if_id);
}
