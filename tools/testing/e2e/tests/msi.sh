#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Interrupts that get lost delay things and break nothing; messages without an
# answer end in bounded time.
# timeout: 90

. /add/lib.sh

expected_log='modem is unresponsive: pipe does not open|message type 0x[12] for [0-9]+ failed: -ETIMEDOUT|missed interrupt, completion found by polling|does not open: -ETIMEDOUT|did not answer|no answer|timed out'
# A modem that does not answer is cut off from memory; it may notice.
expected_violations=dma-bus-master
start
card=$(pci_address)
modem drop-msi 1
check "lost interrupt: port opens all the same" timeout 10 porttool /dev/wwan0at0 rdwr at AT 'OK$'
modem drop-msi 2
check "two lost: link comes up all the same" timeout 10 ip link set wwan0 up
session_up 0 2>/dev/null
ip address replace 10.64.0.2/30 dev wwan0
ip route replace default dev wwan0 metric 100
modem drop-msi 0
check "ping" ping_v4 0
modem drop-msi 3
ping -q -c 5 -i 0.2 -W 2 -I wwan0 $server >/dev/null
check "after lost interrupts of packets: ping" ping_v4 0
modem sleep now
wait_for 3 state_is sleep asleep
modem drop-msi 1
check "lost interrupt of a wake-up" timeout 10 ping -q -c 3 -i 0.3 -W 4 -I wwan0 $server
check "everything goes on" sh -c "porttool /dev/wwan0at0 rdwr at AT 'OK\$' && ping -q -c 3 -i 0.1 -W 2 -I wwan0 $server"

# The time-out is the subject here, not the restart that follows it.
[ "$driver" = reference ] ||
	devlink health set "pci/$card" reporter fw auto_recover false
modem msg stall
before=$(now)
check_fails "message without an answer: open fails" timeout 15 porttool /dev/wwan0at1 rdwr at AT 'OK$'
between "in bounded time" $(($(now) - before)) 300 5000
modem msg resume
before=$(now)
check "module unloads after it" unload
between "in bounded time too" $(($(now) - before)) 0 8000
echo 1 >"/sys/bus/pci/devices/$card/reset"
start
check "a reset brings it back" porttool /dev/wwan0at1 rdwr at AT 'OK$'
finish
