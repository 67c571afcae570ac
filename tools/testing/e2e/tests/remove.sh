#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The card goes while everything is in use: by sysfs, by the hot-plug slot, by
# the module, and without a word.
# matrix: aggregation lite
# timeout: 150

. /add/lib.sh

card=$(pci_address)
sys=/sys/bus/pci/devices/$card
start
expected_log='modem is gone|all ones'

# Traffic in both directions, open ports, sessions that come and go.
busy=()
busy_on()
{
	session_up 0; session_up 1
	exec {port}<>/dev/wwan0at1
	(while :; do flow -i wwan0 udp-send $server 9 1000 2000 0 || pause 0.05; done) >/dev/null 2>&1 & busy+=($!)
	(while :; do ping -q -f -c 500 -W 1 -I wwan0-1 $server || pause 0.05; done) >/dev/null 2>&1 & busy+=($!)
	(while :; do porttool /dev/wwan0at0 rdwr at ATI 'OK$' || pause 0.05; done) >/dev/null 2>&1 & busy+=($!)
	modem gen 0 udp 2000 700
	wait_for 10 stat_least session.0.ul.packets 100 &&
		wait_for 10 stat_least session.1.dl.packets 10
}
busy_off()
{
	kill "${busy[@]}" 2>/dev/null
	wait "${busy[@]}" 2>/dev/null
	busy=()
	exec {port}>&-
}
all_gone() { no_ports && no_links; }
again()
{
	check "$1: the modem gets ready again" wait_for 20 ready
	session_up 0
	check "$1: it works again" sh -c \
		"ping -q -c 2 -W 3 -I wwan0 $server && porttool /dev/wwan0at0 rdwr at AT 'OK\$'"
}

# --- an open port learns that its device has gone
check "open port: hang-up and errors, no hang" timeout 20 porttool /dev/wwan0at0 rdwr at AT 'OK$' \
	run "echo $card >$sys/driver/unbind" poll 3000 hup,err \
	'!EIO' readnow '!ENODEV' write AT
drivers=/sys/bus/pci/drivers/$(ls /sys/module/iosm/drivers | sed -n 's/^pci://p')
check "unbound: ports and links are gone" wait_for 3 all_gone
check "unbound: modem is in state UNINIT" state_is ipc UNINIT
echo "$card" >"$drivers/bind"
check "bound: ready again" wait_for 20 ready

# --- unbind
busy_on || bail "traffic flows"
check "traffic, unbind" timeout 20 sh -c "echo $card >$drivers/unbind"
check "unbind: ports and links are gone" wait_for 3 all_gone
busy_off
echo "$card" >"$drivers/bind"
again unbind

# --- remove by sysfs
busy_on || bail "traffic flows"
check "traffic, remove" timeout 20 sh -c "echo 1 >$sys/remove"
check "remove: ports and links are gone" wait_for 3 all_gone
busy_off
echo 1 >/sys/bus/pci/rescan
again remove

# --- unload
busy_on || bail "traffic flows"
check "traffic, rmmod" unload
check "rmmod: ports and links are gone" wait_for 3 all_gone
check "rmmod: modem is in state UNINIT" state_is ipc UNINIT
busy_off
load
again rmmod

# --- hot-unplug, with the attention button
busy_on || bail "traffic flows"
check "traffic, unplug" host unplug
check "unplug: ports and links are gone" wait_for 10 all_gone
busy_off
check "plug" host plug
again plug

# --- bus reset below a driver that is bound
busy_on || bail "traffic flows"
check "traffic, bus reset" timeout 30 sh -c "echo 1 >$sys/reset"
busy_off
again reset

# --- gone without a word: registers read all ones
busy_on || bail "traffic flows"
check "traffic, modem vanishes" modem vanish
pause 0.5
check "vanished: unbind does not hang" timeout 30 sh -c "echo $card >$drivers/unbind"
check "vanished: ports and links are gone" wait_for 3 all_gone
busy_off
check "vanished: module unloads" unload
check "unplug it" host unplug
check "and plug it in" host plug
load
again "plugged anew"
finish
