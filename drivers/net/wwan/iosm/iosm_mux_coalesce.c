// SPDX-License-Identifier: GPL-2.0-only
/*
 * When to ring for uplink, see iosm_mux_kick():
 *
 *   - a packet of a session that sends few packets: at once. A ping, a request or
 *     a packet of a call does not wait, whatever other sessions do
 *     (iosm_mux_pace.h);
 *   - a packet behind which its sender stopped (byte limit, flow control, no
 *     room): as soon as the device has little to do;
 *   - any other packet: with the next ones. The doorbell waits for a batch, or
 *     for some time since the last one. A busy device is not disturbed before it
 *     has completed what it has.
 *
 * So doorbells and completion interrupts come per batch, not per packet.
 */

#include <linux/hrtimer.h>
#include <linux/ktime.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"

/* The device is busy with this many TDs outstanding. */
#define IOSM_MUX_UL_BUSY	2
/* Time between two doorbells while packets are collected. */
#define IOSM_MUX_GAP_US		4000
/* The same while there are many TDs, or a TCP sender waits for one of them. */
#define IOSM_MUX_GAP_MANY_US	1000

/*
 * Has the device so little to do that more should come? What counts is what
 * has been taken back: so doorbells come no more often than interrupts do.
 */
static bool iosm_mux_ul_is_low(const struct iosm_mux *mux)
{
	const struct iosm_pipe *ul = &mux->ch.ul;

	return iosm_ring_used(ul->published, ul->tail, ul->entries) <
	       IOSM_MUX_UL_BUSY;
}

/* TDs that the device does not know yet. */
static u32 iosm_mux_unpublished(const struct iosm_mux *mux)
{
	const struct iosm_pipe *ul = &mux->ch.ul;

	return iosm_ring_used(ul->head, ul->published, ul->entries);
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

/*
 * Has the last doorbell been long enough ago? If not, the timer is on. The TD
 * that makes them many, or that a TCP sender waits for, shortens the time.
 */
static bool iosm_mux_gap_over(struct iosm_mux *mux)
{
	u32 gap = IOSM_MUX_GAP_US;
	ktime_t end, now;

	if (iosm_mux_unpublished(mux) >= mux->ops->many ||
	    mux->coalesce.is_sender_limited)
		gap = IOSM_MUX_GAP_MANY_US;
	if (mux->coalesce.is_timer_on && gap >= mux->coalesce.gap_us)
		return false;

	end = ktime_add_us(mux->coalesce.rung, gap);
	now = ktime_get();
	if (ktime_compare(now, end) >= 0)
		return true;

	mux->coalesce.is_timer_on = true;
	mux->coalesce.gap_us = gap;
	hrtimer_start(&mux->coalesce.timer, ktime_sub(end, now),
		      HRTIMER_MODE_REL_SOFT);

	return false;
}

/**
 * iosm_mux_kick() - send what can be sent, ring if it is time
 * @mux: the IP channel
 * @when: how much there is of a hurry
 *
 * Nothing is forgotten: what is not rung now has the timer, or a completion
 * of the device, to ring it.
 * Context: ul_lock.
 */
void iosm_mux_kick(struct iosm_mux *mux, enum iosm_mux_when when)
{
	bool cmds = mux->cmdq.count;

	if (mux->tx.is_paused)
		return;

	iosm_mux_send_cmds(mux);
	if (cmds || when == IOSM_MUX_NOW) {
		iosm_mux_ring_ul(mux, cmds ? IOSM_HPDA_UL_CTRL : IOSM_HPDA_UL);
		return;
	}
	if (when == IOSM_MUX_MORE || !(mux->tx.open_block || iosm_mux_unpublished(mux)))
		return;

	if (when == IOSM_MUX_STALLED || iosm_mux_unpublished(mux) >= mux->ops->batch ||
	    (!mux->coalesce.is_due && iosm_mux_gap_over(mux)))
		mux->coalesce.is_due = true;
	if (mux->coalesce.is_due && iosm_mux_ul_is_low(mux))
		iosm_mux_ring_ul(mux, IOSM_HPDA_UL_TIMER);
}

/**
 * iosm_mux_ul_timeout() - a stream has been collected for long enough
 * @timer: of the mux
 *
 * Context: soft interrupt.
 *
 * Return: HRTIMER_NORESTART.
 */
enum hrtimer_restart iosm_mux_ul_timeout(struct hrtimer *timer)
{
	struct iosm_mux *mux = container_of(timer, struct iosm_mux,
					    coalesce.timer);

	spin_lock(&mux->ul_lock);
	mux->coalesce.is_timer_on = false;
	iosm_mux_kick(mux, IOSM_MUX_SOON);
	spin_unlock(&mux->ul_lock);

	return HRTIMER_NORESTART;
}

/**
 * iosm_mux_ul_flush() - give the open block to the device
 * @mux: the IP channel
 *
 * Context: ul_lock.
 */
void iosm_mux_ul_flush(struct iosm_mux *mux)
{
	iosm_mux_ring_ul(mux, IOSM_HPDA_UL);
}
