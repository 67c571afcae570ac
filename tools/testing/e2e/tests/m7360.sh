#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The XMM7360: an XMM RPC port in place of MBIM, the rest alike.
# modem: --device 7360
# timeout: 60

. /add/lib.sh

control=xmmrpc
start
is "device id" "$(cat "/sys/bus/pci/devices/$(pci_address)/device")" 0x7360
is "ports" "$(ports | sort | one_line)" "wwan0at0 wwan0at1 wwan0xmmrpc0"
is "port type" "$(</sys/class/wwan/wwan0xmmrpc0/type)" XMMRPC
check "AT" porttool /dev/wwan0at0 rdwr at ATI 'XMM7360.*OK$'
# A call of 20 bytes: length, length and call id as integers, type.
printf '\x10\0\0\0\x02\x04\0\0\0\x10\x02\x04\0\0\0\x01\x11\0\x01\0' >"$tmp/call"
cat >"$tmp/rpc" <<'PY'
exec 3<>/dev/wwan0xmmrpc0 || exit 1
cat "$1" >&3
timeout 5 head -c 20 <&3 | od -An -tx1
PY
check "RPC call is answered" sh -c "bash $tmp/rpc $tmp/call | grep '02 04'"
is "as the modem counts" "$(modem stats | grep -E '^rpc\.(calls|malformed)' | one_line)" "rpc.calls 1 rpc.malformed 0"
check "RPC: message of 32 KiB is taken" porttool /dev/wwan0xmmrpc0 rdwr fill 32768
check "RPC: larger message is refused" porttool /dev/wwan0xmmrpc0 rdwr '!EMSGSIZE' fill 32769
session_up 0 && session_up 1
check "session 0" ping_v4 0
check "session 1, IPv6" ping_v6 1
check "packets of all sizes" flow udp-echo $server 1 0 1 100 1000 1472
finish
