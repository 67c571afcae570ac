// SPDX-License-Identifier: GPL-2.0-only
/* A whole device: boot, errors of every kind, system sleep, reset. */

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <kunit/test-bug.h>

#include "iosm_fake_core.h"

struct core_ctx {
	struct fake_core *fc;
	unsigned int started;
	unsigned int stopped;
	unsigned int suspended;
	unsigned int resumed;
	bool failed_at_stop;
	bool master_at_stop;
	/* Called when the client is started. */
	void (*at_start)(struct core_ctx *ctx);
	void (*at_stop)(struct core_ctx *ctx);
	int close_err;
	int start_err;
	/* Number of notifications to devlink. */
	unsigned int health;
	/* Accesses to the device, where a test counts them. */
	unsigned int messages;
	struct kunit *test;
	/* Called on another task, see core_elsewhere(). */
	struct work_struct elsewhere;
	void (*at_elsewhere)(struct core_ctx *ctx);
	struct completion elsewhere_done;
	unsigned long in_time;
};

static struct core_ctx *core_ctx_of(struct iosm_core *core)
{
	return container_of(core, struct fake_core, core)->priv;
}

static int core_client_start(struct iosm_core *core, void **priv)
{
	struct core_ctx *ctx = core_ctx_of(core);

	*priv = ctx;
	ctx->started++;
	if (ctx->at_start)
		ctx->at_start(ctx);

	return ctx->start_err;
}

static void core_client_stop(struct iosm_core *core, void *priv)
{
	struct core_ctx *ctx = priv;

	ctx->stopped++;
	ctx->failed_at_stop = iosm_core_has_failed(core);
	ctx->master_at_stop = container_of(core, struct fake_core, core)->master;
	if (ctx->at_stop)
		ctx->at_stop(ctx);
}

static void core_close_pipe_at_stop(struct core_ctx *ctx)
{
	ctx->close_err = iosm_msg_close_pipe(&ctx->fc->core.msg, 0);
}

static void core_client_suspend(void *priv)
{
	struct core_ctx *ctx = priv;

	ctx->suspended++;
}

static void core_client_resume(void *priv)
{
	struct core_ctx *ctx = priv;

	ctx->resumed++;
}

static const struct iosm_client core_client = {
	.name = "test",
	.start = core_client_start,
	.stop = core_client_stop,
	.suspend = core_client_suspend,
	.resume = core_client_resume,
};

static void core_health(void *priv)
{
	struct core_ctx *ctx = priv;

	ctx->health++;
}

static void core_elsewhere_work(struct work_struct *work)
{
	struct core_ctx *ctx = container_of(work, struct core_ctx, elsewhere);

	ctx->at_elsewhere(ctx);
	complete(&ctx->elsewhere_done);
}

/* Run @at_elsewhere on another task; @in_time is false if that had to wait for a lock. */
static void core_elsewhere(struct core_ctx *ctx)
{
	schedule_work(&ctx->elsewhere);
	ctx->in_time = wait_for_completion_timeout(&ctx->elsewhere_done, HZ);
}

static int core_test_init(struct kunit *test)
{
	struct core_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->test = test;
	INIT_WORK(&ctx->elsewhere, core_elsewhere_work);
	init_completion(&ctx->elsewhere_done);
	ctx->fc = fake_core_new(test, &core_client);
	ctx->fc->priv = ctx;
	iosm_state_set_notify(&ctx->fc->core, core_health, ctx);

	return 0;
}

/* What holds for every device that has failed. */
static void core_expect_down(struct kunit *test, enum iosm_error_kind kind, const char *reason)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	KUNIT_EXPECT_EQ(test, fc->core.error.kind, kind);
	KUNIT_EXPECT_STREQ(test, fc->core.error.reason, reason);
	KUNIT_EXPECT_TRUE(test, iosm_core_has_failed(&fc->core));
	KUNIT_EXPECT_FALSE(test, iosm_pm_is_up(&fc->core.pm));
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_FALSE(test, fc->queued);
	KUNIT_EXPECT_EQ(test, ctx->started, ctx->stopped);
	/* Later requests fail at once. */
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&fc->core.msg, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, iosm_core_await(&fc->core, 1000), -ENODEV);
}

/* ---- Boot ---- */

static void core_boot(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	u64 context;

	fake_core_start(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "MDM_READY"));
	iosm_fake_expect_bells(test, fc->fake,
			       IOSM_BELL(IPC, IOSM_IPC_INIT),
			       IOSM_BELL(IPC, IOSM_IPC_RUNNING),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	KUNIT_EXPECT_EQ(test, fc->n_messages, 2);
	KUNIT_EXPECT_EQ(test, fc->messages[0], IOSM_MSG_SLEEP);
	KUNIT_EXPECT_EQ(test, fc->messages[1], IOSM_MSG_FEATURE_SET);
	context = fc->pad[IOSM_PAD_CONTEXT / 4] |
		  (u64)fc->pad[IOSM_PAD_CONTEXT / 4 + 1] << 32;
	KUNIT_EXPECT_EQ(test, context, fc->core.shm.dma);
	KUNIT_EXPECT_EQ(test, ctx->started, 1);
	KUNIT_EXPECT_EQ(test, ctx->health, 1);
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 0);
	KUNIT_EXPECT_EQ(test, iosm_core_await(&fc->core, 1000), 0);

	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_OFFLINE);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	KUNIT_EXPECT_FALSE(test, ctx->failed_at_stop);
	KUNIT_EXPECT_FALSE(test, fc->master);
	iosm_fake_expect_bells(test, fc->fake, IOSM_BELL(IPC, IOSM_IPC_UNINIT));
}

