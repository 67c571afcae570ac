// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions on channel 0.
 *
 *   ndo_start_xmit (8 queues)          napi_gro_receive
 *        |  flow, credit                    ^
 *        v                                  |
 *   open block / TD   <-- commands     NAPI: blocks taken apart
 *        |                                  ^
 *   =====|========== UL pipe, DL pipe ======|=====
 *
 * Uplink: a packet is encoded into the open block at once. The block leaves
 * when the device has nothing else to do, or when it is full; while the device
 * is busy it collects. So a lone packet never waits, a stream is aggregated,
 * and there is no timer: completions move things on.
 *
 * A packet that may not go (flow control, no credit, no room) is held by its
 * session and the session's queue stops. Whatever made it wait, the NAPI poll
 * that sees the reason vanish sends it and wakes the queue.
 *
 * Downlink: every buffer that is taken from the ring is replaced at once, by
 * itself when its datagrams are copied, by a fresh one when they are handed up
 * where they lie. If there is no fresh one they are copied: want of memory
 * costs packets, never buffers of the ring.
 *
 * Commands pass data that waits, never data that is in the open block: a
 * session's last packets reach the device before the command that closes it
 * or confirms that it has stopped. Slots and TDs for commands cannot be used
 * up by data.
 */

#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/page_pool/helpers.h>
#include <net/sch_generic.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_mux.h"

/* How long the device may take to answer a command. */
#define IOSM_MUX_ANSWER_MS	1000
/* How long uplink may take to drain before system suspend. */
#define IOSM_MUX_DRAIN_MS	500
/* Copied are datagrams up to this size, and all of a block up to that one. */
#define IOSM_MUX_COPY_PACKET	256
#define IOSM_MUX_COPY_BLOCK	4096
/* Room for the headers of a packet that is handed up where it lies. */
#define IOSM_MUX_HEADERS	128
/* TDs that data leaves to commands (Lite). */
#define IOSM_MUX_TDS_KEPT	32
/* The device is busy with this many TDs outstanding. */
#define IOSM_MUX_UL_BUSY	2
/* Least room for a packet that an Aggregation block must have to stay open. */
#define IOSM_MUX_MIN_ROOM	1500

static_assert(IOSM_MUX_CMD_MAX <= IOSM_MUX_SLOT_SIZE);
static_assert(IOSM_MUX_SLOTS <= BITS_PER_LONG);
static_assert(IOSM_MUX_SLOTS < IOSM_MUX_TDS_KEPT);
static_assert(IOSM_MUX_HEADERS < IOSM_MUX_COPY_PACKET);

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

static bool iosm_mux_is_lite(const struct iosm_mux *mux)
{
	return mux->flavour == IOSM_MUX_LITE;
}

/* ---- Uplink: commands ---- */

/* Queues a command; caller holds ul_lock. */
static bool iosm_mux_post(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd,
			  unsigned int keep)
{
	unsigned int at;

	if (mux->cmd_count + keep >= IOSM_MUX_CMD_QUEUE)
		return false;

	at = (mux->cmd_first + mux->cmd_count++) % IOSM_MUX_CMD_QUEUE;
	mux->cmds[at] = *cmd;

	return true;
}

/*
 * An answer to a command of the device. The last places of the queue are for
 * our own commands: a device that asks more than it listens hurts itself only.
 */
static void iosm_mux_answer(struct iosm_mux *mux, enum iosm_mux_op op,
			    const struct iosm_mux_cmd *to)
{
	struct iosm_mux_cmd cmd = {
		.op = op,
		.if_id = to->if_id,
		.transaction = to->transaction,
	};

	if (iosm_mux_post(mux, &cmd, 2 * IOSM_SESSIONS))
		return;

	mux->stats.answers_lost++;
	dev_warn_ratelimited(mux->dev, "modem does not take our answers\n");
}

static bool iosm_mux_push_small(struct iosm_mux *mux, unsigned int slot,
				u32 len)
{
	struct iosm_buf buf = {
		.cookie = mux->slots + slot * IOSM_MUX_SLOT_SIZE,
		.dma = mux->slots_dma + slot * IOSM_MUX_SLOT_SIZE,
		.len = len,
	};

	if (!len)
		return false;

	__set_bit(slot, &mux->slots_busy);
	iosm_pipe_push(&mux->ch.ul, &buf);

	return true;
}

/* A free slot, or IOSM_MUX_SLOTS. */
static unsigned int iosm_mux_slot(struct iosm_mux *mux)
{
	if (!iosm_pipe_space(&mux->ch.ul))
		return IOSM_MUX_SLOTS;

	return find_first_zero_bit(&mux->slots_busy, IOSM_MUX_SLOTS);
}

/* ---- Uplink: data, Aggregation ---- */

/* Bytes that wait for their turn to be sent on a session. */
static u32 iosm_mux_level(struct iosm_mux_session *s)
{
	u32 level = s->held ? s->held->len : 0;
	struct netdev_queue *txq;
	u32 packets, bytes;

	if (s->state != IOSM_MUX_UP)
		return 0;

	/* Nearly all that waits does so in the queueing discipline. */
	txq = netdev_get_tx_queue(s->netdev, 0);
	rcu_read_lock();
	qdisc_qstats_qlen_backlog(rcu_dereference(txq->qdisc), &packets,
				  &bytes);
	rcu_read_unlock();

	return level + bytes;
}

/* Gives the open block to the device; false when there is no TD. */
static bool iosm_mux_push_block(struct iosm_mux *mux)
{
	struct iosm_mux_block *block = mux->open_block;
	u32 levels[IOSM_SESSIONS] = {};
	struct iosm_buf buf;
	unsigned int i;

	if (!block)
		return true;
	if (!iosm_pipe_space(&mux->ch.ul))
		return false;

	for (i = 0; i < IOSM_SESSIONS; i++)
		if (mux->adb.count[i])
			levels[i] = iosm_mux_level(&mux->sessions[i]);

	buf.cookie = block;
	buf.dma = block->dma;
	buf.len = iosm_mux_adb_finish(&mux->adb, mux->adb_sequence++, levels);
	dma_sync_single_for_device(mux->dev, block->dma, buf.len,
				   DMA_TO_DEVICE);
	iosm_pipe_push(&mux->ch.ul, &buf);
	mux->open_block = NULL;

	return true;
}

