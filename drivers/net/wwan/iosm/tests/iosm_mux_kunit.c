// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions, with a device that responds in time, never, wrongly or twice. The stub of the
 * doorbell acts as the device; NAPI is real.
 */

#include <linux/bitfield.h>
#include <linux/bottom_half.h>
#include <linux/etherdevice.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/net_tstamp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include "iosm_fake_core.h"
#include "../iosm_mux.h"
#include "../iosm_ring.h"

#define MUX_LINKS	2
#define MUX_SEEN	8
/* Bytes kept of the last uplink data. */
#define MUX_DATA	256
/* Offset of a header that was not set. */
#define MUX_UNSET	INT_MAX

/* A command as the device received it. */
struct mux_seen {
	u32 command;
	u32 transaction;
	u8 if_id;
};

struct mux_ctx {
	struct fake_core *fc;
	struct iosm_mux *mux;
	struct net_device *links[MUX_LINKS];
	bool lite;

	/* State of the device. */
	u32 ul_tail;
	u32 dl_tail;
	unsigned int ul_blocks;
	u8 ul_data[MUX_DATA];
	unsigned int starved;
	struct mux_seen seen[MUX_SEEN];
	unsigned int n_seen;

	/* Its responses to OPEN_SESSION and CLOSE_SESSION. */
	bool mute;
	unsigned int times;
	u32 response;
	u32 ul_pad;
	u32 wrong_transaction;
	u8 wrong_session;
	u32 wrong_command;
	u32 short_by;

	/* Number of times that the close work was queued; the test runs it. */
	unsigned int closes;

	/* Packets that the stack received, and those that are not aligned to a word. */
	unsigned int received;
	unsigned int odd;
};

/* A counter of struct iosm_mux_stats. */
#define mux_count(ctx, name)	u64_stats_read(&(ctx)->mux->stats.name)

/* ---- The device ---- */

static struct iosm_td *mux_td(struct mux_ctx *ctx, u8 nr, u32 at)
{
	struct iosm_channel *ch = ctx->fc->core.channels[IOSM_CHANNEL_IP];

	return &(nr ? &ch->dl : &ch->ul)->ring[at];
}

static u32 mux_entries(struct mux_ctx *ctx, u8 nr)
{
	struct iosm_channel *ch = ctx->fc->core.channels[IOSM_CHANNEL_IP];

	return (nr ? &ch->dl : &ch->ul)->entries;
}

static u32 mux_head(struct mux_ctx *ctx, u8 nr)
{
	return le32_to_cpu(READ_ONCE(ctx->fc->core.shm.block->heads[nr]));
}

static void mux_tail(struct mux_ctx *ctx, u8 nr, u32 tail)
{
	WRITE_ONCE(ctx->fc->core.shm.block->tails[nr], cpu_to_le32(tail));
}

static void mux_complete(struct mux_ctx *ctx, u8 nr, u32 *tail, u32 size)
{
	struct iosm_td *td = mux_td(ctx, nr, *tail);

	td->size_status = cpu_to_le32(FIELD_PREP(IOSM_TD_STATUS_MASK, IOSM_TD_END) |
				      FIELD_PREP(IOSM_TD_SIZE_MASK, size));
	*tail = iosm_ring_next(*tail, mux_entries(ctx, nr));
	mux_tail(ctx, nr, *tail);
}

/* Fills the next DL buffer, if there is one. */
static bool mux_send(struct mux_ctx *ctx, const void *data, u32 len)
{
	if (ctx->dl_tail == mux_head(ctx, 1)) {
		ctx->starved++;
		return false;
	}

	memcpy(phys_to_virt(le64_to_cpu(mux_td(ctx, 1, ctx->dl_tail)->address)), data, len);
	mux_complete(ctx, 1, &ctx->dl_tail, len);

	return true;
}

static bool mux_send_cmd(struct mux_ctx *ctx, u32 command, u32 transaction, u8 if_id,
			 const void *params, u32 len)
{
	struct iosm_lite_cmdh l = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.length = cpu_to_le16(sizeof(l) + len),
		.if_id = if_id,
		.command = cpu_to_le32(command),
		.transaction_id = cpu_to_le32(transaction),
	};
	struct iosm_acb_cmdh h = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.length = cpu_to_le16(sizeof(h) + len),
		.if_id = if_id,
		.command = cpu_to_le32(command),
		.transaction_id = cpu_to_le32(transaction),
	};
	struct iosm_acbh b = {
		.signature = cpu_to_le32(IOSM_SIG_ACBH),
		.block_length = cpu_to_le32(sizeof(b) + sizeof(h) + len),
		.first_command = cpu_to_le32(sizeof(b)),
	};
	u8 buf[128];

	if (ctx->lite) {
		memcpy(buf, &l, sizeof(l));
		memcpy(buf + sizeof(l), params, len);
		return mux_send(ctx, buf, sizeof(l) + len);
	}
	memcpy(buf, &b, sizeof(b));
	memcpy(buf + sizeof(b), &h, sizeof(h));
	memcpy(buf + sizeof(b) + sizeof(h), params, len);

	return mux_send(ctx, buf, sizeof(b) + sizeof(h) + len);
}

static void mux_answer(struct mux_ctx *ctx, const struct mux_seen *to)
{
	struct iosm_mux_open_resp resp = {
		.response = cpu_to_le32(ctx->response),
		.ul_head_pad = cpu_to_le32(ctx->ul_pad),
	};
	bool open = to->command == IOSM_CMD_OPEN_SESSION;
	u32 len = open ? sizeof(resp) : sizeof(resp.response);
	unsigned int i;

	for (i = 0; i < ctx->times; i++)
		mux_send_cmd(ctx, (ctx->wrong_command ?: to->command + 1),
			     to->transaction + ctx->wrong_transaction,
			     to->if_id ^ ctx->wrong_session, &resp, len - ctx->short_by);
}

static void mux_take(struct mux_ctx *ctx, const u8 *data)
{
	const struct iosm_lite_cmdh *l = (const void *)data;
	const struct iosm_acb_cmdh *h = (const void *)(data + sizeof(struct iosm_acbh));
	u32 signature = le32_to_cpu(l->signature);
	struct mux_seen *seen;

	if (signature != (ctx->lite ? IOSM_SIG_CMDH : IOSM_SIG_ACBH)) {
		ctx->ul_blocks++;
		memcpy(ctx->ul_data, data, MUX_DATA);
		return;
	}

	seen = &ctx->seen[min_t(unsigned int, ctx->n_seen, MUX_SEEN - 1)];
	ctx->n_seen++;
	seen->if_id = ctx->lite ? l->if_id : h->if_id;
	seen->command = le32_to_cpu(ctx->lite ? l->command : h->command);
	seen->transaction = le32_to_cpu(ctx->lite ? l->transaction_id : h->transaction_id);
	if (!ctx->mute && (seen->command == IOSM_CMD_OPEN_SESSION ||
			   seen->command == IOSM_CMD_CLOSE_SESSION))
		mux_answer(ctx, seen);
}

static void mux_opened(struct fake_core *fc, const struct iosm_msg_entry *msg)
{
	struct mux_ctx *ctx = fc->priv;

	if (msg->type != IOSM_MSG_OPEN_PIPE)
		return;
	if (msg->arg2 == 0)
		ctx->ul_tail = 0;
	else
		ctx->dl_tail = 0;
}

