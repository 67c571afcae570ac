#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem with an FCC lock: what the README says of it, and ModemManager's
# script that unlocks it.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-lib.sh

scripts=/etc/ModemManager/fcc-unlock.d
radio_on() { mbimcli -p -d /dev/wwan0mbim0 --set-radio-state=on; }

modem fcc lock
mm_start
is "power state" "$(field generic.power-state)" low
radio_on >"$tmp/radio" 2>&1
check "mbimcli says that it is not allowed" grep 'OperationNotAllowed' "$tmp/radio"
check_fails "it cannot be enabled" mm --enable
is "state" "$(state_now)" disabled
check "the log says so" grep -E 'OperationNotAllowed' /run/mm/ModemManager.log
check "and what follows" grep -E 'Invalid transition' /run/mm/ModemManager.log

# The maker's secret is the test's: the script is only the way there.
mkdir -p "$scripts"
cat >"$tmp/8086:7560" <<'SH'
#!/bin/sh
PATH=$PATH:/usr/local/bin:/add
host modem fcc unlock && mbimcli -p -d /dev/wwan0mbim0 --set-radio-state=on
SH
chmod 700 "$tmp/8086:7560"
ln -s "$tmp/8086:7560" "$scripts/"
check "ModemManager unlocks it by its script" mm --enable
state "registers" registered
is "power state" "$(field generic.power-state)" on
finish