static bool iosm_mux_open_block(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;

	if (mux->open_block)
		return true;
	if (!mux->n_free)
		return false;

	block = mux->free_blocks[--mux->n_free];
	memset(block->packets, 0, sizeof(block->packets));
	memset(block->bytes, 0, sizeof(block->bytes));
	dma_sync_single_for_cpu(mux->dev, block->dma, IOSM_MUX_BLOCK_SIZE,
				DMA_TO_DEVICE);
	iosm_mux_adb_begin(&mux->adb, block->va, IOSM_MUX_BLOCK_SIZE);
	mux->open_block = block;

	return true;
}

/* Puts a packet into the open block, or into a new one. */
static bool iosm_mux_put_block(struct iosm_mux *mux, u8 if_id,
			       struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct iosm_mux_block *block;
	void *to = NULL;

	if (mux->open_block)
		to = iosm_mux_adb_add(&mux->adb, if_id, skb->priority,
				      s->ul_pad, skb->len);
	if (!to) {
		if (!iosm_mux_push_block(mux) || !iosm_mux_open_block(mux))
			return false;
		to = iosm_mux_adb_add(&mux->adb, if_id, skb->priority,
				      s->ul_pad, skb->len);
	}
	if (unlikely(!to)) {
		/* Not even an empty block has room for it. */
		DEV_STATS_INC(s->netdev, tx_dropped);
		netdev_completed_queue(s->netdev, 1, skb->len);
		dev_kfree_skb_any(skb);
		return true;
	}

	skb_tx_timestamp(skb);
	skb_copy_and_csum_dev(skb, to);

	block = mux->open_block;
	block->packets[if_id]++;
	block->bytes[if_id] += skb->len;
	block->epoch[if_id] = s->epoch;
	dev_sw_netstats_tx_add(s->netdev, 1, skb->len);
	dev_consume_skb_any(skb);

	if (iosm_mux_adb_room(&mux->adb, if_id, s->ul_pad) < IOSM_MUX_MIN_ROOM)
		iosm_mux_push_block(mux);

	return true;
}

/* ---- Uplink: data, Lite ---- */

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
	if (head + bytes > U16_MAX || skb_cow_head(skb, head) ||
	    skb_linearize(skb))
		goto drop;

	iosm_mux_adgh_encode(skb_push(skb, head), if_id, skb->priority,
			     s->ul_pad, bytes);
	buf.cookie = skb;
	buf.len = skb->len;
	buf.dma = dma_map_single(mux->dev, skb->data, skb->len, DMA_TO_DEVICE);
	if (dma_mapping_error(mux->dev, buf.dma))
		goto drop;

	cb = iosm_mux_cb(skb);
	cb->if_id = if_id;
	cb->epoch = s->epoch;
	cb->bytes = bytes;
	skb_tx_timestamp(skb);
	iosm_pipe_push(&mux->ch.ul, &buf);
	dev_sw_netstats_tx_add(s->netdev, 1, bytes);

	return true;

drop:
	DEV_STATS_INC(s->netdev, tx_dropped);
	netdev_completed_queue(s->netdev, 1, bytes);
	dev_kfree_skb_any(skb);
	return true;
}

/* ---- Uplink: what goes when ---- */

/* Tells a device with credits that there is something to grant them for. */
static void iosm_mux_tell_level(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	unsigned int slot;
	u32 len;

	if (s->is_level_told)
		return;

	if (iosm_mux_is_lite(mux)) {
		slot = iosm_mux_slot(mux);
		if (slot == IOSM_MUX_SLOTS)
			return;
		len = iosm_mux_level_encode(mux->slots +
					    slot * IOSM_MUX_SLOT_SIZE,
					    if_id, iosm_mux_level(s));
		iosm_mux_push_small(mux, slot, len);
	} else {
		if (!iosm_mux_open_block(mux))
			return;
		iosm_mux_adb_level(&mux->adb, if_id);
		iosm_mux_push_block(mux);
	}

	s->is_level_told = true;
}

/* Sends a packet if its session may; false: it has to wait. */
static bool iosm_mux_put(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	u32 len = skb->len;

	/* Commands first: see the top of this file. */
	if (mux->is_paused || mux->cmd_count || s->is_stopped)
		return false;

	if (mux->with_credits && s->credit < len) {
		iosm_mux_tell_level(mux, if_id);
		return false;
	}

	if (!(iosm_mux_is_lite(mux) ? iosm_mux_put_lite(mux, if_id, skb) :
				      iosm_mux_put_block(mux, if_id, skb)))
		return false;

	if (mux->with_credits)
		s->credit -= len;

	return true;
}

static void iosm_mux_send_cmds(struct iosm_mux *mux)
{
	unsigned int slot;
	u32 len;

	while (mux->cmd_count) {
		if (!iosm_mux_push_block(mux))
			return;
		slot = iosm_mux_slot(mux);
		if (slot == IOSM_MUX_SLOTS)
			return;

		len = iosm_mux_cmd_encode(mux->flavour, mux->slots +
					  slot * IOSM_MUX_SLOT_SIZE,
					  &mux->cmds[mux->cmd_first],
					  mux->acb_sequence);
		if (iosm_mux_push_small(mux, slot, len))
			mux->acb_sequence++;
		mux->cmd_first = (mux->cmd_first + 1) % IOSM_MUX_CMD_QUEUE;
		mux->cmd_count--;
	}
}

/* Sends held packets, in turns, and wakes the queues of their sessions. */
static void iosm_mux_send_held(struct iosm_mux *mux)
{
	struct iosm_mux_session *s;
	struct sk_buff *skb;
	unsigned int i;
	u8 if_id;

	for (i = 0; i < IOSM_SESSIONS; i++) {
		if_id = (mux->turn + i) % IOSM_SESSIONS;
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
		}
		if (netif_queue_stopped(s->netdev))
			netif_wake_queue(s->netdev);
	}

	mux->turn = (mux->turn + 1) % IOSM_SESSIONS;
}

/*
 * Is so little outstanding that the open block should leave? What counts is
 * what has been taken back: so doorbells come no more often than interrupts
 * do, and a stream is collected for as long as they take.
 */
static bool iosm_mux_is_short(struct iosm_mux *mux)
{
	struct iosm_pipe *ul = &mux->ch.ul;

	return iosm_ring_used(ul->head, ul->tail, ul->entries) <
	       IOSM_MUX_UL_BUSY;
}

static void iosm_mux_ring_ul(struct iosm_mux *mux, enum iosm_hpda_reason why)
{
	if (iosm_pipe_publish(&mux->ch.ul))
		iosm_channel_ring(&mux->ch, why);
}

