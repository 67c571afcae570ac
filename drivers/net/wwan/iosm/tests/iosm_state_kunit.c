// SPDX-License-Identifier: GPL-2.0-only
/* The state machine: all pairs of states, and what holds in each state. */

#include <linux/mutex.h>
#include <linux/string.h>

#include "iosm_fake_core.h"

struct state_ctx {
	struct fake_core *fc;
	unsigned int started;
	unsigned int suspended;
};

static int state_client_start(struct iosm_core *core, void **priv)
{
	struct state_ctx *ctx = container_of(core, struct fake_core, core)->priv;

	*priv = ctx;
	ctx->started++;

	return 0;
}

static void state_client_stop(struct iosm_core *core, void *priv)
{
	struct state_ctx *ctx = priv;

	ctx->started--;
	ctx->suspended = 0;
}

static void state_client_suspend(void *priv)
{
	struct state_ctx *ctx = priv;

	ctx->suspended++;
}

static void state_client_resume(void *priv)
{
	struct state_ctx *ctx = priv;

	ctx->suspended--;
}

static const struct iosm_client state_client = {
	.name = "test",
	.start = state_client_start,
	.stop = state_client_stop,
	.suspend = state_client_suspend,
	.resume = state_client_resume,
};

static int state_test_init(struct kunit *test)
{
	struct state_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->fc = fake_core_new(test, &state_client);
	ctx->fc->priv = ctx;

	return 0;
}

/* Rows: from; columns: to, in the order of the list. */
static const char * const state_table[] = {
	/*			 OBLOSF */
	[IOSM_STATE_OFFLINE]	= ".x...x",
	[IOSM_STATE_BOOTING]	= "x.x..x",
	[IOSM_STATE_LINK_INIT]	= "x..x.x",
	[IOSM_STATE_ONLINE]	= "x...xx",
	[IOSM_STATE_SUSPENDED]	= "x..x.x",
	[IOSM_STATE_FAILED]	= ".x....",
};

static bool state_set(struct iosm_core *core, enum iosm_state to)
{
	bool changed;

	if (to == IOSM_STATE_FAILED)
		return iosm_state_set_failed(core, IOSM_ERROR_PROTOCOL, "test");

	mutex_lock(&core->lock);
	changed = iosm_state_set(core, to);
	mutex_unlock(&core->lock);

	return changed;
}

static void state_all_pairs(struct kunit *test)
{
	struct state_ctx *ctx = test->priv;
	struct iosm_core *core = &ctx->fc->core;
	unsigned int from, to;
	bool allowed;

	for (from = 0; from < IOSM_N_STATES; from++) {
		for (to = 0; to < IOSM_N_STATES; to++) {
			allowed = state_table[from][to] == 'x';
			core->state = from;
			KUNIT_EXPECT_EQ_MSG(test, iosm_state_is_allowed(from, to), allowed,
					    "%s to %s", iosm_state_name(from),
					    iosm_state_name(to));
			KUNIT_EXPECT_EQ_MSG(test, state_set(core, to), allowed,
					    "%s to %s", iosm_state_name(from),
					    iosm_state_name(to));
			KUNIT_EXPECT_EQ(test, iosm_core_state(core), allowed ? to : from);
		}
	}
	core->state = IOSM_STATE_OFFLINE;
}

/* Bus mastering, by state; in SUSPENDED it stays as it was. */
static void state_master(struct kunit *test)
{
	struct state_ctx *ctx = test->priv;
	struct iosm_core *core = &ctx->fc->core;
	unsigned int from, to;

	for (from = 0; from < IOSM_N_STATES; from++) {
		for (to = 0; to < IOSM_N_STATES; to++) {
			if (state_table[from][to] != 'x')
				continue;
			core->state = from;
			ctx->fc->master = from != IOSM_STATE_LINK_INIT || to == IOSM_STATE_ONLINE;
			ctx->fc->master |= from == IOSM_STATE_OFFLINE;
			state_set(core, to);
			KUNIT_EXPECT_EQ_MSG(test, ctx->fc->master,
					    to == IOSM_STATE_LINK_INIT || to == IOSM_STATE_ONLINE ||
					    to == IOSM_STATE_SUSPENDED,
					    "%s to %s", iosm_state_name(from),
					    iosm_state_name(to));
		}
	}
	core->state = IOSM_STATE_OFFLINE;
}

