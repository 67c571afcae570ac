#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The XMM7360 with a ModemManager that speaks XMM RPC: found, enabled,
# connected, packets.
# modem: --device 7360 --attach mbim
# modem: --attach mbim
# machine: --profile mm-125
# timeout: 300

. /add/lib.sh
. mm-lib.sh

# shellcheck disable=SC2034 # read by lib.sh
control=xmmrpc
mm_start
diag "$(mmcli --version | head -n 1)"
is "plugin" "$(field generic.plugin | tr I i)" intel
is "ports" "$(mm | grep -o 'wwan0[a-z0-9]* ([a-z]*)' | sort | tr '\n' ' ')" \
	"wwan0 (net) wwan0at0 (at) wwan0at1 (at) wwan0xmmrpc0 (xmmrpc) "
is "model" "$(field generic.model)" XMM7360
is "IMEI" "$(field 3gpp.imei)" 004999010640000
check "by RPC calls" stat_least rpc.calls 8
is "all well-formed" "$(stat_of rpc.malformed)" 0

want "--enable" mm --enable
state "registers" registered
is "operator" "$(field 3gpp.operator-code) $(field 3gpp.operator-name)" "00101 vmodem net"
modem registration searching
check "registration lost" wait_for 30 field_is 3gpp.registration-state searching
modem registration home
state "registered again" registered

want "--simple-connect" mm --simple-connect=apn=internet,ip-type=ipv4
state "is connected" connected
bearer=$(last_bearer)
is "address" "$(bfield "$bearer" ipv4-config.address)" 10.64.0.2
# ModemManager knows no prefix here, so configure() will not do.
session_up 0
check "packets" ping_v4 0
want "--simple-disconnect" mm --simple-disconnect
check_fails "no packets afterwards" ping_v4 0 -c 1 -W 1
finish
