// SPDX-License-Identifier: GPL-2.0-only
/* When the doorbell rings for uplink. */

#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <kunit/test.h>

#include "../iosm_mux_coalesce.h"

#define COALESCE_BATCH	20
#define COALESCE_MANY	8

/* A ring with two TDs since the last doorbell, which the device has completed. */
static const struct iosm_mux_fill coalesce_fill = {
	.unpublished = 2,
	.batch = COALESCE_BATCH,
	.many = COALESCE_MANY,
};

/* The last doorbell was at 5 s. */
static const struct iosm_mux_coalesce coalesce_state = {
	.rung = 5 * NSEC_PER_SEC,
};

static bool coalesce_ring_at(struct iosm_mux_coalesce *c,
			     const struct iosm_mux_fill *fill,
			     s64 us, ktime_t *wait)
{
	return iosm_mux_coalesce_ring(c, fill, IOSM_MUX_SOON,
				      ktime_add_us(coalesce_state.rung, us), wait);
}

/* IOSM_MUX_NOW rings in every state, also for an empty ring. */
static void coalesce_now(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	struct iosm_mux_fill fill = {};
	ktime_t wait = 1;

	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_is_timed(&c, &fill, IOSM_MUX_NOW));
	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_ring(&c, &fill, IOSM_MUX_NOW, 0, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);

	fill.outstanding = 100;
	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_ring(&c, &fill, IOSM_MUX_NOW, 0, &wait));
}

/* IOSM_MUX_MORE never rings, nor does an empty ring. */
static void coalesce_nothing(struct kunit *test)
{
	struct iosm_mux_fill batch = coalesce_fill, empty = {};
	struct iosm_mux_coalesce c = coalesce_state;
	ktime_t late = KTIME_MAX, wait = 1;

	batch.unpublished = COALESCE_BATCH;
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_ring(&c, &batch, IOSM_MUX_MORE, late, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_ring(&c, &empty, IOSM_MUX_STALLED, late, &wait));
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_ring(&c, &empty, IOSM_MUX_SOON, late, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
	KUNIT_EXPECT_FALSE(test, c.is_due);
	KUNIT_EXPECT_FALSE(test, c.is_timer_on);
}

/* Packets in the open block count as much as TDs. */
static void coalesce_open_block(struct kunit *test)
{
	struct iosm_mux_fill fill = { .has_block = true, .batch = 1, .many = 1 };
	struct iosm_mux_coalesce c = coalesce_state;
	ktime_t wait;

	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &fill, 0, &wait));
	KUNIT_EXPECT_EQ(test, wait, IOSM_MUX_GAP_US * NSEC_PER_USEC);
	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_ring(&c, &fill, IOSM_MUX_STALLED, 0, &wait));
}

/* The time between two doorbells ends exactly IOSM_MUX_GAP_US after the last one. */
static void coalesce_gap(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	ktime_t end = ktime_add_us(c.rung, IOSM_MUX_GAP_US), wait;

	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_ring(&c, &coalesce_fill, IOSM_MUX_SOON,
							end - 1, &wait));
	KUNIT_EXPECT_EQ(test, wait, 1);
	KUNIT_EXPECT_TRUE(test, c.is_timer_on);
	KUNIT_EXPECT_EQ(test, c.gap_us, IOSM_MUX_GAP_US);

	c = coalesce_state;
	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_ring(&c, &coalesce_fill, IOSM_MUX_SOON,
						       end, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
	KUNIT_EXPECT_FALSE(test, c.is_timer_on);

	/* No doorbell since the channel was opened. */
	c.rung = 0;
	c.is_due = false;
	KUNIT_EXPECT_TRUE(test, coalesce_ring_at(&c, &coalesce_fill, 0, &wait));
}

/* While the timer is armed, a packet neither reads the clock nor arms it again. */
static void coalesce_timer_on(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	ktime_t wait;

	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_is_timed(&c, &coalesce_fill, IOSM_MUX_SOON));
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &coalesce_fill, 10, &wait));
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_is_timed(&c, &coalesce_fill, IOSM_MUX_SOON));
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &coalesce_fill, 9000, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);

	/* It has expired. */
	c.is_timer_on = false;
	KUNIT_EXPECT_TRUE(test, coalesce_ring_at(&c, &coalesce_fill, IOSM_MUX_GAP_US, &wait));
}

/* An armed timer is shortened once, from IOSM_MUX_GAP_US to IOSM_MUX_GAP_MANY_US. */
static void coalesce_shortens(struct kunit *test, struct iosm_mux_coalesce *c,
			      const struct iosm_mux_fill *fill)
{
	ktime_t wait;

	KUNIT_EXPECT_TRUE(test, iosm_mux_coalesce_is_timed(c, fill, IOSM_MUX_SOON));
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(c, fill, 100, &wait));
	KUNIT_EXPECT_EQ(test, wait, (IOSM_MUX_GAP_MANY_US - 100) * NSEC_PER_USEC);
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(c, fill, 200, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
}

