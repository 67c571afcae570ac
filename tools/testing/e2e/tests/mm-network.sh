#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The network comes, goes and changes; ModemManager hears of it by indications
# and says so.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 300

. /add/lib.sh
. mm-lib.sh

hears() { wait_for 30 field_is "$1" "$2"; }
down() { ! bearer_connected "$1"; }
# Without a data class ModemManager 1.20 takes each of these for "idle".
unregistered()
{
	case $(field 3gpp.registration-state) in
	idle|searching|denied) ;;
	*) return 1 ;;
	esac
}
radio_is()
{
	mbimcli -p -d /dev/wwan0mbim0 --query-radio-state |
		grep -q "Software radio state: '$1'"
}

mm_start
want "--enable" mm --enable
state "registers" registered

modem signal 10
check "weaker signal" hears generic.signal-quality.value 32
modem signal 31
check "stronger signal" hears generic.signal-quality.value 100

modem registration roaming
check "roaming" hears 3gpp.registration-state roaming
check "the operator there" hears 3gpp.operator-code 00102
modem registration searching
check "registration lost" wait_for 30 unregistered
state "no longer registered" searching enabled
modem registration home
check "registration found" hears 3gpp.registration-state home
modem registration denied
check "registration denied" wait_for 30 unregistered
modem registration home
check "registration found" hears 3gpp.registration-state home
state "registered" registered

connected "first"
modem network-disconnect 0
check "the bearer ends with the network's context" wait_for 30 down "$bearer"
state "still registered" registered
connected "second"
modem registration searching
check "the bearer ends with the registration" wait_for 30 down "$bearer"
check "registration lost while connected" wait_for 30 unregistered
modem registration home
state "registered again" registered
connected "third"
want "--simple-disconnect" mm --simple-disconnect

want "--disable" mm --disable
want "radio off by ModemManager" mm --set-power-state-low
check "it says so" hears generic.power-state low
check "and it is off" radio_is off
want "radio on by ModemManager" mm --set-power-state-on
check "it says so" hears generic.power-state on
check "and it is on" radio_is on
want "--enable" mm --enable
state "registers" registered
connected "after the radio was off"
modem radio off
check "a switch turns the radio off: the bearer ends" wait_for 30 down "$bearer"
check "no longer registered" wait_for 30 unregistered
modem radio on
state "on again: registered" registered
connected "after the switch"
finish
