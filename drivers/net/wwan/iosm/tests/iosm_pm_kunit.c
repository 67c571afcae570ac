// SPDX-License-Identifier: GPL-2.0-only
/* The device-sleep handshake: which doorbells are rung, when, and how often. */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>

#include "iosm_fake.h"
#include "../iosm_pm.h"

struct pm_ctx {
	struct iosm_fake *fake;
	struct iosm_pm pm;
	bool busy;
	unsigned int rung;
};

static bool pm_busy(void *priv)
{
	struct pm_ctx *ctx = priv;

	return ctx->busy;
}

static void pm_rung(void *priv)
{
	struct pm_ctx *ctx = priv;

	ctx->rung++;
}

static const struct iosm_pm_ops pm_ops = {
	.busy = pm_busy,
	.rung = pm_rung,
};

static int pm_test_init(struct kunit *test)
{
	struct pm_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->fake = iosm_fake_new(test);
	iosm_pm_init(&ctx->pm, ctx->fake->dev, &ctx->fake->mmio,
		     &ctx->fake->shm, &pm_ops, ctx);
	test->priv = ctx;

	return 0;
}

/* The device writes its sleep request and raises the interrupt. */
static void pm_request(struct pm_ctx *ctx, u32 request)
{
	WRITE_ONCE(ctx->fake->shm.block->info.sleep_request, cpu_to_le32(request));
	iosm_pm_irq(&ctx->pm);
}

static void pm_fall_asleep(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	KUNIT_ASSERT_EQ(test, ctx->pm.state, IOSM_PM_ASLEEP);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_SLEEP));
}

static void pm_off_drops_rings(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_pm_start(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);
}

static void pm_active_rings_at_once(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_DL_REFILL);
	/* An interrupt without a request for sleep changes nothing. */
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(HPDA, IOSM_HPDA_UL),
			       IOSM_BELL(HPDA, IOSM_HPDA_DL_REFILL));
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.doorbells, 2);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.deferred, 0);
}

static void pm_sleep_is_answered_once(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	/* More interrupts while the request is pending. */
	iosm_pm_irq(&ctx->pm);
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.sleeps, 1);
}

/* The device is kept awake until it has consumed everything. */
static void pm_sleep_waits_for_work(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	ctx->busy = true;
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);

	/* Not asleep yet: doorbell 0 is still allowed. */
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_UL));

	ctx->busy = false;
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_SLEEP));
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.sleeps, 1);
}

/* A request that is withdrawn while the host is busy gets no response. */
static void pm_sleep_request_withdrawn(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	ctx->busy = true;
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	ctx->busy = false;
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);
}

/* Many rings cause one wake-up, and one doorbell 0 after it. */
static void pm_ring_wakes_the_device(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_MSG);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));
	KUNIT_EXPECT_EQ(test, ctx->rung, 1);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_WAKING);

	/* An interrupt for something else: the request still says sleep. */
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);

	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE),
			       IOSM_BELL(HPDA, IOSM_HPDA_UL));
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);

	/* The deferred doorbell is rung once. */
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);

	/* One for the wake-up, one for the doorbell. */
	KUNIT_EXPECT_EQ(test, ctx->rung, 2);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.deferred, 3);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.host_wakes, 1);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.device_wakes, 0);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.doorbells, 1);
}

static void pm_device_wakes_itself(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE));
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.device_wakes, 1);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.host_wakes, 0);
	KUNIT_EXPECT_EQ(test, ctx->rung, 0);
}

static void pm_sleeps_again_and_again(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;
	int i;

	for (i = 0; i < 5; i++) {
		pm_fall_asleep(test);
		iosm_pm_ring(&ctx->pm, IOSM_HPDA_MSG);
		pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
		iosm_fake_expect_bells(test, ctx->fake,
				       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP),
				       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE),
				       IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	}
}

/* An undefined value is counted and gets no response. */
static void pm_undefined_requests(struct kunit *test)
{
	static const u32 bad[] = { 2, 0x100, 0x80000001, U32_MAX };
	struct pm_ctx *ctx = test->priv;
	unsigned int i;

	iosm_pm_start(&ctx->pm);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		pm_request(ctx, bad[i]);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);
	iosm_fake_expect_bells(test, ctx->fake);

	pm_fall_asleep(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		pm_request(ctx, bad[i]);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ASLEEP);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.stats.bad_requests, 2 * ARRAY_SIZE(bad));
}