static void coalesce_many(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	struct iosm_mux_fill fill = coalesce_fill;
	ktime_t wait;

	fill.unpublished = COALESCE_MANY - 1;
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &fill, 50, &wait));
	KUNIT_EXPECT_EQ(test, wait, (IOSM_MUX_GAP_US - 50) * NSEC_PER_USEC);
	fill.unpublished++;
	coalesce_shortens(test, &c, &fill);

	/* The shorter time may be over already. */
	c = coalesce_state;
	c.is_timer_on = true;
	c.gap_us = IOSM_MUX_GAP_US;
	KUNIT_EXPECT_TRUE(test, coalesce_ring_at(&c, &fill, IOSM_MUX_GAP_MANY_US, &wait));
}

static void coalesce_sender_limited(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	ktime_t wait;

	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &coalesce_fill, 50, &wait));
	c.is_sender_limited = true;
	coalesce_shortens(test, &c, &coalesce_fill);

	/* A timer that is armed for the shorter time is not made longer. */
	c.is_sender_limited = false;
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_is_timed(&c, &coalesce_fill, IOSM_MUX_SOON));
}

/* A batch does not wait for the time, but for a device that is busy. */
static void coalesce_batch(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	struct iosm_mux_fill fill = coalesce_fill;
	ktime_t wait;

	fill.unpublished = COALESCE_BATCH;
	fill.outstanding = IOSM_MUX_UL_BUSY;
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_is_timed(&c, &fill, IOSM_MUX_SOON));
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &fill, 0, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
	fill.outstanding--;
	KUNIT_EXPECT_TRUE(test, coalesce_ring_at(&c, &fill, 0, &wait));
}

/* What is due stays due until the device has completed enough. */
static void coalesce_busy(struct kunit *test)
{
	struct iosm_mux_coalesce c = coalesce_state;
	struct iosm_mux_fill fill = coalesce_fill;
	ktime_t wait;

	fill.outstanding = IOSM_MUX_UL_BUSY;
	KUNIT_EXPECT_FALSE(test, iosm_mux_coalesce_ring(&c, &fill, IOSM_MUX_STALLED, 0, &wait));
	KUNIT_EXPECT_TRUE(test, c.is_due);
	KUNIT_EXPECT_FALSE(test, coalesce_ring_at(&c, &fill, 0, &wait));
	KUNIT_EXPECT_EQ(test, wait, 0);
	fill.outstanding--;
	KUNIT_EXPECT_TRUE(test, coalesce_ring_at(&c, &fill, 0, &wait));
}

/* Unless iosm_mux_coalesce_is_timed(), the time makes no difference. */
static void coalesce_untimed(struct kunit *test)
{
	struct iosm_mux_coalesce early, late;
	struct iosm_mux_fill fill;
	ktime_t wait[2];
	unsigned int i;
	bool ring[2];

	for (i = 0; i < 256 * 7; i++) {
		enum iosm_mux_when when = i % 4;

		early = coalesce_state;
		early.is_timer_on = i & BIT(2);
		early.gap_us = i & BIT(3) ? IOSM_MUX_GAP_US : IOSM_MUX_GAP_MANY_US;
		early.is_sender_limited = i & BIT(4);
		early.is_due = i & BIT(5);
		fill = coalesce_fill;
		fill.has_block = i & BIT(6);
		fill.outstanding = i & BIT(7) ? IOSM_MUX_UL_BUSY : 0;
		fill.unpublished = i / 256 * COALESCE_MANY / 2;
		late = early;
		if (iosm_mux_coalesce_is_timed(&early, &fill, when))
			continue;

		ring[0] = iosm_mux_coalesce_ring(&early, &fill, when, 0, &wait[0]);
		ring[1] = iosm_mux_coalesce_ring(&late, &fill, when, KTIME_MAX, &wait[1]);
		KUNIT_ASSERT_EQ_MSG(test, ring[0], ring[1], "case %u", i);
		KUNIT_ASSERT_EQ_MSG(test, wait[0], 0, "case %u", i);
		KUNIT_ASSERT_EQ_MSG(test, wait[1], 0, "case %u", i);
		KUNIT_ASSERT_EQ_MSG(test, early.is_due, late.is_due, "case %u", i);
		KUNIT_ASSERT_EQ_MSG(test, early.is_timer_on, late.is_timer_on, "case %u", i);
	}
}

static struct kunit_case coalesce_cases[] = {
	KUNIT_CASE(coalesce_now),
	KUNIT_CASE(coalesce_nothing),
	KUNIT_CASE(coalesce_open_block),
	KUNIT_CASE(coalesce_gap),
	KUNIT_CASE(coalesce_timer_on),
	KUNIT_CASE(coalesce_many),
	KUNIT_CASE(coalesce_sender_limited),
	KUNIT_CASE(coalesce_batch),
	KUNIT_CASE(coalesce_busy),
	KUNIT_CASE(coalesce_untimed),
	{}
};

static struct kunit_suite coalesce_suite = {
	.name = "iosm_mux_coalesce",
	.test_cases = coalesce_cases,
};

kunit_test_suite(coalesce_suite);