/* Doorbell 0. Called with locks of the driver held. */
static void mux_on_bell(struct fake_core *fc)
{
	struct iosm_channel *ch = fc->core.channels[IOSM_CHANNEL_IP];
	struct mux_ctx *ctx = fc->priv;

	if (!ch || !(fc->open & BIT(1)))
		return;

	while (ctx->ul_tail != mux_head(ctx, 0)) {
		mux_take(ctx, phys_to_virt(le64_to_cpu(mux_td(ctx, 0, ctx->ul_tail)->address)));
		mux_complete(ctx, 0, &ctx->ul_tail, 0);
	}

	/* The interrupt; otherwise the test raises it. */
	if (softirq_count())
		ch->ops->irq(ch->priv);
}

static void mux_irq(struct mux_ctx *ctx)
{
	fake_core_irq(ctx->fc);
}

/* ---- Set-up ---- */

static const struct net_device_ops mux_link_ops = {
	.ndo_get_stats64 = dev_get_tstats64,
};

static void mux_link_setup(struct net_device *netdev)
{
	netdev->netdev_ops = &mux_link_ops;
	netdev->mtu = ETH_DATA_LEN;
	netdev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	netdev->flags = IFF_NOARP;
}

static void mux_start(struct kunit *test, bool lite, u32 caps)
{
	struct mux_ctx *ctx = test->priv;

	ctx->lite = lite;
	ctx->fc->pad[IOSM_PAD_CP_CAPS / 4] = caps |
		(lite ? 0 : IOSM_CAP_UL_AGGR | IOSM_CAP_DL_AGGR);
	fake_core_online(test, ctx->fc);
	ctx->mux = iosm_mux_create(&ctx->fc->core);
	KUNIT_ASSERT_NOT_NULL(test, ctx->mux);
}

static void mux_queue_close(struct iosm_mux *mux, unsigned int ms)
{
	struct mux_ctx *ctx = kunit_get_current_test()->priv;

	ctx->closes++;
}

/* CLOSE_SESSION has timed out, and the close work runs. */
static void mux_settle(struct mux_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < IOSM_SESSIONS; i++)
		ctx->mux->sessions[i].close_by = jiffies;
	iosm_mux_close_work(&ctx->mux->close_work.work);
}

static int mux_test_init(struct kunit *test)
{
	struct net_device *netdev;
	struct mux_ctx *ctx;
	unsigned int i;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->times = 1;
	kunit_activate_static_stub(test, iosm_mux_queue_close, mux_queue_close);
	ctx->fc = fake_core_new(test, NULL);
	ctx->fc->priv = ctx;
	ctx->fc->on_bell = mux_on_bell;
	ctx->fc->on_message = mux_opened;

	for (i = 0; i < MUX_LINKS; i++) {
		netdev = alloc_netdev(0, "iosmtest%d", NET_NAME_UNKNOWN, mux_link_setup);
		KUNIT_ASSERT_NOT_NULL(test, netdev);
		KUNIT_ASSERT_EQ(test, 0, register_netdev(netdev));
		ctx->links[i] = netdev;
	}

	return 0;
}

static void mux_test_exit(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned int i;

	if (!ctx)
		return;
	for (i = 0; ctx->mux && i < MUX_LINKS; i++)
		if (ctx->mux->users & BIT(i))
			iosm_mux_close(ctx->mux, i);
	if (ctx->mux)
		iosm_mux_destroy(ctx->mux);
	for (i = 0; i < MUX_LINKS; i++) {
		if (!ctx->links[i])
			continue;
		unregister_netdev(ctx->links[i]);
		free_netdev(ctx->links[i]);
	}
}

static void mux_open(struct kunit *test, u8 if_id)
{
	struct mux_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, 0, iosm_mux_open(ctx->mux, if_id, ctx->links[if_id]));
	KUNIT_ASSERT_EQ(test, ctx->mux->sessions[if_id].state, IOSM_MUX_UP);
	ctx->n_seen = 0;
}

/* Nothing remains of a session that failed to open. */
static void mux_expect_closed(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_settle(ctx);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].state, IOSM_MUX_CLOSED);
	KUNIT_EXPECT_NULL(test, ctx->mux->sessions[0].netdev);
	KUNIT_EXPECT_FALSE(test, ctx->mux->is_up);
	KUNIT_EXPECT_EQ(test, ctx->mux->users, 0);
	KUNIT_EXPECT_EQ(test, ctx->fc->open, 0);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&ctx->fc->core), IOSM_STATE_ONLINE);
}

static void mux_xmit_skb(struct kunit *test, u8 if_id, struct sk_buff *skb)
{
	struct mux_ctx *ctx = test->priv;

	skb->dev = ctx->links[if_id];
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, NETDEV_TX_OK, iosm_mux_xmit(ctx->mux, if_id, skb));
	local_bh_enable();
}

static void mux_xmit(struct kunit *test, u8 if_id, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len + 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	memset(skb_put(skb, len), 0x45, len);
	mux_xmit_skb(test, if_id, skb);
}

static u64 mux_rx_packets(struct mux_ctx *ctx, u8 if_id)
{
	struct rtnl_link_stats64 stats;

	dev_get_stats(ctx->links[if_id], &stats);

	return stats.rx_packets;
}

/* A block with @n datagrams of one session (Aggregation). */
static u32 mux_block(u8 *buf, u8 if_id, unsigned int n, u32 len)
{
	u32 at = sizeof(struct iosm_adbh), i;
	struct iosm_adbh h = {
		.signature = cpu_to_le32(IOSM_SIG_ADBH),
		.first_table = cpu_to_le32(at),
	};
	struct iosm_adth t = {
		.signature = cpu_to_le32(IOSM_SIG_ADTH),
		.table_length = cpu_to_le16(sizeof(t) + n * sizeof(struct iosm_adth_dg)),
		.if_id = if_id,
	};
	u32 data = at + le16_to_cpu(t.table_length);

	memcpy(buf + at, &t, sizeof(t));
	at += sizeof(t);
	for (i = 0; i < n; i++) {
		struct iosm_adth_dg e = {
			.index = cpu_to_le32(data),
			.length = cpu_to_le16(IOSM_MUX_DL_HEAD_PAD + len),
		};

		memcpy(buf + at, &e, sizeof(e));
		at += sizeof(e);
		memset(buf + data, 0x45, IOSM_MUX_DL_HEAD_PAD + len);
		data += ALIGN(IOSM_MUX_DL_HEAD_PAD + len, 4);
	}
	h.block_length = cpu_to_le32(data);
	memcpy(buf, &h, sizeof(h));

	return data;
}

/* ---- Opening and closing ---- */

static void mux_opens(struct kunit *test, bool lite)
{
	struct mux_ctx *ctx = test->priv;
	const struct iosm_channel_config *config = iosm_channel_ip(!lite);

	mux_start(test, lite, 0);
	KUNIT_EXPECT_EQ(test, 0, iosm_mux_open(ctx->mux, 0, ctx->links[0]));
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 1);
	KUNIT_EXPECT_EQ(test, ctx->seen[0].command, IOSM_CMD_OPEN_SESSION);
	KUNIT_EXPECT_EQ(test, ctx->fc->open, BIT(0) | BIT(1));
	/* All buffers are posted; some may wait for a batch. */
	KUNIT_EXPECT_GE(test, iosm_ring_used(mux_head(ctx, 1), ctx->dl_tail, config->dl_entries),
			config->dl_entries * 7 / 8 - 1);

	mux_open(test, 1);
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_EQ(test, ctx->fc->open, BIT(0) | BIT(1));
	iosm_mux_close(ctx->mux, 1);
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 2);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].command, IOSM_CMD_CLOSE_SESSION);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].if_id, 1);
	mux_expect_closed(test);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed) + mux_count(ctx, unknown_session) +
			mux_count(ctx, unexpected_resp), 0);
}