/* A deferred doorbell is dropped with its link. */
static void pm_stop_drops_deferred_ring(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_stop(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));

	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_start(&ctx->pm);
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
}

/* System suspend in D0: FORCE_SLEEP, no access, FORCE_ACTIVE, deferred doorbell. */
static void pm_forced_suspend(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	iosm_pm_suspend(&ctx->pm);
	iosm_pm_force_sleep(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_SLEEP));

	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_MSG);
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_fake_expect_bells(test, ctx->fake);

	iosm_pm_resume(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_QUIESCED);
	iosm_pm_release(&ctx->pm);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);
	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_UL));
}

/* A sleep request from before FORCE_ACTIVE is void. */
static void pm_forced_suspend_of_sleeper(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	iosm_pm_suspend(&ctx->pm);
	iosm_pm_force_sleep(&ctx->pm);
	iosm_pm_resume(&ctx->pm);
	iosm_pm_release(&ctx->pm);
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_SLEEP),
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_ACTIVE));
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ACTIVE);

	/* The device may request sleep again. */
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_SLEEP));
}

/* System suspend in D3: announced by a message, without doorbell 2. */
static void pm_suspend_by_message(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	iosm_pm_suspend(&ctx->pm);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_DL_REFILL);
	iosm_pm_resume(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);

	/* The message that ends the sleep first, then the deferred doorbell. */
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_MSG);
	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_DL_REFILL));

	/* A resume without a suspend does nothing. */
	iosm_pm_resume(&ctx->pm);
	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
}

/* No sleep is granted while a doorbell is deferred. */
static void pm_no_sleep_over_held_ring(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	iosm_pm_suspend(&ctx->pm);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_DL_REFILL);
	iosm_pm_resume(&ctx->pm);
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	iosm_fake_expect_bells(test, ctx->fake);
	iosm_pm_release(&ctx->pm);
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(HPDA, IOSM_HPDA_DL_REFILL),
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_SLEEP));
}

/*
 * After its consent to a suspend the device must not be accessed, whatever it requests.
 * The request gets its response if the suspend is cancelled.
 */
static void pm_no_sleep_while_quiesced(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	KUNIT_ASSERT_EQ(test, iosm_pm_quiesce(&ctx->pm, 10), 0);
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	iosm_fake_expect_bells(test, ctx->fake);
	iosm_pm_suspend(&ctx->pm);
	iosm_pm_resume(&ctx->pm);
	/* Nor before the message that ends the sleep. */
	iosm_pm_irq(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);

	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_SLEEP));
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_ASLEEP);
}

/* A device that does not wake up is not quiesced; a late wake-up is acknowledged. */
static void pm_quiesce_of_sleeper(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	KUNIT_EXPECT_EQ(test, iosm_pm_quiesce(&ctx->pm, 10), -ETIMEDOUT);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE));
	KUNIT_EXPECT_EQ(test, iosm_pm_quiesce(&ctx->pm, 10), 0);
	KUNIT_EXPECT_FALSE(test, iosm_pm_may_read(&ctx->pm));
	KUNIT_EXPECT_TRUE(test, iosm_pm_is_up(&ctx->pm));
}

/* A release does not ring a sleeping device. */
static void pm_release_while_asleep(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	pm_fall_asleep(test);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));
}

static void pm_no_suspend_without_link(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_suspend(&ctx->pm);
	iosm_pm_force_sleep(&ctx->pm);
	iosm_pm_resume(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake);
	KUNIT_EXPECT_EQ(test, ctx->pm.state, IOSM_PM_OFF);
	KUNIT_EXPECT_EQ(test, iosm_pm_wake(&ctx->pm, 1000), -ENODEV);
}

static void pm_wake_of_an_active_device(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	KUNIT_EXPECT_EQ(test, iosm_pm_wake(&ctx->pm, 1000), 0);
	iosm_fake_expect_bells(test, ctx->fake);
}

static void pm_wake_times_out(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;
	unsigned long start = jiffies;

	pm_fall_asleep(test);
	KUNIT_EXPECT_EQ(test, iosm_pm_wake(&ctx->pm, 50), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start), 40);
	/* A second call waits again, but does not ring again. */
	KUNIT_EXPECT_EQ(test, iosm_pm_wake(&ctx->pm, 10), -ETIMEDOUT);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));

	/* A late wake-up is accepted. */
	pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	KUNIT_EXPECT_EQ(test, iosm_pm_wake(&ctx->pm, 10), 0);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE));
}

