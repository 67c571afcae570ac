// SPDX-License-Identifier: GPL-2.0-only
/* TD rings: each buffer is returned once, and invalid values of the device are rejected. */

#include <linux/bitfield.h>

#include <kunit/static_stub.h>

#include "iosm_fake.h"
#include "../iosm_pipe.h"

#define PIPE_UL	4
#define PIPE_DL	5
#define PIPE_ENTRIES	4

struct pipe_ctx {
	struct iosm_fake *fake;
	struct iosm_pipe pipe;
	struct iosm_pipe_stats stats;
	u32 pushed;		/* number of buffers pushed, which is also their cookie */
	u32 taken;		/* number of buffers returned */
};

static int pipe_test_init(struct kunit *test)
{
	struct pipe_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->fake = iosm_fake_new(test);
	u64_stats_init(&ctx->stats.sync);
	test->priv = ctx;

	return 0;
}

static void pipe_free(void *data)
{
	iosm_pipe_free(data);
}

static struct iosm_pipe *pipe_new(struct kunit *test, u8 nr, u32 entries)
{
	struct pipe_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, 0, iosm_pipe_alloc(&ctx->pipe, ctx->fake->dev,
						 &ctx->fake->shm, &ctx->stats, nr,
						 entries));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pipe_free, &ctx->pipe));

	return &ctx->pipe;
}

/* A buffer with a number as cookie, from which address and length follow. */
static void *pipe_name(u32 n)
{
	return (void *)(0x1000UL + n);
}

static dma_addr_t pipe_address(u32 n)
{
	return 0x100000000ULL + n * 0x10000;
}

static void pipe_push(struct kunit *test, u32 len)
{
	struct pipe_ctx *ctx = test->priv;
	u32 n = ctx->pushed++;
	struct iosm_buf buf = {
		.cookie = pipe_name(n),
		.dma = pipe_address(n),
		.len = len,
	};

	iosm_pipe_push(&ctx->pipe, &buf);
}

static u32 pipe_device_head(struct pipe_ctx *ctx)
{
	return le32_to_cpu(READ_ONCE(ctx->fake->shm.block->heads[ctx->pipe.nr]));
}

static void pipe_device_tail(struct pipe_ctx *ctx, u32 tail)
{
	WRITE_ONCE(ctx->fake->shm.block->tails[ctx->pipe.nr], cpu_to_le32(tail));
}

static void pipe_device_td(struct pipe_ctx *ctx, u32 index, u32 size, u32 status)
{
	ctx->pipe.ring[index].size_status =
		cpu_to_le32(FIELD_PREP(IOSM_TD_SIZE_MASK, size) |
			    FIELD_PREP(IOSM_TD_STATUS_MASK, status));
}

/* Push and publish one buffer, and let the device complete it. */
static int pipe_once(struct kunit *test, u32 len, u32 size, u32 status,
		     struct iosm_done *done)
{
	struct pipe_ctx *ctx = test->priv;
	u32 index = ctx->pipe.head;
	int n;

	pipe_push(test, len);
	iosm_pipe_publish(&ctx->pipe);
	pipe_device_td(ctx, index, size, status);
	pipe_device_tail(ctx, iosm_ring_next(index, ctx->pipe.entries));
	n = iosm_pipe_poll(&ctx->pipe);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(&ctx->pipe, done));
	KUNIT_EXPECT_PTR_EQ(test, done->buf.cookie, pipe_name(ctx->taken));
	ctx->taken++;

	return n;
}

/* Reclaim returns all buffers in order, each once. */
static void pipe_expect_reclaim(struct kunit *test)
{
	struct pipe_ctx *ctx = test->priv;
	struct iosm_buf buf;

	while (ctx->taken < ctx->pushed) {
		KUNIT_ASSERT_TRUE(test, iosm_pipe_reclaim(&ctx->pipe, &buf));
		KUNIT_EXPECT_PTR_EQ(test, buf.cookie, pipe_name(ctx->taken));
		KUNIT_EXPECT_EQ(test, buf.dma, pipe_address(ctx->taken));
		ctx->taken++;
	}
	KUNIT_EXPECT_FALSE(test, iosm_pipe_reclaim(&ctx->pipe, &buf));
}