/* A network namespace ends during system sleep: no command is sent. */
static void mux_closes_in_sleep(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned long start = jiffies;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	iosm_mux_suspend(ctx->mux);
	KUNIT_ASSERT_EQ(test, 0, iosm_suspend(&ctx->fc->core, false));
	ctx->fc->fake->n_bells = 0;
	iosm_mux_close(ctx->mux, 0);
	iosm_mux_close(ctx->mux, 1);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 500);
	KUNIT_EXPECT_EQ(test, ctx->fc->fake->n_bells, 0);
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 0);

	/* Both commands are sent after the resume. */
	iosm_resume(&ctx->fc->core, false);
	iosm_mux_resume(ctx->mux);
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 2);
	KUNIT_EXPECT_EQ(test, ctx->seen[0].command, IOSM_CMD_CLOSE_SESSION);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].if_id, 1);
	mux_expect_closed(test);

	/* Nothing remains if the device does not resume. */
	mux_open(test, 0);
	iosm_mux_suspend(ctx->mux);
	KUNIT_ASSERT_EQ(test, 0, iosm_suspend(&ctx->fc->core, false));
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_TRUE(test, ctx->mux->is_up);
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "test");
	iosm_mux_destroy(ctx->mux);
	ctx->mux = NULL;
	KUNIT_EXPECT_EQ(test, ctx->fc->core.active, 0);
}

/* A storm with one block pending is still a storm: NAPI does not run. */
static void mux_storm_with_block(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned int i;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_complete(ctx, 1, &ctx->dl_tail, 64);
	local_bh_disable();
	for (i = 0; i <= IOSM_SPURIOUS_LIMIT + 1; i++)
		iosm_irq_hard(ctx->fc->core.irq, &ctx->fc->core);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ctx->fc->core.error.kind, IOSM_ERROR_PROTOCOL);
	KUNIT_EXPECT_STREQ(test, ctx->fc->core.error.reason, "interrupt storm");
}

static void mux_opens_aggregation(struct kunit *test)
{
	mux_opens(test, false);
}

static void mux_opens_lite(struct kunit *test)
{
	mux_opens(test, true);
}

/* Expected result of the open. */
static void mux_open_fails(struct kunit *test, int err, u32 closes)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	KUNIT_EXPECT_EQ(test, err, iosm_mux_open(ctx->mux, 0, ctx->links[0]));
	/* A session that the device may have opened is closed. */
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 1 + closes);
	if (closes)
		KUNIT_EXPECT_EQ(test, ctx->seen[1].command, IOSM_CMD_CLOSE_SESSION);
	mux_expect_closed(test);

	/* The next attempt succeeds. */
	ctx->mute = false;
	ctx->response = 0;
	ctx->ul_pad = 0;
	ctx->wrong_transaction = 0;
	ctx->wrong_session = 0;
	ctx->wrong_command = 0;
	ctx->short_by = 0;
	mux_open(test, 0);
}

static void mux_open_unanswered(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->mute = true;
	mux_open_fails(test, -ETIMEDOUT, 1);
}

static void mux_open_refused(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->response = 7;
	mux_open_fails(test, -EREMOTEIO, 0);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed), 0);
}

static void mux_open_absurd_padding(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->ul_pad = 0xffffffff;
	mux_open_fails(test, -ERANGE, 1);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed), 1);
}

/* A valid head padding that does not fit the MTU of the user is no violation. */
static void mux_open_mtu_without_padding(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->ul_pad = 32;
	mux_start(test, false, 0);
	ctx->links[0]->mtu = iosm_mux_max_mtu(ctx->mux, 0);
	KUNIT_EXPECT_EQ(test, -ERANGE, iosm_mux_open(ctx->mux, 0, ctx->links[0]));
	mux_expect_closed(test);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed), 0);

	ctx->links[0]->mtu -= 16;
	ctx->n_seen = 0;
	mux_open(test, 0);
}

static void mux_open_wrong_transaction(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->wrong_transaction = 1;
	mux_open_fails(test, -ETIMEDOUT, 1);
	KUNIT_EXPECT_GE(test, mux_count(ctx, unexpected_resp), 1);
}

static void mux_open_wrong_session(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->wrong_session = 1;
	mux_open_fails(test, -ETIMEDOUT, 1);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[1].state, IOSM_MUX_CLOSED);
}

/* A response to another command, and a truncated one. */
static void mux_open_wrong_command(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->wrong_command = IOSM_CMD_CLOSE_SESSION_RESP;
	mux_open_fails(test, -ETIMEDOUT, 1);
}

static void mux_open_short_answer(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->short_by = 1;
	mux_open_fails(test, -ETIMEDOUT, 1);
	KUNIT_EXPECT_GE(test, mux_count(ctx, malformed), 1);
}

static void mux_answers_twice(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	ctx->times = 3;
	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, unexpected_resp), 2);
	iosm_mux_close(ctx->mux, 0);
	mux_expect_closed(test);
}

/* A session closes with or without a response. */
static void mux_close_unanswered(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	ctx->mute = true;
	iosm_mux_close(ctx->mux, 0);
	mux_expect_closed(test);
}

/* Closing eight sessions does not wait for the device, as RTNL is held. */
static void mux_close_silent(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned long before;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	ctx->mute = true;
	before = jiffies;
	iosm_mux_close(ctx->mux, 0);
	iosm_mux_close(ctx->mux, 1);
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(200));
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 2);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].command, IOSM_CMD_CLOSE_SESSION);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].if_id, 1);
	KUNIT_EXPECT_GE(test, ctx->closes, 1);

	/* The channel remains open, and the session numbers in use, until the time-out. */
	iosm_mux_close_work(&ctx->mux->close_work.work);
	KUNIT_EXPECT_TRUE(test, ctx->mux->is_up);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].state, IOSM_MUX_CLOSING);
	KUNIT_EXPECT_NULL(test, ctx->mux->sessions[0].netdev);

	/* A session that is opened again waits for that only. */
	ctx->mute = false;
	mux_open(test, 0);
	KUNIT_EXPECT_GE(test, jiffies - before, msecs_to_jiffies(900));
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(1500));
	iosm_mux_close(ctx->mux, 0);
	mux_expect_closed(test);
}

/* The time to open is bounded, as RTNL is held. */
static void mux_open_silent(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned long before;

	mux_start(test, false, 0);
	mux_open(test, 0);
	ctx->mute = true;
	iosm_mux_close(ctx->mux, 0);
	before = jiffies;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, iosm_mux_open(ctx->mux, 0, ctx->links[0]));
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(1400));
	mux_expect_closed(test);
}

/* A response after the network device was removed ends the session at once. */
static void mux_close_late_response(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	ctx->mute = true;
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].state, IOSM_MUX_CLOSING);
	ctx->closes = 0;
	ctx->times = 2;
	mux_answer(ctx, &ctx->seen[0]);
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].state, IOSM_MUX_CLOSED);
	KUNIT_EXPECT_EQ(test, ctx->closes, 1);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, unexpected_resp), 1);
	iosm_mux_close_work(&ctx->mux->close_work.work);
	KUNIT_EXPECT_FALSE(test, ctx->mux->is_up);
}

/* Commands for a session without its network device do not access one. */
static void mux_flow_while_closing(struct kunit *test)
{
	__le32 mask = cpu_to_le32(0xffffffff);
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	ctx->mute = true;
	iosm_mux_close(ctx->mux, 0);
	mux_send_cmd(ctx, IOSM_AGGR_FLOW_CTL_ENABLE, 77, 0, &mask, sizeof(mask));
	mux_irq(ctx);
	/* The command is acknowledged. */
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 2);
	KUNIT_EXPECT_EQ(test, ctx->seen[1].transaction, 77);
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "test");
	mux_irq(ctx);
}

/*
 * Closing one session flushes its packets from GRO, also while NAPI is busy with another
 * session, which loses no packet.
 */