/* An earlier driver has left the link up. */
static void core_boot_of_running(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_RUNNING;
	fake_core_start(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	iosm_fake_expect_bells(test, fc->fake,
			       IOSM_BELL(IPC, IOSM_IPC_UNINIT),
			       IOSM_BELL(IPC, IOSM_IPC_INIT),
			       IOSM_BELL(IPC, IOSM_IPC_RUNNING),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	/* The device may know addresses of memory that was freed. */
	KUNIT_EXPECT_FALSE(test, fc->early_dma);
}

static void core_boot_of_gone(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->gone = true;
	fake_core_start(fc);
	core_expect_down(test, IOSM_ERROR_GONE, "registers read all ones");
	iosm_fake_expect_bells(test, fc->fake);
}

static void core_boot_of_crashed(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_CD_READY;
	fake_core_start(fc);
	core_expect_down(test, IOSM_ERROR_CRASHED, "found crashed at start");
	KUNIT_EXPECT_STREQ(test, fc->events[0], "CD_READY_LINK_DOWN");
}

static void core_boot_of_other_chip(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->pad[IOSM_PAD_CHIP_INFO / 4] = 0x3b01;
	fake_core_start(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "unsupported chip");
	iosm_fake_expect_bells(test, fc->fake);
}

/* The worker looks at a modem in its boot ROM once a second, and does not wait. */
static void core_boot_rom(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_BOOT;
	fake_core_start(fc);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "ROM_READY"));
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fc->core.lock));
		KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	}
	/* Neither the event nor a doorbell is repeated. */
	KUNIT_EXPECT_EQ(test, fc->n_events, 0);
	iosm_fake_expect_bells(test, fc->fake);

	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 0);
}

/* An invalid stage is read every 20 ms, and after a second once a second. */
static void core_boot_not_ready(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i, ms = 0;

	fc->pad[IOSM_PAD_STAGE / 4] = 0;
	fake_core_start(fc);
	for (i = 0; i < 100 && !fc->n_events; i++) {
		KUNIT_ASSERT_EQ(test, fc->rearm_ms, 20);
		ms += fake_core_run_later(fc);
	}
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "MDM_NOT_READY"));
	KUNIT_EXPECT_EQ(test, ms, 980);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 20);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	KUNIT_EXPECT_EQ(test, fc->n_events, 0);
	KUNIT_EXPECT_EQ(test, ctx->started, 0);
}

/* A pause ends the polling of the stage; the next start begins it again. */
static void core_boot_rom_stopped(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_BOOT;
	fake_core_start(fc);
	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 0);
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
	fc->n_events = 0;
	fake_core_online(test, fc);
}

/* The worker polls the IPC state, and holds no lock in between. */
static void core_expect_time_out(struct kunit *test, unsigned int ms)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int waited = 0, step;

	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_LINK_INIT);
	while ((step = fake_core_run_later(fc))) {
		KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fc->core.lock));
		KUNIT_ASSERT_LE(test, step, 50);
		waited += step;
	}
	KUNIT_EXPECT_GE(test, waited, ms);
	KUNIT_EXPECT_LE(test, waited, ms + 50);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "MDM_TIMEOUT"));
}

static void core_boot_without_init(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->no_init = true;
	fake_core_start(fc);
	core_expect_time_out(test, 10000);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "no answer during the handshake");
}

/* A pause during the handshake: the next boot begins with the first step. */
static void core_boot_stopped_in_handshake(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->no_init = true;
	fake_core_start(fc);
	KUNIT_EXPECT_TRUE(test, fc->master);
	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_OFFLINE);
	fc->no_init = false;
	fake_core_online(test, fc);
}

static void core_boot_without_running(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->no_running = true;
	fake_core_start(fc);
	core_expect_time_out(test, 3000);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "no answer during the handshake");
}

static void core_boot_without_answer(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->msg_silent = BIT(IOSM_MSG_SLEEP);
	fake_core_start(fc);
	core_expect_time_out(test, IOSM_MSG_TIMEOUT_MS);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "no answer to the first messages");
	KUNIT_EXPECT_EQ(test, fc->core.msg.stats.timeouts, 1);
	KUNIT_EXPECT_EQ(test, fc->n_messages, 0);
}

/* The worker does not wait for the completion with core->lock held either. */
static void core_boot_with_late_answer(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->msg_silent = BIT(IOSM_MSG_FEATURE_SET & 15);
	fake_core_start(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_LINK_INIT);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fc->core.lock));

	fc->msg_silent = 0;
	fake_core_run_later(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_LINK_INIT);
	iosm_pm_ring(&fc->core.pm, IOSM_HPDA_MSG);
	fake_core_run_later(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, fc->n_messages, 2);
}

static void core_boot_with_message_refused(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->msg_status = IOSM_MSG_ERROR;
	fake_core_start(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "first messages refused");
	KUNIT_EXPECT_EQ(test, fc->n_messages, 1);
}

/* The type of a BAR comes from the device. */
static void core_bars_that_are_ports(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	struct core_ctx *ctx = test->priv;
	struct resource *bar;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	device_initialize(&pdev->dev);
	for (i = 0; i <= 2; i += 2) {
		bar = &pdev->resource[i];
		bar->start = 0x1000;
		bar->end = 0x1fff;
		bar->flags = IORESOURCE_IO;
	}
	KUNIT_EXPECT_EQ(test, iosm_mmio_map(&ctx->fc->core.mmio, pdev), -ENODEV);
	/* One wrong BAR is enough. */
	pdev->resource[0].flags = IORESOURCE_MEM;
	pdev->resource[2].flags = IORESOURCE_IO;
	KUNIT_EXPECT_EQ(test, iosm_mmio_map(&ctx->fc->core.mmio, pdev), -ENODEV);
}

static void core_fault_now(struct core_ctx *ctx)
{
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "while starting");
}