/* A TD as the device reads it, not before it was published. */
static void pipe_publishes_tds(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, PIPE_ENTRIES);
	struct pipe_ctx *ctx = test->priv;

	KUNIT_EXPECT_FALSE(test, iosm_pipe_publish(pipe));

	/* Stale contents of the TD. */
	memset(pipe->ring, 0xff, PIPE_ENTRIES * sizeof(*pipe->ring));
	pipe_push(test, 1500);
	pipe_push(test, IOSM_TD_SIZE_MASK);
	KUNIT_EXPECT_EQ(test, pipe_device_head(ctx), 0);
	KUNIT_EXPECT_FALSE(test, iosm_pipe_idle(pipe));

	KUNIT_EXPECT_TRUE(test, iosm_pipe_publish(pipe));
	KUNIT_EXPECT_EQ(test, pipe_device_head(ctx), 2);
	KUNIT_EXPECT_FALSE(test, iosm_pipe_publish(pipe));

	KUNIT_EXPECT_EQ(test, le64_to_cpu(pipe->ring[0].address), pipe_address(0));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pipe->ring[0].size_status), 1500);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pipe->ring[0].next), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(pipe->ring[1].address), pipe_address(1));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(pipe->ring[1].size_status), 0xffffff);

	/* Another pipe's head does not move. */
	KUNIT_EXPECT_EQ(test, le32_to_cpu(ctx->fake->shm.block->heads[PIPE_UL + 1]), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(ctx->fake->shm.block->heads[PIPE_UL - 1]), 0);
}

/* One TD remains empty, and a slot is free only after iosm_pipe_take(). */
static void pipe_full(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, PIPE_ENTRIES);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;
	u32 i;

	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), PIPE_ENTRIES - 1);
	for (i = 0; i < PIPE_ENTRIES - 1; i++) {
		KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), PIPE_ENTRIES - 1 - i);
		pipe_push(test, 100);
	}
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), 0);
	iosm_pipe_publish(pipe);

	pipe_device_td(ctx, 0, 100, IOSM_TD_END);
	pipe_device_td(ctx, 1, 100, IOSM_TD_END);
	pipe_device_tail(ctx, 2);
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), 0);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 2);
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), 0);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), 1);
	/* One of two is taken: iosm_pipe_poll() returns the rest. */
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 1);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_FALSE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), 2);
}

/* Many turns in uneven steps: each buffer is returned once, in order. */
static void pipe_goes_round(struct kunit *test)
{
	static const u32 entries = 7;
	struct iosm_pipe *pipe = pipe_new(test, PIPE_DL, entries);
	struct pipe_ctx *ctx = test->priv;
	u32 tail = 0, round, n, i;
	struct iosm_done done;
	u64 bytes = 0;

	for (round = 0; round < 100; round++) {
		n = min(iosm_pipe_space(pipe), round % entries);
		for (i = 0; i < n; i++)
			pipe_push(test, 2048);
		iosm_pipe_publish(pipe);

		/* The device fills some of what it has, not always all. */
		n = iosm_ring_used(pipe_device_head(ctx), tail, entries);
		n = min(n, (round * 3) % entries);
		for (i = 0; i < n; i++) {
			pipe_device_td(ctx, tail, round + i, IOSM_TD_END);
			tail = iosm_ring_next(tail, entries);
		}
		pipe_device_tail(ctx, tail);

		KUNIT_ASSERT_EQ(test, iosm_pipe_pending(pipe), n != 0);
		KUNIT_ASSERT_EQ(test, iosm_pipe_poll(pipe), n);
		KUNIT_ASSERT_FALSE(test, iosm_pipe_pending(pipe));
		for (i = 0; i < n; i++) {
			KUNIT_ASSERT_TRUE(test, iosm_pipe_take(pipe, &done));
			KUNIT_ASSERT_PTR_EQ(test, done.buf.cookie,
					    pipe_name(ctx->taken));
			KUNIT_ASSERT_EQ(test, done.buf.dma,
					pipe_address(ctx->taken));
			KUNIT_ASSERT_EQ(test, done.status, IOSM_TD_END);
			KUNIT_ASSERT_EQ(test, done.len, round + i);
			bytes += round + i;
			ctx->taken++;
		}
		KUNIT_ASSERT_FALSE(test, iosm_pipe_take(pipe, &done));
	}
	KUNIT_EXPECT_GT(test, ctx->taken, 10 * entries);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->tds), ctx->taken);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->bytes), bytes);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), 0);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->errors), 0);
	pipe_expect_reclaim(test);
}

