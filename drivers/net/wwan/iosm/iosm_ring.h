/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Index arithmetic of the rings that host and device share.
 *
 * Pure functions: no device, no locks, no memory of their own. An index is from 0 to
 * entries - 1. The ring is empty if head == tail, so it holds at most entries - 1.
 */
#ifndef IOSM_RING_H
#define IOSM_RING_H

#include <linux/types.h>

/**
 * iosm_ring_next() - index of the next entry
 * @index: index in the ring
 * @entries: size of the ring
 *
 * Return: the next index; 0 after the last entry.
 */
static inline u32 iosm_ring_next(u32 index, u32 entries)
{
	return index + 1 < entries ? index + 1 : 0;
}

/**
 * iosm_ring_used() - entries between tail and head
 * @head: index of the next entry to fill
 * @tail: index of the oldest entry in use
 * @entries: size of the ring
 *
 * Both indexes must be in range.
 *
 * Return: number of entries in use.
 */
static inline u32 iosm_ring_used(u32 head, u32 tail, u32 entries)
{
	return head >= tail ? head - tail : entries - tail + head;
}

/**
 * iosm_ring_space() - number of free entries
 * @head: index of the next entry to fill
 * @tail: index of the oldest entry in use
 * @entries: size of the ring
 *
 * Return: number of entries that can be filled; one entry is never used.
 */
static inline u32 iosm_ring_space(u32 head, u32 tail, u32 entries)
{
	return entries - 1 - iosm_ring_used(head, tail, entries);
}

int iosm_ring_advance(u32 head, u32 tail, u32 new_tail, u32 entries);

#endif
