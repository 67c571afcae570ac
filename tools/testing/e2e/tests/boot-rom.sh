#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem in its boot ROM, which comes up later by itself.
# modem: --boot-stage rom
# timeout: 60

. /add/lib.sh

uevents_on
check "module loads" load
check "uevent ROM_READY" wait_for 4 uevent_seen ROM_READY
# The wait for firmware is no load: no task of the driver is in state D.
for ((n = uninterruptible = 0; n < 25; n++)); do
	uninterruptible=$((uninterruptible + $(grep -lE '^State:[[:space:]]+D' /proc/[0-9]*/status 2>/dev/null | wc -l)))
	pause 0.02
done
between "tasks in state D in 25 looks at the boot ROM" $uninterruptible 0 2
no_ports
result $? "no ports in the boot ROM"
check "module unloads in the boot ROM" unload
check "module loads" load
check "firmware starts" modem boot-run
check "the modem gets ready" wait_for 10 ready
check "uevent MDM_READY" wait_for 3 uevent_seen MDM_READY
check "it works" porttool /dev/wwan0at0 rdwr at AT 'OK$'
session_up 0
check "session 0" ping_v4 0
uevents_off
finish
