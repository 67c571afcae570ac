// SPDX-License-Identifier: GPL-2.0-only
/* The message ring, with a device that completes in time, late, wrongly or never. */

#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "iosm_fake.h"
#include "../iosm_msg.h"
#include "../iosm_pm.h"
#include "../iosm_ring.h"

struct msg_ctx {
	struct iosm_fake *fake;
	struct iosm_pm pm;
	struct iosm_msg msg;

	u32 status;		/* completion status of the device */
	bool silent;		/* the device does not complete messages by itself */
	bool mute;		/* it completes them, but the interrupt is missed */
	u32 device_tail;
	u32 seen_head;		/* head at the time of the last doorbell */

	struct delayed_work later;
	void (*do_later)(struct msg_ctx *ctx);
	int polled;
};

static bool msg_pm_busy(void *priv)
{
	struct msg_ctx *ctx = priv;

	return iosm_msg_busy(&ctx->msg);
}

static void msg_pm_rung(void *priv)
{
}

static const struct iosm_pm_ops msg_pm_ops = {
	.busy = msg_pm_busy,
	.rung = msg_pm_rung,
};

static u32 msg_device_head(struct msg_ctx *ctx)
{
	return le32_to_cpu(READ_ONCE(ctx->fake->shm.block->msg_head));
}

static void msg_device_tail(struct msg_ctx *ctx, u32 tail)
{
	WRITE_ONCE(ctx->fake->shm.block->msg_tail, cpu_to_le32(tail));
}

/* The device completes all messages. */
static void msg_answer(struct msg_ctx *ctx)
{
	struct iosm_shm_block *block = ctx->fake->shm.block;
	u32 head = msg_device_head(ctx);

	while (ctx->device_tail != head) {
		block->ring[ctx->device_tail].status = cpu_to_le32(ctx->status);
		ctx->device_tail = iosm_ring_next(ctx->device_tail, IOSM_MSG_ENTRIES);
	}
	msg_device_tail(ctx, ctx->device_tail);
}

static void msg_answer_and_interrupt(struct msg_ctx *ctx)
{
	msg_answer(ctx);
	ctx->polled = iosm_msg_poll(&ctx->msg);
}

static void msg_on_bell(struct iosm_fake *fake, enum iosm_doorbell db, u32 value)
{
	struct msg_ctx *ctx = fake->priv;

	ctx->seen_head = msg_device_head(ctx);
	if (ctx->silent)
		return;

	msg_answer(ctx);
	if (!ctx->mute)
		ctx->polled = iosm_msg_poll(&ctx->msg);
}

static void msg_later(struct work_struct *work)
{
	struct msg_ctx *ctx = container_of(to_delayed_work(work), struct msg_ctx, later);

	ctx->do_later(ctx);
}

/* Something happens while the next command waits. */
static void msg_in_a_moment(struct msg_ctx *ctx, void (*what)(struct msg_ctx *ctx))
{
	ctx->silent = true;
	ctx->do_later = what;
	schedule_delayed_work(&ctx->later, msecs_to_jiffies(50));
}

static int msg_test_init(struct kunit *test)
{
	struct msg_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->fake = iosm_fake_new(test);
	ctx->fake->priv = ctx;
	ctx->fake->on_bell = msg_on_bell;
	ctx->status = IOSM_MSG_SUCCESS;
	INIT_DELAYED_WORK(&ctx->later, msg_later);

	iosm_pm_init(&ctx->pm, ctx->fake->dev, &ctx->fake->mmio,
		     &ctx->fake->shm, &msg_pm_ops, ctx);
	iosm_msg_init(&ctx->msg, ctx->fake->dev, &ctx->fake->shm, &ctx->pm);
	iosm_pm_start(&ctx->pm);
	iosm_msg_start(&ctx->msg);

	return 0;
}

static void msg_test_exit(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	if (ctx && ctx->do_later)
		cancel_delayed_work_sync(&ctx->later);
}

/* No request may remain in the ring when every command has returned. */
static void msg_expect_no_request(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	u32 i;

	for (i = 0; i < IOSM_MSG_ENTRIES; i++)
		KUNIT_EXPECT_NULL(test, ctx->msg.reqs[i]);
}

