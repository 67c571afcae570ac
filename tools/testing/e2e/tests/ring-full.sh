#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Full rings, and a modem that stops consuming or sending for a while.
# matrix: aggregation lite aggregation-credits lite-credits
# timeout: 120

. /add/lib.sh

start
session_up 0 && session_up 1 || bail "sessions come up"
dev=/sys/class/net/wwan0/statistics
qdropped() { tc -s qdisc show dev wwan0 | awk '/dropped/ { sub(",", "", $7); n += $7 } END { print n + 0 }'; }

# --- uplink: rings go round many times
modem sink check
check "20000 packets as fast as they go" flow -i wwan0 udp-send $server 9 200 20000 0
lost=$(($(qdropped) + $(<$dev/tx_dropped)))
check "all of them arrive, or are counted" wait_for 10 stat_is session.0.sink.packets $((20000 - lost))
is "none damaged" "$(stat_of session.0.sink.corrupt)" 0
diag "dropped and counted: $lost"

# --- the modem stops taking uplink
modem sink check
modem pipe 0 stall
flow -i wwan0 udp-send $server 9 1000 4000 0 >"$tmp/send" 2>&1 & p=$!
pause 1.5
posted=$(stat_of pipe.0.posted)
between "something waits in the ring" "$posted" 1 4000
check "the sender is held back" kill -0 $p
mem=$(awk '/^(MemAvailable)/ { print $2 }' /proc/meminfo)
pause 0.5
between "memory does not grow" $((mem - $(awk '/^MemAvailable/ { print $2 }' /proc/meminfo))) -65536 2048
a=$(($(qdropped) + $(<$dev/tx_dropped)))
modem pipe 0 resume
wait $p
lost=$(($(qdropped) + $(<$dev/tx_dropped) - a))
check "what was accepted arrives" wait_for 10 stat_is session.0.sink.packets $((4000 - lost))
is "none damaged" "$(stat_of session.0.sink.corrupt)" 0
is "none lost on the way" "$(stat_of session.0.sink.lost)" "$lost"
check "both sessions work" sh -c "ping -q -c 2 -W 3 -I wwan0 $server && ping -q -c 2 -W 3 -I wwan0-1 $server"

# --- stopped modem, and the link goes down
modem pipe 0 stall
flow -i wwan0-1 udp-send $server 9 1000 300 0 >/dev/null 2>&1 & p=$!
pause 0.3
before=$(now)
check "a link goes down while the modem takes nothing" timeout 20 ip link set wwan0-1 down
between "in bounded time" $(($(now) - before)) 0 8000
kill $p 2>/dev/null; wait $p 2>/dev/null
modem pipe 0 resume
wait_for 5 ping_v4 0 -c 1
check "session 0 goes on" ping_v4 0
wait_for 5 ip link set wwan0-1 up
ip route replace default dev wwan0-1 metric 101
check "session 1 can be opened again" wait_for 5 ping_v4 1 -c 1

# --- downlink: as fast as the modem can
flow udp-recv 9000 20000 2 >"$tmp/recv" 2>&1 & p=$!
wait_for 5 grep -q listening "$tmp/recv"
rx=$(<$dev/rx_packets) bad=$(($(<$dev/rx_dropped) + $(<$dev/rx_errors)))
modem reset-stats
modem gen 0 udp 0 1000 20000
wait $p
result $? "flood of 20000 packets: none damaged" "$tmp/recv"
stats
rx=$(($(<$dev/rx_packets) - rx)) bad=$(($(<$dev/rx_dropped) + $(<$dev/rx_errors) - bad))
diag "flood: $(one_line <"$tmp/recv"), modem dropped ${S[session.0.dl.dropped]}, driver $bad"
is "the driver loses none" "$rx $bad" "${S[session.0.dl.packets]} 0"
check "works afterwards" ping_v4 0

# --- downlink of all sizes, many to a block
for size in 4 32 1472; do
	flow udp-recv 9000 2000 2 >"$tmp/recv" 2>&1 & p=$!
	wait_for 5 grep -q listening "$tmp/recv"
	modem gen 0 udp 4000 $size 2000
	wait $p
	is "2000 packets of $size bytes at 4000/s, in order" \
		"$(grep -E '^(received|lost|corrupt|late)' "$tmp/recv" | one_line)" \
		"received 2000 lost 0 corrupt 0 late 0"
done
if [ $lite = 0 ]; then
	for layout in before after mixed; do
		modem mux layout $layout
		check "tables $layout datagrams" flow udp-echo $server 10 0 100 1472
	done
	modem mux qlth on
	check "queue levels in downlink blocks" flow udp-echo $server 10 0 100 1472
	modem mux qlth off
fi
# --- the modem stops sending
modem pipe 1 stall
modem gen 0 udp 1000 500 300
pause 1
flow udp-recv 9000 300 2 >"$tmp/recv" 2>&1 & p=$!
wait_for 5 grep -q listening "$tmp/recv"
modem pipe 1 resume
wait $p
is "downlink resumes where it stopped" "$(grep -E '^(received|corrupt)' "$tmp/recv" | one_line)" "received 300 corrupt 0"
finish
