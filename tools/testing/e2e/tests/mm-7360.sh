#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An XMM7360 with ModemManager 1.20, which does not support XMM RPC: it finds
# the modem by its AT ports and gets along with what they say.
# modem: --device 7360
# machine: --profile mm
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-lib.sh

mm_start
is "model" "$(field generic.model)" XMM7360
is "ports" "$(mm -K | grep -o 'wwan0[a-z0-9]* ([a-z]*)' | sort | tr '\n' ' ')" \
	"wwan0 (net) wwan0at0 (at) wwan0at1 (at) "
check "the RPC port is there all the same" test -c /dev/wwan0xmmrpc0
finish
