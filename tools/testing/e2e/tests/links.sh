#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Links are added and deleted with ip(8), refused ones are refused.
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

start
for id in 1 2 3 4 5 6 7; do
	check "add linkid $id" link_add $id
done
is "eight links" "$(links | wc -l)" 8
for id in 1 7; do
	check "link $id shows its id" sh -c \
		"ip -d link show wwan0-$id | grep -qE 'wwan linkid $id( |\$)'"
done
for id in 8 9 16 255 256 4294967295; do
	check_fails "linkid $id is refused" \
		ip link add dev bad parentdev wwan0 type wwan linkid $id
done
check_fails "linkid 0 is taken" ip link add dev bad parentdev wwan0 type wwan linkid 0
check_fails "linkid 3 is taken" ip link add dev bad parentdev wwan0 type wwan linkid 3
check_fails "linkid is needed" ip link add dev bad parentdev wwan0 type wwan
check_fails "parent must exist" ip link add dev bad parentdev wwan9 type wwan linkid 1
check_fails "name must be free" ip link add dev wwan0-1 parentdev wwan0 type wwan linkid 1
check "no trace of refused links" sh -c '! ip link show bad'

session_up 0
session_up 1
check "link 1 works" ping_v4 1
check "delete link 1 while it is up" ip link delete wwan0-1
check "its session is closed" wait_for 3 stat_is session.1.open 0
check "add it again" link_add 1
session_up 1
check "and it works" ping_v4 1
check "delete the default link" ip link delete wwan0
check "link 1 does not notice" ping_v4 1
check "add linkid 0 by another name" ip link add dev other parentdev wwan0 type wwan linkid 0
check "rename it" ip link set other name wwan0
session_up 0
check "it works" ping_v4 0

for id in 2 3 4 5 6 7; do ip link delete wwan0-$id; done
good=0
for ((i = 0; i < 20; i++)); do
	link_add 2 && ip link set wwan0-2 up && ip link delete wwan0-2 && good=$((good + 1))
done
is "20 times added, up, deleted" $good 20
good=0
for ((i = 0; i < 30; i++)); do
	ip link set wwan0 down && ip link set wwan0 up && good=$((good + 1))
done
is "30 times down and up" $good 30
ip route replace default dev wwan0 metric 100
check "works afterwards" ping_v4 0

# Packets under way while sessions come and go.
(while :; do ping -q -f -c 200 -W 1 -I wwan0-1 $server || pause 0.05; done >/dev/null 2>&1) & load=$!
(while :; do flow -i wwan0-1 udp-send $server 9 500 500 0 || pause 0.05; done >/dev/null 2>&1) & load2=$!
good=0
for ((i = 0; i < 15; i++)); do
	link_add 2 && ip link set wwan0-2 up && ip link set wwan0-1 down &&
		ip link set wwan0-1 up && ip link delete wwan0-2 && good=$((good + 1))
	ip route replace default dev wwan0-1 metric 101
done
is "15 changes under traffic" $good 15
kill $load $load2; wait $load $load2 2>/dev/null
check "works afterwards, too" wait_for 5 ping_v4 1 -c 1

# A link in another network namespace belongs to the driver as well.
ip netns add far
link_add 4 && ip link set wwan0-4 netns far
ip netns exec far ip link set wwan0-4 up
check "link in another namespace" ip netns exec far ip link show wwan0-4
finish
