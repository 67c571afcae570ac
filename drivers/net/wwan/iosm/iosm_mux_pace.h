/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which uplink packets ring the doorbell at once. Pure arithmetic: the time is an
 * argument.
 */
#ifndef IOSM_MUX_PACE_H
#define IOSM_MUX_PACE_H

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Packets that a session may ring for at once, one after the other. */
#define IOSM_MUX_PACE_BURST	8
/* How fast it earns more of them, a second. */
#define IOSM_MUX_PACE_RATE	250
/* A jiffy that has just begun may be no time at all; a long one is some. */
#define IOSM_MUX_PACE_GRACE	(HZ > 100 ? 1 : 0)

/**
 * struct iosm_mux_pace - what a session has left of immediate doorbells
 * @last: time of its last packet, in jiffies
 * @credit: packets that may be rung for at once, times HZ
 * @received: downlink packets of the session before its last uplink packet
 * @is_reply: exactly one of them came after the uplink packet before that
 *
 * A session that sends few packets has credit for each of them. One that sends
 * many has used it up: its packets wait for each other, as long as the device is
 * busy or was rung for a short time ago. The doorbells of a session change
 * smoothly with its rate, as credit is earned by time and not by a threshold.
 *
 * A session that sends one packet for each that it receives asks and answers: its
 * peer waits for every packet, and the round trip limits the rate. It needs no
 * credit.
 */
struct iosm_mux_pace {
	unsigned long last;
	u32 credit;
	u32 received;
	bool is_reply;
};

/**
 * iosm_mux_pace_init() - a session begins with all of its credit
 * @pace: of the session
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
 * iosm_mux_pace_take() - may this packet ring at once?
 * @pace: of the session
 * @now: in jiffies
 * @received: downlink packets of the session so far
 *
 * Context: once for each packet; the caller serialises.
 *
 * Return: true when it may; its credit is taken then.
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

	/* A pause of some seconds fills it, also one after which jiffies wrapped. */
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