/*
 * Sends whatever can be sent now; caller holds ul_lock. @more: the stack is
 * about to bring the next packet.
 */
static void iosm_mux_kick(struct iosm_mux *mux, bool more)
{
	bool cmds = mux->cmd_count;

	if (mux->is_paused)
		return;

	iosm_mux_send_cmds(mux);
	if (more)
		return;

	if (mux->open_block && iosm_mux_is_short(mux))
		iosm_mux_push_block(mux);
	iosm_mux_ring_ul(mux, cmds ? IOSM_HPDA_UL_CTRL : IOSM_HPDA_UL);
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
	netdev_tx_t ret = NETDEV_TX_OK;
	bool more;

	spin_lock(&mux->ul_lock);

	if (unlikely(s->held)) {
		netif_stop_queue(s->netdev);
		ret = NETDEV_TX_BUSY;
		goto out;
	}

	if (unlikely(s->state != IOSM_MUX_UP ||
		     iosm_core_is_dead(mux->core))) {
		DEV_STATS_INC(skb->dev, tx_dropped);
		dev_kfree_skb_any(skb);
		goto out;
	}

	more = !__netdev_sent_queue(s->netdev, skb->len, netdev_xmit_more());
	if (!iosm_mux_put(mux, if_id, skb)) {
		s->held = skb;
		netif_stop_queue(s->netdev);
		more = false;
	}
	iosm_mux_kick(mux, more);

out:
	spin_unlock(&mux->ul_lock);
	return ret;
}

/* ---- Uplink: completions ---- */

/* What became of packets, by session: collected, then told to BQL. */
struct iosm_mux_tally {
	u32 packets[IOSM_SESSIONS];
	u32 bytes[IOSM_SESSIONS];
};

static void iosm_mux_count(struct iosm_mux *mux, struct iosm_mux_tally *tally,
			   u8 if_id, u32 epoch, u32 packets, u32 bytes, bool ok)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	if (s->state == IOSM_MUX_CLOSED || s->epoch != epoch)
		return;

	tally->packets[if_id] += packets;
	tally->bytes[if_id] += bytes;
	if (!ok)
		DEV_STATS_ADD(s->netdev, tx_errors, packets);
}

static void iosm_mux_ul_done(struct iosm_mux *mux, struct iosm_done *done,
			     struct iosm_mux_tally *tally, int budget)
{
	bool ok = done->status == IOSM_TD_END;
	struct iosm_mux_block *block;
	struct iosm_mux_cb *cb;
	struct sk_buff *skb;
	uintptr_t offset;
	unsigned int i;

	offset = (uintptr_t)done->buf.cookie - (uintptr_t)mux->slots;
	if (offset < IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE) {
		__clear_bit(offset / IOSM_MUX_SLOT_SIZE, &mux->slots_busy);
		return;
	}

	if (iosm_mux_is_lite(mux)) {
		skb = done->buf.cookie;
		cb = iosm_mux_cb(skb);
		dma_unmap_single(mux->dev, done->buf.dma, done->buf.len,
				 DMA_TO_DEVICE);
		iosm_mux_count(mux, tally, cb->if_id, cb->epoch, 1, cb->bytes,
			       ok);
		napi_consume_skb(skb, budget);
		return;
	}

	block = done->buf.cookie;
	for (i = 0; i < IOSM_SESSIONS; i++)
		if (block->packets[i])
			iosm_mux_count(mux, tally, i, block->epoch[i],
				       block->packets[i], block->bytes[i], ok);
	mux->free_blocks[mux->n_free++] = block;
}

/* Takes UL buffers back and sends what waited for them. */
static void iosm_mux_ul_poll(struct iosm_mux *mux, int budget)
{
	struct iosm_mux_tally tally = {};
	struct iosm_done done;
	unsigned int i;

	spin_lock(&mux->ul_lock);

	if (iosm_pipe_poll(&mux->ch.ul) < 0)
		iosm_channel_fail(&mux->ch);
	while (iosm_pipe_take(&mux->ch.ul, &done))
		iosm_mux_ul_done(mux, &done, &tally, budget);

	if (!mux->is_paused) {
		iosm_mux_send_cmds(mux);
		iosm_mux_send_held(mux);
		iosm_mux_kick(mux, false);
	}

	for (i = 0; i < IOSM_SESSIONS; i++)
		if (tally.packets[i])
			netdev_completed_queue(mux->sessions[i].netdev,
					       tally.packets[i],
					       tally.bytes[i]);

	spin_unlock(&mux->ul_lock);
}

/* ---- Downlink: buffers ---- */

static void iosm_mux_free_buffer(struct iosm_mux *mux, void *va)
{
	if (mux->pool)
		page_pool_put_full_page(mux->pool, virt_to_head_page(va),
					false);
	else
		put_page(virt_to_page(va));
}

/* Posts the memory at @va as a DL buffer; false when it cannot be mapped. */
static bool iosm_mux_post_buffer(struct iosm_mux *mux, void *va)
{
	struct iosm_buf buf = {
		.cookie = va,
		.len = mux->dl_buf,
	};

	buf.dma = dma_map_single(mux->dev, va, buf.len, DMA_FROM_DEVICE);
	if (dma_mapping_error(mux->dev, buf.dma))
		return false;

	iosm_pipe_push(&mux->ch.dl, &buf);

	return true;
}

/* Posts a fresh buffer (Aggregation); false when there is none. */
static bool iosm_mux_post_fresh(struct iosm_mux *mux, gfp_t gfp)
{
	struct page *page;

	page = page_pool_alloc_pages(mux->pool, gfp | __GFP_NOWARN);
	if (!page)
		return false;

	if (iosm_mux_post_buffer(mux, page_address(page)))
		return true;

	iosm_mux_free_buffer(mux, page_address(page));

	return false;
}

/* Posts the buffers of a page (Lite), as many as there is space for. */
static bool iosm_mux_post_page(struct iosm_mux *mux)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int offset;
	bool ok = true;

	if (!page)
		return false;

	for (offset = 0; offset + mux->dl_buf <= PAGE_SIZE && ok &&
	     iosm_pipe_space(&mux->ch.dl); offset += mux->dl_buf) {
		get_page(page);
		ok = iosm_mux_post_buffer(mux, page_address(page) + offset);
		if (!ok)
			put_page(page);
	}
	put_page(page);

	return ok;
}

