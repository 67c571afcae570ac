/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Selects uplink packets that ring the doorbell at once. Pure arithmetic: the time
 * is an argument.
 */
#ifndef IOSM_MUX_PACE_H
#define IOSM_MUX_PACE_H

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Maximum credit, in packets. */
#define IOSM_MUX_PACE_BURST	8
/* Credit that a session earns, in packets per second. */
#define IOSM_MUX_PACE_RATE	250
/* Jiffies that earn no credit: the first one may have been short. */
#define IOSM_MUX_PACE_GRACE	(HZ > 100 ? 1 : 0)

/**
 * struct iosm_mux_pace - credit of a session for immediate doorbells
 * @last: time of the last uplink packet, in jiffies
 * @credit: packets that may ring at once, times HZ
 * @received: downlink packets of the session before the last uplink packet
 * @is_reply: exactly one downlink packet came between the last two uplink packets
 *
 * A session with a low packet rate has credit for each packet. A session with a
 * high rate has used up its credit, so its packets are coalesced. Credit is earned
 * over time, so the number of immediate doorbells has no step at some rate.
 *
 * A session with one uplink packet for each downlink packet exchanges requests and
 * responses: the peer waits for every packet, and the round trip limits the rate.
 * Such a session needs no credit.
 */
struct iosm_mux_pace {
	unsigned long last;
	u32 credit;
	u32 received;
	bool is_reply;
};

/**
 * iosm_mux_pace_init() - start with the maximum credit
 * @pace: state of the session
 * @now: in jiffies
 * @received: downlink packets of the session so far
 */
static inline void iosm_mux_pace_init(struct iosm_mux_pace *pace,
				      unsigned long now, u32 received)
{
	pace->last = now;
	pace->received = received;
	pace->is_reply = false;
	pace->credit = IOSM_MUX_PACE_BURST * HZ;
}

/**
 * iosm_mux_pace_take() - may a packet ring at once?
 * @pace: state of the session
 * @now: in jiffies
 * @received: downlink packets of the session so far
 *
 * To be called once for each packet.
 * Context: the caller serialises.
 *
 * Return: true if it may; the credit has been taken.
 */
static inline bool iosm_mux_pace_take(struct iosm_mux_pace *pace,
				      unsigned long now, u32 received)
{
	unsigned long quiet = now - pace->last;
	bool was_reply = pace->is_reply;

	pace->last = now;
	pace->is_reply = received - pace->received == 1;
	pace->received = received;
	if (was_reply && pace->is_reply)
		return true;

	/* After a long pause, jiffies may have wrapped. */
	if (quiet >= HZ)
		pace->credit = IOSM_MUX_PACE_BURST * HZ;
	else if (quiet > IOSM_MUX_PACE_GRACE)
		pace->credit = min_t(u32, pace->credit +
				     (quiet - IOSM_MUX_PACE_GRACE) *
				     IOSM_MUX_PACE_RATE,
				     IOSM_MUX_PACE_BURST * HZ);
	if (pace->credit < HZ)
		return false;
	pace->credit -= HZ;

	return true;
}

#endif
