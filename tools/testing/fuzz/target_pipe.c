// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TD ring: the host pushes, publishes, polls and takes as the input says. The device
 * completes TDs or writes invalid values. In any case, each buffer is returned once, in
 * order, as it was pushed.
 */
#include "fuzz.h"

#include "iosm_pipe.h"
#include "iosm_shm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define ENTRIES_MOST	32

static struct device dev;
static struct iosm_shm shm;
static struct iosm_pipe pipe;
static struct iosm_pipe_stats stats;

/* Expected state: buffers are numbered, without wrapping. */
static u64 pushed, published, taken;
static u32 valid_tail;
static bool broken;

static u32 length_of(u64 nr)
{
	return 1 + (nr * 7919) % 5000;
}

static void push(void)
{
	struct iosm_buf buf = {
		.cookie = (void *)(pushed + 1),
		.dma = 0x1000 * (pushed + 1),
		.len = length_of(pushed),
	};

	CHECK(iosm_pipe_space(&pipe) == pipe.entries - 1 - (pushed - taken));
	if (!iosm_pipe_space(&pipe))
		return;
	iosm_pipe_push(&pipe, &buf);
	pushed++;
}

static void publish(void)
{
	CHECK(iosm_pipe_publish(&pipe) == (pushed != published));
	published = pushed;
}

static void check_buf(const struct iosm_buf *buf)
{
	CHECK(buf->cookie == (void *)(taken + 1));
	CHECK(buf->dma == 0x1000 * (taken + 1));
	CHECK(buf->len == length_of(taken));
}

static void take(int most)
{
	struct iosm_done done;

	while (most-- && iosm_pipe_take(&pipe, &done)) {
		CHECK(taken < published);
		check_buf(&done.buf);
		CHECK(done.status > IOSM_TD_UNUSED &&
		      done.status <= IOSM_TD_ERROR);
		CHECK(done.len <= done.buf.len);
		CHECK(!done.len || done.status <= IOSM_TD_END);
		if (iosm_pipe_is_ul(&pipe))
			CHECK(!done.len || done.len == done.buf.len);
		taken++;
	}
}

static void poll(void)
{
	u64 invalid = stats.invalid.n;
	int ready = iosm_pipe_poll(&pipe);

	if (broken)
		CHECK(ready == -EIO && stats.invalid.n == invalid);
	if (ready < 0) {
		CHECK(ready == -EIO);
		if (!broken)
			CHECK(stats.invalid.n == invalid + 1);
		broken = true;
		CHECK(iosm_pipe_idle(&pipe) && !iosm_pipe_pending(&pipe));
		return;
	}
	CHECK((u64)ready <= published - taken);
}

/* The device does @n TDs as it should, if @status is one of those. */
static void device_does(u32 n, u8 status)
{
	u32 head = le32_to_cpu(shm.block->heads[pipe.nr]), word, len;
	__le32 tail;

	if (valid_tail >= pipe.entries || head >= pipe.entries)
		return;
	for (; n && valid_tail != head; n--) {
		struct iosm_td *td = &pipe.ring[valid_tail];

		len = td->size_status & IOSM_TD_SIZE_MASK;
		if (status & 0x80)
			len = fuzz_u16();
		word = (status & 7) << 24 | len;
		fuzz_poke(&td->size_status, &word, sizeof(word));
		valid_tail = iosm_ring_next(valid_tail, pipe.entries);
	}
	tail = cpu_to_le32(valid_tail);
	fuzz_poke(&shm.block->tails[pipe.nr], &tail, sizeof(tail));
}

static void corrupt(void)
{
	__le32 tail = cpu_to_le32(fuzz_u32());

	fuzz_poke(&shm.block->tails[pipe.nr], &tail, sizeof(tail));
}

static void drain(void)
{
	struct iosm_buf buf;

	while (iosm_pipe_reclaim(&pipe, &buf)) {
		CHECK(taken < pushed);
		check_buf(&buf);
		taken++;
	}
	CHECK(taken == pushed);
}

static void step(u8 op)
{
	u32 n = op >> 4;

	switch (op & 15) {
	case 0 ... 3:
		while (n--)
			push();
		break;
	case 4:
	case 5:
		publish();
		break;
	case 6 ... 8:
		device_does(n, IOSM_TD_END);
		break;
	case 9:
		device_does(n, fuzz_u8());
		break;
	case 10:
		poll();
		break;
	case 11:
		poll();
		take(100);
		break;
	case 12:
		take(n);
		break;
	case 13:
		corrupt();
		break;
	case 14:
		/* Closed and opened again. */
		drain();
		iosm_pipe_clear(&pipe);
		pushed = 0;
		published = 0;
		taken = 0;
		valid_tail = 0;
		broken = false;
		CHECK(iosm_pipe_space(&pipe) == pipe.entries - 1);
		break;
	case 15:
		iosm_pipe_pending(&pipe);
		iosm_pipe_idle(&pipe);
		break;
	}
	CHECK(pipe.head < pipe.entries && pipe.tail < pipe.entries &&
	      pipe.seen < pipe.entries && pipe.published < pipe.entries);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 how;

	if (!fuzz_begin(data, size))
		return 0;

	how = fuzz_u8();
	pushed = 0;
	published = 0;
	taken = 0;
	valid_tail = 0;
	broken = false;
	if (!iosm_shm_alloc(&shm, &dev)) {
		if (!iosm_pipe_alloc(&pipe, &dev, &shm, &stats, how % IOSM_PIPES,
				     2 + fuzz_u8() % (ENTRIES_MOST - 1))) {
			while (fuzz_left())
				step(fuzz_u8());
			drain();
		}
		iosm_pipe_free(&pipe);
		/* Twice does no harm. */
		iosm_pipe_free(&pipe);
		iosm_shm_free(&shm, &dev);
	}
	fuzz_end();

	return 0;
}
