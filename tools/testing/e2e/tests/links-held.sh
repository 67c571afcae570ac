#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packets that a modem does not take outlive their link, but keep nothing of
# its network namespace.
# matrix: aggregation lite
# timeout: 60

. /add/lib.sh

expected_log='session 1 does not close'
start
session_up 0 || bail "session 0 comes up"
session_up 1 held || bail "session 1 comes up in a namespace"
check "it works there" in_ns held ping -n -q -c 1 -W 3 $server
check "the modem takes nothing" modem pipe 0 stall
before=$(stat_of session.1.ul.packets)
check "packets for it" in_ns held flow udp-send $server 9 500 20 0
is "none of them has the memory of its program" \
	"$(in_ns held flow -z udp-send $server 9 500 10 0 | sed -n 's/^given-back //p')" 10
check "link down" in_ns held ip link set wwan0-1 down
ip netns delete held
check "the namespace goes, and the link with it" wait_for 5 link_add 1
is "the modem still has not taken them" "$(stat_of session.1.ul.packets)" "$before"
check "it does now" modem pipe 0 resume
session_up 1
check "the new link works" ping_v4 1
check "session 0 has not noticed" ping_v4 0
finish