/* Fills the ring of a channel that is being opened. */
static int iosm_mux_fill(struct iosm_mux *mux)
{
	while (iosm_pipe_space(&mux->ch.dl)) {
		if (!(mux->pool ? iosm_mux_post_fresh(mux, GFP_KERNEL) :
				  iosm_mux_post_page(mux)))
			break;
	}

	/* Fewer will do. */
	return mux->ch.dl.head ? 0 : -ENOMEM;
}

/* Gives a buffer whose contents have been copied back to the device. */
static void iosm_mux_repost(struct iosm_mux *mux, const struct iosm_buf *buf)
{
	dma_sync_single_for_device(mux->dev, buf->dma, buf->len,
				   DMA_FROM_DEVICE);
	iosm_pipe_push(&mux->ch.dl, buf);
}

/*
 * Takes a buffer away from the device, to hand its datagrams up where they
 * lie: it cannot change them any more, where there is an IOMMU.
 */
static bool iosm_mux_keep(struct iosm_mux *mux, const struct iosm_buf *buf)
{
	if (!iosm_mux_post_fresh(mux, GFP_ATOMIC)) {
		mux->stats.no_buffer++;
		return false;
	}

	/* What was written has been synced. */
	dma_unmap_single_attrs(mux->dev, buf->dma, buf->len, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);

	return true;
}

/* Lets the device see new buffers, in batches: a doorbell each is dear. */
static void iosm_mux_publish_dl(struct iosm_mux *mux)
{
	struct iosm_pipe *dl = &mux->ch.dl;

	if (iosm_ring_used(dl->head, dl->published, dl->entries) <
	    dl->entries / 8)
		return;

	if (iosm_pipe_publish(dl))
		iosm_channel_ring(&mux->ch, IOSM_HPDA_DL_REFILL);
}

/* ---- Downlink: contents ---- */

static void iosm_mux_lie(struct iosm_mux *mux, const char *what)
{
	mux->stats.lies++;
	dev_warn_ratelimited(mux->dev, "IP channel: bad %s\n", what);
}

/*
 * Bytes of @skb that are headers, as far as they are worth a look: GRO joins
 * packets best when nothing but headers is in the linear part. Reads the
 * private copy of IOSM_MUX_HEADERS bytes at skb->data.
 */
static unsigned int iosm_mux_headers(const struct sk_buff *skb)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	unsigned int len;
	u8 protocol;

	if (ip->version == 6) {
		len = sizeof(struct ipv6hdr);
		protocol = ((const struct ipv6hdr *)ip)->nexthdr;
	} else {
		len = ip->ihl * 4;
		protocol = ip->protocol;
	}

	/* At most 60 bytes so far. */
	if (protocol == IPPROTO_TCP)
		len += __tcp_hdrlen((const struct tcphdr *)(skb->data + len));
	else if (protocol == IPPROTO_UDP)
		len += sizeof(struct udphdr);

	return clamp_t(unsigned int, len, sizeof(*ip), IOSM_MUX_HEADERS);
}

/* A packet in memory of its own. */
static struct sk_buff *iosm_mux_copy(struct iosm_mux *mux,
				     const struct iosm_mux_dg *dg)
{
	struct sk_buff *skb = napi_alloc_skb(&mux->napi, dg->len);

	if (skb)
		skb_put_data(skb, mux->dl_at.cookie + dg->offset, dg->len);

	return skb;
}

/* A packet with its payload where the device put it. */
static struct sk_buff *iosm_mux_lend(struct iosm_mux *mux,
				     const struct iosm_mux_dg *dg)
{
	void *from = mux->dl_at.cookie + dg->offset;
	struct page *page = virt_to_head_page(from);
	unsigned int headers;
	struct sk_buff *skb;

	skb = napi_alloc_skb(&mux->napi, IOSM_MUX_HEADERS);
	if (!skb)
		return NULL;

	memcpy(skb->data, from, IOSM_MUX_HEADERS);
	headers = iosm_mux_headers(skb);
	skb_put(skb, headers);

	/* Each packet pays for its share of the whole buffer. */
	page_pool_ref_page(page);
	skb_add_rx_frag(skb, 0, page,
			from + headers - page_address(page),
			dg->len - headers,
			mux->dl_buf * dg->len / mux->dl_rd.len);
	skb_mark_for_recycle(skb);

	return skb;
}

/* Hands one packet up. */
static void iosm_mux_rx(struct iosm_mux *mux, const struct iosm_mux_dg *dg)
{
	struct iosm_mux_session *s = &mux->sessions[dg->if_id];
	enum iosm_mux_state state = READ_ONCE(s->state);
	struct net_device *netdev = s->netdev;
	struct sk_buff *skb;
	bool ok;

	if (state != IOSM_MUX_UP) {
		/* What was under way when we closed is no offence. */
		if (state != IOSM_MUX_CLOSING) {
			mux->stats.stray++;
			dev_warn_ratelimited(mux->dev,
					     "packet of session %u, which is not open\n",
					     dg->if_id);
		}
		return;
	}

	if (mux->dl_kept && dg->len > IOSM_MUX_COPY_PACKET)
		skb = iosm_mux_lend(mux, dg);
	else
		skb = iosm_mux_copy(mux, dg);
	if (!skb) {
		DEV_STATS_INC(netdev, rx_dropped);
		return;
	}

	switch (skb->data[0] >> 4) {
	case 4:
		skb->protocol = htons(ETH_P_IP);
		ok = skb->len >= sizeof(struct iphdr);
		break;
	case 6:
		skb->protocol = htons(ETH_P_IPV6);
		ok = skb->len >= sizeof(struct ipv6hdr);
		break;
	default:
		ok = false;
	}
	if (!ok) {
		iosm_mux_lie(mux, "IP packet");
		DEV_STATS_INC(netdev, rx_errors);
		DEV_STATS_INC(netdev, rx_frame_errors);
		dev_kfree_skb_any(skb);
		return;
	}

	skb->dev = netdev;
	skb_reset_mac_header(skb);
	dev_sw_netstats_rx_add(netdev, skb->len);
	napi_gro_receive(&mux->napi, skb);
}

