// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IP channel: opening, closing, NAPI, system sleep.
 *
 *   ndo_start_xmit (8 queues)             napi_gro_receive
 *        |                                     ^
 *   iosm_mux_ul.c    iosm_mux_session.c   iosm_mux_dl.c
 *        | flow, credit   | responses          | packets, commands
 *        v                v                    |
 *   flavour          iosm_mux_cmdq.c      flavour
 *        | blocks, TDs    | slots              ^ contents of a buffer
 *        v                v                    |
 *   iosm_mux_coalesce.c (doorbell)        NAPI poll of both pipes, here
 *        |                                     ^
 *   =====|============ UL pipe, DL pipe =======|=====
 *
 * A flavour is iosm_mux_aggregation.c (with iosm_mux_gso.c) or iosm_mux_lite.c.
 *
 * A command overtakes deferred packets, but not packets in the open block. So the
 * last packets of a session reach the device before CLOSE_SESSION, and before
 * the response to a flow control command. Some slots and TDs are reserved for
 * commands.
 */

#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

/* Timeout for the response to a command. */
#define IOSM_MUX_RESP_MS	1000
/* Minimum for OPEN_SESSION, after a slow opening of the pipes. */
#define IOSM_MUX_OPEN_MIN_MS	200
/* Timeout for outstanding uplink before system suspend. */
#define IOSM_MUX_DRAIN_MS	500

/* ---- NAPI ---- */

/* The device has failed: stop all network devices until they are removed. */
static void iosm_mux_stop_sessions(struct iosm_mux *mux)
{
	unsigned int i;

	spin_lock(&mux->ul_lock);
	for (i = 0; i < IOSM_SESSIONS; i++) {
		if (!mux->sessions[i].netdev)
			continue;
		netif_stop_queue(mux->sessions[i].netdev);
		netif_carrier_off(mux->sessions[i].netdev);
	}
	spin_unlock(&mux->ul_lock);
}

static void iosm_mux_flushed(struct iosm_mux *mux, u32 flush)
{
	if (mux->flush_done == flush)
		return;

	/* Pairs with iosm_mux_is_flushed(): all accesses of this poll are done. */
	smp_store_release(&mux->flush_done, flush);
	iosm_core_wake(mux->core);
}

/*
 * Complete a poll that began after flush request @flush. napi_complete_done()
 * flushes GRO, so that GRO holds no packet of a closing session. It does not do
 * so during a busy poll; the poll that follows the busy poll flushes.
 */
static bool iosm_mux_complete(struct iosm_mux *mux, int work, u32 flush)
{
	bool busy = READ_ONCE(mux->napi.state) &
		    (NAPIF_STATE_NPSVC | NAPIF_STATE_IN_BUSY_POLL);
	bool done = napi_complete_done(&mux->napi, work);

	if (!busy)
		iosm_mux_flushed(mux, flush);

	return done;
}

static int iosm_mux_poll(struct napi_struct *napi, int budget)
{
	struct iosm_mux *mux = container_of(napi, struct iosm_mux, napi);
	bool again = false;
	u32 flush;
	int work;

	/* Pairs with iosm_mux_flush_rx(): session states are read after this. */
	flush = smp_load_acquire(&mux->flush_wanted);
	if (unlikely(iosm_core_has_failed(mux->core))) {
		iosm_mux_stop_sessions(mux);
		iosm_mux_complete(mux, 0, flush);
		return 0;
	}

	iosm_stats_inc(&mux->stats.sync, &mux->stats.napi_polls);
	work = iosm_mux_dl_poll(mux, budget);
	/* After the downlink, which may have brought credit and commands. */
	iosm_mux_ul_poll(mux, budget);

	if (work == budget) {
		if (likely(mux->flush_done == flush) || !budget)
			return work;
		/* Only a poll that completes flushes all of GRO. */
		again = true;
		work--;
	}

	if (!iosm_mux_complete(mux, work, flush))
		return work;

	/* An interrupt during the poll had no effect: check for its cause. */
	if (again || iosm_pipe_pending(&mux->ch.dl) ||
	    iosm_pipe_pending(&mux->ch.ul))
		napi_schedule(napi);

	return work;
}