static void mux_close_beside_downlink(struct kunit *test)
{
	const unsigned int n = 3 * NAPI_POLL_WEIGHT;
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	len = mux_block(buf, 1, n, 40);
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, len));
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_EQ(test, ctx->mux->flush_done, ctx->mux->flush_wanted);
	KUNIT_EXPECT_EQ(test, ctx->mux->flush_done, 1);
	KUNIT_EXPECT_NULL(test, ctx->mux->sessions[0].netdev);
	KUNIT_EXPECT_EQ(test, mux_rx_packets(ctx, 1), n);
}

/*
 * A busy poll, and the normal one that ends it, as busy_poll_stop() does; a request
 * to flush comes before. napi_busy_loop() itself ends earlier under load.
 */
static void mux_busy_poll(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	struct iosm_mux *mux = ctx->mux;
	u32 flush = mux->flush_wanted + 1;
	u32 early, late;

	napi_synchronize(&mux->napi);
	local_bh_disable();
	KUNIT_EXPECT_TRUE(test, napi_schedule_prep(&mux->napi));
	set_bit(NAPI_STATE_IN_BUSY_POLL, &mux->napi.state);
	/* As in iosm_mux_flush_rx(). */
	smp_store_release(&mux->flush_wanted, flush);
	mux->napi.poll(&mux->napi, 8);
	early = mux->flush_done;
	clear_bit(NAPI_STATE_IN_BUSY_POLL, &mux->napi.state);
	mux->napi.poll(&mux->napi, 8);
	late = mux->flush_done;
	local_bh_enable();

	KUNIT_EXPECT_NE(test, early, flush);
	KUNIT_EXPECT_EQ(test, late, flush);
}

/* A busy poll flushes GRO only when it ends. */
static void mux_flush_in_busy_poll(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_busy_poll(test);

	/* A device that has failed makes no difference. */
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "test");
	mux_irq(ctx);
	mux_busy_poll(test);
}

/* The device has failed: nothing waits for it. */
static void mux_after_failure(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned long before = jiffies;

	mux_start(test, false, 0);
	mux_open(test, 0);
	ctx->mute = true;
	iosm_state_fail(&ctx->fc->core, IOSM_ERROR_PROTOCOL, "test");
	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, -ENODEV, iosm_mux_open(ctx->mux, 1, ctx->links[1]));
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_LT(test, jiffies - before, msecs_to_jiffies(500));
	KUNIT_EXPECT_FALSE(test, ctx->mux->is_up);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 0);
}

/* ---- Flow control and credits ---- */

static void mux_flow(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	__le32 mask = cpu_to_le32(IOSM_FLOW_MASK_ALL);

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	KUNIT_ASSERT_TRUE(test, mux_send_cmd(ctx, IOSM_AGGR_FLOW_CTL_ENABLE, 0x77, 0, &mask, 4));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->seen[0].command, IOSM_AGGR_FLOW_CTL_ACK);
	KUNIT_EXPECT_EQ(test, ctx->seen[0].transaction, 0x77);

	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 0);
	KUNIT_EXPECT_TRUE(test, netif_queue_stopped(ctx->links[0]));
	/* The other session goes on. */
	mux_xmit(test, 1, 100);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 1);

	KUNIT_ASSERT_TRUE(test, mux_send_cmd(ctx, IOSM_AGGR_FLOW_CTL_DISABLE, 0x78, 0, &mask, 4));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
	KUNIT_EXPECT_FALSE(test, netif_queue_stopped(ctx->links[0]));

	/* For a session that is not open: no response. */
	ctx->n_seen = 0;
	KUNIT_ASSERT_TRUE(test, mux_send_cmd(ctx, IOSM_AGGR_FLOW_CTL_ENABLE, 0x79, 5, &mask, 4));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->n_seen, 0);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, unknown_session), 1);
}

static void mux_credits(struct kunit *test)
{
	struct iosm_lite_table grant = {
		.signature = cpu_to_le32(IOSM_SIG_FCTH),
		.length = cpu_to_le16(sizeof(grant)),
		.value_length = 4,
		.value = cpu_to_le32(0xffffffff),
	};
	struct mux_ctx *ctx = test->priv;
	struct iosm_lite_table level;
	unsigned int i;

	mux_start(test, true, IOSM_CAP_UL_CREDITS);
	mux_open(test, 0);
	mux_xmit(test, 0, 100);
	/* Only a queue level, no packet. */
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 1);
	memcpy(&level, ctx->ul_data, sizeof(level));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(level.signature), IOSM_SIG_QLTH);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(level.value), 100);
	KUNIT_EXPECT_TRUE(test, netif_queue_stopped(ctx->links[0]));

	/* More credit than fits 32 bits. */
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_TRUE(test, mux_send(ctx, &grant, sizeof(grant)));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].credit, 3 * 0xffffffffULL - 100);

	/* A dropped packet costs no credit. */
	mux_xmit(test, 0, 65535);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_drop_too_big, 1);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].credit, 3 * 0xffffffffULL - 100);
}

/* The same in a block. */
static void mux_credits_aggregation(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, IOSM_CAP_UL_CREDITS);
	mux_open(test, 0);
	ctx->mux->sessions[0].credit = 100000;
	mux_xmit(test, 0, 17000);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_drop_too_big, 1);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].credit, 100000);
	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].credit, 99900);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 1);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_blocks, 1);

	/* A block with a queue level only is not counted as a block of packets. */
	ctx->mux->sessions[0].credit = 0;
	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_blocks, 1);
}

/* Endless commands from a device that takes no response. */
static void mux_asks_more_than_it_listens(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	unsigned int i;
	u8 report[8] = {};

	mux_start(test, false, 0);
	mux_open(test, 0);
	ctx->fc->on_bell = NULL;
	for (i = 0; i < 500; i++) {
		KUNIT_ASSERT_TRUE(test, mux_send_cmd(ctx, IOSM_AGGR_LINK_STATUS, i, 0, report, 8));
		mux_irq(ctx);
	}
	KUNIT_EXPECT_GT(test, mux_count(ctx, resp_dropped), 0);
	KUNIT_EXPECT_LE(test, ctx->mux->cmdq.count, IOSM_MUX_CMD_QUEUE - 2 * IOSM_SESSIONS);

	/* The device takes TDs again: queued responses are sent, and the session works. */
	ctx->fc->on_bell = mux_on_bell;
	iosm_channel_ring(&ctx->mux->ch, IOSM_HPDA_UL);
	mux_irq(ctx);
	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 1);
	KUNIT_EXPECT_EQ(test, ctx->mux->cmdq.count, 0);
}

/* More commands in a buffer than the budget of a poll. */
static void mux_many_commands(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	u32 at = sizeof(struct iosm_acbh), i;
	struct iosm_acbh b = {
		.signature = cpu_to_le32(IOSM_SIG_ACBH),
		.first_command = cpu_to_le32(at),
	};
	struct iosm_acb_cmdh h = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.length = cpu_to_le16(sizeof(h)),
		.if_id = 5,
		.command = cpu_to_le32(IOSM_AGGR_LINK_STATUS),
	};
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	u64 polls, stray;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	mux_start(test, false, 0);
	mux_open(test, 0);
	for (i = 0; i < 500; i++) {
		h.next_command = cpu_to_le32(i < 499 ? at + sizeof(h) : 0);
		memcpy(buf + at, &h, sizeof(h));
		at += sizeof(h);
	}
	b.block_length = cpu_to_le32(at);
	memcpy(buf, &b, sizeof(b));

	mux_irq(ctx);
	polls = mux_count(ctx, napi_polls);
	stray = mux_count(ctx, unknown_session);
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, at));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, unknown_session), stray + 500);
	/* The commands used up the budget. */
	KUNIT_EXPECT_GE(test, mux_count(ctx, napi_polls), polls + 2);
}

