#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The modem's firmware crashes under load: users learn of it, nothing hangs,
# and a reset brings it back.
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

expected_log='modem crashed'
card=$(pci_address)
all_gone() { no_ports && no_links; }

start
session_up 0; session_up 1
flow -i wwan0 udp-send $server 9 1000 100000 0 >/dev/null 2>&1 & p=$!
modem gen 0 udp 1000 500
porttool /dev/wwan0at0 rdwr at AT 'OK$' poll 10000 hup,err '!ENODEV' write AT >"$tmp/port" 2>&1 & q=$!
wait_for 5 stat_is pipe.4.open 1
wait_for 5 stat_least session.0.ul.packets 100
uevents_on
check "crash" modem crash
check "uevent CRASH" wait_for 5 uevent_seen CRASH
check "ports and links go away" wait_for 5 all_gone
wait $q
result $? "an open port hangs up" "$tmp/port"
kill $p 2>/dev/null; wait $p 2>/dev/null
check "core dump gets ready" modem cd-ready
check "uevent CD_READY" wait_for 5 uevent_seen CD_READY
check "bus reset" timeout 30 sh -c "echo 1 >/sys/bus/pci/devices/$card/reset"
check "the modem gets ready again" wait_for 20 ready
session_up 0
check "it works again" ping_v4 0
check "ports, too" porttool /dev/wwan0at0 rdwr at AT 'OK$'

# Crash while idle and asleep; then the module goes.
uevents_off; uevents_on
modem sleep now
wait_for 2 state_is sleep asleep
check "crash while asleep" modem crash
check "uevent CRASH again" wait_for 5 uevent_seen CRASH
check "module unloads after a crash" unload
# Found crashed at start.
check "module loads on a crashed modem" load
pause 1
no_ports
result $? "no ports on a crashed modem"
check "module unloads" unload
echo 1 >"/sys/bus/pci/devices/$card/reset"
start
check "after a reset it works" porttool /dev/wwan0at0 rdwr at AT 'OK$'
uevents_off
finish