/* The bytes of every command, as the interface document has them. */
static void msg_layout(struct kunit *test)
{
	static const u8 expected[][20] = {
		{ 0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0xb0, 0x04, 1, 0x01,
		  0, 0, 0, 0, 0xe8, 0x03, 0, 0 },
		{ [10] = 13, [11] = 0x02 },
		{ [8] = 1, [9] = 0, [11] = 0x04 },
		{ [8] = 0, [9] = 1, [11] = 0x04 },
		{ [10] = 0x80, [11] = 0xf0 },
	};
	struct msg_ctx *ctx = test->priv;
	const struct iosm_msg_entry *ring = ctx->fake->shm.block->ring;
	struct iosm_msg_req req;
	u32 i;

	/* Stale contents. */
	memset(ctx->fake->shm.block->ring, 0xff, sizeof(ctx->fake->shm.block->ring));
	ctx->status = 0xaa;

	KUNIT_EXPECT_EQ(test, -EPROTO,
			iosm_msg_open_pipe(&ctx->msg, 1, 0x123456789abcdef0ULL, 1200, 1000));
	KUNIT_EXPECT_EQ(test, -EPROTO, iosm_msg_close_pipe(&ctx->msg, 13));
	KUNIT_EXPECT_EQ(test, -EPROTO,
			iosm_msg_sleep(&ctx->msg, IOSM_MSG_SLEEP_DEVICE, IOSM_MSG_SLEEP_ENTER));
	KUNIT_EXPECT_EQ(test, -EPROTO,
			iosm_msg_sleep(&ctx->msg, IOSM_MSG_SLEEP_HOST, IOSM_MSG_SLEEP_EXIT));
	KUNIT_EXPECT_EQ(test, -EPROTO,
			iosm_msg_submit_features(&ctx->msg, IOSM_FEATURE_INBAND_CRASH, &req) ?:
			iosm_msg_finish(&ctx->msg, &req));
	for (i = 0; i < ARRAY_SIZE(expected); i++)
		KUNIT_EXPECT_MEMEQ(test, &ring[i], expected[i], sizeof(expected[i]));
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG));
}

/* A stale status must not complete a new command. */
static void msg_posted_as_pending(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	__le32 *status = &ctx->fake->shm.block->ring[0].status;

	ctx->silent = true;
	*status = cpu_to_le32(IOSM_MSG_SUCCESS);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(*status), IOSM_MSG_PENDING);
}

static void msg_success(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
	/* The head was in memory before the doorbell rang. */
	KUNIT_EXPECT_EQ(test, ctx->seen_head, 1);
	KUNIT_EXPECT_FALSE(test, iosm_msg_pending(&ctx->msg));
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	msg_expect_no_request(test);
}

/* A completion ends the wait at once. */
static void msg_waits_for_the_interrupt(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	unsigned long start = jiffies;

	msg_in_a_moment(ctx, msg_answer_and_interrupt);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start), 30);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			IOSM_MSG_TIMEOUT_MS - 50);
	msg_expect_no_request(test);
}

static void msg_lost_interrupt(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->mute = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.timeouts, 0);
	msg_expect_no_request(test);
}

static void msg_refused(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->status = IOSM_MSG_ERROR;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.bad_status, 0);

	/* The ring is usable after that. */
	ctx->status = IOSM_MSG_SUCCESS;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
}

/* The tail has moved over an entry with an undefined status. */
static void msg_undefined_status(struct kunit *test)
{
	static const u32 bad[] = { IOSM_MSG_PENDING, 3, 0x101, 0x80000001, U32_MAX };
	struct msg_ctx *ctx = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ctx->status = bad[i];
		KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -EPROTO);
		KUNIT_EXPECT_EQ(test, ctx->msg.stats.bad_status, i + 1);
	}
	ctx->status = IOSM_MSG_SUCCESS;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
}

/* A status without a move of the tail is no completion. */
static void msg_status_without_tail(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->silent = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ETIMEDOUT);
	ctx->fake->shm.block->ring[0].status = cpu_to_le32(IOSM_MSG_SUCCESS);
	KUNIT_EXPECT_FALSE(test, iosm_msg_pending(&ctx->msg));
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), 0);
	KUNIT_EXPECT_EQ(test, ctx->msg.tail, 0);
}

/*
 * A late completion must not touch the request, which was on the stack: KASAN checks.
 * A later command must not take the late completion for its own.
 */
