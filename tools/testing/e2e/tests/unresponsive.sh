#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that does not answer a message is reset and restarted by the health
# reporter, unless its auto_recover is off or three restarts did not help.
# driver: ours
# timeout: 120

. /add/lib.sh

dl=pci/$(pci_address)
# It was cut off from memory that it meant to use, and found with its link up.
expected_violations='dma-bus-master|uninit-pipe-open'
expected_log='modem is unresponsive: |message type 0x[12] for |does not (open|close)|modem is not restarted'

unanswered_open()
{
	modem msg stall
	! porttool /dev/wwan0at1 rdwr >/dev/null
}
# unanswered_close: a port that works is closed, and CLOSE_PIPE gets no answer
unanswered_close()
{
	exec {port}<>/dev/wwan0at1 && modem msg stall
	exec {port}>&-
}
errors_are() { health | grep -q "\"error\":$1,"; }

start
check "auto_recover is on" sh -c "devlink -j health show $dl reporter fw | grep -q 'auto_recover.:true'"

mark
check "CLOSE_PIPE without an answer" unanswered_close
check "the driver restarts the modem" wait_for 10 restarted
check "reporter is healthy again" wait_for 20 health_is healthy
check "one error was counted" errors_are 1
again "after CLOSE_PIPE"

mark
check "OPEN_PIPE without an answer" unanswered_open
check "the driver restarts the modem again" wait_for 10 restarted
again "after OPEN_PIPE"
check "reporter is healthy after that" wait_for 5 health_is healthy

# The setting is obeyed.
check "auto_recover off" devlink health set "$dl" reporter fw auto_recover false
mark
check "third time without an answer" unanswered_open
check "devlink says error" wait_for 5 health_is error
check "ports and links go away" wait_for 5 all_gone
pause 0.5
check_fails "no restart" restarted
check "devlink recovers it" timeout 30 devlink health recover "$dl" reporter fw
again "by hand"

# Three restarts in ten minutes are the limit: one is left.
check "auto_recover on" devlink health set "$dl" reporter fw auto_recover true
mark
check "fourth time without an answer" unanswered_open
check "restarted a third time" wait_for 10 restarted
again "third restart"
check "reporter is healthy after the third" wait_for 5 health_is healthy
mark
check "fifth time without an answer" unanswered_open
check "ports and links stay away" wait_for 5 all_gone
check "the log says why" wait_for 5 sh -c "dmesg | grep -q 'modem is not restarted: 3 restarts in 600 s did not help'"
check "devlink still says error" health_is error
check "an administrator can still recover it" timeout 30 devlink health recover "$dl" reporter fw
again "administrator"
finish
