// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network devices: links of the WWAN framework, one for each session.
 *
 * A session is open while its network device is up. See iosm_mux.c for the channel.
 */

#include <linux/capability.h>
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netdev_queues.h>
#include <net/pkt_sched.h>
#include <kunit/visibility.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_net.h"
#include "iosm_stats.h"

#define IOSM_NET_DEFAULT_LINK	0
#define IOSM_NET_RELEASE_MS	10

static int iosm_net_open(struct net_device *netdev)
{
	struct iosm_link *link = iosm_link(netdev);
	struct iosm_mux *mux = link->net->mux;
	int err;

	err = iosm_mux_open(mux, link->if_id, netdev);
	if (err) {
		if (net_ratelimit())
			netdev_err(netdev, "session %u does not open: %pe\n",
				   link->if_id, ERR_PTR(err));
		return err;
	}

	netif_carrier_on(netdev);
	netif_start_queue(netdev);

	return 0;
}

static int iosm_net_stop(struct net_device *netdev)
{
	struct iosm_link *link = iosm_link(netdev);

	iosm_mux_close(link->net->mux, link->if_id);
	netif_carrier_off(netdev);

	return 0;
}

static netdev_tx_t iosm_net_xmit(struct sk_buff *skb,
				 struct net_device *netdev)
{
	struct iosm_link *link = iosm_link(netdev);

	return iosm_mux_xmit(link->net->mux, link->if_id, skb);
}

static netdev_features_t iosm_net_features(struct sk_buff *skb,
					   struct net_device *netdev,
					   netdev_features_t features)
{
	struct iosm_link *link = iosm_link(netdev);

	return iosm_mux_features(link->net->mux, link->if_id, skb, features);
}

static int iosm_net_change_mtu(struct net_device *netdev, int mtu)
{
	struct iosm_link *link = iosm_link(netdev);

	/* The head padding that the device requested may leave less than max_mtu. */
	if (mtu > iosm_mux_max_mtu(link->net->mux, link->if_id))
		return -EINVAL;

	WRITE_ONCE(netdev->mtu, mtu);

	return 0;
}

static const struct net_device_ops iosm_net_ops = {
	.ndo_open = iosm_net_open,
	.ndo_stop = iosm_net_stop,
	.ndo_start_xmit = iosm_net_xmit,
	.ndo_features_check = iosm_net_features,
	.ndo_change_mtu = iosm_net_change_mtu,
	.ndo_get_stats64 = dev_get_tstats64,
};

static void iosm_net_queue_stats_rx(struct net_device *netdev, int queue,
				    struct netdev_queue_stats_rx *stats)
{
	struct iosm_link *link = iosm_link(netdev);
	const struct iosm_mux_rx_stats *rx;
	struct rtnl_link_stats64 sum = {};

	dev_fetch_sw_netstats(&sum, netdev->tstats);
	stats->packets = sum.rx_packets;
	stats->bytes = sum.rx_bytes;
	rx = iosm_mux_rx_stats(link->net->mux, link->if_id);
	stats->alloc_fail = iosm_stats_read(&rx->sync, &rx->rx_alloc_fail);
}

static void iosm_net_queue_stats_tx(struct net_device *netdev, int queue,
				    struct netdev_queue_stats_tx *stats)
{
	struct iosm_link *link = iosm_link(netdev);
	struct rtnl_link_stats64 sum = {};
	struct iosm_mux_tx_stats tx;

	dev_fetch_sw_netstats(&sum, netdev->tstats);
	stats->packets = sum.tx_packets;
	stats->bytes = sum.tx_bytes;
	iosm_mux_get_tx_stats(link->net->mux, link->if_id, &tx);
	stats->stop = tx.stop;
	stats->wake = tx.wake;
}

/* All counters are those of the one queue. */
static void iosm_net_base_stats(struct net_device *netdev,
				struct netdev_queue_stats_rx *rx,
				struct netdev_queue_stats_tx *tx)
{
	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
	tx->packets = 0;
	tx->bytes = 0;
	tx->stop = 0;
	tx->wake = 0;
}

static const struct netdev_stat_ops iosm_net_stat_ops = {
	.get_queue_stats_rx = iosm_net_queue_stats_rx,
	.get_queue_stats_tx = iosm_net_queue_stats_tx,
	.get_base_stats = iosm_net_base_stats,
};

/* Raw IP: no link layer header. */
static void iosm_net_setup(struct net_device *netdev)
{
	netdev->netdev_ops = &iosm_net_ops;
	netdev->ethtool_ops = &iosm_ethtool_ops;
	netdev->stat_ops = &iosm_net_stat_ops;
	netdev->type = ARPHRD_NONE;
	netdev->flags = IFF_POINTOPOINT | IFF_NOARP;
	/* netpoll sends Ethernet frames, and may do so with ul_lock held. */
	netdev->priv_flags |= IFF_DISABLE_NETPOLL;
	netdev->mtu = ETH_DATA_LEN;
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->tx_queue_len = DEFAULT_TX_QUEUE_LEN;
	netdev->needs_free_netdev = true;
	netdev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
}

static bool iosm_net_is_released(const struct iosm_link *link)
{
	return READ_ONCE(link->netdev->reg_state) == NETREG_RELEASED;
}