/* A client that detects a failure in its start is stopped like any other. */
static void core_fault_at_start(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;

	ctx->at_start = core_fault_now;
	iosm_core_start(&ctx->fc->core);
	fake_core_run(ctx->fc);
	KUNIT_EXPECT_EQ(test, ctx->started, 1);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "while starting");
	/* The device was never online: no MDM_READY. */
	KUNIT_EXPECT_EQ(test, ctx->fc->n_events, 0);
}

static void core_start_again(struct core_ctx *ctx)
{
	iosm_core_start(&ctx->fc->core);
}

/*
 * A PCI error without a pause: iosm_core_start() must not wait for a boot, which has no
 * time limit.
 */
static void core_start_while_booting(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;

	ctx->at_elsewhere = core_start_again;
	ctx->at_start = core_elsewhere;
	fake_core_online(test, ctx->fc);
	flush_work(&ctx->elsewhere);
	KUNIT_EXPECT_GT(test, ctx->in_time, 0);
	KUNIT_EXPECT_EQ(test, ctx->started, 1);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 0);
}

static void core_work_elsewhere(struct core_ctx *ctx)
{
	iosm_core_work(&ctx->fc->core.work.work);
}

/* The worker does not wait for the lock of a task that pauses the device. */
static void core_work_while_stopping(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;

	ctx->at_elsewhere = core_work_elsewhere;
	mutex_lock(&ctx->fc->core.lock);
	core_elsewhere(ctx);
	mutex_unlock(&ctx->fc->core.lock);
	flush_work(&ctx->elsewhere);
	KUNIT_EXPECT_GT(test, ctx->in_time, 0);
}

/* The first step of a suspend, which then waits for the worker. */
static void core_stop_now(struct core_ctx *ctx)
{
	WRITE_ONCE(ctx->fc->core.holds, IOSM_HOLD_SLEEP);
}

static void core_stop_at_message(struct fake_core *fc, const struct iosm_msg_entry *msg)
{
	if (msg->type == IOSM_MSG_FEATURE_SET)
		core_stop_now(fc->priv);
}

static void core_expect_up_after_sleep(struct kunit *test, unsigned int users)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_resume(&fc->core, false);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started - ctx->stopped, users);
	KUNIT_EXPECT_EQ(test, hweight_long(fc->core.clients_up), users);
}

/* System sleep begins when the link has just come up: all clients are started. */
static void core_sleep_in_boot(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->on_message = core_stop_at_message;
	fake_core_start(fc);
	fc->on_message = NULL;
	core_expect_up_after_sleep(test, 1);
}

/* System sleep begins between the start of two clients. */
static void core_sleep_in_start(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fc->core.clients[fc->core.n_clients++] = &core_client;
	ctx->at_start = core_stop_now;
	fake_core_start(fc);
	ctx->at_start = NULL;
	core_expect_up_after_sleep(test, 2);
}

/* The device goes online without a client that fails to start. */
static void core_client_fails(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;

	ctx->start_err = -ENOMEM;
	fake_core_online(test, ctx->fc);
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "test");
	fake_core_run(ctx->fc);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 0);
}

/* ---- Faults ---- */

static void core_first_fault_counts(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	ctx->health = 0;
	fc->cuts = 0;
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "the first");
	KUNIT_EXPECT_FALSE(test, fc->late_cut);
	/* Bus mastering is off before the worker has run. */
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_TRUE(test, iosm_core_has_failed(&fc->core));
	KUNIT_EXPECT_EQ(test, fc->core.pm.state, IOSM_PM_OFF);
	KUNIT_EXPECT_EQ(test, iosm_msg_close_pipe(&fc->core.msg, 0), -ENODEV);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "the second");
	fake_core_stage(fc, IOSM_STAGE_CRASH);
	fake_core_irq(fc);
	KUNIT_EXPECT_EQ(test, ctx->health, 1);
	fake_core_run(fc);
	KUNIT_EXPECT_TRUE(test, ctx->failed_at_stop);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "the first");
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 1);
	KUNIT_EXPECT_GT(test, fc->core.error.time, 0);
	/* No doorbell is rung after a failure. */
	iosm_fake_expect_bells(test, fc->fake);
}

/* Another context was first, and the PCI core has restored bus mastering since then. */
static void core_second_fault_cuts(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_EXPECT_TRUE(test, iosm_state_set_failed(&fc->core, IOSM_ERROR_GONE, "the first"));
	KUNIT_EXPECT_FALSE(test, fc->master);
	fc->master = true;
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "the second");
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 1);
	KUNIT_EXPECT_EQ(test, fc->core.error.kind, IOSM_ERROR_GONE);
}

/* The PCI core restores the command register, and bus mastering with it. */
static void core_failed_remains_cut(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");
	fc->master = true;
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	KUNIT_EXPECT_FALSE(test, ctx->master_at_stop);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "test");
}

static void core_crash(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	WRITE_ONCE(fc->core.shm.block->info.stage, cpu_to_le32(IOSM_STAGE_CRASH));
	fake_core_irq(fc);
	/* The dump is ready at the first look. */
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_CD_READY;
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_CRASHED, "firmware crash reported by device");
	KUNIT_EXPECT_EQ(test, fc->n_events, 2);
	KUNIT_EXPECT_STREQ(test, fc->events[0], "CRASH");
	KUNIT_EXPECT_STREQ(test, fc->events[1], "CD_READY");

	/* A system sleep does not repeat the event. */
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_resume(&fc->core, false);
	KUNIT_EXPECT_TRUE(test, fc->queued);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, fc->n_events, 2);

	/* The next crash sends it again. */
	fake_core_reset(test, fc);
	fake_core_stage(fc, IOSM_STAGE_CD_READY);
	fake_core_irq(fc);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, fc->n_events, 2);
}