static bool iosm_mux_irq(void *priv)
{
	struct iosm_mux *mux = priv;

	return napi_schedule(&mux->napi);
}

static void iosm_mux_channel_down(void *priv)
{
	iosm_mux_irq(priv);
}

static const struct iosm_channel_ops iosm_mux_channel_ops = {
	.irq = iosm_mux_irq,
	.down = iosm_mux_channel_down,
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
	/* Interrupts had no effect while NAPI was disabled. */
	iosm_mux_schedule(mux);
}

static void iosm_mux_napi_off(struct iosm_mux *mux)
{
	if (!mux->is_napi_on)
		return;
	mux->is_napi_on = false;
	napi_disable(&mux->napi);
}

static void iosm_mux_pause(struct iosm_mux *mux, bool pause)
{
	spin_lock_bh(&mux->ul_lock);
	mux->tx.is_paused = pause;
	spin_unlock_bh(&mux->ul_lock);
}

static const struct iosm_channel_config *
iosm_mux_config(const struct iosm_mux *mux)
{
	return iosm_channel_ip(mux->ops->flavour == IOSM_MUX_AGGREGATION);
}

static int iosm_mux_up(struct iosm_mux *mux, struct net_device *netdev)
{
	const struct iosm_channel_config *config;
	int err;

	lockdep_assert_held(&mux->lock);

	if (iosm_core_has_failed(mux->core))
		return -ENODEV;

	config = iosm_mux_config(mux);
	mux->rx.buf_size = config->buf_size;

	err = iosm_mux_ul_alloc(mux);
	if (err)
		return err;

	err = iosm_mux_dl_alloc(mux, config->dl_entries, netdev);
	if (err)
		goto err_ul;

	err = iosm_channel_open(&mux->ch, mux->core, config,
				&iosm_mux_channel_ops, mux);
	if (err)
		goto err_dl;

	mux->tx.sequence = 0;
	mux->cmdq.sequence = 0;
	err = iosm_mux_dl_fill(mux);
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
err_dl:
	iosm_mux_dl_free(mux);
err_ul:
	iosm_mux_ul_free(mux);
	return err;
}

static void iosm_mux_down(struct iosm_mux *mux)
{
	lockdep_assert_held(&mux->lock);

	iosm_mux_pause(mux, true);
	hrtimer_cancel(&mux->ul_timer);
	mux->coalesce.is_timer_on = false;
	iosm_mux_napi_off(mux);
	/* A completed poll may still access the channel. */
	synchronize_net();
	iosm_channel_drain(&mux->ch);
	iosm_channel_close(&mux->ch);
	iosm_mux_ul_reclaim(mux);
	iosm_mux_dl_reclaim(mux);
	iosm_mux_dl_free(mux);
	iosm_mux_ul_free(mux);
	mux->cmdq.count = 0;
	iosm_channel_free(&mux->ch);
	mux->is_up = false;
}

/* ---- Sessions ---- */

/* Send OPEN_SESSION and wait for the response. */
static int iosm_mux_send_open(struct iosm_mux *mux, u8 if_id,
			      unsigned int timeout_ms)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct iosm_mux_cmd cmd = {
		.op = IOSM_MUX_OPEN,
		.if_id = if_id,
		.head_pad = IOSM_MUX_DL_HEAD_PAD,
	};
	int err = 0;

	lockdep_assert_held(&mux->lock);

	spin_lock_bh(&mux->ul_lock);
	cmd.transaction = ++mux->cmdq.transaction;
	s->is_opening = true;
	s->is_answered = false;
	s->transaction = cmd.transaction;
	if (!iosm_mux_post(mux, &cmd, 0))
		err = -EBUSY;
	iosm_mux_kick(mux, IOSM_MUX_NOW);
	spin_unlock_bh(&mux->ul_lock);

	if (!err)
		iosm_core_wait(mux->core, READ_ONCE(s->is_answered), timeout_ms);

	spin_lock_bh(&mux->ul_lock);
	s->is_opening = false;
	if (s->is_answered)
		err = s->result;
	else if (!err)
		err = iosm_core_has_failed(mux->core) ? -ENODEV : -ETIMEDOUT;
	spin_unlock_bh(&mux->ul_lock);

	return err;
}

