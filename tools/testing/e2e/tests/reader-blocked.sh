#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A reader that does not get done with its message, as the page it goes to
# comes from another process: the removal of the card must not wait for that.
# timeout: 90
# kernel: stock

. /add/lib.sh

card=$(pci_address)
start
drivers=$(driver_folder)
check "a message held for a moment" porttool /dev/wwan0at0 rdwr write 'AT\r' \
	held true count 1 100
check "the port goes on" porttool /dev/wwan0at0 rdwr at AT 'OK$'

began=$(now)
check "a message held over unbinding" porttool /dev/wwan0at0 rdwr write 'AT\r' \
	held "timeout 20 sh -c 'echo $card >$drivers/unbind'" count 1 100
[ "$driver" = reference ] ||
	between "which did not wait for it, in ms" $(($(now) - began)) 0 $((2000 * slow))
check "ports and links are gone" wait_for 3 all_gone
echo "$card" >"$drivers/bind"
again unbind

check "a message held over removal" porttool /dev/wwan0at1 rdwr write 'AT\r' \
	held "timeout 20 sh -c 'echo 1 >/sys/bus/pci/devices/$card/remove'"
check "ports and links are gone" wait_for 3 all_gone
echo 1 >/sys/bus/pci/rescan
again remove

# Nothing of the module is called for a message that outlives it.
began=$(now)
check "a message held over rmmod" porttool /dev/wwan0at1 rdwr write 'AT\r' \
	held "timeout 20 rmmod iosm" count 1 100
[ "$driver" = reference ] ||
	between "rmmod did not wait for it, in ms" $(($(now) - began)) 0 $((2000 * slow))
check "the module is gone" absent loaded
start
again rmmod
finish
