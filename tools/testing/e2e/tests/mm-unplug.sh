#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The modem goes away in every way while ModemManager is connected, and comes
# back: ModemManager lets go of it, finds it again and connects.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 300

. /add/lib.sh
. mm-lib.sh

mm_start
bus=$(pci_address)
driver=/sys/bus/pci/drivers/iosm

# cycle NAME OUT IN: OUT takes the modem away, IN brings it back
cycle()
{
	local name=$1 was
	was=$(mm_path)
	connected "$name"
	ping -n -q -i 0.05 -I "$dev" "$server" >/dev/null 2>&1 &
	pinger=$!
	want "$name: out" $2
	check "$name: ModemManager drops the modem" wait_for 30 no_modem
	check "$name: it holds none of its files" wait_for 10 no_mm_files
	check "$name: no port is left" wait_for 10 no_ports
	check "$name: no network device is left" wait_for 10 no_links
	kill $pinger 2>/dev/null
	wait $pinger 2>/dev/null
	want "$name: in" $3
	check "$name: ModemManager finds the modem again" \
		wait_for "$mm_timeout" other_modem "$was" || mm_bail "cannot go on"
}

unbind() { echo "$bus" >$driver/unbind; }
bind()   { echo "$bus" >$driver/bind; }
unload() { timeout 60 rmmod iosm; }

cycle "unplug" "host unplug" "host plug"
cycle "unbind" unbind bind
cycle "reload" unload load
connected "in the end"
is "one ModemManager was enough" "$(pgrep -cx ModemManager)" 1
finish
