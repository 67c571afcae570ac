#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# More than fits: a session that sends all it can does not starve another one,
# and downlink above what the host can take is not lost in the driver and does
# not bring the rest down with it.
# matrix: aggregation lite
# timeout: 120

. /add/lib.sh

start
session_up 0 && session_up 1 || bail "two sessions"
check "session 0 works" ping_v4 0
check "session 1 works" ping_v4 1

# --- uplink: a ping beside a flood; pfifo would keep it for 10000 packets
flow -i wwan0 udp-send $server 9 1400 10000000 0 >/dev/null 2>&1 & flood=$!
check "session 0 sends all it can" wait_for 5 stat_least session.0.ul.packets 2000
before=$(stat_of session.0.ul.packets)
ping -n -c 50 -i 0.03 -W 5 -I wwan0-1 $server >"$tmp/ping" 2>&1
after=$(stat_of session.0.ul.packets)
kill $flood; wait $flood 2>/dev/null
check "no ping of session 1 is lost" grep ' 0% packet loss' "$tmp/ping"
median=$(sed -n 's/.*time=\([0-9]*\).*/\1/p' "$tmp/ping" | sort -n | sed -n 25p)
between "its median, in ms" "${median:-none}" 0 60
between "session 0 went on meanwhile" $((after - before)) 1000 100000000

# --- downlink: as much as the modem has, for two seconds
# A guest that was left without CPU time may try again: a livelock stays.
for size in 64 1400; do
	for try in 1 2 3; do
		modem reset-stats
		rx=$(</sys/class/net/wwan0/statistics/rx_packets)
		flow udp-recv 9000 100000000 2 >"$tmp/recv" 2>&1 & recv=$!
		pause 0.3
		modem gen 0 udp 0 $size
		pause 2
		modem gen 0 stop
		wait $recv
		pause 0.3
		sent=$(stat_of session.0.dl.packets)
		got=$(sed -n 's/^received //p' "$tmp/recv")
		rx=$(($(</sys/class/net/wwan0/statistics/rx_packets) - rx))
		percent=$((${got:-0} * 100 / (sent + 1)))
		diag "$size bytes: modem delivered $sent, application received $got"
		[ $percent -lt 20 ] && [ "$rx" = "$sent" ] || break
	done
	is "overload, $size bytes: the driver loses nothing" "$rx" "$sent"
	between "overload, $size bytes: percent that reach the application" $percent 20 100
	is "nothing was dropped at the link" "$(</sys/class/net/wwan0/statistics/rx_dropped)" 0
	check "session 0 works afterwards" ping_v4 0
	check "session 1 works afterwards" ping_v4 1
done
finish