static void iosm_net_put(struct iosm_link *link)
{
	list_del(&link->deleted);
	put_device(&link->netdev->dev);
}

/* Remove released links from the list, so that it remains short. */
static void iosm_net_put_released(struct iosm_net *net)
{
	struct iosm_link *link, *next;

	list_for_each_entry_safe(link, next, &net->deleted, deleted) {
		if (iosm_net_is_released(link))
			iosm_net_put(link);
	}
}

/*
 * Other tasks may use the netdev_ops of a deleted link until the last reference to the
 * network device is dropped: linkwatch, or a notifier in netdev_run_todo(). The ops are
 * part of this module, so wait. A module reference per link is no alternative, as the
 * default link would always hold one.
 *
 * Context: sleeps, without RTNL; all links have been deleted.
 */
static void iosm_net_wait_released(struct iosm_net *net)
{
	struct iosm_link *link, *next;

	list_for_each_entry_safe(link, next, &net->deleted, deleted) {
		while (!iosm_net_is_released(link))
			schedule_timeout_idle(msecs_to_jiffies(IOSM_NET_RELEASE_MS));
		iosm_net_put(link);
	}
}

static int iosm_net_newlink(void *ctxt, struct net_device *netdev, u32 if_id,
			    struct netlink_ext_ack *extack)
{
	struct iosm_link *link = iosm_link(netdev);
	struct iosm_net *net = ctxt;
	int err;

	/*
	 * The WWAN core checks the capability in the namespace of the link, where any
	 * user may have it. The sessions belong to the initial namespace.
	 */
	if (!capable(CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG_MOD(extack, "only for root of the system");
		return -EPERM;
	}
	if (if_id >= IOSM_SESSIONS) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "linkid must be 0 to %u",
				       IOSM_SESSIONS - 1);
		return -EINVAL;
	}
	if (net->links[if_id]) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "linkid %u is in use by %s",
				       if_id, net->links[if_id]->name);
		return -EEXIST;
	}

	iosm_net_put_released(net);
	link->net = net;
	link->netdev = netdev;
	link->if_id = if_id;
	iosm_mux_setup_netdev(net->mux, netdev);
	/* The core has checked a given MTU before the limit was set. */
	if (netdev->mtu > netdev->max_mtu) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "mtu must be at most %u",
				       netdev->max_mtu);
		return -EINVAL;
	}
	iosm_mux_clear_stats(net->mux, if_id);

	err = netif_set_real_num_tx_queues(netdev, 1);
	if (err)
		return err;

	netif_carrier_off(netdev);
	err = register_netdevice(netdev);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "cannot register the link");
		return err;
	}

	net->links[if_id] = netdev;

	return 0;
}

static void iosm_net_dellink(void *ctxt, struct net_device *netdev,
			     struct list_head *head)
{
	struct iosm_link *link = iosm_link(netdev);

	iosm_net_put_released(link->net);
	link->net->links[link->if_id] = NULL;
	get_device(&netdev->dev);
	list_add_tail(&link->deleted, &link->net->deleted);
	unregister_netdevice_queue(netdev, head);
}

static const struct wwan_ops iosm_net_wwan_ops = {
	.priv_size = sizeof(struct iosm_link),
	.setup = iosm_net_setup,
	.newlink = iosm_net_newlink,
	.dellink = iosm_net_dellink,
};

static int iosm_net_start(struct iosm_core *core, void **priv)
{
	struct iosm_net *net;
	int err = -ENOMEM;

	net = kzalloc_obj(*net);
	if (!net)
		return -ENOMEM;

	net->core = core;
	INIT_LIST_HEAD(&net->deleted);
	net->mux = iosm_mux_create(core);
	if (!net->mux)
		goto err_free;

	err = wwan_register_ops(iosm_core_dev(core), &iosm_net_wwan_ops, net,
				IOSM_NET_DEFAULT_LINK);
	if (err)
		goto err_mux;

	*priv = net;

	return 0;

err_mux:
	iosm_mux_destroy(net->mux);
err_free:
	kfree(net);
	return err;
}

static void iosm_net_shutdown(struct iosm_core *core, void *priv)
{
	struct iosm_net *net = priv;

	/* Removes all links, which closes their sessions. */
	wwan_unregister_ops(iosm_core_dev(core));
	iosm_net_wait_released(net);
	iosm_mux_destroy(net->mux);
	kfree(net);
}

static void iosm_net_for_each(struct iosm_net *net,
			      void (*fn)(struct net_device *netdev))
{
	unsigned int i;

	rtnl_lock();
	for (i = 0; i < IOSM_SESSIONS; i++)
		if (net->links[i])
			fn(net->links[i]);
	rtnl_unlock();
}

static void iosm_net_suspend(void *priv)
{
	struct iosm_net *net = priv;

	iosm_net_for_each(net, netif_device_detach);
	iosm_mux_suspend(net->mux);
}

static void iosm_net_resume(void *priv)
{
	struct iosm_net *net = priv;

	iosm_mux_resume(net->mux);
	iosm_net_for_each(net, netif_device_attach);
}

const struct iosm_client iosm_net_client = {
	.name = "network devices",
	.start = iosm_net_start,
	.stop = iosm_net_shutdown,
	.suspend = iosm_net_suspend,
	.resume = iosm_net_resume,
};
EXPORT_SYMBOL_IF_KUNIT(iosm_net_client);
