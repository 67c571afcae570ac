#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Downlink that the host translates at tc ingress, as 464XLAT does, and
# downlink that it forwards (tethering): every packet is translated, and TCP is
# still forwarded in large packets.
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

start
session_up 0
modprobe -a act_pedit act_csum cls_matchall sch_ingress veth

check "rx-gro-list is off by default" sh -c "ethtool -k wwan0 | grep -q '^rx-gro-list: off$'"
check "it can be switched on" ethtool -K wwan0 rx-gro-list on
check "and off again" ethtool -K wwan0 rx-gro-list off

# An editor of headers stands for the BPF program of a CLAT: like that, it sees
# one packet where GRO has made a list, and edits the first of the list only.
check "translation at tc ingress" sh -c "
	tc qdisc add dev wwan0 clsact &&
	tc filter add dev wwan0 ingress protocol ip matchall \
		action pedit ex munge ip ttl set 33 pipe csum ip"
flow udp-recv 9000 2000 2 33 >"$tmp/recv" 2>&1 & receiver=$!
wait_for 5 grep -q listening "$tmp/recv"
modem gen 0 udp 20000 1000 2000
wait $receiver
is "all UDP packets of a train arrive, and all are translated" \
	"$(grep -E '^(received|corrupt|other-ttl) ' "$tmp/recv" | one_line)" \
	"received 2000 corrupt 0 other-ttl 0"
tc qdisc del dev wwan0 clsact

# A client behind this host has an address of the session's /64.
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip netns add lan
ip link add v0 type veth peer name v1 netns lan
ip link set v0 up
in_ns lan ip link set v1 up
in_ns lan ip -6 address add fd64:0:0:0::77/128 dev v1 nodad
ip -6 address add fe80::99/64 dev v0 nodad
ip -6 route add fd64::77/128 dev v0
in_ns lan ip -6 route add fe80::99 dev v1
in_ns lan ip -6 route add default via fe80::99 dev v1
check "client: ping" wait_for 10 ip netns exec lan ping -6 -q -c 1 -W 2 "$server6"

# The bytes of the server's stream count up from 0.
for ((i = 0; i < 256; i++)); do printf "\\x$(printf %02x "$i")"; done >"$tmp/256"
for ((i = 0; i < 64; i++)); do cat "$tmp/256"; done >"$tmp/16k"
for ((i = 0; i < 256; i++)); do cat "$tmp/16k"; done >"$tmp/want"
want=$(md5sum <"$tmp/want")
packets=$(</sys/class/net/v0/statistics/tx_packets)
bytes=$(</sys/class/net/v0/statistics/tx_bytes)
got=$(in_ns lan timeout 60 bash -c "exec 3<>/dev/tcp/$server6/19
	head -c 4194304 <&3 | md5sum")
is "client: 4 MiB by TCP arrive unchanged" "$got" "$want"
packets=$(($(</sys/class/net/v0/statistics/tx_packets) - packets))
bytes=$(($(</sys/class/net/v0/statistics/tx_bytes) - bytes))
# Lite copies each packet into its own memory, but GRO joins those, too.
between "forwarded TCP: bytes per packet" $((bytes / packets)) 4000 65536
finish
