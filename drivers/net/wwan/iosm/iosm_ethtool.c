// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ethtool shows of a link. The names of statistics are part of the user
 * ABI, and described in iosm.rst.
 */

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/stddef.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_net.h"
#include "iosm_stats.h"

/* Where a statistic is kept. */
enum iosm_ethtool_source {
	IOSM_FROM_NETDEV,
	IOSM_FROM_TX,
	IOSM_FROM_RX,
	IOSM_FROM_MUX,
	IOSM_FROM_CORE,
	IOSM_FROM_PM,
	IOSM_FROM_MSG,
	IOSM_SOURCES,
};

struct iosm_ethtool_stat {
	char name[ETH_GSTRING_LEN];
	enum iosm_ethtool_source source;
	size_t offset;
};

/* A structure with statistics: counters with @sync, or plain numbers. */
struct iosm_ethtool_from {
	const void *base;
	const struct u64_stats_sync *sync;
};

#define IOSM_NETDEV(member)						\
	{ #member, IOSM_FROM_NETDEV,					\
	  offsetof(struct rtnl_link_stats64, member) }
#define IOSM_TX(member)							\
	{ #member, IOSM_FROM_TX, offsetof(struct iosm_mux_tx_stats, member) }
#define IOSM_RX(member)							\
	{ #member, IOSM_FROM_RX, offsetof(struct iosm_mux_rx_stats, member) }
#define IOSM_MUX(member)						\
	{ "mux_" #member, IOSM_FROM_MUX,				\
	  offsetof(struct iosm_mux_stats, member) }
#define IOSM_CORE(member)						\
	{ "dev_" #member, IOSM_FROM_CORE,				\
	  offsetof(struct iosm_core_stats, member) }
#define IOSM_PM(prefix, member)						\
	{ prefix #member, IOSM_FROM_PM,					\
	  offsetof(struct iosm_pm_stats, member) }
#define IOSM_MSG(member)						\
	{ "msg_" #member, IOSM_FROM_MSG,				\
	  offsetof(struct iosm_msg_stats, member) }

static const struct iosm_ethtool_stat iosm_ethtool_table[] = {
	/* The link and its session. */
	IOSM_NETDEV(tx_packets),
	IOSM_NETDEV(tx_bytes),
	IOSM_TX(tx_blocks),
	IOSM_TX(tx_held),
	IOSM_TX(tx_credit_waits),
	IOSM_TX(tx_flow_stops),
	IOSM_TX(tx_grants),
	IOSM_TX(tx_granted),
	IOSM_TX(tx_drop_closed),
	IOSM_TX(tx_drop_size),
	IOSM_TX(tx_drop_memory),
	IOSM_TX(tx_failed),
	IOSM_NETDEV(rx_packets),
	IOSM_NETDEV(rx_bytes),
	IOSM_RX(rx_blocks),
	IOSM_RX(rx_drop_memory),
	IOSM_RX(rx_drop_not_ip),
	/* The modem: the same on each of its links. */
	IOSM_MUX(polls),
	IOSM_MUX(lies),
	IOSM_MUX(stray),
	IOSM_MUX(closing),
	IOSM_MUX(late),
	IOSM_MUX(answers_lost),
	IOSM_MUX(no_buffer),
	IOSM_CORE(interrupts),
	IOSM_PM("dev_", doorbells),
	IOSM_PM("sleep_", held),
	IOSM_PM("sleep_", sleeps),
	IOSM_PM("sleep_", host_wakes),
	IOSM_PM("sleep_", device_wakes),
	IOSM_PM("sleep_", lies),
	IOSM_MSG(sent),
	IOSM_MSG(timeouts),
	IOSM_MSG(lies),
};

/* After that those of the pipes in use: IP, XMM RPC, AT, AT, MBIM. */
static const u8 iosm_ethtool_pipes[] = { 0, 1, 2, 3, 4, 5, 8, 9, 12, 13 };

#define IOSM_PIPE_STATS		4
#define IOSM_ETHTOOL_STATS						\
	(ARRAY_SIZE(iosm_ethtool_table) +				\
	 IOSM_PIPE_STATS * ARRAY_SIZE(iosm_ethtool_pipes))

static int iosm_ethtool_sset_count(struct net_device *netdev, int sset)
{
	return sset == ETH_SS_STATS ? IOSM_ETHTOOL_STATS : -EOPNOTSUPP;
}

static void iosm_ethtool_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	unsigned int i;
	u8 nr;

	if (sset != ETH_SS_STATS)
		return;

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_table); i++)
		ethtool_puts(&data, iosm_ethtool_table[i].name);

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_pipes); i++) {
		nr = iosm_ethtool_pipes[i];
		ethtool_sprintf(&data, "pipe%u_tds", nr);
		ethtool_sprintf(&data, "pipe%u_bytes", nr);
		ethtool_sprintf(&data, "pipe%u_errors", nr);
		ethtool_sprintf(&data, "pipe%u_lies", nr);
	}
}

