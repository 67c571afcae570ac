#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions carry IPv4 and IPv6, each alone and all together; packet sizes.
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

# --- sizes at both ends of the MTU
check "every small size, IPv4" flow udp-echo $server 1 {0..40}
check "sizes around the MTU, IPv4" flow udp-echo $server 2 {1460..1472}
check "sizes around the MTU, IPv6" flow udp-echo $server6 2 {0..5} {1440..1452}
check_fails "packet above the MTU does not leave" ping -M do -c 1 -W 1 -s 1473 -I wwan0 $server
check "MTU 576" ip link set wwan0 mtu 576
check "packets of that size" flow udp-echo $server 2 0 547 548
check "smallest MTU" ip link set wwan0 mtu 68
check "smallest packets" flow udp-echo $server 2 0 39 40
ip link set wwan0 mtu 1500
# An MTU below 1280 has cost the device its IPv6.
ip -6 address add fd64:0:0:0::2/64 dev wwan0 nodad
ip -6 route replace default dev wwan0 metric 100
check "IPv6 is back" ping_v6 0
max=$(ip -d -o link show wwan0 | sed -n 's/.* maxmtu \([0-9]*\) .*/\1/p')
[ $lite = 1 ] && most=2048 || most=16384
between "largest MTU fits the blocks" "$max" 1500 $most
check_fails "MTU above it is refused" ip link set wwan0 mtu $((most + 1))
check_fails "MTU 65535 is refused" ip link set wwan0 mtu 65535
[ "$max" -le 16000 ] || max=16000
if ip link set wwan0 mtu "$max" && modem net mtu "$max"; then
	check "packets of the largest MTU" flow udp-echo $server 5 $((max - 28)) $((max - 29)) 1472
	check "a stream of them" sh -c \
		"host modem sink check && flow udp-send $server 9 $((max - 28)) 200 0"
	check "all of them arrive" wait_for 5 stat_is session.0.sink.packets 200
	is "unharmed" "$(stat_of session.0.sink.corrupt)" 0
	modem net mtu 1500
else
	result 1 "packets of the largest MTU"
fi
ip link set wwan0 mtu 1500

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
