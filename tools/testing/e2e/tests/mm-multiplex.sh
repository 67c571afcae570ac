#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two bearers at once: ModemManager makes the links of two further sessions.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-lib.sh

mm_start
want "--enable" mm --enable
state "registers" registered

for n in 1 2; do
	want "bearer $n is made" mm --create-bearer="$simple,multiplex=required"
	bearer=$(last_bearer)
	want "bearer $n connects" timeout 60 mmcli -b "$bearer" --connect
	want "bearer $n has addresses that fit" configure "$bearer"
	declare "bearer$n=$bearer" "dev$n=$dev"
	is "bearer $n is multiplexed" "$(bfield "$bearer" status.multiplexed)" yes
	is "its link has the session's number" \
		"$(ip -d link show dev "$dev" | grep -o 'wwan linkid [0-9]*')" \
		"wwan linkid $n"
	is "its address is the session's" \
		"$(value bearer.ipv4-config.address <"$tmp/bearer")" "10.64.$n.2"
done
# shellcheck disable=SC2154 # declared in the loop
check "ping through the first" ping_dev "$dev1"
# shellcheck disable=SC2154
check "ping through the second" ping_dev "$dev2"
check "packets went by session 1" stat_least session.1.ul.packets 6
check "packets went by session 2" stat_least session.2.ul.packets 6
is "session 0 carried none of them" "$(stat_of mbim.contexts)" 2

# shellcheck disable=SC2154
want "the second disconnects" timeout 60 mmcli -b "$bearer2" --disconnect
check "its link is gone" wait_for 10 gone "/sys/class/net/$dev2"
is "the other one is not" "$(links | grep -c mbimmux)" 1
check "the first goes on" ping_dev "$dev1"
is "the modem is connected" "$(state_now)" connected
want "all disconnect" mm --simple-disconnect
check "no link is left" wait_for 10 gone "/sys/class/net/$dev1"
state "registered" registered
connected "session 0 afterwards"
finish