/* ---- Uplink ---- */

/* Memory with stale contents. */
static void mux_dirty_pages(struct kunit *test, unsigned int n, unsigned int order)
{
	unsigned long *pages = kunit_kcalloc(test, n, sizeof(*pages), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < n; i++) {
		pages[i] = __get_free_pages(GFP_KERNEL, order);
		if (pages[i])
			memset((void *)pages[i], 0x5a, PAGE_SIZE << order);
	}
	for (i = 0; i < n; i++)
		free_pages(pages[i], order);
}

/* The device can read no stale memory. */
static void mux_memory_is_clean(struct kunit *test, bool lite)
{
	struct mux_ctx *ctx = test->priv;
	unsigned int i, dirty = 0;
	void *va;
	u32 len;

	mux_start(test, lite, 0);
	if (lite)
		mux_dirty_pages(test, 512, 0);
	else
		mux_dirty_pages(test, 128, get_order(IOSM_MUX_BLOCK_SIZE));
	mux_open(test, 0);

	for (i = 0; i < IOSM_MUX_BLOCKS; i++) {
		va = ctx->mux->tx.blocks[i].va;
		dirty += va && memchr_inv(va, 0, IOSM_MUX_BLOCK_SIZE);
	}
	KUNIT_EXPECT_EQ(test, dirty, 0);

	dirty = 0;
	len = iosm_channel_ip(!lite)->buf_size;
	for (i = ctx->dl_tail; i != mux_head(ctx, 1); i = iosm_ring_next(i, mux_entries(ctx, 1))) {
		va = phys_to_virt(le64_to_cpu(mux_td(ctx, 1, i)->address));
		dirty += !!memchr_inv(va, 0, len);
	}
	KUNIT_EXPECT_EQ(test, dirty, 0);
}

static void mux_memory_is_clean_aggregation(struct kunit *test)
{
	mux_memory_is_clean(test, false);
}

static void mux_memory_is_clean_lite(struct kunit *test)
{
	mux_memory_is_clean(test, true);
}

/* A packet that does not fit a block is dropped, and leaks no block. */
static void mux_oversize(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_xmit(test, 0, IOSM_MUX_BLOCK_SIZE);
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_drop_too_big, 1);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 0);
	KUNIT_EXPECT_EQ(test, ctx->mux->tx.n_free, IOSM_MUX_BLOCKS);
	KUNIT_EXPECT_EQ(test, ctx->mux->tx.sequence, 0);
	mux_xmit(test, 0, 100);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 1);
}

/* A checksum of 0 is sent as 0xffff: in UDP, 0 means "no checksum". */
static void mux_checksum_zero(struct kunit *test)
{
	const u32 start = 40, offset = 6, len = 60;
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb;
	__sum16 sum;

	mux_start(test, false, 0);
	mux_open(test, 0);
	skb = alloc_skb(len + 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb_put_zero(skb, len);
	skb->data[0] = 0x60;
	/* Offset of the checksum. */
	memset(skb->data + start + offset, 0xff, sizeof(sum));
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + start;
	skb->csum_offset = offset;
	mux_xmit_skb(test, 0, skb);

	KUNIT_ASSERT_EQ(test, ctx->ul_blocks, 1);
	KUNIT_EXPECT_EQ(test, ctx->ul_data[sizeof(struct iosm_adbh)], 0x60);
	memcpy(&sum, ctx->ul_data + sizeof(struct iosm_adbh) + start + offset, sizeof(sum));
	KUNIT_EXPECT_EQ(test, (__force u16)sum, (__force u16)CSUM_MANGLED_0);
}

/*
 * Checksum offsets beyond the end of the packet: it is sent as it is, and the packet
 * before it in the block does not change.
 */
static void mux_checksum_nowhere(struct kunit *test)
{
	static const int starts[] = { -30, -8, 59, 61, 200 };
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb;
	unsigned int i, k;
	u8 *data;

	mux_start(test, false, 0);
	mux_open(test, 0);
	for (i = 0; i < 2 * ARRAY_SIZE(starts); i++) {
		iosm_mux_pace_init(&ctx->mux->sessions[0].pace, jiffies, 0);
		skb = alloc_skb(60 + 256, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_reserve(skb, 64);
		memset(skb_put(skb, 60), i & 1 ? 0x45 : 0, 60);
		local_bh_disable();
		if (i & 1) {
			skb->ip_summed = CHECKSUM_PARTIAL;
			skb->csum_start = skb_headroom(skb) + starts[i / 2];
			skb->csum_offset = 6;
		} else {
			__this_cpu_write(softnet_data.xmit.more, true);
		}
		mux_xmit_skb(test, 0, skb);
		__this_cpu_write(softnet_data.xmit.more, false);
		local_bh_enable();
		if (!(i & 1))
			continue;

		KUNIT_ASSERT_EQ(test, ctx->ul_blocks, i / 2 + 1);
		data = ctx->ul_data + sizeof(struct iosm_adbh);
		for (k = 0; k < 60 && !data[k] && data[60 + k] == 0x45; k++)
			;
		KUNIT_EXPECT_EQ_MSG(test, k, 60, "start %d", starts[i / 2]);
	}
}

/*
 * GSO packets of types that are not segmented here. XDP may have removed the headers.
 */
static void mux_gso_of_others(struct kunit *test)
{
	static const struct {
		u32 type;
		int transport;
		u32 len;
		u8 doff;
	} odd[] = {
		{ SKB_GSO_UDP_L4, 20, 600, 5 },
		{ SKB_GSO_UDP_L4, 120, 600, 0 },
		{ SKB_GSO_TCPV6, 120, 600, 0 },
		{ SKB_GSO_TCPV4, 20, 40, 5 },
		{ SKB_GSO_TCPV4, 20, 30, 5 },
		{ SKB_GSO_TCPV4, -4, 600, 6 },
		{ SKB_GSO_TCPV4, -20, 600, 15 },
		{ SKB_GSO_TCPV6, -60, 600, 15 },
		{ SKB_GSO_TCPV4, MUX_UNSET, 600, 5 },
		{ SKB_GSO_TCPV4, 16, 600, 6 },
		{ SKB_GSO_TCPV4, 24, 600, 5 },
		{ SKB_GSO_TCPV6, 20, 600, 5 },
	};
	struct mux_ctx *ctx = test->priv;
	struct iosm_mux_tx_stats *tx;
	struct sk_buff *skb;
	unsigned int i;

	mux_start(test, false, 0);
	mux_open(test, 0);
	tx = &ctx->mux->sessions[0].tx;
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		skb = alloc_skb(1024, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_reserve(skb, 64);
		skb_put_zero(skb, 600);
		skb->data[0] = 0x45;
		skb_reset_network_header(skb);
		if (odd[i].transport != MUX_UNSET) {
			skb_set_transport_header(skb, odd[i].transport);
			tcp_hdr(skb)->doff = odd[i].doff;
		}
		skb_trim(skb, odd[i].len);
		skb_shinfo(skb)->gso_size = 100;
		skb_shinfo(skb)->gso_type = odd[i].type;
		mux_xmit_skb(test, 0, skb);
		KUNIT_EXPECT_EQ(test, tx->tx_drop_too_big, i + 1);
	}
#ifdef CONFIG_BQL
	KUNIT_EXPECT_EQ(test, netdev_get_tx_queue(ctx->links[0], 0)->dql.num_queued,
			netdev_get_tx_queue(ctx->links[0], 0)->dql.num_completed);
#endif
}

static netdev_features_t mux_features(struct mux_ctx *ctx, struct sk_buff *skb)
{
	return iosm_mux_features(ctx->mux, 0, skb, NETIF_F_TSO | NETIF_F_TSO6);
}

/* With a source route, the checksum uses an address from an option. */
static void mux_gso_source_route(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(2048, GFP_KERNEL);
	struct mux_ctx *ctx = test->priv;
	unsigned int i;

	mux_start(test, false, 0);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 2000);
	skb_reset_network_header(skb);
	for (i = 0; i < 2; i++) {
		skb_shinfo(skb)->gso_size = 1000;
		skb_shinfo(skb)->gso_type = i ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		skb_set_transport_header(skb, i ? 40 : 20);
		tcp_hdr(skb)->doff = 5;
		KUNIT_EXPECT_EQ(test, mux_features(ctx, skb), NETIF_F_TSO | NETIF_F_TSO6);
		skb_set_transport_header(skb, i ? 64 : 28);
		tcp_hdr(skb)->doff = 5;
		KUNIT_EXPECT_EQ(test, mux_features(ctx, skb), 0);
	}
	kfree_skb(skb);
}

/*
 * A packet that needs too many blocks is segmented by the stack: its segments can be
 * deferred one by one.
 */
static void mux_gso_too_many_blocks(struct kunit *test)
{
	static const struct {
		u32 ul_pad, mss, len;
		bool ok;
	} odd[] = {
		{ 0, 1340, 60000, true },
		{ 16 + 12000, 1340, 40 + 16 * 1340, true },
		{ 16 + 12000, 1340, 40 + 16 * 1340 + 1, false },
		{ 0, 8, 60000, false },
	};
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb;
	unsigned int i;

	mux_start(test, false, 0);
	skb = alloc_skb(60000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 60000);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, 20);
	tcp_hdr(skb)->doff = 5;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		ctx->ul_pad = odd[i].ul_pad;
		mux_open(test, 0);
		skb->len = odd[i].len;
		skb_shinfo(skb)->gso_size = odd[i].mss;
		KUNIT_EXPECT_EQ_MSG(test, mux_features(ctx, skb),
				    odd[i].ok ? NETIF_F_TSO | NETIF_F_TSO6 : 0, "%u", i);
		iosm_mux_close(ctx->mux, 0);
	}
	kfree_skb(skb);
}