static bool iosm_mux_is_flushed(const struct iosm_mux *mux, u32 flush)
{
	/* Pairs with iosm_mux_flushed(). */
	return smp_load_acquire(&mux->flush_done) == flush;
}

/*
 * Wait until NAPI, including GRO, holds no packet of a CLOSING session. Other
 * sessions are not affected.
 */
static void iosm_mux_flush_rx(struct iosm_mux *mux)
{
	u32 flush;

	if (!mux->is_napi_on)
		return;

	flush = mux->flush_wanted + 1;
	/* Pairs with iosm_mux_poll(): after the state of the session. */
	smp_store_release(&mux->flush_wanted, flush);
	iosm_mux_schedule(mux);
	if (iosm_core_wait(mux->core, iosm_mux_is_flushed(mux, flush),
			   IOSM_MUX_RESP_MS))
		return;

	/* The poll was delayed. Disabling NAPI flushes as well. */
	iosm_mux_napi_off(mux);
	iosm_mux_napi_on(mux);
}

/* Release the network device of a CLOSING session. */
static void iosm_mux_detach(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct net_device *netdev;
	struct sk_buff *deferred;

	lockdep_assert_held(&mux->lock);

	iosm_mux_flush_rx(mux);

	spin_lock_bh(&mux->ul_lock);
	deferred = s->deferred;
	s->deferred = NULL;
	netdev = s->netdev;
	s->netdev = NULL;
	WRITE_ONCE(s->ul_pad, 0);
	iosm_mux_ul_orphan(mux, if_id);
	if (s->is_answered || iosm_core_has_failed(mux->core))
		iosm_mux_set_state(mux, if_id, IOSM_MUX_CLOSED);
	spin_unlock_bh(&mux->ul_lock);

	if (deferred) {
		DEV_STATS_INC(netdev, tx_dropped);
		s->tx.tx_drop_down++;
		dev_kfree_skb_any(deferred);
	}
	netdev_reset_queue(netdev);
}

/*
 * Start to close a session: its downlink is dropped from here on. With @send,
 * CLOSE_SESSION is sent, and the session ID is in use until the response or the
 * timeout.
 */
static void iosm_mux_begin_close(struct iosm_mux *mux, u8 if_id, bool send)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];
	struct iosm_mux_cmd cmd = {
		.op = IOSM_MUX_CLOSE,
		.if_id = if_id,
	};

	lockdep_assert_held(&mux->lock);

	spin_lock_bh(&mux->ul_lock);
	iosm_mux_set_state(mux, if_id, IOSM_MUX_CLOSING);
	s->is_answered = !send;
	s->close_by = jiffies + msecs_to_jiffies(IOSM_MUX_RESP_MS);
	if (send) {
		cmd.transaction = ++mux->cmdq.transaction;
		s->transaction = cmd.transaction;
		iosm_mux_post(mux, &cmd, 0);
		iosm_mux_kick(mux, IOSM_MUX_NOW);
	}
	spin_unlock_bh(&mux->ul_lock);
}

/*
 * Set sessions whose CLOSE_SESSION has timed out to CLOSED. Returns the time in ms
 * until all others have, or 0 if no session is closing. Caller holds @lock.
 */
