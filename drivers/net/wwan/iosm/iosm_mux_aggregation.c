// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flavour Aggregation: data blocks with many packets, and command blocks.
 *
 * An uplink packet is copied to the open block. The copy computes the checksum, and
 * segments a large TCP packet.
 */

#include <linux/dma-mapping.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/checksum.h>

#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_trace.h"

/* Number of TDs that are a batch. */
#define IOSM_MUX_BATCH_BLOCKS	(IOSM_MUX_BLOCKS * 5 / 8)

/* ---- Uplink ---- */

/* Push the open block. False: no TD. */
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
		/* Empty: the packet was too large. */
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
		/* A session may have a queue level only. */
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

/* Reserve room for a packet in the open block, or in a new one. NULL: no room. */
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

/* Count a packet that was added to the open block; @bytes for BQL. */
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

/* Drop a packet that is too large or malformed, or its last @bytes. */
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

/* Copy a packet to @to, and compute its checksum if it has none yet. */
static void iosm_mux_copy_out(const struct sk_buff *skb, u8 *to)
{
	int start = skb_checksum_start_offset(skb);
	__sum16 sum;
	u8 *check;

	/* XDP may have trimmed the checksum field or the range of the checksum. */
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

	/* In UDP, 0 means "no checksum". */
	check = to + skb_checksum_start_offset(skb) + skb->csum_offset;
	sum = get_unaligned((__sum16 *)check);
	if (unlikely(!sum))
		put_unaligned(CSUM_MANGLED_0, (__sum16 *)check);
}

/* Add a packet to a block. False: no room. */
static bool iosm_mux_put_block(struct iosm_mux *mux, u8 if_id,
			       struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	void *to = iosm_mux_reserve(mux, if_id, skb->priority, skb->len);

	if (!to && (!mux->tx.open_block || mux->tx.adb.n))
		return false;
	if (unlikely(!to)) {
		/* Larger than an empty block. */
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
 * Add the segments of a large TCP packet to blocks. The stack passes one large
 * packet instead of many small ones, as with TSO, and there is no additional copy.
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

	/* Packets from user space or XDP may have malformed headers. */
	if (unlikely(!(type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) || !mss ||
		     !iosm_mux_gso_head(skb, &head_len))) {
		iosm_mux_put_drop(mux, if_id, skb, skb->len);
		return true;
	}

	/* All segments or none: a part of a packet cannot be deferred. */
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
		/* BQL counts the headers once. */
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
	lockdep_assert_held(&mux->ul_lock);

	if (skb_is_gso(skb))
		return iosm_mux_put_gso(mux, if_id, skb);

	return iosm_mux_put_block(mux, if_id, skb);
}

static bool iosm_mux_send_level_block(struct iosm_mux *mux, u8 if_id)
{
	lockdep_assert_held(&mux->ul_lock);

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

/* ---- Downlink ---- */

/* Process a command block. Returns the number of commands. */
static int iosm_mux_rx_cmds(struct iosm_mux *mux, const void *va, u32 len)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_cmd cmd;
	int ret = -EBADMSG;
	int n = 0;

	if (!iosm_mux_acb_open(&rd, va, len)) {
		while ((ret = iosm_mux_acb_next(&rd, &cmd)) > 0) {
			iosm_mux_cmd(mux, &cmd);
			n++;
		}
	}
	if (ret < 0 || rd.bad)
		iosm_mux_malformed(mux, "command block");

	return n + rd.bad;
}

static int iosm_mux_rx_aggregation(struct iosm_mux *mux, void *va, u32 len)
{
	switch (iosm_mux_signature(va, len)) {
	case IOSM_SIG_ADBH:
		if (iosm_mux_adb_open(&mux->rx.rd, va, len,
				      IOSM_MUX_DL_HEAD_PAD))
			break;
		return 0;
	case IOSM_SIG_ACBH:
		return max(iosm_mux_rx_cmds(mux, va, len), 1);
	case IOSM_SIG_FCTH:
		return iosm_mux_rx_credit(mux, va, len);
	default:
		break;
	}

	iosm_mux_malformed(mux, "buffer");

	return 1;
}

/* ---- Memory ---- */

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
		/* Zeroed: the device can read the whole buffer. */
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

	if (mux->tx.n_free >= IOSM_MUX_BLOCKS_MIN)
		return 0;

	iosm_mux_free_blocks(mux);

	return -ENOMEM;
}

const struct iosm_mux_ops iosm_mux_aggregation = {
	.flavour = IOSM_MUX_AGGREGATION,
	.batch = IOSM_MUX_BATCH_BLOCKS,
	.many = U32_MAX,
	.dl_overhead = IOSM_MUX_ADB_OVERHEAD + IOSM_MUX_DL_HEAD_PAD,
	.can_frag = true,
	.room = iosm_mux_room_aggregation,
	.alloc = iosm_mux_alloc_blocks,
	.free = iosm_mux_free_blocks,
	.put = iosm_mux_put_aggregation,
	.flush = iosm_mux_push_block,
	.send_level = iosm_mux_send_level_block,
	.done = iosm_mux_done_block,
	.rx = iosm_mux_rx_aggregation,
};
