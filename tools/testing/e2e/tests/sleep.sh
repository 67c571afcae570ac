#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Device sleep: while idle, woken by the host, woken by the device. A doorbell
# while the device sleeps is a violation, which the modem reports.
# matrix: aggregation lite-credits
# timeout: 90

. /add/lib.sh

start
asleep() { state_is sleep asleep; }
session_up 0 || bail "session 0 comes up"

check "the device may ask for sleep" modem sleep now
check "an idle host agrees" wait_for 2 asleep
stats; a=${S[doorbell.0]} b=${S[doorbell.2]}
pause 1
stats
is "nothing happens while it sleeps" "$((S[doorbell.0] - a)) $((S[doorbell.2] - b))" "0 0"
host_wakes=${S[wake.host]} device_wakes=${S[wake.device]}
check "ping wakes it" ping_v4 0 -c 1
is "woken by the host, once" $(($(stat_of wake.host) - host_wakes)) 1
modem sleep now; wait_for 2 asleep
check "AT command wakes it" porttool /dev/wwan0at0 rdwr at AT 'OK$'
modem sleep now; wait_for 2 asleep
check "opening and closing a link wakes it" sh -c \
	'ip link set wwan0 down && ip link set wwan0 up'
ip route replace default dev wwan0 metric 100
modem sleep now; wait_for 2 asleep
flow udp-recv 9000 3 4 >"$tmp/recv" & p=$!
wait_for 3 grep -q listening "$tmp/recv"
device_wakes=$(stat_of wake.device)
modem gen 0 udp 10 100 3
wait $p
is "packet from the network arrives" "$(sed -n 's/^received //p' "$tmp/recv")" 3
between "the device woke up by itself" $(($(stat_of wake.device) - device_wakes)) 1 3
modem sleep now; wait_for 2 asleep
check "wake without a reason" modem wake
check "active again" wait_for 2 state_is sleep active
check "works" ping_v4 0

# --- many times, in the rhythm of the traffic
modem sleep auto 5
stats; a=${S[sleep.count]}
check "60 pings with pauses: none is lost" sh -c \
	"ping -n -q -c 60 -i 0.05 -W 5 -I wwan0 $server | grep ' 0% packet loss'"
between "and the device slept between them" $(($(stat_of sleep.count) - a)) 30 100000
bad=0
for ((i = 0; i < 20; i++)); do
	porttool /dev/wwan0at0 rdwr at AT 'OK$' >/dev/null || bad=$((bad + 1))
done
is "20 AT dialogues while it keeps falling asleep" $bad 0
modem sink check
check "bulk, sleep asked for all the time" flow -i wwan0 udp-send $server 9 500 3000 1500
check "all of it arrives" wait_for 5 stat_is session.0.sink.packets 3000
flow udp-recv 9000 1500 3 >"$tmp/recv" & p=$!
wait_for 3 grep -q listening "$tmp/recv"
modem gen 0 udp 400 300 1500
check "both ways at a time, none lost" flow udp-echo $server 100 100
wait $p
is "the network's packets all arrive" "$(sed -n 's/^received //p' "$tmp/recv")" 1500

modem sleep auto 1
session_up 1
bad=0
for ((i = 0; i < 15; i++)); do
	ip link set wwan0-1 down && ip link set wwan0-1 up || bad=$((bad + 1))
done
is "sessions open and close while it falls asleep" $bad 0
pause 0.2
modem sleep off
modem sleep now
wait_for 2 asleep
check "it sleeps when the module unloads" asleep
finish