static unsigned int iosm_mux_expire(struct iosm_mux *mux)
{
	bool failed = iosm_core_has_failed(mux->core);
	unsigned long expired = 0, now = jiffies;
	struct iosm_mux_session *s;
	unsigned int i, left = 0;

	spin_lock_bh(&mux->ul_lock);
	for (i = 0; i < IOSM_SESSIONS; i++) {
		s = &mux->sessions[i];
		if (s->state != IOSM_MUX_CLOSING)
			continue;
		if (failed || time_after_eq(now, s->close_by)) {
			iosm_mux_set_state(mux, i, IOSM_MUX_CLOSED);
			expired |= BIT(i);
		} else {
			left = max(left, jiffies_to_msecs(s->close_by - now));
		}
	}
	spin_unlock_bh(&mux->ul_lock);

	for_each_set_bit(i, &expired, IOSM_SESSIONS)
		if (!failed)
			dev_warn_ratelimited(mux->dev,
					     "session %u: no response to CLOSE_SESSION\n",
					     i);

	return left;
}

/* Close the channel if no session is open or closing. */
static void iosm_mux_finish_close(struct iosm_mux *mux)
{
	unsigned int left;

	lockdep_assert_held(&mux->lock);

	/* No command may be sent in system sleep. iosm_mux_resume() continues. */
	if (mux->is_suspended && !iosm_core_has_failed(mux->core))
		return;

	left = iosm_mux_expire(mux);
	if (left)
		iosm_mux_queue_close(mux, left);
	else if (!mux->users && mux->is_up)
		iosm_mux_down(mux);
}

