// SPDX-License-Identifier: GPL-2.0-only
/*
 * When to ring the doorbell for uplink:
 *
 *   - for a packet of a session with a low packet rate: at once. A ping, a request
 *     or a packet of a call is not delayed by the traffic of other sessions
 *     (iosm_mux_pace.h);
 *   - for a packet after which the queue of the session was stopped (byte limit,
 *     flow control, no room): as soon as the device is not busy;
 *   - for any other packet: together with the following packets. The doorbell is
 *     rung when a batch is complete, or some time after the last doorbell, but not
 *     while the device is busy.
 *
 * Doorbells and completion interrupts are thus per batch, not per packet. The
 * decision is made in iosm_mux_coalesce.h.
 */

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"

static struct iosm_mux_fill iosm_mux_fill(const struct iosm_mux *mux)
{
	const struct iosm_pipe *ul = &mux->ch.ul;

	return (struct iosm_mux_fill) {
		.outstanding = iosm_pipe_outstanding(ul),
		.unpublished = iosm_pipe_unpublished(ul),
		.has_block = mux->tx.open_block,
		.batch = mux->ops->batch,
		.many = mux->ops->many,
	};
}

static void iosm_mux_ring_ul(struct iosm_mux *mux, enum iosm_hpda_reason why)
{
	iosm_mux_flush_block(mux);
	mux->coalesce.is_due = false;
	mux->coalesce.is_sender_limited = false;
	if (iosm_pipe_publish(&mux->ch.ul)) {
		iosm_channel_ring(&mux->ch, why);
		mux->coalesce.rung = ktime_get();
	}
}

/**
 * iosm_mux_kick() - push commands, and ring the doorbell if it is time to
 * @mux: the IP channel
 * @when: urgency
 *
 * Without a doorbell, the timer or the next completion calls this function again.
 * Context: ul_lock.
 */
void iosm_mux_kick(struct iosm_mux *mux, enum iosm_mux_when when)
{
	enum iosm_hpda_reason why = IOSM_HPDA_UL_TIMER;
	struct iosm_mux_coalesce *c = &mux->coalesce;
	struct iosm_mux_fill fill;
	ktime_t now = 0, wait;

	lockdep_assert_held(&mux->ul_lock);

	if (mux->tx.is_paused)
		return;

	if (mux->cmdq.count) {
		iosm_mux_send_cmds(mux);
		when = IOSM_MUX_NOW;
		why = IOSM_HPDA_UL_CTRL;
	} else if (when == IOSM_MUX_NOW) {
		why = IOSM_HPDA_UL;
	}

	fill = iosm_mux_fill(mux);
	if (iosm_mux_coalesce_is_timed(c, &fill, when))
		now = ktime_get();
	if (iosm_mux_coalesce_ring(c, &fill, when, now, &wait))
		iosm_mux_ring_ul(mux, why);
	if (wait)
		hrtimer_start(&mux->ul_timer, wait, HRTIMER_MODE_REL_SOFT);
}

/**
 * iosm_mux_ul_timeout() - packets have been collected for long enough
 * @timer: @ul_timer of the mux
 *
 * Context: soft interrupt.
 *
 * Return: HRTIMER_NORESTART.
 */
enum hrtimer_restart iosm_mux_ul_timeout(struct hrtimer *timer)
{
	struct iosm_mux *mux = container_of(timer, struct iosm_mux, ul_timer);

	spin_lock(&mux->ul_lock);
	mux->coalesce.is_timer_on = false;
	iosm_mux_kick(mux, IOSM_MUX_SOON);
	spin_unlock(&mux->ul_lock);

	return HRTIMER_NORESTART;
}

/**
 * iosm_mux_ul_flush() - push the open block and ring
 * @mux: the IP channel
 *
 * Context: ul_lock.
 */
void iosm_mux_ul_flush(struct iosm_mux *mux)
{
	lockdep_assert_held(&mux->ul_lock);

	iosm_mux_ring_ul(mux, IOSM_HPDA_UL);
}
