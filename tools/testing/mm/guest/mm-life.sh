# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A modem's day with ModemManager, the same for each of its versions.

# shellcheck source=tools/testing/mm/guest/mm-lib.sh
. mm-lib.sh

mm_start
diag "$(mmcli --version | head -n 1)"

mm -K >"$tmp/modem"
is "it is the intel plugin's" "$(value modem.generic.plugin <"$tmp/modem" | tr I i)" intel
is "primary port" "$(value modem.generic.primary-port <"$tmp/modem")" wwan0mbim0
is "all ports" "$(grep -o 'wwan0[a-z0-9]* ([a-z]*)' "$tmp/modem" | sort | tr '\n' ' ')" \
	"wwan0 (net) wwan0at0 (at) wwan0at1 (at) wwan0mbim0 (mbim) "
is "driver" "$(grep 'modem.generic.drivers.value' "$tmp/modem" | sed 's/.*: //')" iosm
is "IMEI" "$(value modem.3gpp.imei <"$tmp/modem")" 004999010640000
is "device" "$(value modem.generic.device <"$tmp/modem")" \
	"$(readlink -f "/sys/bus/pci/devices/$(pci_address)")"
sim=$(value modem.generic.sim <"$tmp/modem")
mmcli -i "$sim" -K >"$tmp/sim"
is "IMSI" "$(value sim.properties.imsi <"$tmp/sim")" 001010123456789
is "ICCID" "$(value sim.properties.iccid <"$tmp/sim")" 89001010123456789012
is "a link of its own: none yet" "$(ip -o link show up type wwan)" ""

want "--enable" mm --enable
state "registers" registered
is "operator" "$(field 3gpp.operator-code) $(field 3gpp.operator-name)" "00101 vmodem net"
is "registration" "$(field 3gpp.registration-state)" home
is "access technology" "$(mm -K | sed -n 's/.*access-technologies.value.*: //p')" lte
is "signal quality" "$(field generic.signal-quality.value)" 64
check "--messaging-status" mm --messaging-status
is "SMS list is empty" "$(mm --messaging-list-sms 2>&1)" "No sms messages were found"
check "--location-status" mm --location-status

connected "first bearer"
state "is connected" connected
is "MTU of the bearer fits" "$(value bearer.ipv4-config.mtu <"$tmp/bearer")" \
	"$(<"/sys/class/net/$dev/mtu")"
is "name server" "$(value 'bearer.ipv4-config.dns.value[1]' <"$tmp/bearer")" 10.99.0.53
check "session 0 carried it" stat_least session.0.ul.packets 6
want "--simple-disconnect" mm --simple-disconnect
state "is registered" registered
is "the bearer is down" "$(bearer_connected "$bearer" && echo up || echo down)" down
is "the modem has no context" "$(stat_of mbim.contexts)" 0
connected "again"
want "--simple-disconnect" mm --simple-disconnect
want "--disable" mm --disable
state "is disabled" disabled
is "ModemManager complained about nothing" \
	"$(grep -cE '<err|CRITICAL|assertion' /run/mm/ModemManager.log)" 0
finish
