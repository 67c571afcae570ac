/* SPDX-License-Identifier: GPL-2.0-only */
/* Places where KUnit suites put a function of theirs. */
#ifndef IOSM_STUB_H
#define IOSM_STUB_H

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

/**
 * IOSM_STUB() - call the function that a KUnit suite has put in the place of this one
 * @fake: does the object that the function is called for belong to a suite?
 * @fn: this function
 *
 * KUnit finds the suite by the current task. That may be a test which the
 * interrupt of a real device, or NAPI after it, has interrupted: without @fake
 * the doorbell of the device would be lost.
 */
#define IOSM_STUB(fake, fn, ...)					\
do {									\
	if (fake)							\
		KUNIT_STATIC_STUB_REDIRECT(fn, ##__VA_ARGS__);		\
} while (0)

#endif
