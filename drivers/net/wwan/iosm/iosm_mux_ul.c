// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uplink of the sessions.
 *
 * A packet is added to the open block (Lite: described in a TD) immediately.
 * iosm_mux_coalesce.c decides when to ring the doorbell.
 *
 * A packet that may not be sent (flow control, no credit, no room) is deferred: the
 * session keeps it, and its queue is stopped. A later NAPI poll sends the packet
 * and wakes the queue.
 */

#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <kunit/visibility.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_trace.h"

/* Request credit, once per grant. */
static void iosm_mux_send_level(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	if (!s->is_level_sent)
		s->is_level_sent = mux->ops->send_level(mux, if_id);
}

/* Send a packet. False: the packet must be deferred. */
static bool iosm_mux_put(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	u32 len = skb->len;

	/* Commands overtake deferred packets, see iosm_mux.c. */
	if (mux->tx.is_paused || mux->cmdq.count || s->is_stopped)
		return false;

	if (mux->with_credits && s->credit < len) {
		/* The caller defers the packet. The queue level includes it. */
		s->deferred = skb;
		iosm_mux_send_level(mux, if_id);
		return false;
	}

	if (!mux->ops->put(mux, if_id, skb))
		return false;

	if (mux->with_credits)
		s->credit -= len;

	return true;
}

/* To be called once for each packet. */
static bool iosm_mux_may_ring(struct iosm_mux_session *s)
{
	return iosm_mux_pace_take(&s->pace, jiffies, READ_ONCE(s->rx_packets));
}

/*
 * Send deferred packets, round robin, and wake the queues of their sessions. Returns
 * true if the doorbell should be rung at once.
 */
static bool iosm_mux_send_deferred(struct iosm_mux *mux)
{
	struct iosm_mux_session *s;
	bool at_once = false;
	struct sk_buff *skb;
	unsigned int i;
	u8 if_id;

	for (i = 0; i < IOSM_SESSIONS; i++) {
		if_id = (mux->tx.turn + i) % IOSM_SESSIONS;
		s = &mux->sessions[if_id];
		if (s->state != IOSM_MUX_UP || s->is_stopped)
			continue;

		skb = s->deferred;
		if (skb) {
			s->deferred = NULL;
			if (!iosm_mux_put(mux, if_id, skb)) {
				s->deferred = skb;
				continue;
			}
			at_once |= iosm_mux_may_ring(s);
		}
		if (netif_queue_stopped(s->netdev))
			iosm_mux_wake_queue(s);
	}

	mux->tx.turn = (mux->tx.turn + 1) % IOSM_SESSIONS;

	return at_once;
}

/**
 * iosm_mux_xmit() - send a packet on a session
 * @mux: the IP channel
 * @if_id: the session
 * @skb: IP packet; consumed unless NETDEV_TX_BUSY
 *
 * Context: ndo_start_xmit of the session's network device.
 *
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY if the queue has been stopped.
 */
netdev_tx_t iosm_mux_xmit(struct iosm_mux *mux, u8 if_id, struct sk_buff *skb)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	enum iosm_mux_when when = IOSM_MUX_STALLED;
	netdev_tx_t ret = NETDEV_TX_OK;
	bool more, at_once;

	spin_lock(&mux->ul_lock);

	if (unlikely(s->deferred)) {
		iosm_mux_stop_queue(s);
		ret = NETDEV_TX_BUSY;
		goto out;
	}

	if (unlikely(s->state != IOSM_MUX_UP ||
		     iosm_core_has_failed(mux->core))) {
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
		s->deferred = skb;
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
 * iosm_mux_ul_poll() - process UL completions, send deferred packets
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
	bool at_once;

	spin_lock(&mux->ul_lock);

	if (iosm_pipe_poll(&mux->ch.ul) < 0)
		iosm_channel_fail(&mux->ch);
	while (iosm_pipe_take(&mux->ch.ul, &done))
		iosm_mux_ul_done(mux, &done, &tally, budget);

	if (!mux->tx.is_paused) {
		/* Deferred packets are sent only when no command is queued. */
		at_once = mux->cmdq.count;
		iosm_mux_send_cmds(mux);
		at_once |= iosm_mux_send_deferred(mux);
		iosm_mux_kick(mux, at_once ? IOSM_MUX_NOW : IOSM_MUX_SOON);
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
 * iosm_mux_ul_alloc() - allocate memory for data blocks and commands
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
 * iosm_mux_ul_reclaim() - reclaim all buffers of a closed UL pipe
 * @mux: the IP channel
 *
 * Context: exclusive access to the pipe.
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
 * iosm_mux_ul_orphan() - release the sockets of a session's packets
 * @mux: the IP channel
 * @if_id: session that is being closed
 *
 * Lite: the packets may stay in the UL pipe as long as another session keeps the
 * channel open. A packet is charged to its socket, which limits the sender; but it
 * keeps the socket, and the socket keeps its network namespace.
 *
 * Context: ul_lock.
 */
void iosm_mux_ul_orphan(struct iosm_mux *mux, u8 if_id)
{
	lockdep_assert_held(&mux->ul_lock);

	if (mux->ops->orphan)
		mux->ops->orphan(mux, if_id);
}
