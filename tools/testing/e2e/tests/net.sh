#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions carry IPv4 and IPv6, each alone and all together.
# matrix: aggregation lite aggregation-credits lite-credits
# timeout: 120

. /add/lib.sh

start
# --- session 5 alone
session_up 5 || bail "session 5 comes up"
check "session 5 alone: open" wait_for 2 session_open 5
check "session 0 is not" stat_is session.0.open 0
check "session 5 alone: IPv4" ping_v4 5
check "session 5 alone: IPv6" ping_v6 5
check "session 5 alone: many packets" ping -n -q -c 200 -i 0.005 -W 3 -I wwan0-5 $server
session_down 5
check "session closes with its device" wait_for 3 stat_is session.5.open 0
check "channel closes with the last session" wait_for 3 stat_is pipe.0.open 0

# --- session 0
session_up 0 || bail "session 0 comes up"
check "session 0: IPv4" ping_v4 0
check "session 0: IPv6" ping_v6 0
check "UDP echo, IPv4" flow udp-echo $server 20 4 100 1000
check "UDP echo, IPv6" flow udp-echo $server6 20 4 100 1000
before=$(stat_of session.0.ul.packets)
rx0=$(</sys/class/net/wwan0/statistics/rx_packets) tx0=$(</sys/class/net/wwan0/statistics/tx_packets)
rxb=$(</sys/class/net/wwan0/statistics/rx_bytes) txb=$(</sys/class/net/wwan0/statistics/tx_bytes)
flow udp-echo $server 10 100 >/dev/null
is "statistics count packets and bytes" \
	"$(($(</sys/class/net/wwan0/statistics/rx_packets) - rx0)) $(($(</sys/class/net/wwan0/statistics/tx_packets) - tx0)) $(($(</sys/class/net/wwan0/statistics/rx_bytes) - rxb)) $(($(</sys/class/net/wwan0/statistics/tx_bytes) - txb))" \
	"10 10 1280 1280"
is "and the modem agrees" $(($(stat_of session.0.ul.packets) - before)) 10

# --- all eight
for s in 1 2 3 4 6 7; do
	session_up $s || bail "session $s comes up"
done
ip link set wwan0-5 up
ip address add 10.64.5.2/30 dev wwan0-5 2>/dev/null
ip -6 address add fd64:0:0:5::2/64 dev wwan0-5 nodad 2>/dev/null
ip route replace default dev wwan0-5 metric 105
ip -6 route replace default dev wwan0-5 metric 105
modem reset-stats
pids=()
for s in 0 1 2 3 4 5 6 7; do
	ping -n -q -c 40 -i 0.02 -W 4 -I "$(link_of $s)" $server >"$tmp/p4.$s" & pids+=($!)
	ping -6 -n -q -c 40 -i 0.02 -W 4 -I "$(link_of $s)" $server6 >"$tmp/p6.$s" & pids+=($!)
done
for p in "${pids[@]}"; do wait "$p"; done
for s in 0 1 2 3 4 5 6 7; do
	is "all together: session $s, IPv4 and IPv6" \
		"$(grep -ho '[0-9]* received' "$tmp/p4.$s" "$tmp/p6.$s" | one_line)" \
		"40 received 40 received"
done
stats
for s in 0 1 2 3 4 5 6 7; do
	between "packets of session $s went its own way" "${S[session.$s.ul.packets]}" 80 120
done

# --- other sessions stay when one goes
ip link delete wwan0-3
check "session 3 is closed with its link" wait_for 3 stat_is session.3.open 0
check "session 4 does not notice" ping_v4 4
session_down 0
check "session 0 down" wait_for 3 stat_is session.0.open 0
check "session 7 does not notice" ping_v4 7
finish