/* The worker looks for a core dump once a second, for five minutes. */
static void core_crash_dump(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	fake_core_stage(fc, IOSM_STAGE_CRASH);
	fake_core_irq(fc);
	fake_core_run(fc);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "CRASH"));
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fc->core.lock));
		KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	}
	fake_core_stage(fc, IOSM_STAGE_CD_READY);
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 1000);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "CD_READY"));
	KUNIT_EXPECT_EQ(test, fake_core_run_later(fc), 0);

	fake_core_reset(test, fc);
	fake_core_stage(fc, IOSM_STAGE_CRASH);
	fake_core_irq(fc);
	fake_core_run(fc);
	for (i = 0; i < 400 && fake_core_run_later(fc); i++)
		;
	KUNIT_EXPECT_EQ(test, i, 299);
}

/*
 * The interrupt of a real device may interrupt a test. Its accesses must not be
 * redirected to the device of the test.
 */
static void core_real_device_beside_test(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_core *core = &fc->core;

	fake_core_online(test, fc);
	fc->rung = 0;
	/* This device has registers. */
	core->mmio.pad = (void __iomem *)0x1000;
	iosm_watchdog_arm(core);
	KUNIT_EXPECT_TRUE(test, cancel_delayed_work_sync(&core->watch));
	iosm_core_rearm(core, 100000);
	KUNIT_EXPECT_TRUE(test, cancel_delayed_work_sync(&core->work));
	core->mmio.pad = NULL;
	KUNIT_EXPECT_EQ(test, fc->rung, 0);
	KUNIT_EXPECT_EQ(test, fc->rearm_ms, 0);
}

/* A failed configuration read does not return the other bits. */
static void core_master_command(struct kunit *test)
{
	u16 command = 0;

	KUNIT_EXPECT_TRUE(test, iosm_state_command(0, 0x0406, false, &command));
	KUNIT_EXPECT_EQ(test, command, 0x0402);
	KUNIT_EXPECT_TRUE(test, iosm_state_command(0, 0x0402, true, &command));
	KUNIT_EXPECT_EQ(test, command, 0x0406);
	KUNIT_EXPECT_FALSE(test, iosm_state_command(0, 0x0406, true, &command));
	KUNIT_EXPECT_FALSE(test, iosm_state_command(0, 0xffff, false, &command));
	KUNIT_EXPECT_FALSE(test, iosm_state_command(-EIO, 0x0406, false, &command));
}

/* Invalid stages are counted; they are neither a crash nor a restart. */
static void core_stages_that_are_none(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_violations violations;
	unsigned int i;

	fake_core_online(test, fc);
	for (i = 0; i < 100; i++) {
		WRITE_ONCE(fc->core.shm.block->info.stage, cpu_to_le32(i));
		fake_core_irq(fc);
	}
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	iosm_core_get_violations(&fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.stage, 100);

	WRITE_ONCE(fc->core.shm.block->info.stage, cpu_to_le32(IOSM_STAGE_RUN));
	fake_core_irq(fc);
	iosm_core_get_violations(&fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.stage, 100);
}

static void core_message_tail(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_violations violations;

	fake_core_online(test, fc);
	WRITE_ONCE(fc->core.shm.block->msg_tail, cpu_to_le32(0xffffffff));
	fake_core_irq(fc);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "invalid message tail");
	iosm_core_get_violations(&fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.message, 1);
}

static void core_sleep_requests_that_are_none(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_violations violations;

	fake_core_online(test, fc);
	WRITE_ONCE(fc->core.shm.block->info.sleep_request, cpu_to_le32(0xffffffff));
	fake_core_irq(fc);
	fake_core_irq(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, fc->core.pm.state, IOSM_PM_ACTIVE);
	iosm_core_get_violations(&fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.sleep, 2);
}

/* The device does not wake up when requested; a TD is outstanding. */
static void core_wake_pending(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	WRITE_ONCE(fc->core.shm.block->info.sleep_request, cpu_to_le32(IOSM_SLEEP_REQ_SLEEP));
	fake_core_irq(fc);
	KUNIT_ASSERT_EQ(test, fc->core.pm.state, IOSM_PM_ASLEEP);
	iosm_pm_ring(&fc->core.pm, IOSM_HPDA_UL);
	KUNIT_ASSERT_EQ(test, fc->core.pm.state, IOSM_PM_WAKING);
}

/* With nothing outstanding the watchdog reads no register, and is not armed. */
static void core_watch_reads_memory_first(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->reads = 0;
	fc->rung = 0;
	iosm_watchdog_work(&fc->core.watch.work);
	KUNIT_EXPECT_EQ(test, fc->reads, 0);
	KUNIT_EXPECT_EQ(test, fc->rung, 0);

	core_wake_pending(test);
	fc->rung = 0;
	iosm_watchdog_work(&fc->core.watch.work);
	KUNIT_EXPECT_EQ(test, fc->reads, 1);
	KUNIT_EXPECT_EQ(test, fc->rung, 1);
}

/* The watchdog finds what a missed interrupt should have reported. */
static void core_watch_finds(struct kunit *test, enum iosm_error_kind kind, const char *reason)
{
	struct core_ctx *ctx = test->priv;

	iosm_watchdog_work(&ctx->fc->core.watch.work);
	fake_core_run(ctx->fc);
	core_expect_down(test, kind, reason);
}

/* Surprise removal with a request outstanding. */
static void core_watch_sees_gone(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	core_wake_pending(test);
	iosm_watchdog_work(&fc->core.watch.work);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	fc->gone = true;
	core_watch_finds(test, IOSM_ERROR_GONE, "registers read all ones");
}

