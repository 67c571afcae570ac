// SPDX-License-Identifier: GPL-2.0-only
/* Index arithmetic, and validation of tails that the device wrote. */

#include <linux/errno.h>
#include <linux/limits.h>
#include <kunit/test.h>

#include "../iosm_ring.h"

/* The rings that the driver uses have 4 to 1200 entries. */
static const u32 ring_sizes[] = { 2, 3, 4, 7, 60, 128, 1200, 65535 };

static void ring_size_desc(const u32 *entries, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u entries", *entries);
}

KUNIT_ARRAY_PARAM(ring_size, ring_sizes, ring_size_desc);

/* One turn visits every index once, in order. */
static void ring_next_goes_round(struct kunit *test)
{
	u32 entries = *(const u32 *)test->param_value;
	u32 index = 0;
	u32 i;

	for (i = 1; i < entries; i++) {
		index = iosm_ring_next(index, entries);
		KUNIT_ASSERT_EQ(test, index, i);
	}
	KUNIT_EXPECT_EQ(test, iosm_ring_next(index, entries), 0);
}

/* Filling and emptying from every start: used and space add up. */
static void ring_used_and_space(struct kunit *test)
{
	u32 entries = *(const u32 *)test->param_value;
	u32 step = max(entries / 16, 1U);
	u32 tail, head, n;

	for (tail = 0; tail < entries; tail += step) {
		head = tail;
		for (n = 0; n < entries; n++) {
			KUNIT_ASSERT_EQ(test, iosm_ring_used(head, tail, entries), n);
			KUNIT_ASSERT_EQ(test, iosm_ring_space(head, tail, entries),
					entries - 1 - n);
			head = iosm_ring_next(head, entries);
		}
		/* One more than fits would look like an empty ring. */
		KUNIT_ASSERT_EQ(test, head, tail);
	}
}

/* Exactly the tails between the old one and the head are accepted. */
static void ring_advance_all(struct kunit *test)
{
	static const u32 entries = 9;
	u32 head, tail, new_tail, used, n;
	int expected;

	for (tail = 0; tail < entries; tail++) {
		for (used = 0; used < entries; used++) {
			head = (tail + used) % entries;
			for (n = 0; n < entries; n++) {
				new_tail = (tail + n) % entries;
				expected = n <= used ? (int)n : -EINVAL;
				KUNIT_ASSERT_EQ_MSG(test,
						    iosm_ring_advance(head, tail,
								      new_tail, entries),
						    expected,
						    "head %u tail %u new %u",
						    head, tail, new_tail);
			}
		}
	}
}

static void ring_advance_edges(struct kunit *test)
{
	u32 entries = *(const u32 *)test->param_value;
	u32 last = entries - 1;

	/* Nothing posted, nothing moved. */
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, 0, 0, entries), 0);
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(last, last, last, entries), 0);
	/* Nothing posted, but the tail has moved. */
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, 0, last, entries), -EINVAL);
	/* A full ring, completed at once. */
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(last, 0, last, entries), last);
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, 1 % entries, 0, entries),
			entries - 1);
	/* Over the end of the ring. */
	KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, last, 0, entries), 1);
}

static void ring_advance_out_of_range(struct kunit *test)
{
	u32 entries = *(const u32 *)test->param_value;
	u32 last = entries - 1;
	const u32 bad[] = { entries, entries + 1, 2 * entries, 0x10000,
			    INT_MAX, (u32)INT_MAX + 1, U32_MAX - last,
			    U32_MAX - 1, U32_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, 0, bad[i], entries), -ERANGE);
		KUNIT_EXPECT_EQ(test, iosm_ring_advance(last, 0, bad[i], entries),
				-ERANGE);
		KUNIT_EXPECT_EQ(test, iosm_ring_advance(0, last, bad[i], entries),
				-ERANGE);
	}
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(ring_next_goes_round, ring_size_gen_params),
	KUNIT_CASE_PARAM(ring_used_and_space, ring_size_gen_params),
	KUNIT_CASE(ring_advance_all),
	KUNIT_CASE_PARAM(ring_advance_edges, ring_size_gen_params),
	KUNIT_CASE_PARAM(ring_advance_out_of_range, ring_size_gen_params),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "iosm_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
