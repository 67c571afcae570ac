// SPDX-License-Identifier: GPL-2.0-only
/*
 * ethtool operations of a link. The names of statistics are part of the user ABI, and
 * described in iosm.rst.
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

/* Structure that a counter is a member of. */
enum iosm_ethtool_source {
	IOSM_FROM_TX,
	IOSM_FROM_RX,
	IOSM_FROM_MUX,
	IOSM_FROM_CORE,
	IOSM_SOURCES,
};

struct iosm_ethtool_stat {
	char name[ETH_GSTRING_LEN];
	enum iosm_ethtool_source source;
	size_t offset;
};

/* Such a structure: u64_stats_t counters with @sync, or numbers with @sync NULL. */
struct iosm_ethtool_from {
	const void *base;
	const struct u64_stats_sync *sync;
};

#define IOSM_TX(member)							\
	{ #member, IOSM_FROM_TX, offsetof(struct iosm_mux_tx_stats, member) }
#define IOSM_RX(member)							\
	{ #member, IOSM_FROM_RX, offsetof(struct iosm_mux_rx_stats, member) }
#define IOSM_MUX(name, member)						\
	{ name, IOSM_FROM_MUX, offsetof(struct iosm_mux_stats, member) }
#define IOSM_CORE(name, member)						\
	{ name, IOSM_FROM_CORE, offsetof(struct iosm_core_counters, member) }

static const struct iosm_ethtool_stat iosm_ethtool_table[] = {
	/* Counters of the link and its session. */
	IOSM_TX(tx_blocks),
	IOSM_TX(tx_deferred),
	IOSM_TX(tx_credit_stalls),
	IOSM_TX(tx_flow_off),
	IOSM_TX(tx_credit_grants),
	IOSM_TX(tx_credit_bytes),
	IOSM_TX(tx_drop_down),
	IOSM_TX(tx_drop_too_big),
	IOSM_TX(tx_drop_nomem),
	IOSM_TX(tx_td_errors),
	IOSM_RX(rx_blocks),
	IOSM_RX(rx_alloc_fail),
	IOSM_RX(rx_bad_ip),
	/* Counters of the modem: the same on each of its links. */
	IOSM_MUX("napi_polls", napi_polls),
	IOSM_MUX("mux_malformed", malformed),
	IOSM_MUX("mux_unknown_session", unknown_session),
	IOSM_MUX("mux_rx_while_closing", rx_while_closing),
	IOSM_MUX("mux_unexpected_resp", unexpected_resp),
	IOSM_MUX("mux_resp_dropped", resp_dropped),
	IOSM_MUX("mux_copy_fallback", copy_fallback),
	IOSM_CORE("irqs", irqs),
	IOSM_CORE("doorbells", pm.doorbells),
	IOSM_CORE("doorbells_deferred", pm.deferred),
	IOSM_CORE("sleep_entries", pm.sleeps),
	IOSM_CORE("wakeups_host", pm.host_wakes),
	IOSM_CORE("wakeups_device", pm.device_wakes),
	IOSM_CORE("sleep_bad_requests", pm.bad_requests),
	IOSM_CORE("msg_sent", msg.sent),
	IOSM_CORE("msg_timeouts", msg.timeouts),
	IOSM_CORE("msg_bad_status", msg.bad_status),
};

/* Counters of these pipes follow: IP, XMM RPC, AT, AT, MBIM. */
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
		ethtool_sprintf(&data, "pipe%u_invalid", nr);
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
	const struct iosm_mux_rx_stats *rx = iosm_mux_rx_stats(mux, link->if_id);
	const struct iosm_mux_stats *all = iosm_mux_stats(mux);
	struct iosm_core_counters counters;
	struct iosm_mux_tx_stats tx;
	const struct iosm_ethtool_from from[IOSM_SOURCES] = {
		[IOSM_FROM_TX] = { &tx },
		[IOSM_FROM_RX] = { rx, &rx->sync },
		[IOSM_FROM_MUX] = { all, &all->sync },
		[IOSM_FROM_CORE] = { &counters },
	};
	const struct iosm_ethtool_stat *stat;
	const struct iosm_pipe_stats *pipe;
	unsigned int i;

	/* Counters that are protected by a lock are copied. */
	iosm_mux_get_tx_stats(mux, link->if_id, &tx);
	iosm_core_get_counters(core, &counters);

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_table); i++) {
		stat = &iosm_ethtool_table[i];
		*data++ = iosm_ethtool_value(&from[stat->source], stat->offset);
	}

	for (i = 0; i < ARRAY_SIZE(iosm_ethtool_pipes); i++) {
		pipe = iosm_core_pipe_stats(core, iosm_ethtool_pipes[i]);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->tds);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->bytes);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->errors);
		*data++ = iosm_stats_read(&pipe->sync, &pipe->invalid);
	}
}

static void iosm_ethtool_drvinfo(struct net_device *netdev,
				 struct ethtool_drvinfo *info)
{
	struct iosm_link *link = iosm_link(netdev);
	struct iosm_core *core = link->net->core;

	strscpy(info->driver, "iosm", sizeof(info->driver));
	strscpy(info->version, IOSM_VERSION, sizeof(info->version));
	strscpy(info->bus_info, dev_name(iosm_core_dev(core)), sizeof(info->bus_info));
	snprintf(info->fw_version, sizeof(info->fw_version), "%#06x",
		 iosm_core_version(core));
}

const struct ethtool_ops iosm_ethtool_ops = {
	.get_drvinfo = iosm_ethtool_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = iosm_ethtool_sset_count,
	.get_strings = iosm_ethtool_strings,
	.get_ethtool_stats = iosm_ethtool_stats,
};