static u64 iosm_ethtool_value(const struct iosm_ethtool_from *from,
			      size_t offset)
{
	const void *at = from->base + offset;

	return from->sync ? iosm_stats_read(from->sync, at) : *(const u64 *)at;
}

static void iosm_ethtool_stats(struct net_device *netdev,
			       struct ethtool_stats *stats, u64 *data)
{
	struct iosm_link *link = iosm_link(netdev);
	struct iosm_core *core = link->net->core;
	struct iosm_mux *mux = link->net->mux;
	struct iosm_mux_rx_stats *rx = &mux->sessions[link->if_id].rx;
	struct rtnl_link_stats64 packets = {};
	struct iosm_mux_tx_stats tx;
	struct iosm_msg_stats msg;
	struct iosm_pm_stats pm;
	const struct iosm_ethtool_from from[IOSM_SOURCES] = {
		[IOSM_FROM_NETDEV] = { &packets },
		[IOSM_FROM_TX] = { &tx },
		[IOSM_FROM_RX] = { rx, &rx->sync },
		[IOSM_FROM_MUX] = { &mux->stats, &mux->stats.sync },
		[IOSM_FROM_CORE] = { &core->stats, &core->stats.sync },
		[IOSM_FROM_PM] = { &pm },
		[IOSM_FROM_MSG] = { &msg },
	};
	const struct iosm_ethtool_stat *stat;
	struct iosm_pipe_stats *pipe;
	unsigned int i;

	/* Those under a lock are copied. */
	dev_fetch_sw_netstats(&packets, netdev->tstats);
	iosm_mux_get_tx_stats(mux, link->if_id, &tx);
	iosm_pm_get_stats(&core->pm, &pm);
	iosm_msg_get_stats(&core->msg, &msg);

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_table); i++) {
		stat = &iosm_ethtool_table[i];
		*data++ = iosm_ethtool_value(&from[stat->source], stat->offset);
	}

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_pipes); i++) {
		pipe = &core->stats.pipes[iosm_ethtool_pipes[i]];
		*data++ = iosm_stats_read(&pipe->sync, &pipe->tds);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->bytes);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->errors);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->lies);
	}
}

static void iosm_ethtool_drvinfo(struct net_device *netdev,
				 struct ethtool_drvinfo *info)
{
	struct iosm_link *link = iosm_link(netdev);
	struct iosm_core *core = link->net->core;

	strscpy(info->driver, "iosm", sizeof(info->driver));
	strscpy(info->version, IOSM_VERSION, sizeof(info->version));
	strscpy(info->bus_info, pci_name(core->pdev), sizeof(info->bus_info));
	/* As devlink shows it, too. */
	snprintf(info->fw_version, sizeof(info->fw_version), "%#06x",
		 READ_ONCE(core->version));
}

const struct ethtool_ops iosm_ethtool_ops = {
	.get_drvinfo = iosm_ethtool_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = iosm_ethtool_sset_count,
	.get_strings = iosm_ethtool_strings,
	.get_ethtool_stats = iosm_ethtool_stats,
};
