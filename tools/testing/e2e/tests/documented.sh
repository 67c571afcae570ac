#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names that are user ABI: iosm.rst has all that there are, and no others.
# driver: ours
# add: iosm.rst
# timeout: 60

. /add/lib.sh

# section TITLE: of iosm.rst, up to the next title of any level
section()
{
	awk -v title="$1" '
		/^[=-]+$/ && !/ / && length(last) == length($0) { on = last == title }
		on { print }
		{ last = $0 }' /add/iosm.rst
}
# column TITLE: names in the first column of its tables
column() { section "$1" | sed -n 's/^\(``[^ ]*\(, ``[^ ]*\)*\)  .*/\1/p' | grep -oE '[A-Za-z0-9_]+' | sort -u; }
# documented NAME TITLE: the names on stdin are those of that section
documented()
{
	sort -u >"$tmp/there"
	column "$2" >"$tmp/documented"
	is "$1: none is missing" "$(comm -23 "$tmp/there" "$tmp/documented" | one_line)" ""
	is "$1: none is made up" "$(comm -13 "$tmp/there" "$tmp/documented" | one_line)" ""
}

tracefs=/sys/kernel/tracing
[ -e $tracefs/events ] || mount -t tracefs tracefs $tracefs
start
ethtool -S wwan0 | sed -n 's/^ *\([a-z0-9_]*\): .*/\1/p' | sed 's/^pipe[0-9]*/pipeN/' >"$tmp/stats"
check "there are statistics" test -s "$tmp/stats"
documented "statistics" Statistics <"$tmp/stats"
for event in $tracefs/events/iosm/*/; do
	basename "$event"
done >"$tmp/events"
documented "tracepoints" Tracepoints <"$tmp/events"

# The keys of the diagnosis are those of the example, after a failure: here a
# pipe that does not open.
expected_log='.*'
expected_violations='uninit-pipe-open|dma-bus-master'
devlink health set "pci/$(pci_address)" reporter fw auto_recover false
modem msg stall
porttool /dev/wwan0at1 rdwr >/dev/null
check "the modem fails" wait_for 5 health_is error
modem msg resume
keys() { grep -oE '[a-z_]+:' | sort -u; }
devlink health diagnose "pci/$(pci_address)" reporter fw | keys >"$tmp/there"
section devlink | sed -n '/health diagnose/,/health recover/p' | sed '1d;$d' | keys >"$tmp/documented"
is "diagnosis: as in the example" "$(one_line <"$tmp/there")" "$(one_line <"$tmp/documented")"
check "recovery" timeout 30 devlink health recover "pci/$(pci_address)" reporter fw
check "the modem is there again" wait_for 20 ready
finish
