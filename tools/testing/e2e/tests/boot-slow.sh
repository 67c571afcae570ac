#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that takes its time: no valid stage for a while, then a slow init.
# modem: --boot-delay 6000 --init-delay 1500
# timeout: 60

. /add/lib.sh

# Power was on when the kernel booted; a bus reset starts the clock again.
card=$(pci_address)
echo 1 >"/sys/bus/pci/devices/$card/reset"
is "the modem boots anew" "$(state_of stage)" none
uevents_on
before=$(now)
check "module loads" load
between "probe does not wait" $(($(now) - before)) 0 2500
check "uevent MDM_NOT_READY" wait_for 10 uevent_seen MDM_NOT_READY
no_ports
result $? "no ports yet"
check "the modem gets ready" wait_for 20 ready
between "after the time that it needs" $(($(now) - before)) 6500 25000
check "uevent MDM_READY" wait_for 3 uevent_seen MDM_READY
check "it works" porttool /dev/wwan0at0 rdwr at AT 'OK$'
uevents_off
unload
# Once more, and the module goes away while the modem boots.
echo 1 >"/sys/bus/pci/devices/$card/reset"
load
pause 0.5
before=$(now)
check "module unloads while the modem boots" unload
between "at once" $(($(now) - before)) 0 2000
finish_state=$(state_of ipc)
diag "state: $finish_state"
wait_for 10 state_is stage RUN
load
wait_for 5 state_is ipc UNINIT
pause 0.5
before=$(now)
check "module unloads during the modem's init" unload
between "soon" $(($(now) - before)) 0 3000
start 15
check "and gets ready afterwards" porttool /dev/wwan0at0 rdwr at AT 'OK$'
finish