/* A UDP GSO packet has no TCP header. */
static void mux_gso_udp_features(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb;

	mux_start(test, false, 0);
	skb = alloc_skb(1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb_put(skb, 600), 0xff, 600);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, 40);
	skb_shinfo(skb)->gso_size = 100;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	/* No feature to remove: the device has none for UDP. */
	KUNIT_EXPECT_EQ(test, mux_features(ctx, skb), NETIF_F_TSO | NETIF_F_TSO6);
	kfree_skb(skb);
}

/* All segments of a large TCP packet are sent together, or none. */
static void mux_gso_all_or_nothing(struct kunit *test)
{
	const unsigned int segments = 12, mss = 1300, len = 40 + segments * mss;
	struct mux_ctx *ctx = test->priv;
	unsigned int n_free;
	struct sk_buff *skb;

	mux_start(test, false, 0);
	mux_open(test, 0);
	skb = alloc_skb(len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, len);
	skb->data[0] = 0x45;
	skb->protocol = htons(ETH_P_IP);
	skb->dev = ctx->links[0];
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, 20);
	tcp_hdr(skb)->doff = 5;
	skb_shinfo(skb)->gso_size = mss;
	skb_shinfo(skb)->gso_segs = segments;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;

	/* The 12th segment needs a second block, as the first is closed early. */
	n_free = ctx->mux->tx.n_free;
	ctx->mux->tx.n_free = 1;
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, NETDEV_TX_OK, iosm_mux_xmit(ctx->mux, 0, skb));
	ctx->mux->tx.n_free += n_free - 1;
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, ctx->mux->sessions[0].tx.tx_drop_too_big, 0);

	KUNIT_EXPECT_PTR_EQ(test, ctx->mux->sessions[0].deferred, skb);

	/* The next NAPI poll sends the packet. */
	KUNIT_ASSERT_TRUE(test, mux_send_cmd(ctx, IOSM_AGGR_FLOW_CTL_DISABLE, 1, 0, NULL, 0));
	mux_irq(ctx);
	KUNIT_EXPECT_NULL(test, ctx->mux->sessions[0].deferred);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
	KUNIT_EXPECT_EQ(test, ctx->mux->tx.n_free, IOSM_MUX_BLOCKS);
}

/* Doorbells for uplink since the last call. */
static unsigned int mux_ul_bells(struct mux_ctx *ctx)
{
	struct iosm_fake *fake = ctx->fc->fake;
	unsigned int i, n = 0;

	for (i = 0; i < min_t(unsigned int, fake->n_bells, IOSM_FAKE_BELLS); i++)
		n += fake->bells[i].value == IOSM_HPDA_UL ||
		     fake->bells[i].value == IOSM_HPDA_UL_TIMER;
	fake->n_bells = 0;

	return n;
}

/* A packet after a pause rings at once; so do a few more. */
static void mux_lone_packets(struct kunit *test, bool lite)
{
	struct mux_ctx *ctx = test->priv;
	struct iosm_mux_session *s;
	unsigned int i;

	mux_start(test, lite, 0);
	mux_open(test, 0);
	s = &ctx->mux->sessions[0];
	mux_ul_bells(ctx);
	for (i = 0; i < 20; i++) {
		s->pace.last = jiffies - HZ / 50 - 1;
		s->pace.credit = 0;
		mux_xmit(test, 0, 100);
		KUNIT_EXPECT_EQ(test, mux_ul_bells(ctx), 1);
	}
}

static void mux_lone_packets_aggregation(struct kunit *test)
{
	mux_lone_packets(test, false);
}

static void mux_lone_packets_lite(struct kunit *test)
{
	mux_lone_packets(test, true);
}

/* Packets in quick succession are collected once the credit is used up. */
static void mux_collects(struct kunit *test, bool lite)
{
	struct mux_ctx *ctx = test->priv;
	unsigned int i;

	mux_start(test, lite, 0);
	mux_open(test, 0);
	/* The byte limit of the queue has its least value after a completion. */
	mux_xmit(test, 0, 100);
	mux_irq(ctx);
	ctx->mux->sessions[0].pace.credit = 0;
	ctx->mux->sessions[0].pace.last = jiffies;
	ctx->mux->coalesce.rung = ktime_add_ms(ktime_get(), 1000);
	mux_ul_bells(ctx);
	for (i = 0; i < 6; i++) {
		ctx->mux->sessions[0].pace.last = jiffies;
		mux_xmit(test, 0, 100);
	}
	KUNIT_EXPECT_EQ(test, mux_ul_bells(ctx), 0);
	KUNIT_EXPECT_TRUE(test, ctx->mux->coalesce.is_timer_on);

	/* A single packet of another session rings for them, too. */
	mux_open(test, 1);
	mux_ul_bells(ctx);
	mux_xmit(test, 1, 100);
	KUNIT_EXPECT_EQ(test, mux_ul_bells(ctx), 1);
}

static void mux_collects_aggregation(struct kunit *test)
{
	mux_collects(test, false);
}

static void mux_collects_lite(struct kunit *test)
{
	mux_collects(test, true);
}

/* Immediate doorbells within a second at @pps packets per second. */
static unsigned int mux_paced(unsigned int pps)
{
	struct iosm_mux_pace pace;
	unsigned int i, n = 0;

	iosm_mux_pace_init(&pace, 0, 0);
	pace.credit = 0;
	for (i = 1; i <= pps; i++)
		n += iosm_mux_pace_take(&pace, (u64)i * HZ / pps, 0);

	return n;
}

