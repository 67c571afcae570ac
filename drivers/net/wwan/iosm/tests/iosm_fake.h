/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device for KUnit suites: shared memory that the test plays the device in,
 * and doorbells that are written down instead of rung.
 */
#ifndef IOSM_FAKE_H
#define IOSM_FAKE_H

#include <kunit/test.h>

#include "../iosm_hw.h"
#include "../iosm_mmio.h"
#include "../iosm_shm.h"

#define IOSM_FAKE_BELLS	16

/**
 * struct iosm_fake_bell - a doorbell that was rung
 * @db: which one
 * @value: with what
 */
struct iosm_fake_bell {
	enum iosm_doorbell db;
	u32 value;
};

/**
 * struct iosm_fake - the device
 * @dev: for DMA and messages
 * @mmio: has no registers; only the doorbells work
 * @shm: shared block
 * @bells: doorbells since the last iosm_fake_expect_bells(), oldest first
 * @n_bells: how many; may be more than @bells holds
 * @on_bell: the suite's device; called in the context of the one who rings,
 *	possibly with a lock of the driver held. NULL: does nothing.
 * @priv: the suite's own
 */
struct iosm_fake {
	struct device *dev;
	struct iosm_mmio mmio;
	struct iosm_shm shm;
	struct iosm_fake_bell bells[IOSM_FAKE_BELLS];
	unsigned int n_bells;
	void (*on_bell)(struct iosm_fake *fake, enum iosm_doorbell db, u32 value);
	void *priv;
};

struct iosm_fake *iosm_fake_new(struct kunit *test);
bool iosm_fake_rang(struct iosm_fake *fake, const struct iosm_fake_bell *want,
		    unsigned int n);

/*
 * Expect exactly these doorbells, in this order, and forget them; without
 * any after the fake: expect silence.
 */
#define iosm_fake_expect_bells(test, fake, ...)				\
do {									\
	const struct iosm_fake_bell __want[] = { __VA_ARGS__ };		\
	bool as_wanted = iosm_fake_rang(fake, __want,			\
					ARRAY_SIZE(__want));		\
									\
	KUNIT_EXPECT_TRUE(test, as_wanted);				\
} while (0)

#define IOSM_BELL(db, value)	{ IOSM_DB_##db, value }

#endif
