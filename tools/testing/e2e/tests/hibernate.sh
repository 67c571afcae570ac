#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Hibernation: nothing of the link may be in the image, as the modem has lost
# its power, or has served another kernel, when that is loaded.
# timeout: 180
# machine: --memory 1024
# kernel: stock

. /add/lib.sh

hibernate() { echo disk >/sys/power/state; }
# The log is part of the memory: what was said after the image has not been.
from_image()
{
	since_mark >"$tmp/dmesg"
	grep "Creating image" "$tmp/dmesg" && ! grep "Image saving" "$tmp/dmesg"
}

start
session_up 0; session_up 3
check "ping before" ping_v4 0
porttool /dev/wwan0at1 rdwr poll 100000 hup,err >/dev/null 2>&1 & p=$!
# As small as possible: all of it is compressed in software emulation.
echo 0 >/sys/power/image_size

# Taken down for the image, and started again when it cannot be written.
link_before
check_fails "without swap the machine does not hibernate" hibernate
check "an open port hangs up" wait_for 5 ended $p
check "the modem gets ready again" wait_for 10 fresh
check "it works after that" works

# Written and loaded at once: the modem meanwhile starts anew for the kernel
# that writes, and then finds the one of the image.
modprobe brd rd_nr=1 rd_size=262144
if ! mkswap /dev/ram0 >/dev/null || ! swapon /dev/ram0; then
	bail "no swap"
fi
echo test_resume >/sys/power/disk
for n in 1 2; do
	mark
	session_up 0
	busy_on
	link_before
	check "hibernation, time $n" hibernate
	busy_off
	check "it came back from the image" from_image
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" works
done

# A resume does not restart a modem that violated the protocol.
expected_log='protocol error: |impossible tail'
expected_violations='dma-bus-master|uninit-pipe-open'
modem hostile 1 1000 tail
check "a modem that violates the protocol is declared failed" wait_for 10 health_is error
modem hostile off
check "hibernation with it" hibernate
check "it came back from the image" from_image
sleep 3
check "the modem stays as it was" health_is error
check "until devlink health recover" \
	devlink health recover "pci/$(pci_address)" reporter fw
check "it works after that" works
finish