/* Firmware that reboots silently completes no request. */
static void core_watch_sees_reboot(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	core_wake_pending(test);
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_BOOT;
	core_watch_finds(test, IOSM_ERROR_PROTOCOL, "left stage run");
}

/* A crash whose interrupt was missed. */
static void core_watch_sees_crash(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	core_wake_pending(test);
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_CD_READY;
	core_watch_finds(test, IOSM_ERROR_CRASHED, "found in the stage register");
}

/* How may the device be restarted, by kind of error? */
static void core_lost(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_EXPECT_FALSE(test, iosm_state_is_lost(&fc->core));
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");
	KUNIT_EXPECT_TRUE(test, iosm_state_is_lost(&fc->core));
	fake_core_run(fc);
	KUNIT_EXPECT_TRUE(test, iosm_state_is_lost(&fc->core));

	fake_core_reset(test, fc);
	KUNIT_EXPECT_FALSE(test, iosm_state_is_lost(&fc->core));
	core_wake_pending(test);
	fc->gone = true;
	iosm_watchdog_work(&fc->core.watch.work);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, fc->core.error.kind, IOSM_ERROR_GONE);
	KUNIT_EXPECT_FALSE(test, iosm_state_is_lost(&fc->core));
}

static void core_never_wakes(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	core_wake_pending(test);
	for (i = 0; i < 49; i++)
		iosm_watchdog_work(&fc->core.watch.work);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	iosm_watchdog_work(&fc->core.watch.work);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "device wake-up timed out");
}

/* The device wakes up each time, and is asleep again at each look. */
static void core_wakes_each_time(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	__le32 *request = &fc->core.shm.block->info.sleep_request;
	unsigned int i;

	fake_core_online(test, fc);
	for (i = 0; i < 60; i++) {
		WRITE_ONCE(*request, cpu_to_le32(IOSM_SLEEP_REQ_SLEEP));
		fake_core_irq(fc);
		iosm_pm_ring(&fc->core.pm, IOSM_HPDA_UL);
		KUNIT_ASSERT_EQ(test, fc->core.pm.state, IOSM_PM_WAKING);
		iosm_watchdog_work(&fc->core.watch.work);
		KUNIT_ASSERT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
		WRITE_ONCE(*request, cpu_to_le32(IOSM_SLEEP_REQ_ACTIVE));
		fake_core_irq(fc);
		KUNIT_ASSERT_EQ(test, fc->core.pm.state, IOSM_PM_ACTIVE);
	}
}

/* A storm of spurious interrupts: only a loss of bus mastering stops it. */
static void core_interrupt_storm(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	/* Spread over time they are tolerated. */
	for (i = 0; i < 3; i++) {
		fc->core.spurious = IOSM_SPURIOUS_LIMIT - 1;
		fc->core.spurious_since = jiffies - 2 * HZ;
		fake_core_irq(fc);
	}
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);

	/* The same after jiffies have wrapped. */
	fc->core.spurious = IOSM_SPURIOUS_LIMIT;
	fc->core.spurious_since = jiffies + 100 * HZ;
	fake_core_irq(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);

	for (i = 0; i <= IOSM_SPURIOUS_LIMIT; i++)
		iosm_irq_hard(fc->core.irq, &fc->core);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "interrupt storm");
}

/* After any failure, a reset brings the device online as the first start does. */
static void core_comes_back(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	for (i = 1; i < 5; i++) {
		if (i & 1)
			iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");
		else
			fc->gone = true;
		if (i & 2)
			fake_core_run(fc);
		iosm_core_pause(&fc->core);
		KUNIT_EXPECT_FALSE(test, fc->master);
		KUNIT_EXPECT_EQ(test, ctx->stopped, i);

		fake_core_reset(test, fc);
		KUNIT_EXPECT_EQ(test, ctx->started, i + 1);
		KUNIT_EXPECT_EQ(test, fc->core.error.count, i);
	}
}

/* ---- Channels ---- */

static const struct iosm_channel_ops core_channel_ops = {
};

static void core_channel(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, 3 * sizeof(*ch), GFP_KERNEL);
	struct iosm_buf buf = { .cookie = ctx, .dma = 0x1000, .len = 16 };

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(&ch[0], &fc->core, config, &core_channel_ops, ctx));
	KUNIT_EXPECT_EQ(test, fc->open, BIT(4) | BIT(5));
	iosm_pipe_push(&ch[0].dl, &buf);
	iosm_channel_start(&ch[0]);

	/* A second open is refused, and the first owner goes on. */
	KUNIT_EXPECT_EQ(test, -EBUSY,
			iosm_channel_open(&ch[1], &fc->core, config, &core_channel_ops, ctx));
	KUNIT_EXPECT_EQ(test, fc->open, BIT(4) | BIT(5));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(fc->core.shm.block->heads[5]), 1);

	/* The flash channel uses the pipes of IP data. */
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(&ch[1], &fc->core, iosm_channel_ip(true),
					  &core_channel_ops, ctx));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			iosm_channel_open(&ch[2], &fc->core,
					  iosm_channel_default(IOSM_CHANNEL_FLASH),
					  &core_channel_ops, ctx));
	iosm_channel_close(&ch[1]);
	iosm_channel_free(&ch[1]);

	iosm_channel_drain(&ch[0]);
	iosm_channel_close(&ch[0]);
	iosm_channel_free(&ch[0]);
	KUNIT_EXPECT_EQ(test, fc->open, 0);
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
}

