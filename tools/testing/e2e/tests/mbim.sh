#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The MBIM port with the real mbimcli, and fragments by hand.
# modem: --attach mbim
# timeout: 90

. /add/lib.sh

start
dev=/dev/wwan0mbim0
next=
# One command in a session that lasts; its output is in $tmp/mbim.
mbim()
{
	local open=()
	[ -z "$next" ] || open=("--no-open=$next")
	timeout 30 mbimcli -d $dev "${open[@]}" --no-close "$@" >"$tmp/mbim" 2>&1
	local status=$?
	next=$(sed -n "s/.*TRID: '\([0-9]*\)'.*/\1/p" "$tmp/mbim")
	cat "$tmp/mbim"
	return $status
}
says() { mbim "$1" >/dev/null && shift && for x; do grep -qE "$x" "$tmp/mbim" || { cat "$tmp/mbim"; echo "no: $x"; return 1; }; done; }

check "device caps" says --query-device-caps "Max sessions: '8'" "Device ID: '[0-9]{15}'"
check "subscriber ready status" says --query-subscriber-ready-status "Ready state: 'initialized'" "Subscriber ID: '[0-9]+'"
check "radio state" says --query-radio-state "Software radio state: 'on'"
check "registration" says --query-registration-state "Register state: 'home'" "Provider ID: '00101'"
check "signal" says --query-signal-state "RSSI"
check "packet service" says --attach-packet-service "Packet service state: 'attached'"
check "device services" says --query-device-services "basic-connect"

session_up 0
check_fails "no packets before connecting" ping_v4 0 -c 1 -W 1
check "connect session 0" says --connect=session-id=0,access-string=internet,ip-type=ipv4v6 "Activation state: 'activated'"
check "connection state" says --query-connection-state=0 "Activation state: 'activated'"
check "IP configuration" says --query-ip-configuration=0 "'10.64.0.2/30'" "Gateway: '10.64.0.1'" "'fd64::2/64'|'fd64:0:0:0::2/64'" "MTU: '1500'" "'10.99.0.53'"
check "packets on session 0" ping_v4 0
check "IPv6 packets on session 0" ping_v6 0
check "connect session 1" says --connect=session-id=1,access-string=internet,ip-type=ipv4v6 "Activation state: 'activated'"
check "IP configuration of session 1" says --query-ip-configuration=1 "'10.64.1.2/30'"
session_up 1
check "packets on session 1" ping_v4 1
check "disconnect session 0" says --disconnect=0 "deactivated"
check_fails "no packets afterwards" ping_v4 0 -c 1 -W 1
check "session 1 goes on" ping_v4 1
check "disconnect session 1" says --disconnect=1 "deactivated"
check "close" timeout 30 mbimcli -d $dev --no-open="$next" --query-device-caps
next=
check "each command in an open of its own" sh -c \
	"mbimcli -d $dev --query-device-caps && mbimcli -d $dev --query-radio-state"

# --- fragments and errors: the port passes them unchanged
check "answer in many fragments" porttool $dev rdwr mbim-open 64 mbim-services 5 mbim-close
check "answer in few fragments" porttool $dev rdwr mbim-open 200 mbim-services 2 mbim-close
check "answer in one" porttool $dev rdwr mbim-open 4096 mbim-services 1 mbim-close
check "command in fragments" porttool $dev rdwr mbim-open 64 mbim-connect 2 3 mbim-close
check "many in a row" porttool $dev rdwr mbim-open 64 mbim-services 5 mbim-connect 1 3 \
	mbim-services 5 mbim-services 5 mbim-connect 4 3 mbim-services 5 mbim-close
check "unfinished command is answered by an error" porttool $dev rdwr mbim-open 64 mbim-half mbim-services 5 mbim-close
check "unknown command is answered" porttool $dev rdwr mbim-open 4096 mbim-unknown mbim-close
check "non-blocking" porttool $dev rdwr,nonblock,excl mbim-open 64 mbim-services 5 mbim-close
finish
