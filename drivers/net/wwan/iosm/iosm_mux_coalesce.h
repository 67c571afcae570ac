/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to ring the doorbell for uplink. Pure arithmetic: the time and the fill
 * level of the ring are arguments.
 */
#ifndef IOSM_MUX_COALESCE_H
#define IOSM_MUX_COALESCE_H

#include <linux/ktime.h>
#include <linux/types.h>

/* The device is busy while this many TDs are outstanding. */
#define IOSM_MUX_UL_BUSY	2
/* Time between two doorbells while packets are collected. */
#define IOSM_MUX_GAP_US		4000
/* The same while many TDs are collected, or a TCP socket waits for one of them. */
#define IOSM_MUX_GAP_MANY_US	1000

/**
 * enum iosm_mux_when - urgency of new uplink
 * @IOSM_MUX_NOW: ring at once
 * @IOSM_MUX_STALLED: ring when the device is no longer busy; no packet will follow
 *	before that
 * @IOSM_MUX_SOON: ring when the device is no longer busy, and a batch or the time
 *	between two doorbells is complete
 * @IOSM_MUX_MORE: do not ring; the next packet follows immediately
 */
enum iosm_mux_when {
	IOSM_MUX_NOW,
	IOSM_MUX_STALLED,
	IOSM_MUX_SOON,
	IOSM_MUX_MORE,
};

/**
 * struct iosm_mux_fill - fill level of the uplink
 * @outstanding: published TDs that have not been taken back. Completed TDs count
 *	until then, so that doorbells are not more frequent than interrupts
 * @unpublished: TDs that were pushed after the last doorbell
 * @has_block: packets are in the open block (Aggregation)
 * @batch: value of @unpublished that is a batch
 * @many: value of @unpublished that shortens the time between doorbells
 */
struct iosm_mux_fill {
	u32 outstanding;
	u32 unpublished;
	bool has_block;
	u32 batch;
	u32 many;
};

/**
 * struct iosm_mux_coalesce - state of doorbell coalescing
 * @is_timer_on: the timer is armed
 * @gap_us: time between doorbells that the timer was armed for
 * @is_sender_limited: a TCP socket has data in unpublished TDs, and may send only
 *	a few packets before they complete (Lite: TCP small queues)
 * @is_due: the doorbell rings as soon as the device is not busy
 * @rung: time of the last doorbell
 */
struct iosm_mux_coalesce {
	bool is_timer_on;
	u32 gap_us;
	bool is_sender_limited;
	bool is_due;
	ktime_t rung;
};

/* Time between two doorbells, in microseconds. */
static inline u32 iosm_mux_coalesce_gap(const struct iosm_mux_coalesce *c,
					const struct iosm_mux_fill *fill)
{
	return fill->unpublished >= fill->many || c->is_sender_limited ?
	       IOSM_MUX_GAP_MANY_US : IOSM_MUX_GAP_US;
}

/**
 * iosm_mux_coalesce_is_timed() - does the time decide about the doorbell?
 * @c: state
 * @fill: fill level of the uplink
 * @when: urgency
 *
 * Most packets do not need the time: reading the clock for each of them would
 * be slow.
 *
 * Return: true when iosm_mux_coalesce_ring() uses its time argument.
 */
static inline bool iosm_mux_coalesce_is_timed(const struct iosm_mux_coalesce *c,
					      const struct iosm_mux_fill *fill,
					      enum iosm_mux_when when)
{
	if (when != IOSM_MUX_SOON || c->is_due ||
	    !(fill->has_block || fill->unpublished) ||
	    fill->unpublished >= fill->batch)
		return false;

	return !c->is_timer_on || iosm_mux_coalesce_gap(c, fill) < c->gap_us;
}

/**
 * iosm_mux_coalesce_ring() - should the doorbell be rung?
 * @c: state; updated
 * @fill: fill level of the uplink
 * @when: urgency
 * @now: the time; not used unless iosm_mux_coalesce_is_timed()
 * @wait: set to the time after which the timer must expire; 0: do not arm it
 *
 * Without a doorbell, the timer or the next completion leads to the next call.
 *
 * Return: true: ring now.
 */
static inline bool iosm_mux_coalesce_ring(struct iosm_mux_coalesce *c,
					  const struct iosm_mux_fill *fill,
					  enum iosm_mux_when when, ktime_t now,
					  ktime_t *wait)
{
	ktime_t left;
	u32 gap;

	*wait = 0;
	if (when == IOSM_MUX_NOW)
		return true;
	if (when == IOSM_MUX_MORE || !(fill->has_block || fill->unpublished))
		return false;

	if (when == IOSM_MUX_STALLED || fill->unpublished >= fill->batch) {
		c->is_due = true;
	} else if (iosm_mux_coalesce_is_timed(c, fill, when)) {
		gap = iosm_mux_coalesce_gap(c, fill);
		left = ktime_sub(ktime_add_us(c->rung, gap), now);
		if (left <= 0) {
			c->is_due = true;
		} else {
			c->is_timer_on = true;
			c->gap_us = gap;
			*wait = left;
		}
	}

	return c->is_due && fill->outstanding < IOSM_MUX_UL_BUSY;
}

#endif
