#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A locked SIM is unlocked by PIN, then by PUK; no SIM; a SIM that comes back.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 300

. /add/lib.sh
. mm-lib.sh

sim() { field generic.sim; }
retries() { mm -K | sed -n 's/.*unlock-retries.value.*: '"$1"' (\([0-9]*\))$/\1/p'; }
retries_are() { [ "$(retries "$1")" = "$2" ]; }
lock_is() { field_is generic.unlock-required "$1"; }

modem sim pin
mm_start locked
is "asks for the PIN" "$(field generic.unlock-required)" sim-pin
is "three tries" "$(retries sim-pin)" 3
check_fails "a wrong PIN is refused" mmcli -i "$(sim)" --pin=1111
check "two tries are left" wait_for 20 retries_are sim-pin 2
want "the right PIN is accepted" timeout 60 mmcli -i "$(sim)" --pin=1234
state "usable" disabled registered
connected "unlocked"

# Out and in while ModemManager looks on: 1.20 does not any more once it has
# disabled a modem.
modem sim absent
state "a SIM pulled out is missed" failed
is "reason" "$(field generic.state-failed-reason)" sim-missing
modem sim ready
state "a SIM put in is found" disabled registered

modem sim absent
state "pulled out again" failed
modem sim puk
state "put in, locked by its PUK" locked
is "asks for the PUK" "$(field generic.unlock-required)" sim-puk
check_fails "a wrong PUK is refused" mmcli -i "$(sim)" --puk=00000000 --pin=4321
check "nine tries are left" wait_for 20 retries_are sim-puk 9
want "the right PUK is accepted" timeout 60 mmcli -i "$(sim)" --puk=12345678 --pin=4321
state "usable" disabled registered
connected "unlocked by PUK"
finish