/* An answer that somebody may wait for; caller holds ul_lock. */
static void iosm_mux_answered(struct iosm_mux *mux,
			      const struct iosm_mux_cmd *cmd)
{
	struct iosm_mux_session *s = &mux->sessions[cmd->if_id];
	u32 max;
	int pad;

	if (!s->calling || s->answered || s->answer_op != cmd->op ||
	    s->question != cmd->transaction) {
		mux->stats.late++;
		return;
	}

	s->answered = true;
	s->result = cmd->response ? -EREMOTEIO : 0;

	/* Data may follow at once: it must not find a closed session. */
	if (cmd->op == IOSM_MUX_OPEN_RESP && !cmd->response) {
		max = IOSM_MUX_BLOCK_SIZE - IOSM_MUX_ADB_OVERHEAD - 3 -
		      READ_ONCE(s->netdev->mtu);
		pad = iosm_mux_ul_pad(mux->flavour, cmd->head_pad, max);
		if (pad < 0) {
			iosm_mux_lie(mux, "head padding");
			s->result = -ERANGE;
		} else {
			s->ul_pad = pad;
			WRITE_ONCE(s->state, IOSM_MUX_UP);
		}
	}

	wake_up(&mux->core->event);
}

static void iosm_mux_cmd(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd)
{
	struct iosm_mux_session *s = &mux->sessions[cmd->if_id];

	spin_lock(&mux->ul_lock);

	switch (cmd->op) {
	case IOSM_MUX_OPEN_RESP:
	case IOSM_MUX_CLOSE_RESP:
		iosm_mux_answered(mux, cmd);
		goto out;
	default:
		break;
	}

	if (s->state == IOSM_MUX_CLOSED) {
		mux->stats.stray++;
		goto out;
	}

	switch (cmd->op) {
	case IOSM_MUX_FLOW_STOP:
		s->is_stopped = true;
		netif_stop_queue(s->netdev);
		iosm_mux_answer(mux, IOSM_MUX_FLOW_ACK, cmd);
		break;
	case IOSM_MUX_FLOW_GO:
		s->is_stopped = false;
		iosm_mux_answer(mux, IOSM_MUX_FLOW_ACK, cmd);
		break;
	case IOSM_MUX_LINK_STATUS:
		iosm_mux_answer(mux, IOSM_MUX_LINK_STATUS_RESP, cmd);
		break;
	default:
		break;
	}

	/* The poll that we are in sends answers and what was held. */
out:
	spin_unlock(&mux->ul_lock);
}

static void iosm_mux_grant(struct iosm_mux *mux,
			   const struct iosm_mux_credit *credit)
{
	struct iosm_mux_session *s = &mux->sessions[credit->if_id];

	spin_lock(&mux->ul_lock);
	if (!mux->with_credits || s->state == IOSM_MUX_CLOSED) {
		mux->stats.stray++;
	} else {
		/* 64 bits do not run over in the life of a session. */
		s->credit += credit->bytes;
		s->is_level_told = false;
	}
	spin_unlock(&mux->ul_lock);
}

static void iosm_mux_rx_cmds(struct iosm_mux *mux, const void *va, u32 len)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_cmd cmd;
	int ret = -EBADMSG;

	if (!iosm_mux_acb_open(&rd, va, len)) {
		while ((ret = iosm_mux_acb_next(&rd, &cmd)) > 0)
			iosm_mux_cmd(mux, &cmd);
	}
	if (ret < 0 || rd.bad)
		iosm_mux_lie(mux, "command block");
}

/* Looks at a buffer that is no data block; true when it is one. */
static bool iosm_mux_rx_buffer(struct iosm_mux *mux, void *va, u32 len)
{
	bool lite = iosm_mux_is_lite(mux);
	struct iosm_mux_credit credit;
	struct iosm_mux_cmd cmd;
	struct iosm_mux_dg dg;

	switch (iosm_mux_signature(va, len)) {
	case IOSM_SIG_ADBH:
		if (lite || iosm_mux_adb_open(&mux->dl_rd, va, len,
					      IOSM_MUX_DL_HEAD_PAD))
			break;
		return true;
	case IOSM_SIG_ACBH:
		if (lite)
			break;
		iosm_mux_rx_cmds(mux, va, len);
		return false;
	case IOSM_SIG_ADGH:
		if (!lite ||
		    iosm_mux_adgh_decode(va, len,
					 iosm_mux_dl_pad(mux->flavour,
							 IOSM_MUX_DL_HEAD_PAD),
					 &dg))
			break;
		iosm_mux_rx(mux, &dg);
		return false;
	case IOSM_SIG_CMDH:
		if (!lite || iosm_mux_lite_cmd_decode(va, len, &cmd))
			break;
		iosm_mux_cmd(mux, &cmd);
		return false;
	case IOSM_SIG_FCTH:
		if (iosm_mux_credit_decode(va, len, &credit))
			break;
		iosm_mux_grant(mux, &credit);
		return false;
	default:
		break;
	}

	iosm_mux_lie(mux, "buffer");

	return false;
}

/* Begins with the next DL buffer; false when there is none. */
static bool iosm_mux_next_buffer(struct iosm_mux *mux)
{
	struct iosm_done done;

	if (!iosm_pipe_take(&mux->ch.dl, &done))
		return false;

	mux->dl_at = done.buf;
	mux->dl_kept = false;
	if (done.status == IOSM_TD_END && done.len) {
		dma_sync_single_for_cpu(mux->dev, done.buf.dma, done.len,
					DMA_FROM_DEVICE);
		mux->dl_turn = iosm_mux_rx_buffer(mux, done.buf.cookie,
						  done.len);
	} else if (done.status != IOSM_TD_ABORTED) {
		iosm_mux_lie(mux, "transfer");
	}

	if (!mux->dl_turn)
		iosm_mux_repost(mux, &mux->dl_at);
	else if (mux->dl_rd.len > IOSM_MUX_COPY_BLOCK)
		mux->dl_kept = iosm_mux_keep(mux, &mux->dl_at);

	return true;
}

/* Ends with the present DL buffer. */
static void iosm_mux_end_buffer(struct iosm_mux *mux)
{
	mux->dl_turn = false;
	if (mux->dl_kept)
		page_pool_put_full_page(mux->pool,
					virt_to_head_page(mux->dl_at.cookie),
					true);
	else
		iosm_mux_repost(mux, &mux->dl_at);
}

