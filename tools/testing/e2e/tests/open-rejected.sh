#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sessions that the modem refuses or does not answer for; head paddings.
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

expected_log='does not open'
start
session_up 0
for s in 1 2; do link_add $s; done
modem refuse-open 1 1
check_fails "refused session does not come up" ip link set wwan0-1 up
check "others do" ip link set wwan0-2 up
check "session 0 goes on" ping_v4 0
modem refuse-open 1 0
session_up 1
check "later it is accepted" ping_v4 1

modem drop-open 1
link_add 3
before=$(now)
check_fails "unanswered open fails" ip link set wwan0-3 up
between "in bounded time" $(($(now) - before)) 500 5000
check "session 0 goes on" ping_v4 0
check "next open is answered" session_up 3
check "it works" ping_v4 3

link_add 4
for pad in 0 4 8 16 17 20 32 48 116; do
	modem mux ul-pad $pad
	ip link set wwan0-4 up
	ip address replace 10.64.4.2/30 dev wwan0-4
	ip route replace default dev wwan0-4 metric 104
	check "UL head padding $pad" flow -i wwan0-4 udp-echo $server 1 0 1 500 1400
	ip link set wwan0-4 down
done
for pad in 20000 65536 4294967295; do
	modem mux ul-pad $pad
	check_fails "UL head padding $pad is refused" ip link set wwan0-4 up
done
modem mux ul-pad 0
check "a sane one after that" ip link set wwan0-4 up
check "all work" sh -c "ping -q -c 1 -W 3 -I wwan0 $server && ping -q -c 1 -W 3 -I wwan0-1 $server"
finish