/* A storm with one completion pending is still a storm: the IRQ thread does not run. */
static void core_storm_with_completion(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);
	struct iosm_buf buf = { .cookie = ctx, .dma = 0x1000, .len = 16 };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	iosm_pipe_push(&ch->ul, &buf);
	iosm_pipe_publish(&ch->ul);
	WRITE_ONCE(fc->core.shm.block->tails[4], cpu_to_le32(1));
	for (i = 0; i <= IOSM_SPURIOUS_LIMIT + 1; i++)
		iosm_irq_hard(fc->core.irq, &fc->core);
	KUNIT_EXPECT_EQ(test, fc->core.error.kind, IOSM_ERROR_PROTOCOL);
	KUNIT_EXPECT_STREQ(test, fc->core.error.reason, "interrupt storm");
	iosm_channel_close(ch);
	iosm_pipe_reclaim(&ch->ul, &buf);
	iosm_channel_free(ch);
}

/* The same with the completion of a message pending. */
static void core_storm_with_message(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	WRITE_ONCE(fc->core.shm.block->msg_tail, cpu_to_le32(5));
	for (i = 0; i <= IOSM_SPURIOUS_LIMIT + 1; i++)
		iosm_irq_hard(fc->core.irq, &fc->core);
	KUNIT_EXPECT_EQ(test, fc->core.error.kind, IOSM_ERROR_PROTOCOL);
	KUNIT_EXPECT_STREQ(test, fc->core.error.reason, "interrupt storm");
}

static void core_silent_for_dl(struct fake_core *fc, const struct iosm_msg_entry *msg)
{
	if (msg->type == IOSM_MSG_OPEN_PIPE && msg->arg2 == 4)
		fc->msg_silent = BIT(IOSM_MSG_OPEN_PIPE);
}

/* After a time-out of OPEN_PIPE, the device may use the ring: it loses its access. */
static void core_channel_without_answer(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	fc->on_message = core_silent_for_dl;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
	/* There was only one time-out. */
	KUNIT_EXPECT_EQ(test, fc->core.msg.stats.timeouts, 1);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "pipe does not open");
}

/* A time-out is no violation: the reporter may restart the modem. */
static void core_channel_close_times_out(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	fc->msg_silent = BIT(IOSM_MSG_CLOSE_PIPE);
	iosm_channel_close(ch);
	KUNIT_EXPECT_FALSE(test, fc->master);
	iosm_channel_free(ch);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_UNRESPONSIVE, "pipe does not close");
}

static void core_channel_refused(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	fc->msg_status = IOSM_MSG_ERROR;
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);

	/* An invalid status is a violation. */
	fc->msg_status = 0x55;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "pipe does not open");
}

/* A device that does not close a pipe loses its access before the ring is freed. */
static void core_channel_not_given_back(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);
	struct iosm_violations violations;

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	WRITE_ONCE(fc->core.shm.block->tails[5], cpu_to_le32(3));
	KUNIT_EXPECT_EQ(test, -EIO, iosm_pipe_poll(&ch->dl));
	fc->msg_status = IOSM_MSG_ERROR;
	iosm_channel_close(ch);
	KUNIT_EXPECT_FALSE(test, fc->master);
	iosm_channel_free(ch);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "pipe does not close");

	/* Violations remain counted after the channel was closed. */
	iosm_core_get_violations(&fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.ring, 1);
}

/* Closing does not wait for a device that has failed. */
static void core_channel_after_failure(struct kunit *test)
{
	const struct iosm_channel_config *config = iosm_channel_default(IOSM_CHANNEL_AT0);
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_channel *ch = kunit_kzalloc(test, sizeof(*ch), GFP_KERNEL);
	struct iosm_buf buf = { .cookie = ctx, .dma = 0x1000, .len = 16 };
	unsigned long before;

	KUNIT_ASSERT_NOT_NULL(test, ch);
	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, 0,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
	iosm_pipe_push(&ch->ul, &buf);
	iosm_pipe_publish(&ch->ul);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");

	before = jiffies;
	iosm_channel_drain(ch);
	/* The PCI core may have restored bus mastering, see iosm_core_offline(). */
	fc->master = true;
	iosm_channel_close(ch);
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(100));
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_TRUE(test, iosm_pipe_reclaim(&ch->ul, &buf));
	KUNIT_EXPECT_PTR_EQ(test, buf.cookie, (void *)ctx);
	iosm_channel_free(ch);

	KUNIT_EXPECT_EQ(test, -ENODEV,
			iosm_channel_open(ch, &fc->core, config, &core_channel_ops, ctx));
}

/* ---- System sleep ---- */

static void core_sleep_d0(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_fake_expect_bells(test, fc->fake, IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_SLEEP));
	/* A late run of the watchdog reads no register. */
	fc->gone = true;
	iosm_watchdog_work(&fc->core.watch.work);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_SUSPENDED);
	fc->gone = false;
	iosm_resume(&fc->core, false);
	fake_core_run(fc);
	iosm_fake_expect_bells(test, fc->fake, IOSM_BELL(SLEEP, IOSM_SLEEP_CTL_FORCE_ACTIVE));
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->suspended, 1);
	KUNIT_EXPECT_EQ(test, ctx->resumed, 1);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 0);
}

static void core_ring_at_sleep(struct fake_core *fc)
{
	/* Called with the lock of pm held: only look at the state. */
	KUNIT_EXPECT_EQ(kunit_get_current_test(), fc->core.pm.state, IOSM_PM_QUIESCED);
}

/* After the message, which may be completed at once, no other doorbell is rung. */
static void core_sleep_d3(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->on_bell = core_ring_at_sleep;
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), 0);
	fc->on_bell = NULL;
	iosm_pm_ring(&fc->core.pm, IOSM_HPDA_UL);
	iosm_fake_expect_bells(test, fc->fake, IOSM_BELL(HPDA, IOSM_HPDA_MSG));
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	iosm_fake_expect_bells(test, fc->fake,
			       IOSM_BELL(HPDA, IOSM_HPDA_MSG),
			       IOSM_BELL(HPDA, IOSM_HPDA_UL));
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
}

