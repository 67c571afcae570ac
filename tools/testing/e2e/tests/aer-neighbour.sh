#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An error of the PCIe link that the modem has survived and its neighbour on the
# card has not: the slot is reset for the neighbour's sake, without a word to
# the modem's driver before that.
# kernel: stock
# machine: --neighbour edu
# add: neighbour.ko
# timeout: 90

. /add/lib.sh

modem_at=$(pci_address)
neighbour=${modem_at%.*}.1
slot_was_reset() { since_mark | grep -q "$neighbour: the slot was reset"; }

start
expected_log='PCI error|AER|impossible|protocol error'
# This kernel only says that it has reset the slot. The driver believes it, and
# has no use for the old link.
expected_violations='dma-bus-master|uninit-pipe-open'

insmod /add/neighbour.ko

for n in 1 2; do
	mark
	busy_on
	link_before
	check "traffic, error $n" link_error UNSUP
	check "the kernel has recovered" wait_for 20 recovered
	check "the slot was reset" slot_was_reset
	busy_off
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" works
done

# Resetting the modem alone needs a bus of its own.
take_away_the_neighbour() { echo 1 >"/sys/bus/pci/devices/$neighbour/remove"; }
[ "$driver" = ours ] && broken_stays_so UNSUP take_away_the_neighbour
finish