/* Reads up to @budget packets or buffers; returns how many. */
static int iosm_mux_dl_poll(struct iosm_mux *mux, int budget)
{
	struct iosm_mux_dg dg;
	int work = 0;
	int ret;

	if (budget && iosm_pipe_poll(&mux->ch.dl) < 0)
		iosm_channel_fail(&mux->ch);

	while (work < budget) {
		if (!mux->dl_turn) {
			if (!iosm_mux_next_buffer(mux))
				break;
			work += !mux->dl_turn;
			continue;
		}

		ret = iosm_mux_adb_next(&mux->dl_rd, &dg);
		if (ret > 0) {
			iosm_mux_rx(mux, &dg);
			work++;
			continue;
		}
		if (ret < 0 || mux->dl_rd.bad)
			iosm_mux_lie(mux, "data block");
		iosm_mux_end_buffer(mux);
	}

	if (work)
		iosm_mux_publish_dl(mux);

	return work;
}

/* The device is dead: nothing moves any more until the links are removed. */
static void iosm_mux_mourn(struct iosm_mux *mux)
{
	unsigned int i;

	spin_lock(&mux->ul_lock);
	for (i = 0; i < IOSM_SESSIONS; i++) {
		if (mux->sessions[i].state == IOSM_MUX_CLOSED)
			continue;
		netif_stop_queue(mux->sessions[i].netdev);
		netif_carrier_off(mux->sessions[i].netdev);
	}
	spin_unlock(&mux->ul_lock);
}

static int iosm_mux_poll(struct napi_struct *napi, int budget)
{
	struct iosm_mux *mux = container_of(napi, struct iosm_mux, napi);
	int work;

	if (unlikely(iosm_core_is_dead(mux->core))) {
		iosm_mux_mourn(mux);
		napi_complete_done(napi, 0);
		return 0;
	}

	work = iosm_mux_dl_poll(mux, budget);
	/* After the downlink, for what that allowed and asked. */
	iosm_mux_ul_poll(mux, budget);

	if (work == budget || !napi_complete_done(napi, work))
		return work;

	/* An interrupt that came while we were at work is not repeated. */
	if (iosm_pipe_pending(&mux->ch.dl) || iosm_pipe_pending(&mux->ch.ul))
		napi_schedule(napi);

	return work;
}

static void iosm_mux_irq(void *priv)
{
	struct iosm_mux *mux = priv;

	napi_schedule(&mux->napi);
}

static const struct iosm_channel_ops iosm_mux_channel_ops = {
	.irq = iosm_mux_irq,
	.down = iosm_mux_irq,
};

/* ---- The channel ---- */

static void iosm_mux_schedule(struct iosm_mux *mux)
{
	local_bh_disable();
	napi_schedule(&mux->napi);
	local_bh_enable();
}

static void iosm_mux_napi_on(struct iosm_mux *mux)
{
	if (mux->is_napi_on)
		return;
	mux->is_napi_on = true;
	napi_enable(&mux->napi);
	/* Whatever came while it was off is pending. */
	iosm_mux_schedule(mux);
}

static void iosm_mux_napi_off(struct iosm_mux *mux)
{
	if (!mux->is_napi_on)
		return;
	mux->is_napi_on = false;
	napi_disable(&mux->napi);
}

static void iosm_mux_free_blocks(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;
	unsigned int i;

	for (i = 0; i < IOSM_MUX_BLOCKS; i++) {
		block = &mux->blocks[i];
		if (!block->va)
			continue;
		dma_unmap_single(mux->dev, block->dma, IOSM_MUX_BLOCK_SIZE,
				 DMA_TO_DEVICE);
		free_pages((unsigned long)block->va,
			   get_order(IOSM_MUX_BLOCK_SIZE));
		block->va = NULL;
	}
	mux->n_free = 0;
	mux->open_block = NULL;
}

static int iosm_mux_alloc_blocks(struct iosm_mux *mux)
{
	struct iosm_mux_block *block;
	unsigned int i;

	if (iosm_mux_is_lite(mux))
		return 0;

	for (i = 0; i < IOSM_MUX_BLOCKS; i++) {
		block = &mux->blocks[i];
		block->va = (void *)__get_free_pages(GFP_KERNEL,
						     get_order(IOSM_MUX_BLOCK_SIZE));
		if (!block->va)
			goto fail;
		block->dma = dma_map_single(mux->dev, block->va,
					    IOSM_MUX_BLOCK_SIZE, DMA_TO_DEVICE);
		if (dma_mapping_error(mux->dev, block->dma)) {
			free_pages((unsigned long)block->va,
				   get_order(IOSM_MUX_BLOCK_SIZE));
			block->va = NULL;
			goto fail;
		}
		mux->free_blocks[mux->n_free++] = block;
	}

	return 0;

fail:
	iosm_mux_free_blocks(mux);
	return -ENOMEM;
}

/* Pages that may be handed up (Aggregation). They are mapped by us. */
static int iosm_mux_alloc_pool(struct iosm_mux *mux, u32 entries)
{
	struct page_pool_params params = {
		.order = get_order(mux->dl_buf),
		.pool_size = entries,
		.nid = dev_to_node(mux->dev),
		.napi = &mux->napi,
	};
	int err = 0;

	if (iosm_mux_is_lite(mux))
		return 0;

	mux->pool = page_pool_create(&params);
	if (IS_ERR(mux->pool)) {
		err = PTR_ERR(mux->pool);
		mux->pool = NULL;
	}

	return err;
}

static void iosm_mux_free_pool(struct iosm_mux *mux)
{
	/* Packets that still hold pages keep it alive. */
	if (mux->pool)
		page_pool_destroy(mux->pool);
	mux->pool = NULL;
}

/* Nobody uses the pipes any more. */
static void iosm_mux_release(struct iosm_mux *mux)
{
	struct iosm_buf buf;

	while (iosm_pipe_reclaim(&mux->ch.ul, &buf)) {
		uintptr_t offset = (uintptr_t)buf.cookie -
				   (uintptr_t)mux->slots;

		if (offset < IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE ||
		    !iosm_mux_is_lite(mux))
			continue;
		dma_unmap_single(mux->dev, buf.dma, buf.len, DMA_TO_DEVICE);
		dev_kfree_skb_any(buf.cookie);
	}

	if (mux->dl_turn && mux->dl_kept)
		iosm_mux_free_buffer(mux, mux->dl_at.cookie);
	else if (mux->dl_turn)
		iosm_pipe_push(&mux->ch.dl, &mux->dl_at);
	mux->dl_turn = false;
	while (iosm_pipe_reclaim(&mux->ch.dl, &buf)) {
		dma_unmap_single(mux->dev, buf.dma, buf.len, DMA_FROM_DEVICE);
		iosm_mux_free_buffer(mux, buf.cookie);
	}

	iosm_mux_free_pool(mux);
	iosm_mux_free_blocks(mux);
	dma_free_coherent(mux->dev, IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE,
			  mux->slots, mux->slots_dma);
	mux->slots = NULL;
	mux->slots_busy = 0;
	mux->cmd_count = 0;
}

