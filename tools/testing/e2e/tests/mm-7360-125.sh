#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An XMM7360 with a ModemManager that speaks XMM RPC: found, enabled, connected.
# modem: --device 7360
# machine: --profile mm-125
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-lib.sh

mm_start
is "model" "$(field generic.model)" XMM7360
check "the README's script for the FCC lock is there" \
	test -x /usr/share/ModemManager/fcc-unlock.available.d/8086:7360
is "ports" "$(mm -K | grep -o 'wwan0[a-z0-9]* ([a-z]*)' | sort | tr '\n' ' ')" \
	"wwan0 (net) wwan0at0 (at) wwan0at1 (at) wwan0xmmrpc0 (xmmrpc) "
want "--enable" mm --enable
state "registers" registered
want "--simple-connect" mm --simple-connect="apn=internet"
state "is connected" connected
bearer=$(last_bearer)
mmcli -b "$bearer" -K >"$tmp/bearer"
is "interface" "$(value bearer.status.interface <"$tmp/bearer")" wwan0
is "address" "$(value bearer.ipv4-config.address <"$tmp/bearer")" 10.64.0.2
diag "$(grep ipv4 "$tmp/bearer" | tr -s ' ' | tr '\n' ';')"
check "link up" ip link set wwan0 up
check "address" ip address add 10.64.0.2/30 dev wwan0
check "route" ip route add "$server" dev wwan0
check "ping" ping -n -q -c 3 -i 0.1 -W 5 -I wwan0 "$server"
want "--simple-disconnect" mm --simple-disconnect
state "is registered" registered
finish
