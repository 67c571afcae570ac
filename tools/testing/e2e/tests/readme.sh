#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands of the README for a real card, without "sudo".
# timeout: 90

. /add/lib.sh

mbim() { timeout 30 mbimcli -p -d /dev/wwan0mbim0 "$@"; }
# says REGEX COMMAND...: it succeeds and prints such a line
says()
{
	local regex=$1
	shift
	"$@" >"$tmp/says" 2>&1 || { cat "$tmp/says"; return 1; }
	grep -qE -- "$regex" "$tmp/says" || { cat "$tmp/says"; echo "no line: $regex"; return 1; }
}
# printed REGEX: what stands in the last output between the quotes behind it
printed() { sed -n "s/.*$1: '\(.*\)'.*/\1/p" "$tmp/says"; }

# --- a first look, and the driver
check "lspci finds the card" sh -c "lspci -nn | grep -E '8086:(7360|7560)'"
start
check "lspci -k names the driver" says 'driver in use: iosm' lspci -nnk -d 8086:7560
if [ "$driver" = ours ]; then
	modinfo iosm | head -3 >"$tmp/modinfo"
	check "modinfo begins with a file in updates" grep -q '/updates/iosm\.ko' "$tmp/modinfo"
	check "and the version" grep '^version: *[0-9]' "$tmp/modinfo"
fi
check "ports are character devices" sh -c '! ls -l /dev/wwan0* | grep -v ^c'

# --- by hand with mbimcli
# configured: addresses and routes as the README has them
configured()
{
	ip link set wwan0 up &&
	ip address add "$address" dev wwan0 &&
	ip address add "$address6" dev wwan0 &&
	ip route add default dev wwan0 &&
	ip -6 route add default dev wwan0
}
check "device caps" says 'Max sessions' mbim --query-device-caps
check "radio on" says 'Software radio state: .on' mbim --no-close --set-radio-state=on
check "attach" says 'Packet service state: .attached' mbim --no-close --attach-packet-service
check "connect" says 'Successfully connected' mbim --no-close \
	--connect=session-id=0,access-string=internet,ip-type=ipv4v6
{ read -r address; read -r address6; } < <(printed 'IP \[0\]')
{ read -r dns; read -r dns6; } < <(printed 'DNS \[0\]')
check "addresses and routes as it prints them" configured
check "packets" ping -n -q -c 1 -W 3 $server
check "IPv6 packets" ping -6 -n -q -c 1 -W 3 $server6
check "the name server is reachable" ping -n -q -c 1 -W 3 "$dns"
check "and that for IPv6" ping -6 -n -q -c 1 -W 3 "$dns6"

# --- AT commands
check "AT with one descriptor for both ways" says '^OK' bash -c '
	exec 3<>/dev/wwan0at0
	printf "ATI\r" >&3
	timeout 1 cat <&3
	exec 3>&-
	true'
# The answer belongs to the open that has just ended.
echo AT >/dev/wwan0at0
is "AT by two opens: the answer is lost" "$(timeout 1 cat /dev/wwan0at0)" ""

# --- a link that goes with its network namespace
ip netns add apart
check "link 0 into a namespace" ip link set wwan0 netns apart
check "and back" ip netns exec apart ip link set wwan0 netns 1
ip link set wwan0 netns apart
ip netns del apart
check "it goes with the namespace" wait_for 5 absent ip link show wwan0
check "and is made again" ip link add dev wwan0 parentdev wwan0 type wwan linkid 0
check "addresses and routes" configured
check "packets" ping -n -q -c 1 -W 3 $server

# --- when something is wrong
if [ "$driver" = ours ]; then
	address=$(lspci -D -d 8086:7560 | cut -d' ' -f1)
	check "health" says 'healthy' devlink health show "pci/$address" reporter fw
	check "diagnosis" says 'online' devlink health diagnose "pci/$address" reporter fw
	check "statistics" says 'tx_blocks' ethtool -S wwan0
	check "recovery" timeout 30 devlink health recover "pci/$address" reporter fw
	check "the modem is there again" wait_for 20 ready
fi

# --- a plain file in place of a port
unload
check "writing to an absent port makes a file" sh -c 'echo AT >/dev/wwan0at0'
load
wait_for 20 test -c /dev/wwan0mbim0
is "that is in the way of the port" "$(ls -l /dev/wwan0at0 | head -c 1)" -
rm /dev/wwan0at0
unload
start
check "without it the port comes back" porttool /dev/wwan0at0 rdwr at AT 'OK$'
finish
