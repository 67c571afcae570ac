/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters with one writer at a time and readers in any context. They need no lock
 * and no atomic operation, and cannot be torn on a 32-bit CPU.
 *
 * Counters that are written under a lock are plain integers, and are read under
 * that lock.
 */
#ifndef IOSM_STATS_H
#define IOSM_STATS_H

#include <linux/u64_stats_sync.h>

/**
 * iosm_stats_add() - add to a counter
 * @sync: member of the same structure as @counter
 * @counter: the counter
 * @n: number to add
 *
 * Context: any; the owner serialises writers.
 */
static inline void iosm_stats_add(struct u64_stats_sync *sync,
				  u64_stats_t *counter, u64 n)
{
	unsigned long flags;

	/* Does not disable interrupts on a 64-bit CPU. */
	flags = u64_stats_update_begin_irqsave(sync);
	u64_stats_add(counter, n);
	u64_stats_update_end_irqrestore(sync, flags);
}

/**
 * iosm_stats_inc() - increment a counter
 * @sync: member of the same structure as @counter
 * @counter: the counter
 *
 * Context: see iosm_stats_add().
 */
static inline void iosm_stats_inc(struct u64_stats_sync *sync,
				  u64_stats_t *counter)
{
	iosm_stats_add(sync, counter, 1);
}

/**
 * iosm_stats_read() - read a counter
 * @sync: member of the same structure as @counter
 * @counter: the counter
 *
 * Context: any.
 *
 * Return: its value.
 */
static inline u64 iosm_stats_read(const struct u64_stats_sync *sync,
				  const u64_stats_t *counter)
{
	unsigned int start;
	u64 n;

	do {
		start = u64_stats_fetch_begin(sync);
		n = u64_stats_read(counter);
	} while (u64_stats_fetch_retry(sync, start));

	return n;
}

#endif
