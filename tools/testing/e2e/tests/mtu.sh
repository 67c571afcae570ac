#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packets at both ends of the MTU, and the MTU itself.
# matrix: aggregation lite
# timeout: 60

. /add/lib.sh

start
session_up 0 || bail "session 0 comes up"

check "every small size, IPv4" flow udp-echo $server 1 {0..40}
check "sizes around the MTU, IPv4" flow udp-echo $server 2 {1460..1472}
check "sizes around the MTU, IPv6" flow udp-echo $server6 2 {0..5} {1440..1452}
check_fails "packet above the MTU does not leave" ping -M 'do' -c 1 -W 1 -s 1473 -I wwan0 $server
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
# The kernel checks the MTU of a new link before the driver has named a limit.
if [ "$driver" = ours ]; then
	add() { ip link add dev wwan0-1 parentdev wwan0 mtu "$1" type wwan linkid 1; }
	for mtu in 65000 $((max + 1)); do
		check_fails "link with MTU $mtu is refused" add $mtu
		is "and not there" "$(links | grep -c wwan0-1)" 0
	done
	check "link with the largest MTU" add "$max"
	is "has it" "$(cat /sys/class/net/wwan0-1/mtu)" "$max"
	ip link delete wwan0-1
fi
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
finish
