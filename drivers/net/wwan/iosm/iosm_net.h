/* SPDX-License-Identifier: GPL-2.0-only */
/* Network devices on the sessions of the modem. */
#ifndef IOSM_NET_H
#define IOSM_NET_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/wwan.h>

#include "iosm_hw.h"

struct ethtool_ops;
struct iosm_core;
struct iosm_mux;
struct iosm_client;
struct net_device;

/**
 * struct iosm_net - the links of one device
 * @core: the device
 * @mux: its IP channel
 * @links: by if_id; under RTNL
 * @deleted: links that were deleted and that a task may still refer to; under
 *	RTNL, but in iosm_net_wait_released()
 */
struct iosm_net {
	struct iosm_core *core;
	struct iosm_mux *mux;
	struct net_device *links[IOSM_SESSIONS];
	struct list_head deleted;
};

/**
 * struct iosm_link - private part of a link
 * @net: all links of the device
 * @netdev: the network device
 * @deleted: entry in the list of the same name
 * @if_id: its session
 */
struct iosm_link {
	struct iosm_net *net;
	struct net_device *netdev;
	struct list_head deleted;
	u8 if_id;
};

static inline struct iosm_link *iosm_link(struct net_device *netdev)
{
	return wwan_netdev_drvpriv(netdev);
}

extern const struct iosm_client iosm_net_client;

/* iosm_ethtool.c */
extern const struct ethtool_ops iosm_ethtool_ops;

#endif
