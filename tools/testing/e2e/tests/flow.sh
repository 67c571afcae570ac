#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Flow control, credits and reports touch their session and no other.
# matrix: aggregation lite aggregation-credits lite-credits
# timeout: 90

. /add/lib.sh

start
for s in 0 1 2; do session_up $s || bail "session $s comes up"; done
for s in 0 1 2; do check "session $s works" ping_v4 $s; done
gone_through() { stat_of "session.$1.ul.packets"; }

# --- stop and go
modem flow 1 stop
pause 0.2
before=$(gone_through 1)
ping -n -q -c 30 -i 0.05 -W 15 -I wwan0-1 $server >"$tmp/held" 2>&1 & held=$!
check "stopped session 1: session 0 goes on" ping_v4 0 -c 10
check "stopped session 1: session 2 goes on" ping_v4 2 -c 10
is "stopped session 1 sends nothing" "$(gone_through 1)" "$before"
check "it receives, though" sh -c "flow udp-recv 9000 20 3 >$tmp/r & sleep 0.3; host modem gen 1 udp 200 100 20 && wait && grep -q '^received 20' $tmp/r"
modem flow 1 go
check "session 1 works again" wait_for 5 ping_v4 1 -c 1
wait $held
check "what had to wait was not lost" grep ' 0% packet loss' "$tmp/held"

# --- under load
modem sink check
for s in 0 1 2; do
	flow -i "$(link_of $s)" udp-send $server 9 800 6000 2000 >"$tmp/send.$s" 2>&1 &
	pids[s]=$!
done
pause 0.8
modem flow 1 stop
pause 0.3
stats; a0=${S[session.0.ul.packets]} a1=${S[session.1.ul.packets]} a2=${S[session.2.ul.packets]}
pause 1
stats
is "load: stopped session 1 stands still" "$((S[session.1.ul.packets] - a1))" 0
between "load: session 0 runs on" "$((S[session.0.ul.packets] - a0))" 100 100000
between "load: session 2 runs on" "$((S[session.2.ul.packets] - a2))" 100 100000
modem flow 1 go
for s in 0 1 2; do wait "${pids[s]}"; done
for s in 0 1 2; do
	check "load: every packet of session $s arrives" wait_for 8 stat_is session.$s.sink.packets 6000
done
is "load: none damaged, none lost" \
	"$(modem stats | grep -cE '^session\.[012]\.sink\.(lost|corrupt) [1-9]')" 0

# --- repeated, unknown masks, a command without a mask
for i in 1 2 3 4 5; do modem flow 2 stop; modem flow 2 go; done
check "stop and go in a hurry" ping_v4 2
modem flow 2 stop; modem flow 2 stop; modem flow 2 go
check "stopped twice, one go is enough" ping_v4 2
modem flow 0 stop; modem flow 1 stop
check "two of three stopped" ping_v4 2
modem flow 0 go; modem flow 1 go
check "both back" sh -c "ping -q -c 1 -W 3 -I wwan0 $server && ping -q -c 1 -W 3 -I wwan0-1 $server"
if [ $lite = 0 ]; then
	modem flow 1 stop short
	pause 0.2
	check_fails "stop without a mask means all flows" ping_v4 1 -c 1 -W 1
	modem flow 1 go short
	check "go without a mask" wait_for 5 ping_v4 1 -c 1
fi
modem flow 1 stop
pause 0.1
ip link set wwan0-1 down
ip link set wwan0-1 up
ip route replace default dev wwan0-1 metric 101
check "a new session begins with go" ping_v4 1
modem flow 1 stop
pause 0.1
check "a stopped session closes" timeout 10 ip link set wwan0-1 down
check "others go on" ping_v4 0
ip link set wwan0-1 up
ip route replace default dev wwan0-1 metric 101

# --- link status reports are answered (the modem counts a violation if not)
for s in 0 1 2; do modem link-report $s; done
modem link-report 1 64
pause 1.3
check "link status reports are answered" sh -c '! host modem violations | grep mux-link'

# --- credits
if [ $credits = 1 ]; then
	modem credit 1 hold
	modem sink check
	flow -i wwan0-1 udp-send $server 9 972 400 0 >"$tmp/send" 2>&1 & p=$!
	pause 1
	a=$(stat_of session.1.sink.packets)
	between "without new credit the session stops" "$a" 1 399
	check "credit of session 1: session 0 has its own" ping_v4 0
	check "credit of session 1: session 2 has its own" ping_v4 2
	left=$(stat_of session.1.credits)
	between "the credit is used as far as it goes" "$left" 0 999
	modem credit 1 $((5000 - left))
	check "credit for five packets: five go" wait_for 3 stat_is session.1.sink.packets $((a + 5))
	pause 0.3
	is "and not more" "$(stat_of session.1.sink.packets)" $((a + 5))
	modem credit 1 auto
	wait $p
	check "the rest follows" wait_for 5 stat_is session.1.sink.packets 400
fi
finish
