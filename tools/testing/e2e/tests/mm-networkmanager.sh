#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# NetworkManager, which most users have in front of ModemManager: it connects
# by itself, sets the addresses, and does so again when the modem comes back.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 300

. /add/lib.sh
. mm-lib.sh

nm_state() { nmcli -g GENERAL.STATE device show wwan0mbim0 2>/dev/null; }
nm_is()    { [[ $(nm_state) = *"($1)"* ]]; }
routed()   { ip route get "$server" 2>/dev/null | grep -q 'dev wwan0 .*src 10.64.0.2'; }

MM_UP=--nm mm_start disabled enabled registered
want "nmcli makes a connection" timeout 30 nmcli connection add type gsm \
	ifname '*' con-name mobile apn internet autoconnect yes
wait_for "$mm_timeout" nm_is connected ||
	mm_bail "NetworkManager connects ($(nm_state))" /run/mm/NetworkManager.log
result 0 "NetworkManager connects"
check "it routes through wwan0" wait_for 20 routed
check "ping" ping_dev wwan0
is "the name server is the network's" \
	"$(nmcli -g IP4.DNS device show wwan0mbim0)" 10.99.0.53

check "unplugged" host unplug
check "ModemManager drops the modem" wait_for 30 no_modem
check "plugged in" host plug
check "NetworkManager connects again, by itself" wait_for "$mm_timeout" nm_is connected
check "it routes through wwan0" wait_for 20 routed
check "ping" ping_dev wwan0

check "nmcli disconnects" timeout 60 nmcli connection down mobile
state "the modem is free" registered disabled enabled
check "nmcli turns WWAN off" timeout 60 nmcli radio wwan off
state "the modem is disabled" disabled
check "and on again" timeout 60 nmcli radio wwan on
state "the modem is enabled" registered enabled
finish
