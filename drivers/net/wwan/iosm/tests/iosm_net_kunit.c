// SPDX-License-Identifier: GPL-2.0-only
/* Links of the WWAN framework, on a device in memory. */

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/rtnetlink.h>

#include "iosm_fake_core.h"
#include "../iosm_net.h"

/* Time for which another task holds a reference to a link. */
#define NET_HELD_MS	150

struct net_ctx {
	struct fake_core *fc;
	struct net_device *netdev;
	netdevice_tracker tracker;
	struct work_struct delete;
	struct delayed_work put;
	struct completion deleting;
};

static int net_test_init(struct kunit *test)
{
	struct iosm_net *net;
	struct net_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->fc = fake_core_new(test, &iosm_net_client);
	fake_core_online(test, ctx->fc);
	net = ctx->fc->core.client_priv[0];
	KUNIT_ASSERT_NOT_NULL(test, net);
	ctx->netdev = net->links[0];
	KUNIT_ASSERT_NOT_NULL(test, ctx->netdev);

	return 0;
}

/* As "ip link del": the task waits in rtnl_unlock() for the last reference. */
static void net_delete_work(struct work_struct *work)
{
	struct net_ctx *ctx = container_of(work, struct net_ctx, delete);
	LIST_HEAD(list);

	rtnl_lock();
	ctx->netdev->rtnl_link_ops->dellink(ctx->netdev, &list);
	unregister_netdevice_many(&list);
	complete(&ctx->deleting);
	rtnl_unlock();
}

static void net_put_work(struct work_struct *work)
{
	struct net_ctx *ctx = container_of(to_delayed_work(work),
					   struct net_ctx, put);

	netdev_put(ctx->netdev, &ctx->tracker);
}

/* Stopping waits until the last reference to a deleted link is dropped. */
static void net_waits_for_deleted_link(struct kunit *test)
{
	struct net_ctx *ctx = test->priv;
	unsigned long before = jiffies;

	netdev_hold(ctx->netdev, &ctx->tracker, GFP_KERNEL);
	init_completion(&ctx->deleting);
	INIT_WORK(&ctx->delete, net_delete_work);
	INIT_DELAYED_WORK(&ctx->put, net_put_work);
	queue_work(system_unbound_wq, &ctx->delete);
	wait_for_completion(&ctx->deleting);
	queue_delayed_work(system_unbound_wq, &ctx->put,
			   msecs_to_jiffies(NET_HELD_MS));

	iosm_core_pause(&ctx->fc->core);
	KUNIT_EXPECT_EQ(test, ctx->fc->core.clients_up, 0);
	KUNIT_EXPECT_GE(test, jiffies - before, msecs_to_jiffies(NET_HELD_MS));

	flush_delayed_work(&ctx->put);
	flush_work(&ctx->delete);
}

/* A link that was deleted, and released, long before the driver stops. */
static void net_link_deleted_before_stop(struct kunit *test)
{
	struct net_ctx *ctx = test->priv;
	struct iosm_net *net = ctx->fc->core.client_priv[0];
	LIST_HEAD(list);

	rtnl_lock();
	ctx->netdev->rtnl_link_ops->dellink(ctx->netdev, &list);
	unregister_netdevice_many(&list);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, list_is_singular(&net->deleted));
	KUNIT_EXPECT_NULL(test, net->links[0]);

	iosm_core_pause(&ctx->fc->core);
	KUNIT_EXPECT_EQ(test, ctx->fc->core.clients_up, 0);
}

static void net_features(struct kunit *test)
{
	struct net_ctx *ctx = test->priv;

	/* BPF at tc ingress sees only the first packet of a fragment list. */
	KUNIT_EXPECT_FALSE(test, ctx->netdev->features & NETIF_F_GRO_FRAGLIST);
	KUNIT_EXPECT_TRUE(test, ctx->netdev->hw_features & NETIF_F_GRO_FRAGLIST);
}

static struct kunit_case net_cases[] = {
	KUNIT_CASE(net_waits_for_deleted_link),
	KUNIT_CASE(net_link_deleted_before_stop),
	KUNIT_CASE(net_features),
	{ }
};

static struct kunit_suite net_suite = {
	.name = "iosm_net",
	.init = net_test_init,
	.test_cases = net_cases,
};

kunit_test_suite(net_suite);
