#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TDs of a control port with an invalid status: their contents are not read, the
# rest is, the log is not flooded, and the port goes on.

. /add/lib.sh

start
at0=/dev/wwan0at0
exec {fd}<>$at0
check "the modem writes an invalid status to half of all TDs" modem hostile 1 1000 td-status
# An answer has 9 bytes and, as the questions come slowly, a TD of its own.
ask=()
for ((i = 0; i < 100; i++)); do ask+=(write 'AT\r' sleep 10); done
porttool $at0 rdwr "${ask[@]}" collect 1000 count 90 810 >"$tmp/read" 2>&1
result $? "messages with a good TD are read, and no others" "$tmp/read"
faults=$(modem hostile stats | sed -n 's/^td-status \([0-9]*\) .*/\1/p')
between "invalid statuses" "$faults" 50 10000
check "the modem follows the protocol again" modem hostile off
check "the port works, without a reset" porttool $at0 rdwr at AT 'OK$'
exec {fd}>&-
check "and after it was closed" wait_for 3 porttool $at0 rdwr at AT 'OK$'
check "other ports work" porttool /dev/wwan0at1 rdwr at AT 'OK$'
checks_log | grep -E "bad TD|channel 2: (up|down)link status" >"$tmp/log"
between "the log reports it, a few times" "$(wc -l <"$tmp/log")" 1 60
expected_log='pipe [45]: bad TD|channel 2: (up|down)link status|callbacks suppressed'
finish
