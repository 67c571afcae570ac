#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bus is reset below a driver that is bound and in use.
# matrix: aggregation lite
# timeout: 60

. /add/lib.sh

sys=/sys/bus/pci/devices/$(pci_address)
start
for n in 1 2; do
	busy_on
	check "traffic, bus reset $n" timeout 30 sh -c "echo 1 >$sys/reset"
	busy_off
	again "reset $n"
done
finish