static void state_expect(struct kunit *test, enum iosm_state state, const char *step)
{
	bool link = state == IOSM_STATE_LINK_INIT || state == IOSM_STATE_ONLINE;
	struct state_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_core *core = &fc->core;
	unsigned int reads;

	KUNIT_EXPECT_EQ_MSG(test, iosm_core_state(core), state, "%s", step);
	if (state != IOSM_STATE_SUSPENDED)
		KUNIT_EXPECT_EQ_MSG(test, fc->master, link, "%s", step);
	/* The lock is free between the runs of the worker. */
	KUNIT_EXPECT_FALSE_MSG(test, mutex_is_locked(&core->lock), "%s", step);
	if (state == IOSM_STATE_ONLINE)
		KUNIT_EXPECT_TRUE_MSG(test, iosm_pm_is_up(&core->pm), "%s", step);
	else if (state != IOSM_STATE_LINK_INIT)
		KUNIT_EXPECT_FALSE_MSG(test, iosm_pm_is_up(&core->pm), "%s", step);

	/* Doorbell 0, and the watchdog's reads. */
	fc->fake->n_bells = 0;
	iosm_pm_ring(&core->pm, IOSM_HPDA_UL);
	KUNIT_EXPECT_EQ_MSG(test, fc->fake->n_bells, state == IOSM_STATE_ONLINE, "%s", step);
	reads = fc->reads;
	if (state != IOSM_STATE_ONLINE)
		iosm_watchdog_work(&core->watch.work);
	KUNIT_EXPECT_EQ_MSG(test, fc->reads, reads, "%s", step);

	KUNIT_EXPECT_EQ_MSG(test, ctx->started,
			    state == IOSM_STATE_ONLINE || state == IOSM_STATE_SUSPENDED,
			    "%s", step);
	KUNIT_EXPECT_EQ_MSG(test, ctx->suspended, state == IOSM_STATE_SUSPENDED, "%s", step);
}

/* The invariants of each state, after every step of a long sequence. */
static void state_invariants(struct kunit *test)
{
	struct state_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	struct iosm_core *core = &fc->core;

	state_expect(test, IOSM_STATE_OFFLINE, "not started");
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_BOOT;
	iosm_core_start(core);
	state_expect(test, IOSM_STATE_BOOTING, "started");
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_BOOTING, "boot ROM");
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
	fc->no_init = true;
	fake_core_run_later(fc);
	state_expect(test, IOSM_STATE_LINK_INIT, "handshake");
	iosm_suspend(core, false);
	state_expect(test, IOSM_STATE_BOOTING, "system sleep in the handshake");
	fc->no_init = false;
	iosm_resume(core, false);
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_ONLINE, "online");
	iosm_suspend(core, false);
	state_expect(test, IOSM_STATE_SUSPENDED, "system sleep");
	iosm_resume(core, false);
	state_expect(test, IOSM_STATE_ONLINE, "resumed");
	iosm_core_pause(core);
	/* The link was ended. */
	state_expect(test, IOSM_STATE_OFFLINE, "paused");
	iosm_core_start(core);
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_ONLINE, "online again");
	iosm_state_fail(core, IOSM_ERROR_UNRESPONSIVE, "test");
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_FAILED, "failed");
	iosm_core_pause(core);
	state_expect(test, IOSM_STATE_FAILED, "paused after a failure");
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_core_start(core);
	state_expect(test, IOSM_STATE_BOOTING, "restarted");
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_ONLINE, "recovered");
	iosm_suspend(core, false);
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	iosm_resume(core, false);
	fake_core_run(fc);
	state_expect(test, IOSM_STATE_ONLINE, "power lost");
}

/* How a device may be restarted, by kind of its error. */
static void state_restart(struct kunit *test)
{
	static const enum iosm_restart restart[] = {
		[IOSM_ERROR_CRASHED] = IOSM_RESTART_ADMIN,
		[IOSM_ERROR_PROTOCOL] = IOSM_RESTART_ADMIN,
		[IOSM_ERROR_UNRESPONSIVE] = IOSM_RESTART_REPORTER,
		[IOSM_ERROR_GONE] = IOSM_RESTART_NONE,
		[IOSM_ERROR_PCI] = IOSM_RESTART_ADMIN,
		[IOSM_ERROR_POWER_LOST] = IOSM_RESTART_WORKER,
	};
	struct state_ctx *ctx = test->priv;
	struct iosm_core *core = &ctx->fc->core;
	struct iosm_error error;
	unsigned int kind;

	for (kind = IOSM_ERROR_CRASHED; kind < IOSM_N_ERRORS; kind++) {
		core->state = IOSM_STATE_OFFLINE;
		KUNIT_EXPECT_TRUE(test, iosm_state_set_failed(core, kind, "first"));
		KUNIT_EXPECT_FALSE(test, iosm_state_set_failed(core, IOSM_ERROR_GONE, "second"));
		KUNIT_EXPECT_EQ_MSG(test, iosm_state_restart(core), restart[kind], "%s",
				    iosm_error_name(kind));
		iosm_state_error(core, &error);
		KUNIT_EXPECT_EQ(test, error.kind, kind);
		KUNIT_EXPECT_STREQ(test, error.reason, "first");
		KUNIT_EXPECT_GT(test, error.time, 0);
	}
	/* A loss of power is not an error of the device. */
	KUNIT_EXPECT_EQ(test, core->error.count, IOSM_N_ERRORS - 2);
	core->state = IOSM_STATE_OFFLINE;
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(state_all_pairs),
	KUNIT_CASE(state_master),
	KUNIT_CASE(state_invariants),
	KUNIT_CASE(state_restart),
	{ }
};

static struct kunit_suite state_suite = {
	.name = "iosm_state",
	.init = state_test_init,
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
