// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flavour Lite: one packet or one command per buffer.
 *
 * An uplink packet is sent from its skb, with a header in front.
 */

#include <linux/dma-mapping.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/sock.h>

#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_trace.h"

/* TDs that are reserved for commands. */
#define IOSM_MUX_TDS_RESERVED	32
/* Number of TDs that are a batch. */
#define IOSM_MUX_BATCH_LITE	128
/* Number of TDs that shortens the time between doorbells: two blocks of Aggregation. */
#define IOSM_MUX_MANY_LITE	24

static_assert(IOSM_MUX_SLOTS < IOSM_MUX_TDS_RESERVED);

/* ---- Uplink ---- */

/* State of a packet in the UL pipe. */
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

static bool iosm_mux_put_lite(struct iosm_mux *mux, u8 if_id,
			      struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	u32 bytes = skb->len, head;
	struct iosm_mux_cb *cb;
	struct iosm_buf buf;

	lockdep_assert_held(&mux->ul_lock);

	if (iosm_pipe_space(&mux->ch.ul) <= IOSM_MUX_TDS_RESERVED)
		return false;

	head = sizeof(struct iosm_adgh) + s->ul_pad;
	if (head + bytes > U16_MAX) {
		s->tx.tx_drop_too_big++;
		goto drop;
	}
	if (skb_linearize(skb))
		goto no_memory;
	/* Before the header is added: the time stamp is reported with the packet. */
	skb_tx_timestamp(skb);
	/* Last: with MSG_ZEROCOPY, even a copied packet refers to its socket. */
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
	 * The packet may stay in the UL pipe after its network namespace was
	 * deleted: drop the references to it.
	 */
	nf_reset_ct(skb);
	skb_dst_drop(skb);

	cb = iosm_mux_cb(skb);
	cb->if_id = if_id;
	cb->epoch = s->epoch;
	cb->bytes = bytes;
	/* The packet is charged to its socket until its completion. */
	if (skb->sk && sk_fullsock(skb->sk) && sk_is_tcp(skb->sk))
		mux->coalesce.is_sender_limited = true;
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

struct iosm_mux_orphan {
	const struct iosm_mux *mux;
	u8 if_id;
};

static void iosm_mux_orphan_one(void *cookie, void *priv)
{
	const struct iosm_mux_orphan *which = priv;
	struct sk_buff *skb = cookie;

	if (iosm_mux_slot_of(which->mux, cookie) < IOSM_MUX_SLOTS ||
	    iosm_mux_cb(skb)->if_id != which->if_id)
		return;

	skb_orphan(skb);
	skb->dev = NULL;
}

static void iosm_mux_orphan_lite(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_orphan which = { .mux = mux, .if_id = if_id };

	iosm_pipe_for_each(&mux->ch.ul, iosm_mux_orphan_one, &which);
}

static bool iosm_mux_send_level_lite(struct iosm_mux *mux, u8 if_id)
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

/* ---- Downlink ---- */

static int iosm_mux_rx_lite(struct iosm_mux *mux, void *va, u32 len)
{
	struct iosm_mux_cmd cmd;
	struct iosm_mux_dg dg;

	switch (iosm_mux_signature(va, len)) {
	case IOSM_SIG_ADGH:
		if (iosm_mux_adgh_decode(va, len,
					 iosm_mux_dl_pad(IOSM_MUX_LITE,
							 IOSM_MUX_DL_HEAD_PAD),
					 &dg))
			break;
		trace_iosm_block_decode(mux->dev, len, 1, 0);
		iosm_mux_rx(mux, &dg);
		return 1;
	case IOSM_SIG_CMDH:
		if (iosm_mux_lite_cmd_decode(va, len, &cmd))
			break;
		iosm_mux_cmd(mux, &cmd);
		return 1;
	case IOSM_SIG_FCTH:
		return iosm_mux_rx_credit(mux, va, len);
	default:
		break;
	}

	iosm_mux_malformed(mux, "buffer");

	return 1;
}

const struct iosm_mux_ops iosm_mux_lite = {
	.flavour = IOSM_MUX_LITE,
	.headroom = sizeof(struct iosm_adgh),
	.batch = IOSM_MUX_BATCH_LITE,
	.many = IOSM_MUX_MANY_LITE,
	.dl_overhead = sizeof(struct iosm_adgh),
	.room = iosm_mux_room_lite,
	.put = iosm_mux_put_lite,
	.send_level = iosm_mux_send_level_lite,
	.done = iosm_mux_done_lite,
	.drop = iosm_mux_drop_lite,
	.orphan = iosm_mux_orphan_lite,
	.rx = iosm_mux_rx_lite,
};