static void msg_late_completion(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	struct iosm_shm_block *block = ctx->fake->shm.block;
	unsigned long start = jiffies;

	ctx->silent = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			IOSM_MSG_TIMEOUT_MS - 20);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.timeouts, 1);
	msg_expect_no_request(test);
	/* The device still owns the entry. */
	KUNIT_EXPECT_TRUE(test, iosm_msg_busy(&ctx->msg));

	block->ring[0].status = cpu_to_le32(IOSM_MSG_ERROR);
	msg_device_tail(ctx, 1);
	ctx->device_tail = 1;
	KUNIT_EXPECT_TRUE(test, iosm_msg_pending(&ctx->msg));
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), 0);
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.bad_status, 0);

	ctx->silent = false;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 4), 0);
}

static void msg_answer_old_then_new(struct msg_ctx *ctx)
{
	struct iosm_shm_block *block = ctx->fake->shm.block;

	block->ring[0].status = cpu_to_le32(IOSM_MSG_ERROR);
	block->ring[1].status = cpu_to_le32(IOSM_MSG_SUCCESS);
	/* One interrupt for both. */
	msg_device_tail(ctx, 2);
	ctx->polled = iosm_msg_poll(&ctx->msg);
}

static void msg_late_completion_with_the_next(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->silent = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ETIMEDOUT);
	msg_in_a_moment(ctx, msg_answer_old_then_new);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 4), 0);
	KUNIT_EXPECT_EQ(test, ctx->polled, 0);
	msg_expect_no_request(test);
}

static void msg_answer_old_only(struct msg_ctx *ctx)
{
	ctx->fake->shm.block->ring[0].status = cpu_to_le32(IOSM_MSG_SUCCESS);
	msg_device_tail(ctx, 1);
	ctx->polled = iosm_msg_poll(&ctx->msg);
}

static void msg_old_answer_is_not_ours(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->silent = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ETIMEDOUT);
	msg_in_a_moment(ctx, msg_answer_old_only);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 4), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.timeouts, 2);
	msg_expect_no_request(test);
}

/* More commands than the ring has entries. */
static void msg_goes_round(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	u32 i;

	for (i = 0; i < 3 * IOSM_MSG_ENTRIES; i++) {
		ctx->status = i % 3 ? IOSM_MSG_SUCCESS : IOSM_MSG_ERROR;
		KUNIT_ASSERT_EQ(test, iosm_msg_close_pipe(&ctx->msg, i % IOSM_PIPES),
				i % 3 ? 0 : -EREMOTEIO);
		KUNIT_ASSERT_EQ(test, ctx->seen_head, (i + 1) % IOSM_MSG_ENTRIES);
	}
	msg_expect_no_request(test);
}

/* A ring full of commands that timed out refuses the next one. */
static void msg_full(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	struct iosm_shm_block *block = ctx->fake->shm.block;

	/* 127 time-outs would take a minute: set their result directly. */
	ctx->msg.head = IOSM_MSG_ENTRIES - 1;
	block->msg_head = cpu_to_le32(IOSM_MSG_ENTRIES - 1);
	memset(&block->ring[IOSM_MSG_ENTRIES - 1], 0x5a, sizeof(block->ring[0]));

	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -EBUSY);
	KUNIT_EXPECT_EQ(test, msg_device_head(ctx), IOSM_MSG_ENTRIES - 1);
	KUNIT_EXPECT_EQ(test, block->ring[IOSM_MSG_ENTRIES - 1].type, 0x5a);
	iosm_fake_expect_bells(test, ctx->fake);

	/* All completed at once: the tail moves over the whole ring. */
	msg_answer_and_interrupt(ctx);
	KUNIT_EXPECT_EQ(test, ctx->polled, 0);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), 0);
	KUNIT_EXPECT_EQ(test, msg_device_head(ctx), 0);
}

static void msg_not_up(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	iosm_msg_stop(&ctx->msg);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ENODEV);
	KUNIT_EXPECT_EQ(test, msg_device_head(ctx), 0);
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	msg_device_tail(ctx, 77);
	KUNIT_EXPECT_FALSE(test, iosm_msg_pending(&ctx->msg));
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), 0);
	iosm_fake_expect_bells(test, ctx->fake);
}

static void msg_stop_the_ring(struct msg_ctx *ctx)
{
	iosm_msg_stop(&ctx->msg);
}

static void msg_stop_ends_the_wait(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	unsigned long start = jiffies;

	msg_in_a_moment(ctx, msg_stop_the_ring);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ENODEV);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			IOSM_MSG_TIMEOUT_MS - 50);
	msg_expect_no_request(test);
}

