#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP between two network namespaces over two sessions; every byte is checked.
# matrix: aggregation lite aggregation-credits lite-credits
# timeout: 120

. /add/lib.sh

start
session_up 0
session_up 1 a && session_up 2 b || bail "two namespaces"
check "the namespaces reach each other" in_ns a ping -q -c 3 -i 0.05 -W 3 10.64.2.2

# transfer NAME FROM TO ADDRESS BYTES
transfer()
{
	in_ns "$3" flow tcp-recv "$4" 5001 40 >"$tmp/recv" 2>&1 & local p=$!
	wait_for 5 grep -q listening "$tmp/recv"
	in_ns "$2" flow tcp-send "$4" 5001 "$5" 40 >"$tmp/send" 2>&1
	wait $p
	local status=$?
	cat "$tmp/send" "$tmp/recv" >"$tmp/both"
	[ $status = 0 ] && grep -q "^received $5\$" "$tmp/recv"
	result $? "$1" "$tmp/both"
	diag "$1: $(one_line <"$tmp/send")"
	# The reference driver stalls for good: the rest would only take time.
	[ $status = 0 ] || [ "$driver" = ours ] || exit 1
}
transfer "16 MB from a to b, all bytes right" a b 10.64.2.2 16000000
transfer "16 MB from b to a, all bytes right" b a 10.64.1.2 16000000
transfer "8 MB by IPv6, all bytes right" a b fd64:0:0:2::2 8000000

# The network's own services, each one way only
bytes=$(printf '\\x%02x' {0..255})
for ((n = 0; n < 8192; n++)); do
	# shellcheck disable=SC2059
	printf "$bytes"
done >"$tmp/pattern"
pattern=$(md5sum <"$tmp/pattern")
from_server() { is_pattern "$(timeout 30 head -c 2097152 <"/dev/tcp/$server/19" | md5sum)"; }
is_pattern() { [ "$1" = "$pattern" ]; }
to_server()
{
	modem sink check &&
		timeout 30 bash -c 'cat >/dev/tcp/$0/9' "$server" <"$tmp/pattern" &&
		wait_for 5 stat_is session.0.tcp.in 2097152 &&
		stat_is session.0.tcp.corrupt 0
}
modem reset-stats
check "2 MB from the server, all bytes right" from_server
check "2 MB to the server, all bytes right" to_server
modem sink any

in_ns b iperf3 -s -1 >"$tmp/server" 2>&1 & p=$!
wait_for 5 grep -q listening "$tmp/server"
timeout 30 ip netns exec a iperf3 -c 10.64.2.2 -t 4 -P 2 >"$tmp/iperf" 2>&1
result $? "iperf3, two streams" "$tmp/iperf"
wait $p
diag "$(grep 'SUM.*sender' "$tmp/iperf")"
in_ns b iperf3 -s -1 >"$tmp/server" 2>&1 & p=$!
wait_for 5 grep -q listening "$tmp/server"
timeout 30 ip netns exec a iperf3 -c 10.64.2.2 -t 3 --bidir >"$tmp/iperf" 2>&1
result $? "iperf3, both ways at once" "$tmp/iperf"
wait $p

# Two at a time, opposite ways, each on its own port.
in_ns b flow tcp-recv 10.64.2.2 5002 40 >"$tmp/r1" 2>&1 & p1=$!
in_ns a flow tcp-recv 10.64.1.2 5003 40 >"$tmp/r2" 2>&1 & p2=$!
wait_for 5 grep -q listening "$tmp/r1"
wait_for 5 grep -q listening "$tmp/r2"
in_ns a flow tcp-send 10.64.2.2 5002 6000000 40 >/dev/null 2>&1 & p3=$!
in_ns b flow tcp-send 10.64.1.2 5003 6000000 40 >/dev/null 2>&1
wait $p3; wait $p1; a=$?; wait $p2
is "two transfers at a time, all bytes right" "$a $?" "0 0"
check "the modem is still there" in_ns a ping -q -c 2 -i 0.1 -W 3 10.99.0.1
is "no packet was refused by the modem's network" \
	"$(modem stats | grep -cE '^session\.[12]\.net\.(malformed|spoofed) [1-9]')" 0
finish