static void iosm_mux_pause(struct iosm_mux *mux, bool pause)
{
	spin_lock_bh(&mux->ul_lock);
	mux->is_paused = pause;
	spin_unlock_bh(&mux->ul_lock);
}

static int iosm_mux_up(struct iosm_mux *mux)
{
	const struct iosm_channel_config *config;
	int err;

	if (iosm_core_is_dead(mux->core))
		return -ENODEV;

	config = iosm_channel_ip(!iosm_mux_is_lite(mux));
	mux->dl_buf = config->buf_size;

	err = iosm_mux_alloc_blocks(mux);
	if (err)
		return err;

	mux->slots = dma_alloc_coherent(mux->dev,
					IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE,
					&mux->slots_dma, GFP_KERNEL);
	if (!mux->slots) {
		err = -ENOMEM;
		goto err_blocks;
	}

	err = iosm_mux_alloc_pool(mux, config->dl_entries);
	if (err)
		goto err_slots;

	err = iosm_channel_open(&mux->ch, mux->core, config,
				&iosm_mux_channel_ops, mux);
	if (err)
		goto err_pool;

	mux->adb_sequence = 0;
	mux->acb_sequence = 0;
	err = iosm_mux_fill(mux);
	if (err)
		goto err_close;
	iosm_channel_start(&mux->ch);
	mux->is_up = true;
	iosm_mux_pause(mux, false);
	iosm_mux_napi_on(mux);

	return 0;

err_close:
	iosm_channel_close(&mux->ch);
	iosm_channel_free(&mux->ch);
err_pool:
	iosm_mux_free_pool(mux);
err_slots:
	dma_free_coherent(mux->dev, IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE,
			  mux->slots, mux->slots_dma);
	mux->slots = NULL;
err_blocks:
	iosm_mux_free_blocks(mux);
	return err;
}

static void iosm_mux_down(struct iosm_mux *mux)
{
	iosm_mux_pause(mux, true);
	iosm_mux_napi_off(mux);
	iosm_channel_close(&mux->ch);
	iosm_mux_release(mux);
	iosm_channel_free(&mux->ch);
	mux->is_up = false;
}

/* ---- Sessions ---- */

/* Asks the device something about a session and waits for the answer. */
static int iosm_mux_call(struct iosm_mux *mux, u8 if_id, enum iosm_mux_op op,
			 enum iosm_mux_op answer)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct iosm_mux_cmd cmd = {
		.op = op,
		.if_id = if_id,
		.head_pad = IOSM_MUX_DL_HEAD_PAD,
	};
	int err = 0;

	spin_lock_bh(&mux->ul_lock);
	cmd.transaction = ++mux->transaction;
	s->calling = true;
	s->answered = false;
	s->question = cmd.transaction;
	s->answer_op = answer;
	if (!iosm_mux_post(mux, &cmd, 0))
		err = -EBUSY;
	iosm_mux_kick(mux, false);
	spin_unlock_bh(&mux->ul_lock);

	if (!err)
		iosm_core_wait(mux->core, READ_ONCE(s->answered),
			       IOSM_MUX_ANSWER_MS);

	spin_lock_bh(&mux->ul_lock);
	s->calling = false;
	if (s->answered)
		err = s->result;
	else if (!err)
		err = iosm_core_is_dead(mux->core) ? -ENODEV : -ETIMEDOUT;
	spin_unlock_bh(&mux->ul_lock);

	return err;
}

/*
 * Forgets a session. NAPI stops for a moment, so that no packet of the
 * session is in its hands (GRO keeps some) when the network device goes.
 */
static void iosm_mux_forget(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	bool was_on = mux->is_napi_on;
	struct net_device *netdev;
	struct sk_buff *held;

	iosm_mux_napi_off(mux);
	spin_lock_bh(&mux->ul_lock);
	held = s->held;
	s->held = NULL;
	netdev = s->netdev;
	s->netdev = NULL;
	s->ul_pad = 0;
	WRITE_ONCE(s->state, IOSM_MUX_CLOSED);
	spin_unlock_bh(&mux->ul_lock);
	if (was_on)
		iosm_mux_napi_on(mux);

	if (held) {
		DEV_STATS_INC(netdev, tx_dropped);
		dev_kfree_skb_any(held);
	}
	netdev_reset_queue(netdev);
}

/* Tells the device that a session is over, without asking whether it is. */
static void iosm_mux_post_close(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_cmd cmd = {
		.op = IOSM_MUX_CLOSE,
		.if_id = if_id,
	};

	spin_lock_bh(&mux->ul_lock);
	cmd.transaction = ++mux->transaction;
	iosm_mux_post(mux, &cmd, 0);
	iosm_mux_kick(mux, false);
	spin_unlock_bh(&mux->ul_lock);
}

/**
 * iosm_mux_open() - open a session
 * @mux: the IP channel
 * @if_id: session, below IOSM_SESSIONS
 * @netdev: its network device
 *
 * Opens the channel for the first one.
 * Context: sleeps, up to about 2 s; ndo_open.
 *
 * Return: 0, -ETIMEDOUT without an answer, -EREMOTEIO when the device
 * refuses, -ERANGE when it wants more padding than a block can hold, -ENODEV
 * when it is dead, or an error of iosm_channel_open().
 */
int iosm_mux_open(struct iosm_mux *mux, u8 if_id, struct net_device *netdev)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	int err;

	mutex_lock(&mux->lock);

	if (!mux->is_up) {
		err = iosm_mux_up(mux);
		if (err)
			goto out;
	}

	/* What fits one block is no queue. */
	netdev_queue_set_dql_min_limit(netdev_get_tx_queue(netdev, 0),
				       IOSM_MUX_BLOCK_SIZE);

	spin_lock_bh(&mux->ul_lock);
	s->netdev = netdev;
	s->epoch++;
	s->is_stopped = false;
	s->is_level_told = false;
	s->credit = 0;
	s->ul_pad = 0;
	WRITE_ONCE(s->state, IOSM_MUX_OPENING);
	spin_unlock_bh(&mux->ul_lock);

	err = iosm_mux_call(mux, if_id, IOSM_MUX_OPEN, IOSM_MUX_OPEN_RESP);
	if (!err) {
		mux->users |= BIT(if_id);
		if (iosm_mux_is_lite(mux))
			netdev->needed_headroom = sizeof(struct iosm_adgh) +
						  s->ul_pad;
		goto out;
	}

	/* It may be open on the other side: the answer was late, or absurd. */
	if (err == -ETIMEDOUT || err == -ERANGE)
		iosm_mux_post_close(mux, if_id);
	iosm_mux_forget(mux, if_id);
	if (!mux->users)
		iosm_mux_down(mux);