/* The number of immediate doorbells changes smoothly with the packet rate. */
static void mux_pace(struct kunit *test)
{
	unsigned int pps, n, last = 0;

	KUNIT_EXPECT_EQ(test, mux_paced(10), 10);
	KUNIT_EXPECT_EQ(test, mux_paced(50), 50);
	for (pps = 10; pps <= 4000; pps += 10) {
		n = mux_paced(pps);
		KUNIT_EXPECT_LE(test, n, IOSM_MUX_PACE_RATE);
		KUNIT_EXPECT_LE_MSG(test, abs((int)n - (int)last), 40, "%u/s", pps);
		last = n;
	}
}

/* The time stamp of a sent packet comes with that packet, without our header. */
static void mux_time_stamp(struct kunit *test, bool lite)
{
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb, *only;
	struct socket *sock;

	mux_start(test, lite, 0);
	mux_open(test, 0);
	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, 0, &sock));
	WRITE_ONCE(sock->sk->sk_tsflags, SOF_TIMESTAMPING_TX_SOFTWARE);
	skb = alloc_skb(200, GFP_KERNEL);
	if (skb) {
		skb_reserve(skb, 64);
		memset(skb_put(skb, 100), 0x45, 100);
		skb_set_owner_w(skb, sock->sk);
		skb_shinfo(skb)->tx_flags |= SKBTX_SW_TSTAMP;
		mux_xmit_skb(test, 0, skb);
	}
	only = skb_dequeue(&sock->sk->sk_error_queue);
	KUNIT_EXPECT_NOT_NULL(test, only);
	if (only) {
		KUNIT_EXPECT_EQ(test, only->len, 100);
		KUNIT_EXPECT_EQ(test, only->data[0], 0x45);
		kfree_skb(only);
	}
	iosm_mux_close(ctx->mux, 0);
	sock_release(sock);
}

static void mux_time_stamp_aggregation(struct kunit *test)
{
	mux_time_stamp(test, false);
}

static void mux_time_stamp_lite(struct kunit *test)
{
	mux_time_stamp(test, true);
}

/* Only one packet has a time stamp. */
static unsigned int mux_orphans;

static void mux_orphaned(struct sk_buff *skb)
{
	mux_orphans++;
}

/*
 * Lite: a packet that the device does not take releases its socket when the link is
 * closed.
 */
static void mux_close_lets_go(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	struct sk_buff *skb;

	mux_start(test, true, 0);
	mux_open(test, 0);
	mux_open(test, 1);
	ctx->fc->on_bell = NULL;
	skb = alloc_skb(200, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb_put_zero(skb, 100);
	skb->destructor = mux_orphaned;
	mux_orphans = 0;
	mux_xmit_skb(test, 0, skb);
	mux_xmit(test, 1, 100);
	/* While the link is up, the packet counts against its socket. */
	KUNIT_EXPECT_EQ(test, mux_orphans, 0);
	iosm_mux_close(ctx->mux, 0);
	KUNIT_EXPECT_EQ(test, mux_orphans, 1);
	KUNIT_EXPECT_TRUE(test, ctx->mux->is_up);

	ctx->fc->on_bell = mux_on_bell;
	iosm_channel_ring(&ctx->mux->ch, IOSM_HPDA_UL);
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, ctx->ul_blocks, 2);
}

/* ---- Downlink ---- */

/* Memory that received packets are charged with. */
struct mux_charge {
	unsigned int packets;
	unsigned int lent;
	unsigned int shared;
	unsigned int truesize;
};

static struct mux_charge mux_charge;

static rx_handler_result_t mux_weigh(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;

	mux_charge.packets++;
	mux_charge.lent += !!skb_shinfo(skb)->nr_frags;
	mux_charge.shared += skb_has_shared_frag(skb);
	mux_charge.truesize += skb->truesize;
	kfree_skb(skb);

	return RX_HANDLER_CONSUMED;
}

/* A block of full length with @n small datagrams. */
static void mux_weigh_block(struct kunit *test, unsigned int n, u32 len)
{
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	mux_block(buf, 0, n, len);
	((struct iosm_adbh *)buf)->block_length = cpu_to_le32(16384);
	memset(&mux_charge, 0, sizeof(mux_charge));
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, 16384));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_charge.packets, n);
	/* IPsec must not decrypt in place: the device gets the page again. */
	KUNIT_EXPECT_EQ(test, mux_charge.shared, mux_charge.lent);
}

/* One small packet, and large ones of a closed session, which are not charged. */
static void mux_truesize_of_closed_session(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	struct iosm_adth_dg e;
	u32 len, at, i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = mux_block(buf, 0, 10, 1400);
	for (i = 1; i < 10; i++) {
		at = sizeof(struct iosm_adbh) + sizeof(struct iosm_adth) + i * sizeof(e);
		memcpy(&e, buf + at, sizeof(e));
		buf[le32_to_cpu(e.index) + IOSM_MUX_DL_HEAD_PAD] = 0;
	}
	memset(&mux_charge, 0, sizeof(mux_charge));
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, len));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_charge.packets, 1);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 0);
}

/*
 * Sockets are charged for the memory of the packets that they hold, whatever block
 * length the device reports.
 */
static void mux_pays(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;

	mux_start(test, false, 0);
	mux_open(test, 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, 0, netdev_rx_handler_register(ctx->links[0], mux_weigh, NULL));
	rtnl_unlock();

	mux_weigh_block(test, 1, 300);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 0);
	mux_weigh_block(test, 20, 300);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 0);
	mux_weigh_block(test, 4, 1400);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 0);
	/* The rest is copied, as these do not fill the buffer. */
	mux_weigh_block(test, 60, 200);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 0);
	mux_weigh_block(test, 11, 1400);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 11);
	KUNIT_EXPECT_GE(test, mux_charge.truesize, 16384 - 11);
	mux_weigh_block(test, 6, 1400);
	KUNIT_EXPECT_EQ(test, mux_charge.lent, 6);
	KUNIT_EXPECT_GE(test, mux_charge.truesize, 16384 - 6);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed), 0);
	mux_truesize_of_closed_session(test);

	rtnl_lock();
	netdev_rx_handler_unregister(ctx->links[0]);
	rtnl_unlock();
}

/* Packets have no link-layer header: the IP header must be aligned. */
static rx_handler_result_t mux_received(struct sk_buff **skb)
{
	struct mux_ctx *ctx = rcu_dereference((*skb)->dev->rx_handler_data);

	ctx->received++;
	if (!IS_ALIGNED((uintptr_t)(*skb)->data, 4))
		ctx->odd++;

	return RX_HANDLER_PASS;
}

static void mux_packets(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	unsigned int i;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	mux_start(test, false, 0);
	mux_open(test, 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, 0, netdev_rx_handler_register(ctx->links[0], mux_received, ctx));
	rtnl_unlock();
	/* A few turns of the ring, with copied packets and packets in fragments. */
	for (i = 0; i < 200; i++) {
		len = mux_block(buf, 0, 1 + i % 8, i & 1 ? 1400 : 60);
		KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, len));
		mux_irq(ctx);
	}
	KUNIT_EXPECT_EQ(test, mux_rx_packets(ctx, 0), 200 / 8 * 36);
	rtnl_lock();
	netdev_rx_handler_unregister(ctx->links[0]);
	rtnl_unlock();
	KUNIT_EXPECT_GT(test, ctx->received, 0);
	KUNIT_EXPECT_EQ(test, ctx->odd, 0);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, malformed), 0);

	/* For a session that is not open. */
	len = mux_block(buf, 1, 3, 60);
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, len));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, unknown_session), 3);
	KUNIT_EXPECT_EQ(test, mux_rx_packets(ctx, 1), 0);
}

/*
 * Buffers without packets, faster than the driver polls: all of them must be posted
 * again.
 */