/* UL: the length is that of the buffer, whatever the device writes to the TD. */
static void pipe_ul_length_is_ours(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, PIPE_ENTRIES);
	struct iosm_done done;

	KUNIT_EXPECT_EQ(test, pipe_once(test, 60, 60, IOSM_TD_END, &done), 1);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_END);
	KUNIT_EXPECT_EQ(test, done.len, 60);
	KUNIT_EXPECT_EQ(test, pipe_once(test, 61, 0xffffff, IOSM_TD_END, &done), 1);
	KUNIT_EXPECT_EQ(test, done.len, 61);
	KUNIT_EXPECT_EQ(test, pipe_once(test, 62, 0, IOSM_TD_END, &done), 1);
	KUNIT_EXPECT_EQ(test, done.len, 62);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->bytes), 60 + 61 + 62);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_idle(pipe));
}

/* DL: the length is limited by the capacity. */
static void pipe_dl_size(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_DL, PIPE_ENTRIES);
	struct iosm_done done;

	pipe_once(test, 2048, 0, IOSM_TD_END, &done);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_END);
	KUNIT_EXPECT_EQ(test, done.len, 0);
	pipe_once(test, 2048, 2048, IOSM_TD_END, &done);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_END);
	KUNIT_EXPECT_EQ(test, done.len, 2048);
	pipe_once(test, 2048, 2047, IOSM_TD_PARTIAL, &done);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_PARTIAL);
	KUNIT_EXPECT_EQ(test, done.len, 2047);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), 0);

	pipe_once(test, 2048, 2049, IOSM_TD_END, &done);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_ERROR);
	KUNIT_EXPECT_EQ(test, done.len, 0);
	KUNIT_EXPECT_EQ(test, done.buf.len, 2048);
	pipe_once(test, 2048, 0xffffff, IOSM_TD_PARTIAL, &done);
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_ERROR);
	KUNIT_EXPECT_EQ(test, done.len, 0);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), 2);
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->bytes), 2048 + 2047);
}

/* Every value of the status byte, on both kinds of pipe. */
static void pipe_every_status(struct kunit *test)
{
	u8 nr = *(const u8 *)test->param_value;
	struct iosm_pipe *pipe = pipe_new(test, nr, PIPE_ENTRIES);
	u32 status, errors = 0, faults = 0;
	struct iosm_done done;

	for (status = 0; status <= 255; status++) {
		bool good = status == IOSM_TD_END || status == IOSM_TD_PARTIAL;
		bool fault = status == IOSM_TD_UNUSED || status > IOSM_TD_ERROR;

		pipe_once(test, 1500, 1500, status, &done);
		KUNIT_EXPECT_EQ_MSG(test, done.status, fault ? IOSM_TD_ERROR : status,
				    "status %u", status);
		KUNIT_EXPECT_EQ_MSG(test, done.len, good ? 1500 : 0,
				    "status %u", status);
		errors += !good;
		faults += fault;
		KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->errors), errors);
		KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), faults);
	}
}

static const u8 pipe_kinds[] = { PIPE_UL, PIPE_DL };

static void pipe_kind_desc(const u8 *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, *nr == PIPE_UL ? "uplink" : "downlink");
}

KUNIT_ARRAY_PARAM(pipe_kind, pipe_kinds, pipe_kind_desc);

