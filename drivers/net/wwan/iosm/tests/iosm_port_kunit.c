// SPDX-License-Identifier: GPL-2.0-only
/* Control ports, on a device in memory and the real WWAN core. */

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/skbuff.h>
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
	/* Messages of the MBIM port that were handed up and not read. */
	struct sk_buff_head unread;
	unsigned int delivered;
	u32 dl_tail;
	/* The work that checks again, and its delay; the test runs it. */
	struct delayed_work *look;
	unsigned int look_ms;
	unsigned int arms;
};

/* Record the ports that the driver registers. */
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

/* Take messages in place of the queue of the WWAN core. */
static void port_deliver(struct iosm_core *core, struct wwan_port *wwan,
			 struct sk_buff *skb)
{
	struct port_ctx *ctx = kunit_get_current_test()->priv;

	__skb_queue_tail(&ctx->unread, skb);
	ctx->delivered++;
}

static void port_arm(struct iosm_core *core, struct delayed_work *work, unsigned int ms)
{
	struct port_ctx *ctx = kunit_get_current_test()->priv;

	ctx->look = work;
	ctx->look_ms = ms;
	ctx->arms++;
}

/* Run the work after its delay. */
static void port_look(struct port_ctx *ctx)
{
	ctx->look->work.func(&ctx->look->work);
}

/* The device fills the next DL buffer of the MBIM port. */
static void port_send(struct kunit *test, u32 len)
{
	struct port_ctx *ctx = test->priv;
	struct iosm_channel *ch = ctx->fc->core.channels[IOSM_CHANNEL_MBIM];
	struct iosm_shm_block *block = ctx->fc->core.shm.block;
	struct iosm_td *td = &ch->dl.ring[ctx->dl_tail];

	KUNIT_ASSERT_NE(test, ctx->dl_tail, le32_to_cpu(READ_ONCE(block->heads[ch->dl.nr])));
	memset(phys_to_virt(le64_to_cpu(td->address)), 0x5a, len);
	td->size_status = cpu_to_le32(FIELD_PREP(IOSM_TD_STATUS_MASK, IOSM_TD_END) |
				      FIELD_PREP(IOSM_TD_SIZE_MASK, len));
	ctx->dl_tail = iosm_ring_next(ctx->dl_tail, ch->dl.entries);
	WRITE_ONCE(block->tails[ch->dl.nr], cpu_to_le32(ctx->dl_tail));
	fake_core_irq(ctx->fc);
}

static int port_test_init(struct kunit *test)
{
	struct port_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	__skb_queue_head_init(&ctx->unread);
	kunit_activate_static_stub(test, iosm_port_register, port_register);
	kunit_activate_static_stub(test, iosm_port_deliver, port_deliver);
	kunit_activate_static_stub(test, iosm_port_arm, port_arm);
	ctx->fc = fake_core_new(test, &iosm_port_client);
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
 * The kernel closes a port during system sleep: CLOSE_PIPE is sent by the resume, and the
 * device is not declared unresponsive.
 */
static void port_closed_in_sleep(struct kunit *test, bool d3)
{
	struct port_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;
	unsigned long before = jiffies;
	unsigned int messages;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	KUNIT_ASSERT_EQ(test, 0, iosm_suspend(&fc->core, d3));
	messages = fc->n_messages;
	fc->fake->n_bells = 0;
	ctx->ops->stop(ctx->mbim);
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(300));
	KUNIT_EXPECT_EQ(test, fc->fake->n_bells, 0);
	KUNIT_EXPECT_EQ(test, fc->n_messages, messages);
	KUNIT_EXPECT_EQ(test, fc->open, BIT(12) | BIT(13));
	KUNIT_EXPECT_EQ(test, -EBUSY, ctx->ops->start(ctx->mbim));

	iosm_resume(&fc->core, d3);
	fake_core_run(fc);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
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

/* The device is removed, or fails, before the resume. */
static void port_closed_in_sleep_and_removed(struct kunit *test)
{
	struct port_ctx *ctx = test->priv;
	struct fake_core *fc = ctx->fc;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	KUNIT_ASSERT_EQ(test, 0, iosm_suspend(&fc->core, false));
	ctx->ops->stop(ctx->mbim);
	iosm_state_fail(&fc->core, IOSM_ERROR_PROTOCOL, "test");
	iosm_core_pause(&fc->core);
	KUNIT_EXPECT_EQ(test, fc->core.active, 0);
	KUNIT_EXPECT_EQ(test, fc->core.clients_up, 0);
}

/*
 * Without a reader, the port checks at growing intervals, whatever interrupts come.
 * After a message was read, the interval is short again.
 */
static void port_looks_by_time(struct kunit *test)
{
	struct port_ctx *ctx = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	/* Two of them take 128 KiB of memory, which is the limit. */
	for (i = 0; i < 5; i++)
		port_send(test, 32 * 1024);
	KUNIT_EXPECT_EQ(test, ctx->delivered, 2);
	KUNIT_EXPECT_EQ(test, ctx->look_ms, 2);
	KUNIT_EXPECT_EQ(test, ctx->arms, 1);

	for (i = 4; i <= 256; i *= 2) {
		port_look(ctx);
		KUNIT_EXPECT_EQ(test, ctx->look_ms, i);
	}
	port_look(ctx);
	KUNIT_EXPECT_EQ(test, ctx->look_ms, 256);

	kfree_skb(__skb_dequeue(&ctx->unread));
	port_look(ctx);
	KUNIT_EXPECT_EQ(test, ctx->look_ms, 2);
	kfree_skb(__skb_dequeue(&ctx->unread));
	port_look(ctx);
	KUNIT_EXPECT_EQ(test, ctx->delivered, 4);
	KUNIT_EXPECT_EQ(test, ctx->look_ms, 2);

	__skb_queue_purge(&ctx->unread);
	port_look(ctx);
	KUNIT_EXPECT_EQ(test, ctx->delivered, 5);
	__skb_queue_purge(&ctx->unread);
	ctx->ops->stop(ctx->mbim);
}

/* A message that is read after the port was closed does not refer to the driver. */
static void port_closed_unread(struct kunit *test)
{
	struct port_ctx *ctx = test->priv;
	struct sk_buff *skb;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, ctx->ops->start(ctx->mbim));
	for (i = 0; i < 4; i++)
		port_send(test, 100);
	KUNIT_EXPECT_EQ(test, ctx->delivered, 4);
	ctx->ops->stop(ctx->mbim);

	skb_queue_walk(&ctx->unread, skb) {
		KUNIT_EXPECT_EQ(test, skb->len, 100);
		KUNIT_EXPECT_NULL(test, skb->destructor);
		KUNIT_EXPECT_EQ(test, page_count(virt_to_head_page(skb->head)), 1);
	}
	__skb_queue_purge(&ctx->unread);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(port_opens_and_closes),
	KUNIT_CASE(port_closed_in_sleep_d0),
	KUNIT_CASE(port_closed_in_sleep_d3),
	KUNIT_CASE(port_closed_in_sleep_and_removed),
	KUNIT_CASE(port_looks_by_time),
	KUNIT_CASE(port_closed_unread),
	{ }
};

static struct kunit_suite port_suite = {
	.name = "iosm_port",
	.init = port_test_init,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);