static void mux_blocks_without_packets(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	unsigned int i, n;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	mux_start(test, false, 0);
	mux_open(test, 0);
	for (i = 0; i < 5; i++) {
		len = mux_block(buf, 0, 0, 0);
		for (n = 0; mux_send(ctx, buf, len); n++)
			;
		KUNIT_EXPECT_GE(test, n, 30);
		mux_irq(ctx);
	}
	len = mux_block(buf, 0, 1, 60);
	KUNIT_EXPECT_TRUE(test, mux_send(ctx, buf, len));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_rx_packets(ctx, 0), 1);
}

/* Malformed buffers likewise. */
static void mux_malformed_buffers(struct kunit *test)
{
	static const u8 malformed[64] = { 1, 2, 3 };
	struct mux_ctx *ctx = test->priv;
	struct iosm_violations violations;
	unsigned int i;

	mux_start(test, true, 0);
	mux_open(test, 0);
	/* More than the ring holds, a few at a time. */
	for (i = 0; i < 3000; i++) {
		KUNIT_ASSERT_TRUE(test, mux_send(ctx, malformed, sizeof(malformed)));
		if (!(i % 50))
			mux_irq(ctx);
	}
	mux_irq(ctx);
	iosm_core_get_violations(&ctx->fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.mux, 3000);
	KUNIT_EXPECT_EQ(test, iosm_core_state(&ctx->fc->core), IOSM_STATE_ONLINE);
}

static void mux_impossible_tail(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	struct iosm_violations violations;

	mux_start(test, false, 0);
	mux_open(test, 0);
	mux_tail(ctx, 1, mux_entries(ctx, 1));
	mux_irq(ctx);
	KUNIT_EXPECT_TRUE(test, iosm_core_has_failed(&ctx->fc->core));
	KUNIT_EXPECT_STREQ(test, ctx->fc->core.error.reason, "invalid ring index");
	KUNIT_EXPECT_FALSE(test, ctx->fc->master);
	iosm_core_get_violations(&ctx->fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.ring, 1);
	iosm_mux_close(ctx->mux, 0);
	/* Each is counted once. */
	iosm_core_get_violations(&ctx->fc->core, &violations);
	KUNIT_EXPECT_EQ(test, violations.ring, 1);
}

/* One packet sent for each received: the peer waits for each of them. */
static void mux_pace_of_replies(struct kunit *test)
{
	struct iosm_mux_pace pace;
	unsigned int i;

	iosm_mux_pace_init(&pace, 0, 0);
	pace.credit = 0;
	/* The first two packets establish the pattern. */
	for (i = 1; i < 100; i++)
		KUNIT_EXPECT_EQ(test, iosm_mux_pace_take(&pace, 0, i), i >= 2);
	/* An upload: two packets for each acknowledgment. */
	for (i = 100; i < 200; i++) {
		iosm_mux_pace_take(&pace, 0, i);
		KUNIT_EXPECT_FALSE(test, iosm_mux_pace_take(&pace, 0, i));
	}
	KUNIT_EXPECT_FALSE(test, iosm_mux_pace_take(&pace, 0, i));
	/* A download: an acknowledgment for every two packets. */
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_FALSE(test, iosm_mux_pace_take(&pace, 0, 202 + 2 * i));
}

static size_t mux_large_pages(const struct iosm_mux *mux)
{
	return 64 * 1024;
}

/* Pages of 64 KiB hold four buffers each, and nothing is handed up in place. */
static void mux_dl_large_pages(struct kunit *test)
{
	struct mux_ctx *ctx = test->priv;
	u8 *buf = kunit_kzalloc(test, 16384, GFP_KERNEL);
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	kunit_activate_static_stub(test, iosm_mux_page_size, mux_large_pages);
	mux_start(test, false, 0);
	mux_open(test, 0);
	KUNIT_EXPECT_NULL(test, ctx->mux->rx.pool);
	KUNIT_EXPECT_PTR_EQ(test, virt_to_head_page(ctx->mux->ch.dl.slots[8].cookie),
			    virt_to_head_page(ctx->mux->ch.dl.slots[11].cookie));
	len = mux_block(buf, 0, 10, 1400);
	KUNIT_ASSERT_TRUE(test, mux_send(ctx, buf, len));
	mux_irq(ctx);
	KUNIT_EXPECT_EQ(test, mux_rx_packets(ctx, 0), 10);
	KUNIT_EXPECT_EQ(test, mux_count(ctx, copy_fallback), 0);
}

static struct kunit_case mux_cases[] = {
	KUNIT_CASE(mux_opens_aggregation),
	KUNIT_CASE(mux_opens_lite),
	KUNIT_CASE_SLOW(mux_open_unanswered),
	KUNIT_CASE(mux_open_refused),
	KUNIT_CASE(mux_open_absurd_padding),
	KUNIT_CASE(mux_open_mtu_without_padding),
	KUNIT_CASE_SLOW(mux_open_wrong_transaction),
	KUNIT_CASE_SLOW(mux_open_wrong_session),
	KUNIT_CASE_SLOW(mux_open_wrong_command),
	KUNIT_CASE_SLOW(mux_open_short_answer),
	KUNIT_CASE(mux_answers_twice),
	KUNIT_CASE_SLOW(mux_close_unanswered),
	KUNIT_CASE_SLOW(mux_close_silent),
	KUNIT_CASE_SLOW(mux_open_silent),
	KUNIT_CASE(mux_close_late_response),
	KUNIT_CASE(mux_flow_while_closing),
	KUNIT_CASE(mux_close_beside_downlink),
	KUNIT_CASE(mux_flush_in_busy_poll),
	KUNIT_CASE(mux_after_failure),
	KUNIT_CASE(mux_flow),
	KUNIT_CASE(mux_credits),
	KUNIT_CASE(mux_credits_aggregation),
	KUNIT_CASE(mux_asks_more_than_it_listens),
	KUNIT_CASE(mux_many_commands),
	KUNIT_CASE(mux_memory_is_clean_aggregation),
	KUNIT_CASE(mux_memory_is_clean_lite),
	KUNIT_CASE(mux_oversize),
	KUNIT_CASE(mux_checksum_zero),
	KUNIT_CASE(mux_checksum_nowhere),
	KUNIT_CASE(mux_gso_of_others),
	KUNIT_CASE(mux_gso_source_route),
	KUNIT_CASE(mux_gso_too_many_blocks),
	KUNIT_CASE(mux_gso_udp_features),
	KUNIT_CASE(mux_gso_all_or_nothing),
	KUNIT_CASE(mux_lone_packets_aggregation),
	KUNIT_CASE(mux_lone_packets_lite),
	KUNIT_CASE(mux_collects_aggregation),
	KUNIT_CASE(mux_collects_lite),
	KUNIT_CASE(mux_pace),
	KUNIT_CASE(mux_dl_large_pages),
	KUNIT_CASE(mux_pace_of_replies),
	KUNIT_CASE(mux_time_stamp_aggregation),
	KUNIT_CASE(mux_time_stamp_lite),
	KUNIT_CASE_SLOW(mux_close_lets_go),
	KUNIT_CASE(mux_pays),
	KUNIT_CASE(mux_packets),
	KUNIT_CASE(mux_blocks_without_packets),
	KUNIT_CASE(mux_closes_in_sleep),
	KUNIT_CASE(mux_storm_with_block),
	KUNIT_CASE(mux_malformed_buffers),
	KUNIT_CASE(mux_impossible_tail),
	{ }
};

static struct kunit_suite mux_suite = {
	.name = "iosm_mux",
	.init = mux_test_init,
	.exit = mux_test_exit,
	.test_cases = mux_cases,
};

kunit_test_suite(mux_suite);