/* Indexes, addresses and lengths come from private memory. */
static void pipe_device_scribbles(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_DL, PIPE_ENTRIES);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;

	pipe_push(test, 512);
	pipe_push(test, 1024);
	iosm_pipe_publish(pipe);
	memset(pipe->ring, 0xa5, PIPE_ENTRIES * sizeof(*pipe->ring));
	memset(ctx->fake->shm.block->heads, 0xa5, sizeof(ctx->fake->shm.block->heads));
	pipe_device_td(ctx, 0, 512, IOSM_TD_END);
	pipe_device_td(ctx, 1, 1025, IOSM_TD_END);
	pipe_device_tail(ctx, 2);

	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), PIPE_ENTRIES - 3);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 2);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, done.buf.dma, pipe_address(0));
	KUNIT_EXPECT_EQ(test, done.buf.len, 512);
	KUNIT_EXPECT_EQ(test, done.len, 512);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, done.buf.dma, pipe_address(1));
	KUNIT_EXPECT_EQ(test, done.status, IOSM_TD_ERROR);

	pipe_push(test, 100);
	iosm_pipe_publish(pipe);
	KUNIT_EXPECT_EQ(test, pipe_device_head(ctx), 3);
}

/* Invalid tails while TDs 1 and 2 of 8 are outstanding. */
struct pipe_fault {
	const char *what;
	u32 tail;
};

static const struct pipe_fault pipe_faults[] = {
	{ "one past the head", 4 },	/* TD 3 is pushed, but not published */
	{ "far past the head", 7 },
	{ "back by one", 0 },
	{ "ring size", 8 },
	{ "ring size and a bit", 10 },	/* 10 % 8 would be right */
	{ "sign bit", 0x80000002 },
	{ "all ones", U32_MAX },
};

KUNIT_ARRAY_PARAM_DESC(pipe_fault, pipe_faults, what);

static void pipe_tail_invalid(struct kunit *test)
{
	const struct pipe_fault *fault = test->param_value;
	struct iosm_pipe *pipe = pipe_new(test, PIPE_DL, 8);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;

	pipe_once(test, 2048, 100, IOSM_TD_END, &done);
	pipe_push(test, 2048);
	pipe_push(test, 2048);
	iosm_pipe_publish(pipe);
	pipe_push(test, 2048);
	pipe_device_td(ctx, 1, 100, IOSM_TD_END);
	pipe_device_td(ctx, 2, 100, IOSM_TD_END);
	pipe_device_td(ctx, 3, 100, IOSM_TD_END);

	pipe_device_tail(ctx, fault->tail);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_pending(pipe));
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), -EIO);
	KUNIT_EXPECT_FALSE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), 1);

	/* A valid tail does not repair the pipe; a broken pipe is idle. */
	pipe_device_tail(ctx, 3);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), -EIO);
	KUNIT_EXPECT_FALSE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_FALSE(test, iosm_pipe_pending(pipe));
	KUNIT_EXPECT_TRUE(test, iosm_pipe_idle(pipe));
	KUNIT_EXPECT_EQ(test, u64_stats_read(&pipe->stats->invalid), 1);

	/* No buffer is lost. */
	pipe_expect_reclaim(test);
	iosm_pipe_clear(pipe);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 0);
}

/* An invalid tail does not affect completions that were seen before. */
static void pipe_tail_invalid_after_valid(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_DL, 8);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;
	u32 i;

	for (i = 0; i < 4; i++)
		pipe_push(test, 2048);
	iosm_pipe_publish(pipe);
	pipe_device_td(ctx, 0, 7, IOSM_TD_END);
	pipe_device_td(ctx, 1, 8, IOSM_TD_END);
	pipe_device_tail(ctx, 2);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 2);
	/* The tail must not move back, even over TDs that were not taken. */
	pipe_device_tail(ctx, 1);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), -EIO);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_take(pipe, &done));
	KUNIT_EXPECT_EQ(test, done.len, 7);
	ctx->taken = 1;
	pipe_expect_reclaim(test);
}

/* Buffers that are completed, published, or only pushed are all reclaimed. */
static void pipe_reclaims_everything(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, 8);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;
	u32 i;

	pipe_expect_reclaim(test);
	/* Not from 0, so that the ring's end is crossed. */
	for (i = 0; i < 5; i++)
		pipe_once(test, 100, 100, IOSM_TD_END, &done);
	for (i = 0; i < 6; i++)
		pipe_push(test, 100);
	iosm_pipe_publish(pipe);
	pipe_push(test, 100);
	pipe_device_td(ctx, 5, 100, IOSM_TD_END);
	pipe_device_td(ctx, 6, 100, 0x77);
	pipe_device_tail(ctx, 7);
	KUNIT_EXPECT_EQ(test, iosm_pipe_poll(pipe), 2);
	pipe_expect_reclaim(test);
	KUNIT_EXPECT_EQ(test, ctx->taken, 12);
}

