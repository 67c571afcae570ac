// SPDX-License-Identifier: GPL-2.0-only
/* Validation of ring indexes that the device wrote. */

#include <linux/errno.h>
#include <linux/export.h>
#include <kunit/visibility.h>

#include "iosm_ring.h"

/**
 * iosm_ring_advance() - check a tail that the device published
 * @head: published head, from private memory
 * @tail: last accepted tail, from private memory
 * @new_tail: tail that the device wrote; any value
 * @entries: size of the ring
 *
 * The device may move the tail forward up to the head, and never back.
 *
 * Return: number of entries completed since @tail (0 to entries - 1); -ERANGE:
 * @new_tail is not an index of the ring; -EINVAL: it is not between @tail and
 * @head.
 */
int iosm_ring_advance(u32 head, u32 tail, u32 new_tail, u32 entries)
{
	u32 step;

	if (new_tail >= entries)
		return -ERANGE;

	step = iosm_ring_used(new_tail, tail, entries);
	if (step > iosm_ring_used(head, tail, entries))
		return -EINVAL;

	return step;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_ring_advance);
