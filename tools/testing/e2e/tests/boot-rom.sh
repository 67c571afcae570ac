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
pause 0.5
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
