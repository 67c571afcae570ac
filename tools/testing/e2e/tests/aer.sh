#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Errors of the PCIe link, as the root port reports them: one that the link
# has survived, one after which the slot is reset, one of a modem that lied.
# timeout: 90

. /add/lib.sh

port=$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$(pci_address)")")")

# error NAME: the port above the modem reports it
error()
{
	host qmp '{"execute": "human-monitor-command", "arguments":
		{"command-line": "pcie_aer_inject_error rp0 '"$1"'"}}'
}
broken() { since_mark | grep -q 'modem is broken'; }
# told TEXT: the kernel's recovery has said that since the last mark
told() { since_mark | grep -q "pcieport $port: .*$1"; }

# The link is the one of link_before, and its modem is ready.
same() { ready && [ "$(</sys/class/net/wwan0/ifindex)" = "$link" ]; }

start
expected_log='PCI error|AER|impossible|is broken'
# Its memory is taken away at once, as behind a link that is frozen it would
# not notice; this modem does.
expected_violations='dma-bus-master'

# --- not fatal: nothing is reset, nobody notices
mark
link_before
session_up 0
check "a correctable error" error RCVR
check "an error that is not fatal" error UNSUP
check "the kernel has heard of it" wait_for 5 told 'device recovery successful'
check "the link is the one from before" same
check "it still works" alive

# --- fatal: the slot is reset
for n in 1 2; do
	mark
	busy_on
	link_before
	check "traffic, fatal error $n" error FCP
	check "the kernel has recovered" wait_for 20 told 'device recovery successful'
	busy_off
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" alive
done

# --- a modem that was declared broken can cause such errors: it stays so
if [ "$driver" = ours ]; then
	mark
	modem hostile 1 1000 tail
	check "the modem lies, and is declared broken" wait_for 5 broken
	modem hostile off
	check "all is gone" wait_for 5 all_gone
	check "fatal error of a broken modem" error FCP
	check "the kernel has recovered" wait_for 20 told 'device recovery successful'
	pause 0.5
	check "that is no way back" all_gone
	check "devlink still says error" health_is error
	check "devlink brings it back" timeout 30 devlink health recover \
		"pci/$(pci_address)" reporter fw
	again "asked for"
fi
finish
