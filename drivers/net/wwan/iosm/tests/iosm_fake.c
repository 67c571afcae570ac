// SPDX-License-Identifier: GPL-2.0-only
/* A device for KUnit suites. */

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include "iosm_fake.h"

/* Suites run one after the other. */
static struct iosm_fake *iosm_fake_now;

/* Stubs for functions of the driver, in the context of the test. */
static void iosm_fake_ring(struct iosm_mmio *mmio, enum iosm_doorbell db, u32 value)
{
	struct iosm_fake *fake = iosm_fake_now;

	if (fake->n_bells < IOSM_FAKE_BELLS)
		fake->bells[fake->n_bells] = (struct iosm_fake_bell){ db, value };
	fake->n_bells++;

	if (fake->on_bell)
		fake->on_bell(fake, db, value);
}

static void iosm_fake_free_shm(void *data)
{
	struct iosm_fake *fake = data;

	iosm_shm_free(&fake->shm, fake->dev);
}

/**
 * iosm_fake_new() - create a device, which is freed at the end of the test
 * @test: the test; code that runs in its context rings the fake's doorbells
 *
 * Return: the device; the test ends if there is no memory.
 */
struct iosm_fake *iosm_fake_new(struct kunit *test)
{
	struct iosm_fake *fake;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);

	fake->dev = kunit_device_register(test, "iosm-fake");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	KUNIT_ASSERT_EQ(test, 0,
			dma_coerce_mask_and_coherent(fake->dev, DMA_BIT_MASK(64)));

	KUNIT_ASSERT_EQ(test, 0, iosm_shm_alloc(&fake->shm, fake->dev));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, iosm_fake_free_shm, fake));

	iosm_fake_now = fake;
	kunit_activate_static_stub(test, iosm_mmio_ring, iosm_fake_ring);

	return fake;
}

/**
 * iosm_fake_rang() - compare the doorbells that were rung, and clear the list
 * @fake: the device
 * @expected: expected doorbells, oldest first
 * @n: number of expected doorbells
 *
 * Return: true when exactly these were rung. Otherwise the list is logged.
 */
bool iosm_fake_rang(struct iosm_fake *fake, const struct iosm_fake_bell *expected,
		    unsigned int n)
{
	bool same = fake->n_bells == n;
	unsigned int i;

	for (i = 0; same && i < n; i++)
		same = fake->bells[i].db == expected[i].db &&
		       fake->bells[i].value == expected[i].value;

	if (!same) {
		kunit_info(kunit_get_current_test(), "rung, %u in all, expected %u:\n",
			   fake->n_bells, n);
		for (i = 0; i < min_t(unsigned int, fake->n_bells, IOSM_FAKE_BELLS); i++)
			kunit_info(kunit_get_current_test(), "  doorbell %u = %u\n",
				   fake->bells[i].db, fake->bells[i].value);
	}
	fake->n_bells = 0;

	return same;
}
