#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Queue and page pool statistics, as the kernel's ynltool shows them.
# matrix: aggregation lite
# driver: ours
# add: ynltool
# timeout: 60

. /add/lib.sh

# queue_stat LINK NAME: one number of "qstats show" (its JSON leaves out tx-stop)
queue_stat()
{
	/add/ynltool qstats show | awk -v link="$1" -v name="$2:" '
		/^[^[:space:]]/ { on = $1 == link; $1 = "" }
		on { for (i = 1; i < NF; i++) if ($i == name) print $(i + 1) }'
}
# rtnl LINK NAME: the counter of "ip -s link"
rtnl() { cat "/sys/class/net/$1/statistics/$2"; }
# pools NAME: number of page pools that are shown with a link, or as "<orphan>"
pools()
{
	/add/ynltool -j page-pool stats |
		sed -n "s/.*\"ifname\":\"$1\"[^}]*\"page_pools\":\([0-9]*\).*/\1/p"
}
grown() { [ "$(queue_stat wwan0-1 "$1")" -gt "$2" ]; }

start
link_add 1
session_up 1 || bail "session 1 comes up"
check "session 1 works" ping_v4 1

for name in rx_packets rx_bytes tx_packets tx_bytes; do
	is "${name/_/-} are those of ip -s link" \
		"$(queue_stat wwan0-1 "${name/_/-}")" "$(rtnl wwan0-1 $name)"
done

stop=$(queue_stat wwan0-1 tx-stop) wake=$(queue_stat wwan0-1 tx-wake)
check "the modem stops session 1" modem flow 1 stop
check "tx-stop counts that its queue is stopped" wait_for 3 grown tx-stop "$stop"
is "tx-wake does not change meanwhile" "$(queue_stat wwan0-1 tx-wake)" "$wake"
check "the modem lets it go on" modem flow 1 go
check "tx-wake counts that its queue is woken" wait_for 3 grown tx-wake "$wake"
check "it works again" ping_v4 1
is "no buffer was missing" "$(queue_stat wwan0-1 rx-alloc-fail)" 0

# Debian's kernels have no statistics of page pools.
if [ "$kernel" != debug ]; then
	:
elif [ "$flavour" = aggregation ]; then
	is "its page pool is shown" "$(pools wwan0-1)" 1
	is "no pool is without a link" "$(pools '<orphan>')" ""
	session_up 0 || bail "session 0 comes up"
	ip link del wwan0-1
	check "session 0 works when the link that the pool is shown with is deleted" ping_v4 0
	is "then the pool is shown without a link" "$(pools '<orphan>')" 1
else
	is "Lite has no page pool" "$(pools wwan0-1)" ""
fi
finish
