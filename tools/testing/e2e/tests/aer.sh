#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Errors of the PCIe link, as the root port reports them: one that the link
# has survived, and one after which the slot is reset.
# timeout: 90

. /add/lib.sh

port=$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$(pci_address)")")")

# error NAME: the port above the modem reports it
error()
{
	host qmp '{"execute": "human-monitor-command", "arguments":
		{"command-line": "pcie_aer_inject_error rp0 '"$1"'"}}'
}
# told TEXT: the kernel's recovery has said that since the last mark
told() { dmesg | grep -q "pcieport $port: .*$1"; }

start
expected_log='PCI error|AER'
# Its memory is taken away at once, as behind a link that is frozen it would
# not notice; this modem does.
expected_violations='dma-bus-master'

# --- not fatal: nothing is reset, nobody notices
link_before
session_up 0
check "a correctable error" error RCVR
check "an error that is not fatal" error UNSUP
check "the kernel has heard of it" wait_for 5 told 'device recovery successful'
check "the link is the one from before" absent fresh
check "it still works" alive

# --- fatal: the slot is reset
for n in 1 2; do
	dmesg -C
	busy_on
	link_before
	check "traffic, fatal error $n" error FCP
	check "the kernel has recovered" wait_for 20 told 'device recovery successful'
	busy_off
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" alive
done
finish
