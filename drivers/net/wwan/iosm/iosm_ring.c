// SPDX-License-Identifier: GPL-2.0-only
/* Validation of ring indexes that the device wrote. */

#include <linux/errno.h>
#include <linux/export.h>
#include <kunit/visibility.h>

#include "iosm_ring.h"

/**
 * iosm_ring_advance() - judge a tail that the device published
 * @head: our head, from private memory
 * @tail: the last tail that was accepted, from private memory
 * @new_tail: what the device wrote; anything
 * @entries: size of the ring
 *
 * The device may move the tail forward over entries that we filled, never
 * past the head and never back.
 *
 * Return: number of entries completed since @tail (0 to entries - 1),
 * -ERANGE when @new_tail is no index of this ring, -EINVAL when it is not
 * between @tail and @head.
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
