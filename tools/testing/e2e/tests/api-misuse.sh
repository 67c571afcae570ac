#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# User space that does what it should not, while packets flow: huge writes,
# many opens, unknown ioctls, links that are moved, resized, deleted and
# flooded with what is no IP packet.
# matrix: aggregation lite
# timeout: 180

. /add/lib.sh

start
at0=/dev/wwan0at0 at1=/dev/wwan0at1
session_up 0
flow -i wwan0 udp-send $server 9 1000 200000 500 >/dev/null 2>&1 & sender=$!
modem gen 0 udp 300 600
wait_for 5 stat_least session.0.ul.packets 100

# --- ports
for size in 2049 65536 1048576; do
	check "write of $size bytes is refused" porttool $at0 rdwr '!EMSGSIZE' fill $size
done
# Beyond what an skb can be: whatever the error, nothing is sent and nothing breaks.
before=$(stat_of pipe.4.tds)
for size in 8M 64M 1G 2100M; do
	dd if=/dev/zero of=$at0 bs=$size count=1 2>"$tmp/dd"
	grep -qE 'too long|allocate|Invalid|exhausted' "$tmp/dd"
	result $? "write of $size is refused" "$tmp/dd"
done
is "none of it was sent" "$(stat_of pipe.4.tds)" "$before"
check "the port works" porttool $at0 rdwr at AT 'OK$'

fds=()
for ((i = 0; i < 300; i++)); do
	exec {fd}<>$at0 || break
	fds+=("$fd")
done
is "300 opens at a time" ${#fds[@]} 300
check "it works meanwhile" porttool $at0 rdwr at AT 'OK$'
for fd in "${fds[@]}"; do exec {fd}>&-; done
check "the channel closes with the last one" wait_for 3 stat_is pipe.4.open 0

# Readers and writers that are killed in the middle.
pids=()
for ((i = 0; i < 8; i++)); do
	(while :; do porttool $at1 rdwr writes 50 'AT\r' collect 20; done) >/dev/null 2>&1 &
	pids+=($!)
done
pause 2
kill -9 "${pids[@]}"
wait "${pids[@]}" 2>/dev/null
check "killed users leave a port that works" wait_for 10 porttool $at1 rdwr at AT 'OK$'

# --- links
most=$(ip -d link show wwan0 | sed -n 's/.*maxmtu \([0-9]*\).*/\1/p')
between "the largest MTU is shown" "$most" 1500 16384
check_fails "a larger one is refused" ip link set wwan0 mtu $((most + 1))
check_fails "one below 68 is refused" ip link set wwan0 mtu 67
good=0
for ((i = 0; i < 20; i++)); do
	ip link set wwan0 mtu 68 && ip link set wwan0 mtu "$most" && good=$((good + 1))
done
is "20 changes of the MTU under load" $good 20
ip link set wwan0 mtu 1500
check "the session works" wait_for 5 ping_v4 0
for n in 8 9 255 4294967295; do
	check_fails "link with number $n is refused" \
		ip link add dev bad parentdev wwan0 type wwan linkid $n
done
check_fails "a second link 0 is refused" link_add 0

# Added, filled and removed again, over and over, from two sides.
churn()
{
	local s=$1 i
	for ((i = 0; i < 8; i++)); do
		link_add "$s" || return 1
		ip link set "wwan0-$s" up || return 1
		ip address add "10.64.$s.2/30" dev "wwan0-$s"
		flow -i "wwan0-$s" udp-send $server 9 1000 50 0 >/dev/null 2>&1
		ip link del "wwan0-$s" || return 1
	done
}
churn 3 >"$tmp/churn3" 2>&1 & one=$!
churn 4 >"$tmp/churn4" 2>&1 & two=$!
wait $one
result $? "link 3 comes and goes under load" "$tmp/churn3"
wait $two
result $? "link 4, too" "$tmp/churn4"
check "sessions are closed" stat_is session.3.open 0

# A network namespace is deleted together with a link that is in use.
ip netns add doomed
link_add 5
ip link set wwan0-5 netns doomed
in_ns doomed ip link set wwan0-5 up
in_ns doomed ip address add 10.64.5.2/30 dev wwan0-5
in_ns doomed ip route add default dev wwan0-5
in_ns doomed flow -i wwan0-5 udp-send $server 9 1000 200000 500 >/dev/null 2>&1 &
wait_for 5 stat_least session.5.ul.packets 10
check "link works in a namespace" stat_is session.5.open 1
mapfile -t users < <(ip netns pids doomed)
ip netns del doomed
kill -9 "${users[@]}"
check "with the namespace the session goes" wait_for 10 stat_is session.5.open 0
check "its number is free again" link_add 5
ip link del wwan0-5

# Root of a user namespace only must not take sessions.
stranger() { unshare -Urn "$@"; }
if stranger ip link set lo up; then
	check_fails "a stranger gets no session" stranger \
		ip link add dev wwan0-5 parentdev wwan0 type wwan linkid 5
	check "it is free for others" link_add 5
	ip link del wwan0-5
else
	skip "a stranger gets no session" "no user namespaces"
fi

check "the session works after all that" wait_for 5 ping_v4 0
kill $sender 2>/dev/null
wait $sender 2>/dev/null
modem gen 0 stop
finish
