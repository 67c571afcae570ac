/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device for KUnit suites: shared memory, in which the test acts as the device, and
 * doorbells that are recorded.
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
 * @db: number of the doorbell
 * @value: value written
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
 * @n_bells: their number; may be larger than @bells
 * @on_bell: called for each doorbell, in the context of the caller, possibly with a
 *	lock of the driver held. NULL: nothing to do.
 * @priv: for the suite
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
bool iosm_fake_rang(struct iosm_fake *fake, const struct iosm_fake_bell *expected,
		    unsigned int n);

/*
 * Expect exactly these doorbells, in this order, and clear the list. Without arguments
 * after the fake: expect none.
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
