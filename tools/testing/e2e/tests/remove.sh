#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The card is taken from the driver while everything is in use: unbind, remove
# by sysfs, unload.
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

card=$(pci_address)
sys=/sys/bus/pci/devices/$card
start

# --- an open port learns that its device has gone
check "open port: hang-up and errors, no hang" timeout 20 porttool /dev/wwan0at0 rdwr at AT 'OK$' \
	run "echo $card >$sys/driver/unbind" poll 3000 hup,err \
	'!EIO' readnow '!ENODEV' write AT
drivers=$(driver_folder)
check "unbound: ports and links are gone" wait_for 3 all_gone
check "unbound: modem is in state UNINIT" state_is ipc UNINIT
echo "$card" >"$drivers/bind"
check "bound: ready again" wait_for 20 ready

# --- unbind
busy_on
check "traffic, unbind" timeout 20 sh -c "echo $card >$drivers/unbind"
check "unbind: ports and links are gone" wait_for 3 all_gone
busy_off
echo "$card" >"$drivers/bind"
again unbind

# --- remove by sysfs
busy_on
check "traffic, remove" timeout 20 sh -c "echo 1 >$sys/remove"
check "remove: ports and links are gone" wait_for 3 all_gone
busy_off
echo 1 >/sys/bus/pci/rescan
again remove

# --- unload
busy_on
check "traffic, rmmod" unload
check "rmmod: ports and links are gone" wait_for 3 all_gone
check "rmmod: modem is in state UNINIT" state_is ipc UNINIT
busy_off
load
again rmmod

finish