/* A pipe starts again from 0 on both sides. */
static void pipe_clear_starts_anew(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, PIPE_ENTRIES);
	struct pipe_ctx *ctx = test->priv;
	struct iosm_done done;

	pipe_once(test, 100, 100, IOSM_TD_END, &done);
	pipe_once(test, 100, 100, IOSM_TD_END, &done);
	iosm_pipe_clear(pipe);
	KUNIT_EXPECT_EQ(test, pipe_device_head(ctx), 0);
	KUNIT_EXPECT_EQ(test, iosm_pipe_device_tail(pipe), 0);
	KUNIT_EXPECT_EQ(test, iosm_pipe_space(pipe), PIPE_ENTRIES - 1);
	KUNIT_EXPECT_FALSE(test, iosm_pipe_pending(pipe));
	KUNIT_EXPECT_TRUE(test, iosm_pipe_idle(pipe));
	KUNIT_EXPECT_EQ(test, pipe_once(test, 100, 100, IOSM_TD_END, &done), 1);
	KUNIT_EXPECT_EQ(test, pipe_device_head(ctx), 1);
}

/* Memory that was never allocated can be freed and searched. */
static void pipe_free_of_nothing(struct kunit *test)
{
	struct pipe_ctx *ctx = test->priv;
	struct iosm_buf buf;

	KUNIT_EXPECT_FALSE(test, iosm_pipe_reclaim(&ctx->pipe, &buf));
	iosm_pipe_free(&ctx->pipe);
	pipe_new(test, PIPE_DL, 1200);
	iosm_pipe_free(&ctx->pipe);
	iosm_pipe_free(&ctx->pipe);
}

/* Result of the consumer side when the device completed at once. */
static int pipe_polled;

/* The device completes a TD the moment that the head is visible. */
static void pipe_complete_at_once(struct iosm_pipe *pipe, u32 head)
{
	WRITE_ONCE(pipe->shm->block->heads[pipe->nr], cpu_to_le32(head));
	WRITE_ONCE(pipe->shm->block->tails[pipe->nr], cpu_to_le32(head));
	pipe_polled = iosm_pipe_poll(pipe);
}

/* The two sides may run concurrently: a valid tail is never rejected. */
static void pipe_publish_order(struct kunit *test)
{
	struct iosm_pipe *pipe = pipe_new(test, PIPE_UL, PIPE_ENTRIES);

	kunit_activate_static_stub(test, iosm_pipe_write_head, pipe_complete_at_once);
	pipe_push(test, 16);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_publish(pipe));
	KUNIT_EXPECT_EQ(test, pipe_polled, 1);
	KUNIT_EXPECT_FALSE(test, pipe->broken);
}

static struct kunit_case pipe_cases[] = {
	KUNIT_CASE(pipe_publish_order),
	KUNIT_CASE(pipe_publishes_tds),
	KUNIT_CASE(pipe_full),
	KUNIT_CASE(pipe_goes_round),
	KUNIT_CASE(pipe_ul_length_is_ours),
	KUNIT_CASE(pipe_dl_size),
	KUNIT_CASE_PARAM(pipe_every_status, pipe_kind_gen_params),
	KUNIT_CASE(pipe_device_scribbles),
	KUNIT_CASE_PARAM(pipe_tail_invalid, pipe_fault_gen_params),
	KUNIT_CASE(pipe_tail_invalid_after_valid),
	KUNIT_CASE(pipe_reclaims_everything),
	KUNIT_CASE(pipe_clear_starts_anew),
	KUNIT_CASE(pipe_free_of_nothing),
	{}
};

static struct kunit_suite pipe_suite = {
	.name = "iosm_pipe",
	.init = pipe_test_init,
	.test_cases = pipe_cases,
};

kunit_test_suite(pipe_suite);
