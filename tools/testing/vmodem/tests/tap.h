/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Macros for unit tests with TAP output (version 13).
 *
 *	static void test_this(void) { tap_is(one(), 1); }
 *	int main(void) { TAP_RUN(test_this); return tap_end(); }
 *
 * Each test prints one result line. A failed check prints its location and
 * marks the test as failed; the test continues.
 */
#ifndef VMODEM_TAP_H
#define VMODEM_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static unsigned int tap_tests, tap_failed;
static bool tap_good;

static inline bool tap_check(bool good, const char *what, const char *file,
			     int line)
{
	if (!good) {
		printf("# %s:%d: failed: %s\n", file, line, what);
		tap_good = false;
	}
	return good;
}

static inline void tap_same(uint64_t got, uint64_t want, const char *what,
			    const char *file, int line)
{
	if (got == want)
		return;
	printf("# %s:%d: %s is %" PRIu64 ", not %" PRIu64 "\n", file, line,
	       what, got, want);
	tap_good = false;
}

#define tap_ok(cond)		tap_check(cond, #cond, __FILE__, __LINE__)
#define tap_is(got, want)	\
	tap_same((uint64_t)(got), (uint64_t)(want), #got, __FILE__, __LINE__)

#define TAP_RUN(fn)							\
	do {								\
		tap_good = true;					\
		fn();							\
		tap_failed += !tap_good;				\
		printf("%sok %u - %s\n", tap_good ? "" : "not ",	\
		       ++tap_tests, #fn);				\
		fflush(stdout);						\
	} while (0)

/* Print the plan; the exit status of main(). */
static inline int tap_end(void)
{
	printf("1..%u\n", tap_tests);
	return tap_failed ? 1 : 0;
}

#endif