out:
	mutex_unlock(&mux->lock);
	return err;
}

/**
 * iosm_mux_close() - close a session
 * @mux: the IP channel
 * @if_id: session that was opened
 *
 * The network device is not touched any more when this returns. Closes the
 * channel after the last one. A dead device is not waited for.
 * Context: sleeps, up to about 3 s; ndo_stop.
 */
void iosm_mux_close(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	int err = 0;

	mutex_lock(&mux->lock);

	spin_lock_bh(&mux->ul_lock);
	WRITE_ONCE(s->state, IOSM_MUX_CLOSING);
	spin_unlock_bh(&mux->ul_lock);
	netif_tx_disable(s->netdev);

	if (!iosm_core_is_dead(mux->core))
		err = iosm_mux_call(mux, if_id, IOSM_MUX_CLOSE,
				    IOSM_MUX_CLOSE_RESP);
	if (err)
		netdev_warn(s->netdev, "session %u does not close: %pe\n",
			    if_id, ERR_PTR(err));

	iosm_mux_forget(mux, if_id);
	mux->users &= ~BIT(if_id);
	if (!mux->users)
		iosm_mux_down(mux);

	mutex_unlock(&mux->lock);
}

static unsigned int iosm_mux_mtu(const struct iosm_mux *mux, u32 pad)
{
	u32 buf = iosm_channel_ip(!iosm_mux_is_lite(mux))->buf_size;
	u32 dl, ul;

	if (iosm_mux_is_lite(mux)) {
		dl = buf - sizeof(struct iosm_adgh);
		ul = IOSM_MUX_BLOCK_SIZE - sizeof(struct iosm_adgh) - pad;
	} else {
		dl = buf - IOSM_MUX_ADB_OVERHEAD - IOSM_MUX_DL_HEAD_PAD;
		ul = IOSM_MUX_BLOCK_SIZE - IOSM_MUX_ADB_OVERHEAD - 3 - pad;
	}

	return min(dl, ul);
}

/**
 * iosm_mux_max_mtu() - largest IP packet for both directions
 * @mux: the IP channel
 * @if_id: session; with the padding that was negotiated when it is open
 *
 * Context: any that may take the uplink lock with bottom halves disabled.
 *
 * Return: bytes.
 */
unsigned int iosm_mux_max_mtu(struct iosm_mux *mux, u8 if_id)
{
	u32 pad;

	spin_lock_bh(&mux->ul_lock);
	pad = mux->sessions[if_id].ul_pad;
	spin_unlock_bh(&mux->ul_lock);

	return iosm_mux_mtu(mux, pad);
}

/**
 * iosm_mux_setup_netdev() - what a network device must know of the channel
 * @mux: the IP channel
 * @netdev: not registered yet
 */
void iosm_mux_setup_netdev(struct iosm_mux *mux, struct net_device *netdev)
{
	if (iosm_mux_is_lite(mux)) {
		/* Sent from where they are, one piece each. */
		netdev->needed_headroom = sizeof(struct iosm_adgh);
	} else {
		/* Copied in any case: summed up on the way. */
		netdev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM;
		netdev->features |= netdev->hw_features;
	}
	netdev->max_mtu = iosm_mux_mtu(mux, 0);
}

/**
 * iosm_mux_suspend() - stop using the device, keep the sessions
 * @mux: the IP channel
 *
 * Context: sleeps, up to IOSM_MUX_DRAIN_MS.
 */
void iosm_mux_suspend(struct iosm_mux *mux)
{
	mutex_lock(&mux->lock);
	if (mux->is_up) {
		spin_lock_bh(&mux->ul_lock);
		iosm_mux_push_block(mux);
		iosm_mux_ring_ul(mux, IOSM_HPDA_UL);
		mux->is_paused = true;
		spin_unlock_bh(&mux->ul_lock);

		iosm_core_wait(mux->core, iosm_pipe_idle(&mux->ch.ul),
			       IOSM_MUX_DRAIN_MS);
		iosm_mux_napi_off(mux);
		}
	mutex_unlock(&mux->lock);
}

/**
 * iosm_mux_resume() - go on after iosm_mux_suspend()
 * @mux: the IP channel
 *
 * Context: sleeps.
 */
void iosm_mux_resume(struct iosm_mux *mux)
{
	mutex_lock(&mux->lock);
	if (mux->is_up) {
		iosm_mux_pause(mux, false);
		iosm_mux_napi_on(mux);
	}
	mutex_unlock(&mux->lock);
}

/**
 * iosm_mux_create() - set up the IP channel of a device, not open yet
 * @core: running device
 *
 * Context: may sleep.
 *
 * Return: the mux, or NULL without memory.
 */
struct iosm_mux *iosm_mux_create(struct iosm_core *core)
{
	struct iosm_mux *mux;

	mux = kzalloc_obj(*mux);
	if (!mux)
		return NULL;

	mux->napi_dev = alloc_netdev_dummy(0);
	if (!mux->napi_dev) {
		kfree(mux);
		return NULL;
	}

	mux->core = core;
	mux->dev = core->dev;
	mux->flavour = core->caps & (IOSM_CAP_UL_AGGR | IOSM_CAP_DL_AGGR) ?
		       IOSM_MUX_AGGREGATION : IOSM_MUX_LITE;
	mux->with_credits = core->caps & IOSM_CAP_UL_CREDITS;
	mux->is_paused = true;
	mutex_init(&mux->lock);
	spin_lock_init(&mux->ul_lock);
	netif_napi_add(mux->napi_dev, &mux->napi, iosm_mux_poll);

	return mux;
}

/**
 * iosm_mux_destroy() - the counterpart of iosm_mux_create()
 * @mux: without open sessions
 *
 * Context: may sleep.
 */
void iosm_mux_destroy(struct iosm_mux *mux)
{
	netif_napi_del(&mux->napi);
	free_netdev(mux->napi_dev);
	kfree(mux);
}