/* A device that refuses keeps the system awake, and remains online. */
static void core_sleep_refused(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->msg_status = IOSM_MSG_ERROR;
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), -EREMOTEIO);
	KUNIT_EXPECT_TRUE(test, iosm_pm_may_read(&fc->core.pm));
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->resumed, 1);
}

/*
 * After several refusals in a row the device is taken offline for the sleep, and booted
 * again after it.
 */
static void core_sleep_refused_always(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned int i;

	fake_core_online(test, fc);
	for (i = 0; i < 5; i++) {
		/* A consent resets the count. */
		fc->msg_status = i == 1 ? IOSM_MSG_SUCCESS : IOSM_MSG_ERROR;
		KUNIT_EXPECT_EQ_MSG(test, iosm_suspend(&fc->core, true),
				    i == 1 || i == 4 ? 0 : -EREMOTEIO, "%u", i);
		if (i == 1)
			iosm_resume(&fc->core, true);
		if (i < 4)
			fake_core_run(fc);
		KUNIT_EXPECT_EQ_MSG(test, ctx->stopped, i < 4 ? 0 : 1, "%u", i);
	}
	KUNIT_EXPECT_FALSE(test, fc->master);
	/* The link was ended before the device may lose its power. */
	KUNIT_EXPECT_EQ(test, fc->pad[IOSM_PAD_IPC_STATE / 4], IOSM_IPC_UNINIT);
	fc->msg_status = IOSM_MSG_SUCCESS;
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 2);
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 0);

	/* The count begins again after a boot. */
	fc->msg_status = IOSM_MSG_ERROR;
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), -EREMOTEIO);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
}

static void core_sleep_after_failure(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");
	/* The worker has not run yet. */
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), 0);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "test");
	iosm_fake_expect_bells(test, fc->fake);
}

/* A device that has failed does not keep the system awake. */
static void core_sleep_of_gone(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->gone = true;
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), 0);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_GONE, "registers read all ones");
}

/* A suspended device must not be accessed: a removal takes its access to memory away. */
static void core_removed_while_suspended(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned long begin = jiffies;
	unsigned int reads;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, true), 0);
	fc->fake->n_bells = 0;
	ctx->at_stop = core_close_pipe_at_stop;
	reads = fc->reads;
	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	KUNIT_EXPECT_EQ(test, ctx->close_err, -ENODEV);
	KUNIT_EXPECT_EQ(test, fc->fake->n_bells, 0);
	KUNIT_EXPECT_EQ(test, fc->reads, reads);
	KUNIT_EXPECT_FALSE(test, ctx->master_at_stop);
	KUNIT_EXPECT_FALSE(test, fc->master);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, begin + HZ / 2));
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_OFFLINE);
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 0);
}

/* After a loss of power the device is booted again. */
static void core_sleep_without_power(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, false), 0);
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_resume(&fc->core, false);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 2);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	/* A loss of power is not an error of the device. */
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 0);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "MDM_READY"));
}

/* A run of the watchdog while the device boots again and completes no message. */
static void core_watch_in_resume(struct core_ctx *ctx)
{
	struct fake_core *fc = ctx->fc;

	/* Stubs are found by the task of the test. */
	current->kunit_test = ctx->test;
	iosm_watchdog_work(&fc->core.watch.work);
	current->kunit_test = NULL;
	fc->msg_silent = 0;
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
}

static void core_bell_in_resume(struct fake_core *fc)
{
	struct core_ctx *ctx = fc->priv;

	fc->on_bell = NULL;
	schedule_work(&ctx->elsewhere);
}

/* The same in D3: the message is sent, and no register is read meanwhile. */
static void core_sleep_d3_without_power(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, true), 0);
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_BOOT;
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	fc->msg_silent = BIT(IOSM_MSG_SLEEP & 15);
	fc->on_bell = core_bell_in_resume;
	ctx->at_elsewhere = core_watch_in_resume;
	iosm_resume(&fc->core, true);
	flush_work(&ctx->elsewhere);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 2);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 0);
	KUNIT_EXPECT_TRUE(test, fake_core_sent_event(fc, "MDM_READY"));
}

static void core_fault_at_sleep_message(struct fake_core *fc,
					const struct iosm_msg_entry *msg)
{
	/* Called with the lock of pm held: only look at the state. */
	iosm_state_set_failed(&fc->core, IOSM_ERROR_PROTOCOL, "test");
}

/* A device that violates the protocol during resume is not restarted. */
static void core_resume_with_violation(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, true), 0);
	fc->on_message = core_fault_at_sleep_message;
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_resume(&fc->core, true);
	KUNIT_EXPECT_EQ(test, fc->core.error.kind, IOSM_ERROR_PROTOCOL);
	KUNIT_EXPECT_FALSE(test, fc->master);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "test");
}

static void core_tail_at_sleep_message(struct fake_core *fc,
				       const struct iosm_msg_entry *msg)
{
	if (msg->type == IOSM_MSG_SLEEP)
		fc->invalid_tail = true;
}

/* An invalid message tail that the waiting task finds is a failure. */
static void core_sleep_message_tail(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->on_message = core_tail_at_sleep_message;
	/* The device has failed: the system may sleep. */
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, true), 0);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "invalid message tail");
}

/* The tail is valid again when the suspend is cancelled. */
static void core_tail_at_first_message(struct fake_core *fc,
				       const struct iosm_msg_entry *msg)
{
	struct core_ctx *ctx = fc->priv;

	fc->invalid_tail = !ctx->messages++;
}

static void core_sleep_message_tail_once(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	fc->on_message = core_tail_at_first_message;
	iosm_suspend(&fc->core, true);
	iosm_resume(&fc->core, true);
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "invalid message tail");
}

