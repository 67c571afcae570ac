#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem whose init never ends: the driver gives up in bounded time, and our
# driver restarts the modem.
# modem: --init-delay 100000
# timeout: 60

. /add/lib.sh

expected_log='no answer during the handshake|protocol error|modem is unresponsive|restart failed|modem is not restarted'
uevents_on
check "module loads" load
pause 1
before=$(now)
check "module unloads in the middle" unload
between "at once" $(($(now) - before)) 0 2000
mark
before=$(now)
check "module loads again" load
check "uevent MDM_TIMEOUT" wait_for 20 uevent_seen MDM_TIMEOUT
between "after 10 s" $(($(now) - before)) 8000 16000
no_ports
result $? "no ports"
[ "$driver" != ours ] ||
	check "the modem is restarted" wait_for 5 restarted
uevents_off
finish dead
