// SPDX-License-Identifier: GPL-2.0-only
/* Control ports, on a device made of memory and the real WWAN core. */

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/wwan.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include "iosm_fake_core.h"
#include "../iosm_port.h"

struct port_ctx {
	struct fake_core *fc;
	const struct wwan_port_ops *ops;
	/* The port that was created first: MBIM. */
	struct wwan_port *mbim;
};

/* Takes note of what the driver registers. */
static struct wwan_port *port_register(struct iosm_core *core,
				       enum wwan_port_type type,
				       const struct wwan_port_ops *ops, void *port)
{
	struct port_ctx *ctx = kunit_get_current_test()->priv;
	struct wwan_port *wwan;

	wwan = wwan_create_port(core->dev, type, ops, NULL, port);
	ctx->ops = ops;
	if (type == WWAN_PORT_MBIM && !IS_ERR(wwan))
		ctx->mbim = wwan;

	return wwan;
}

static int port_test_init(struct kunit *test)
{
	struct port_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	kunit_activate_static_stub(test, iosm_port_register, port_register);
	ctx->fc = fake_core_new(test, &iosm_port_user);
	fake_core_online(test, ctx->fc);
	KUNIT_ASSERT_NOT_NULL(test, ctx->mbim);

	return 0;
}

static void port_opens_and_closes(struct kunit *test)
{
	struct port_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	KUNIT_EXPECT_EQ(test, fc->open, BIT(12) | BIT(13));
	ctx->ops->stop(ctx->mbim);
	KUNIT_EXPECT_EQ(test, fc->open, 0);
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
}

/*
 * The kernel closes a port while the system sleeps: the device hears of it when
 * it may be asked, and is not declared unresponsive.
 */
static void port_closed_in_sleep(struct kunit *test, bool d3)
{
	struct port_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned long before = jiffies;
	unsigned int messages;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	KUNIT_ASSERT_EQ(test, 0, iosm_core_suspend(&fc->core, d3));
	messages = fc->n_messages;
	fc->fake->n_bells = 0;
	ctx->ops->stop(ctx->mbim);
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(300));
	KUNIT_EXPECT_EQ(test, fc->fake->n_bells, 0);
	KUNIT_EXPECT_EQ(test, fc->n_messages, messages);
	KUNIT_EXPECT_EQ(test, fc->open, BIT(12) | BIT(13));
	KUNIT_EXPECT_EQ(test, -EBUSY, ctx->ops->start(ctx->mbim));

	iosm_core_resume(&fc->core, d3);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, fc->core.life, IOSM_LIFE_ONLINE);
	KUNIT_EXPECT_EQ(test, fc->open, 0);
	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	ctx->ops->stop(ctx->mbim);
	KUNIT_EXPECT_EQ(test, fc->open, 0);
}

static void port_closed_in_sleep_d0(struct kunit *test)
{
	port_closed_in_sleep(test, false);
}

static void port_closed_in_sleep_d3(struct kunit *test)
{
	port_closed_in_sleep(test, true);
}

/* It is removed, or fails, before the system resumes. */
static void port_closed_in_sleep_and_removed(struct kunit *test)
{
	struct port_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	KUNIT_ASSERT_EQ(test, 0, iosm_core_suspend(&fc->core, false));
	ctx->ops->stop(ctx->mbim);
	iosm_core_fault(&fc->core, "test");
	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
	KUNIT_EXPECT_NULL(test, fc->core.ports);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(port_opens_and_closes),
	KUNIT_CASE(port_closed_in_sleep_d0),
	KUNIT_CASE(port_closed_in_sleep_d3),
	KUNIT_CASE(port_closed_in_sleep_and_removed),
	{ }
};

static struct kunit_suite port_suite = {
	.name = "iosm_port",
	.init = port_test_init,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);
