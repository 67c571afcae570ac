// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring indexes. Every input is a ring; what the driver says of a tail is
 * compared with a walk from one entry to the next.
 */
#include "fuzz.h"

#include "iosm_ring.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 entries, head, tail, new_tail, at, steps, used, found = 0;
	bool between = false;
	int ret;

	if (!fuzz_begin(data, size))
		return 0;

	entries = 2 + fuzz_u16() % 1024;
	head = fuzz_u16() % entries;
	tail = fuzz_u16() % entries;
	new_tail = fuzz_u32();

	/* From the tail to the head, one by one. */
	for (at = tail, steps = 0;; at = iosm_ring_next(at, entries), steps++) {
		CHECK(at < entries && steps < entries);
		if (at == new_tail) {
			between = true;
			found = steps;
		}
		if (at == head)
			break;
	}

	used = iosm_ring_used(head, tail, entries);
	CHECK(used == steps);
	CHECK(iosm_ring_space(head, tail, entries) == entries - 1 - steps);

	ret = iosm_ring_advance(head, tail, new_tail, entries);
	if (new_tail >= entries)
		CHECK(ret == -ERANGE);
	else if (!between)
		CHECK(ret == -EINVAL);
	else
		CHECK(ret == (int)found);

	fuzz_end();

	return 0;
}