/* The device, on a thread of its own, which counts as part of the test. */
struct pm_device {
	struct kunit *test;
	bool dies;
};

static int pm_device_thread(void *data)
{
	struct pm_device *device = data;
	struct pm_ctx *ctx = device->test->priv;

	current->kunit_test = device->test;
	while (!kthread_should_stop() &&
	       READ_ONCE(ctx->pm.state) != IOSM_PM_WAKING)
		msleep(20);
	if (device->dies)
		iosm_pm_stop(&ctx->pm);
	else
		pm_request(ctx, IOSM_SLEEP_REQ_ACTIVE);
	current->kunit_test = NULL;
	while (!kthread_should_stop())
		msleep(20);

	return 0;
}

static int pm_wake_by_thread(struct kunit *test, bool dies)
{
	struct pm_device device = { .test = test, .dies = dies };
	struct pm_ctx *ctx = test->priv;
	unsigned long start = jiffies;
	struct task_struct *thread;
	int err;

	pm_fall_asleep(test);
	thread = kthread_run(pm_device_thread, &device, "iosm-fake");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	err = iosm_pm_wake(&ctx->pm, 10000);
	kthread_stop(thread);
	/* Woken by the event, not by the time-out. */
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 5000);

	return err;
}

static void pm_wake_is_answered(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, pm_wake_by_thread(test, false), 0);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP),
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_ACTIVE));
}

static void pm_wake_ends_with_the_link(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, pm_wake_by_thread(test, true), -ENODEV);
	iosm_fake_expect_bells(test, ctx->fake,
			       IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_WAKEUP));
}

/* While a suspend waits for consent, only its message is rung. */
static void pm_quiesce(struct kunit *test)
{
	struct pm_ctx *ctx = test->priv;

	iosm_pm_start(&ctx->pm);
	KUNIT_ASSERT_EQ(test, iosm_pm_quiesce(&ctx->pm, 10), 0);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_fake_expect_bells(test, ctx->fake);
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_MSG);
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	/* With a doorbell deferred, no sleep is granted. */
	pm_request(ctx, IOSM_SLEEP_REQ_SLEEP);
	iosm_fake_expect_bells(test, ctx->fake);

	/* The device refused: the deferred doorbell is rung. */
	ctx->busy = true;
	iosm_pm_release(&ctx->pm);
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_UL));
	iosm_pm_ring(&ctx->pm, IOSM_HPDA_UL);
	iosm_fake_expect_bells(test, ctx->fake, IOSM_BELL(HPDA, IOSM_HPDA_UL));
}

static struct kunit_case pm_cases[] = {
	KUNIT_CASE(pm_off_drops_rings),
	KUNIT_CASE(pm_active_rings_at_once),
	KUNIT_CASE(pm_sleep_is_answered_once),
	KUNIT_CASE(pm_sleep_waits_for_work),
	KUNIT_CASE(pm_sleep_request_withdrawn),
	KUNIT_CASE(pm_ring_wakes_the_device),
	KUNIT_CASE(pm_device_wakes_itself),
	KUNIT_CASE(pm_sleeps_again_and_again),
	KUNIT_CASE(pm_undefined_requests),
	KUNIT_CASE(pm_stop_drops_deferred_ring),
	KUNIT_CASE(pm_forced_suspend),
	KUNIT_CASE(pm_forced_suspend_of_sleeper),
	KUNIT_CASE(pm_suspend_by_message),
	KUNIT_CASE(pm_no_sleep_over_held_ring),
	KUNIT_CASE(pm_no_sleep_while_quiesced),
	KUNIT_CASE(pm_quiesce_of_sleeper),
	KUNIT_CASE(pm_release_while_asleep),
	KUNIT_CASE(pm_no_suspend_without_link),
	KUNIT_CASE(pm_wake_of_an_active_device),
	KUNIT_CASE(pm_wake_times_out),
	KUNIT_CASE(pm_wake_is_answered),
	KUNIT_CASE(pm_wake_ends_with_the_link),
	KUNIT_CASE(pm_quiesce),
	{}
};

static struct kunit_suite pm_suite = {
	.name = "iosm_pm",
	.init = pm_test_init,
	.test_cases = pm_cases,
};

kunit_test_suite(pm_suite);