/* The same in resume: a violation is not taken for a loss of power. */
static void core_resume_message_tail(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, true), 0);
	fc->on_message = core_tail_at_sleep_message;
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_resume(&fc->core, true);
	fc->on_message = NULL;
	fc->invalid_tail = false;
	fake_core_run(fc);
	core_expect_down(test, IOSM_ERROR_PROTOCOL, "invalid message tail");
	KUNIT_EXPECT_EQ(test, fc->core.error.count, 1);
}

/* A PCI error without a reset, during system sleep. */
static void core_start_in_sleep(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_core_start(&fc->core);
	KUNIT_EXPECT_FALSE(test, fc->queued);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_SUSPENDED);
	KUNIT_EXPECT_EQ(test, fc->core.holds, IOSM_HOLD_SLEEP);
	iosm_resume(&fc->core, false);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 1);
	KUNIT_EXPECT_EQ(test, ctx->resumed, 1);
}

/* A slot reset during system sleep: the device is booted by the resume. */
static void core_reset_in_sleep(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	KUNIT_ASSERT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "PCI error");
	iosm_core_pause(&fc->core);
	fc->queued = false;
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_core_start(&fc->core);
	KUNIT_EXPECT_FALSE(test, fc->queued);
	KUNIT_EXPECT_EQ(test, fc->core.holds, IOSM_HOLD_SLEEP);
	iosm_resume(&fc->core, false);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 2);
	KUNIT_EXPECT_EQ(test, ctx->stopped, 1);
}

/* System sleep during a slot reset. */
static void core_sleep_in_reset(struct kunit *test)
{
	struct core_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	fake_core_online(test, fc);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "PCI error");
	iosm_core_pause(&fc->core);
	fc->queued = false;
	KUNIT_EXPECT_EQ(test, iosm_suspend(&fc->core, false), 0);
	iosm_resume(&fc->core, false);
	KUNIT_EXPECT_FALSE(test, fc->queued);
	KUNIT_EXPECT_EQ(test, fc->core.holds, IOSM_HOLD_PCI);
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	fake_core_start(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_EXPECT_EQ(test, ctx->started, 2);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_boot),
	KUNIT_CASE(core_boot_of_running),
	KUNIT_CASE(core_boot_of_gone),
	KUNIT_CASE(core_boot_of_crashed),
	KUNIT_CASE(core_boot_of_other_chip),
	KUNIT_CASE(core_boot_rom),
	KUNIT_CASE(core_boot_not_ready),
	KUNIT_CASE(core_boot_rom_stopped),
	KUNIT_CASE(core_boot_without_init),
	KUNIT_CASE(core_boot_stopped_in_handshake),
	KUNIT_CASE(core_boot_without_running),
	KUNIT_CASE(core_boot_without_answer),
	KUNIT_CASE(core_boot_with_late_answer),
	KUNIT_CASE(core_boot_with_message_refused),
	KUNIT_CASE(core_bars_that_are_ports),
	KUNIT_CASE(core_fault_at_start),
	KUNIT_CASE(core_start_while_booting),
	KUNIT_CASE(core_work_while_stopping),
	KUNIT_CASE(core_sleep_in_boot),
	KUNIT_CASE(core_sleep_in_start),
	KUNIT_CASE(core_client_fails),
	KUNIT_CASE(core_first_fault_counts),
	KUNIT_CASE(core_second_fault_cuts),
	KUNIT_CASE(core_failed_remains_cut),
	KUNIT_CASE(core_crash),
	KUNIT_CASE(core_crash_dump),
	KUNIT_CASE(core_real_device_beside_test),
	KUNIT_CASE(core_master_command),
	KUNIT_CASE(core_stages_that_are_none),
	KUNIT_CASE(core_message_tail),
	KUNIT_CASE(core_sleep_requests_that_are_none),
	KUNIT_CASE(core_watch_reads_memory_first),
	KUNIT_CASE(core_watch_sees_gone),
	KUNIT_CASE(core_watch_sees_reboot),
	KUNIT_CASE(core_watch_sees_crash),
	KUNIT_CASE(core_lost),
	KUNIT_CASE(core_never_wakes),
	KUNIT_CASE(core_wakes_each_time),
	KUNIT_CASE(core_interrupt_storm),
	KUNIT_CASE(core_comes_back),
	KUNIT_CASE(core_channel),
	KUNIT_CASE(core_storm_with_completion),
	KUNIT_CASE(core_storm_with_message),
	KUNIT_CASE_SLOW(core_channel_without_answer),
	KUNIT_CASE_SLOW(core_channel_close_times_out),
	KUNIT_CASE(core_channel_refused),
	KUNIT_CASE(core_channel_not_given_back),
	KUNIT_CASE(core_channel_after_failure),
	KUNIT_CASE(core_sleep_d0),
	KUNIT_CASE(core_sleep_d3),
	KUNIT_CASE(core_sleep_refused),
	KUNIT_CASE(core_sleep_refused_always),
	KUNIT_CASE(core_sleep_after_failure),
	KUNIT_CASE_SLOW(core_sleep_of_gone),
	KUNIT_CASE(core_removed_while_suspended),
	KUNIT_CASE(core_sleep_without_power),
	KUNIT_CASE_SLOW(core_sleep_d3_without_power),
	KUNIT_CASE(core_resume_with_violation),
	KUNIT_CASE_SLOW(core_sleep_message_tail),
	KUNIT_CASE_SLOW(core_sleep_message_tail_once),
	KUNIT_CASE_SLOW(core_resume_message_tail),
	KUNIT_CASE(core_start_in_sleep),
	KUNIT_CASE(core_reset_in_sleep),
	KUNIT_CASE(core_sleep_in_reset),
	{ }
};

static struct kunit_suite core_suite = {
	.name = "iosm_core",
	.init = core_test_init,
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);
