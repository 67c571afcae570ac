#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The card is found, driven, and shows what the documentation describes.
# timeout: 40

. /add/lib.sh

card=$(pci_address) || bail "card is in its slot"
sys=/sys/bus/pci/devices/$card
uevents_on

check "the module is for both cards" sh -c \
	'modinfo -F alias iosm | grep -i d00007560 && modinfo -F alias iosm | grep -i d00007360'
before=$(now)
check "module loads" load
between "probe returns at once" $(($(now) - before)) 0 2500
check "modem gets ready" wait_for 20 ready || bail "nothing to look at"
check "uevent MDM_READY" wait_for 3 uevent_seen MDM_READY
check "uevent comes from the card" grep -q "/$card IOSM_EVENT=MDM_READY" "$tmp/uevents"
[ "$driver" != ours ] ||
	is "both BARs are claimed" "$(grep -c ' iosm$' /proc/iomem)" 2
is "driver belongs to module iosm" \
	"$(basename "$(readlink -f "$sys/driver/module")")" iosm

is "ports" "$(ports | sort | one_line)" "wwan0at0 wwan0at1 wwan0mbim0"
is "port types" "$(cat /sys/class/wwan/wwan0{mbim0,at0,at1}/type | one_line)" "MBIM AT AT"
for x in wwan/wwan0mbim0 wwan/wwan0at1 net/wwan0; do
	is "$x is below the card" \
		"$(readlink -f "/sys/class/$x/device/device" /sys/class/$x/device | grep -c "/$card")" 2
done

net=/sys/class/net/wwan0
is "wwan0 has no link layer" "$(cat $net/type $net/addr_len | one_line)" "65534 0"
is "wwan0 has MTU 1500" "$(<$net/mtu)" 1500
check "wwan0 is point-to-point, without ARP" \
	sh -c 'ip link show wwan0 | grep POINTOPOINT | grep -q NOARP'
check "wwan0 is link 0 of kind wwan" \
	sh -c 'ip -d link show wwan0 | grep -qE "wwan linkid 0( |$)"'
is "no session is open while wwan0 is down" "$(stat_of session.0.open)" 0

is "modem is in state RUNNING" "$(state_of ipc)" RUNNING
is "device sleep is permitted" "$(state_of sleep-allowed)" 1
is "crash is reported in band" "$(state_of in-band-crash)" 1
is "no channel is open without a user" \
	"$(modem stats | grep -c '^pipe\.[0-9]*\.open 1')" 0
is "one MSI vector is in use" "$(ls "$sys/msi_irqs" | wc -l)" 1
check "an idle modem is left alone" sh -c \
	'a=$(host modem stats | grep ^doorbell.[012]); sleep 1; [ "$a" = "$(host modem stats | grep ^doorbell.[012])" ]'
uevents_off
finish
