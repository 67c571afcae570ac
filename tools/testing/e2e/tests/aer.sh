#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Errors of the PCIe link, as the root port reports them: one that the link
# has survived, one after which the slot is reset, one of a modem that lied.
# timeout: 90

. /add/lib.sh

# The link is the one of link_before, and its modem is ready.
same() { ready && [ "$(</sys/class/net/wwan0/ifindex)" = "$link" ]; }

start
expected_log='PCI error|AER|impossible|protocol error'
# Its memory is taken away at once, as behind a link that is frozen it would
# not notice; this modem does.
expected_violations='dma-bus-master'

# --- not fatal: nothing is reset, traffic goes on
mark
link_before
session_up 0
check "a correctable error" link_error RCVR
check "an error that is not fatal" link_error UNSUP
check "the kernel has heard of it" wait_for 5 recovered
check "the link is the one from before" same
check "it still works" works

# --- fatal: the slot is reset
for n in 1 2; do
	mark
	busy_on
	link_before
	check "traffic, fatal error $n" link_error FCP
	check "the kernel has recovered" wait_for 20 recovered
	busy_off
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" works
done

[ "$driver" = ours ] && broken_stays_so FCP
finish