/* After a restart the ring begins at 0. */
static void msg_start_again(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), 0);
	msg_device_tail(ctx, 99);
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), -EIO);
	iosm_msg_stop(&ctx->msg);

	iosm_msg_start(&ctx->msg);
	ctx->device_tail = 0;
	KUNIT_EXPECT_EQ(test, msg_device_head(ctx), 0);
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 2), 0);
	KUNIT_EXPECT_EQ(test, ctx->fake->shm.block->ring[0].arg2, 2);
}

/* Invalid tails while entries 1 and 2 are outstanding. */
struct msg_fault {
	const char *what;
	u32 tail;
};

static const struct msg_fault msg_faults[] = {
	{ "one past the head", 4 },
	{ "far past the head", IOSM_MSG_ENTRIES - 1 },
	{ "back by one", 0 },
	{ "ring size", IOSM_MSG_ENTRIES },
	{ "ring size and a bit", IOSM_MSG_ENTRIES + 2 },
	{ "sign bit", 0x80000002 },
	{ "all ones", U32_MAX },
};

KUNIT_ARRAY_PARAM_DESC(msg_fault, msg_faults, what);

static void msg_tail_invalid(struct kunit *test)
{
	const struct msg_fault *fault = test->param_value;
	struct msg_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), 0);
	ctx->silent = true;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 2), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 3), -ETIMEDOUT);

	msg_device_tail(ctx, fault->tail);
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->msg.tail, 1);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.bad_status, 1);

	/* Reported once; then no tail is accepted, and no command is sent. */
	msg_device_tail(ctx, 3);
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), 0);
	KUNIT_EXPECT_EQ(test, ctx->msg.tail, 1);
	KUNIT_EXPECT_FALSE(test, iosm_msg_pending(&ctx->msg));
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	ctx->fake->n_bells = 0;
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), -EIO);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, msg_device_head(ctx), 3);
}

/* The same without an interrupt: the waiting task finds the invalid tail. */
static void msg_tail_invalid_found_by_sender(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;

	ctx->silent = true;
	msg_device_tail(ctx, 99);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.bad_status, 1);
	KUNIT_EXPECT_EQ(test, ctx->msg.stats.timeouts, 0);
	msg_expect_no_request(test);
	/* A valid tail does not repair the ring. */
	msg_device_tail(ctx, 1);
	KUNIT_EXPECT_EQ(test, iosm_msg_poll(&ctx->msg), 0);
	KUNIT_EXPECT_EQ(test, ctx->msg.tail, 0);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), -EIO);
}

/* The driver never reads head and entries back from shared memory. */
static void msg_device_scribbles(struct kunit *test)
{
	struct msg_ctx *ctx = test->priv;
	struct iosm_shm_block *block = ctx->fake->shm.block;

	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 1), 0);
	block->msg_head = cpu_to_le32(100);
	memset(block->ring, 0xff, sizeof(block->ring));
	ctx->device_tail = 1;
	KUNIT_EXPECT_FALSE(test, iosm_msg_busy(&ctx->msg));
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&ctx->msg, 2), 0);
	KUNIT_EXPECT_EQ(test, ctx->seen_head, 2);
	KUNIT_EXPECT_EQ(test, block->ring[1].arg2, 2);
}

static struct kunit_case msg_cases[] = {
	KUNIT_CASE(msg_layout),
	KUNIT_CASE(msg_posted_as_pending),
	KUNIT_CASE(msg_success),
	KUNIT_CASE(msg_waits_for_the_interrupt),
	KUNIT_CASE(msg_lost_interrupt),
	KUNIT_CASE(msg_refused),
	KUNIT_CASE(msg_undefined_status),
	KUNIT_CASE(msg_status_without_tail),
	KUNIT_CASE(msg_late_completion),
	KUNIT_CASE(msg_late_completion_with_the_next),
	KUNIT_CASE(msg_old_answer_is_not_ours),
	KUNIT_CASE(msg_goes_round),
	KUNIT_CASE(msg_full),
	KUNIT_CASE(msg_not_up),
	KUNIT_CASE(msg_stop_ends_the_wait),
	KUNIT_CASE(msg_start_again),
	KUNIT_CASE_PARAM(msg_tail_invalid, msg_fault_gen_params),
	KUNIT_CASE_SLOW(msg_tail_invalid_found_by_sender),
	KUNIT_CASE(msg_device_scribbles),
	{}
};

static struct kunit_suite msg_suite = {
	.name = "iosm_msg",
	.init = msg_test_init,
	.exit = msg_test_exit,
	.test_cases = msg_cases,
};

kunit_test_suite(msg_suite);