VISIBLE_IF_KUNIT void iosm_mux_close_work(struct work_struct *work)
{
	struct iosm_mux *mux = container_of(to_delayed_work(work),
					    struct iosm_mux, close_work);

	mutex_lock(&mux->lock);
	iosm_mux_finish_close(mux);
	mutex_unlock(&mux->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_close_work);

/* After a session was closed: the work waits for the device. */
static void iosm_mux_start_close_work(struct iosm_mux *mux)
{
	if (iosm_core_has_failed(mux->core))
		iosm_mux_finish_close(mux);
	else if (!mux->is_suspended)
		iosm_mux_queue_close(mux, mux->users ? IOSM_MUX_RESP_MS : 0);
}

/* Wait until the ID of a closing session can be used again. */
static void iosm_mux_wait_closed(struct iosm_mux *mux,
				 const struct iosm_mux_session *s)
{
	long left = s->close_by - jiffies;

	lockdep_assert_held(&mux->lock);

	if (s->state != IOSM_MUX_CLOSING)
		return;

	if (left > 0)
		iosm_core_wait(mux->core,
			       READ_ONCE(s->state) != IOSM_MUX_CLOSING,
			       jiffies_to_msecs(left) + 1);
	iosm_mux_expire(mux);
}

/**
 * iosm_mux_open() - open a session
 * @mux: the IP channel
 * @if_id: session, below IOSM_SESSIONS
 * @netdev: its network device
 *
 * The first session opens the channel.
 * Context: ndo_open; sleeps, about 1 s if the device does not respond.
 *
 * Return: 0; -ETIMEDOUT: no response; -EREMOTEIO: refused by the device; -ERANGE:
 * a block has no room for its padding and the MTU; -ENODEV: the device has
 * failed; or an error of iosm_channel_open().
 */
int iosm_mux_open(struct iosm_mux *mux, u8 if_id, struct net_device *netdev)
{
	unsigned long until = jiffies + msecs_to_jiffies(IOSM_MUX_RESP_MS);
	struct iosm_mux_session *s = &mux->sessions[if_id];
	unsigned int left_ms = 0;
	int err;

	mutex_lock(&mux->lock);

	iosm_mux_wait_closed(mux, s);
	if (!mux->is_up) {
		err = iosm_mux_up(mux, netdev);
		if (err)
			goto out;
	}

	/* BQL must not limit the queue to less than a block. */
	netdev_queue_set_dql_min_limit(netdev_get_tx_queue(netdev, 0),
				       IOSM_MUX_BLOCK_SIZE);

	spin_lock_bh(&mux->ul_lock);
	s->netdev = netdev;
	s->epoch++;
	s->is_stopped = false;
	s->is_level_sent = false;
	s->credit = 0;
	iosm_mux_pace_init(&s->pace, jiffies, READ_ONCE(s->rx_packets));
	WRITE_ONCE(s->ul_pad, 0);
	iosm_mux_set_state(mux, if_id, IOSM_MUX_OPENING);
	spin_unlock_bh(&mux->ul_lock);

	if (time_before(jiffies, until))
		left_ms = jiffies_to_msecs(until - jiffies);
	err = iosm_mux_send_open(mux, if_id, max(left_ms, IOSM_MUX_OPEN_MIN_MS));
	if (!err) {
		mux->users |= BIT(if_id);
		if (mux->ops->headroom)
			netdev->needed_headroom = mux->ops->headroom + s->ul_pad;
		goto out;
	}

	/* The device may have opened it: the response was late or invalid. */
	iosm_mux_begin_close(mux, if_id, err == -ETIMEDOUT || err == -ERANGE);
	iosm_mux_detach(mux, if_id);
	iosm_mux_start_close_work(mux);

out:
	mutex_unlock(&mux->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_open);

/**
 * iosm_mux_close() - close a session
 * @mux: the IP channel
 * @if_id: session that was opened
 *
 * The network device is not accessed any more when this returns. RTNL is held, so
 * this function does not wait for the device. @close_work waits for the response
 * to CLOSE_SESSION, and closes the channel after the last session. If a session is
 * closed in system sleep (deletion of its network namespace), CLOSE_SESSION is
 * sent after resume.
 * Context: ndo_stop; sleeps until the end of a NAPI poll.
 */
void iosm_mux_close(struct iosm_mux *mux, u8 if_id)
{
	mutex_lock(&mux->lock);

	netif_tx_disable(mux->sessions[if_id].netdev);
	iosm_mux_begin_close(mux, if_id, !iosm_core_has_failed(mux->core));
	iosm_mux_detach(mux, if_id);
	mux->users &= ~BIT(if_id);
	iosm_mux_start_close_work(mux);

	mutex_unlock(&mux->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_close);

static unsigned int iosm_mux_mtu(const struct iosm_mux *mux, u32 pad)
{
	u32 dl = iosm_mux_config(mux)->buf_size - mux->ops->dl_overhead;

	return min(dl, mux->ops->room(pad));
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
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_max_mtu);

/**
 * iosm_mux_setup_netdev() - set features and limits of a network device
 * @mux: the IP channel
 * @netdev: not registered yet
 */
void iosm_mux_setup_netdev(struct iosm_mux *mux, struct net_device *netdev)
{
	if (mux->ops->headroom) {
		/* A packet is sent from its skb, as one piece. */
		netdev->needed_headroom = mux->ops->headroom;
	} else {
		/* A packet is copied: the checksum costs little. */
		netdev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM;
		/* Segmented by the copy. A single segment cannot wait for credit. */
		if (!mux->with_credits)
			netdev->hw_features |= NETIF_F_TSO | NETIF_F_TSO6 |
					       NETIF_F_TSO_ECN;
		netdev->features |= netdev->hw_features;
	}
	netdev->max_mtu = iosm_mux_mtu(mux, 0);
}

/**
 * iosm_mux_suspend() - stop the traffic, keep the sessions
 * @mux: the IP channel
 *
 * Context: sleeps, up to IOSM_MUX_DRAIN_MS.
 */
void iosm_mux_suspend(struct iosm_mux *mux)
{
	mutex_lock(&mux->lock);
	mux->is_suspended = true;
	if (mux->is_up) {
		spin_lock_bh(&mux->ul_lock);
		iosm_mux_ul_flush(mux);
		mux->tx.is_paused = true;
		spin_unlock_bh(&mux->ul_lock);

		iosm_core_wait(mux->core, iosm_pipe_idle(&mux->ch.ul),
			       IOSM_MUX_DRAIN_MS);
		iosm_mux_napi_off(mux);
	}
	mutex_unlock(&mux->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_suspend);

/**
 * iosm_mux_resume() - restart the traffic
 * @mux: the IP channel
 *
 * Context: sleeps.
 */
void iosm_mux_resume(struct iosm_mux *mux)
{
	unsigned int i;

	mutex_lock(&mux->lock);
	mux->is_suspended = false;
	if (mux->is_up) {
		iosm_mux_pause(mux, false);
		iosm_mux_napi_on(mux);

		/* CLOSE_SESSION may have been queued during system sleep. */
		spin_lock_bh(&mux->ul_lock);
		for (i = 0; i < IOSM_SESSIONS; i++)
			mux->sessions[i].close_by = jiffies +
				msecs_to_jiffies(IOSM_MUX_RESP_MS);
		if (mux->cmdq.count)
			iosm_mux_kick(mux, IOSM_MUX_NOW);
		spin_unlock_bh(&mux->ul_lock);
		iosm_mux_queue_close(mux, 0);
	}
	mutex_unlock(&mux->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_resume);

/**
 * iosm_mux_create() - set up the IP channel of a device, closed
 * @core: running device
 *
 * Context: may sleep.
 *
 * Return: the mux, or NULL if out of memory.
 */
struct iosm_mux *iosm_mux_create(struct iosm_core *core)
{
	u32 caps = iosm_core_capabilities(core);
	struct iosm_mux *mux;
	unsigned int i;

	mux = kzalloc_obj(*mux);
	if (!mux)
		return NULL;

	mux->napi_dev = alloc_netdev_dummy(0);
	if (!mux->napi_dev) {
		kfree(mux);
		return NULL;
	}

	mux->core = core;
	mux->dev = iosm_core_dev(core);
	mux->ops = caps & (IOSM_CAP_UL_AGGR | IOSM_CAP_DL_AGGR) ?
		   &iosm_mux_aggregation : &iosm_mux_lite;
	mux->with_credits = caps & IOSM_CAP_UL_CREDITS;
	mux->tx.is_paused = true;
	mutex_init(&mux->lock);
	spin_lock_init(&mux->ul_lock);
	hrtimer_setup(&mux->ul_timer, iosm_mux_ul_timeout, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	u64_stats_init(&mux->stats.sync);
	for (i = 0; i < IOSM_SESSIONS; i++)
		u64_stats_init(&mux->sessions[i].rx.sync);
	INIT_DELAYED_WORK(&mux->close_work, iosm_mux_close_work);
	netif_napi_add(mux->napi_dev, &mux->napi, iosm_mux_poll);

	return mux;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_create);

static bool iosm_mux_is_closing(const struct iosm_mux *mux)
{
	unsigned int i;

	for (i = 0; i < IOSM_SESSIONS; i++)
		if (READ_ONCE(mux->sessions[i].state) == IOSM_MUX_CLOSING)
			return true;

	return false;
}

/**
 * iosm_mux_destroy() - the counterpart of iosm_mux_create()
 * @mux: without open sessions
 *
 * Context: sleeps, without RTNL; every wait for the device is bounded.
 */
void iosm_mux_destroy(struct iosm_mux *mux)
{
	disable_delayed_work_sync(&mux->close_work);

	mutex_lock(&mux->lock);
	/* @close_work did not run, or the device failed in system sleep. */
	if (mux->is_up) {
		if (!mux->is_suspended)
			iosm_core_wait(mux->core, !iosm_mux_is_closing(mux),
				       IOSM_MUX_RESP_MS);
		iosm_mux_down(mux);
	}
	mutex_unlock(&mux->lock);

	netif_napi_del(&mux->napi);
	free_netdev(mux->napi_dev);
	kfree(mux);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_destroy);
