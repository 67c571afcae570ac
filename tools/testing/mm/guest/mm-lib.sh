# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests with ModemManager have in common, on top of lib.sh:
#
#	. /add/lib.sh
#	. mm-lib.sh

# The machine may be busy, and MM asks the AT ports before it believes in MBIM.
mm_timeout=90
export LC_ALL=C NO_COLOR=1

# As in lib.sh, but with time for others in between: mmcli is no light weight.
wait_for()
{
	local end=$((SECONDS + $1 * slow + 1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		pause 0.3
	done
}

# ---- ModemManager's view ----------------------------------------------------

mm() { timeout 90 mmcli -m any "$@"; }

# value KEY < output of mmcli -K
value() { awk -F ' *: ' -v k="$1" '$1 == k { sub(/^[^:]*: /, ""); print }'; }

# field KEY: of the modem; KEY without its first word ("generic.state")
field()      { mm -K 2>/dev/null | value "modem.$1"; }
field_is()   { [ "$(field "$1")" = "$2" ]; }
state_now()  { field generic.state; }
# in_state STATE...: for wait_for
in_state()
{
	local now s
	now=$(state_now)
	for s; do [ "$now" = "$s" ] && return; done
	return 1
}
mm_path()    { field dbus-path; }
no_modem()   { [ -z "$(mmcli -L -K 2>/dev/null | sed -n 's/^modem-list.value.*: *//p')" ]; }
# A modem other than the one at PATH is there, and usable.
other_modem()
{
	mm -K >"$tmp/other" 2>/dev/null || return 1
	[ "$(value modem.dbus-path <"$tmp/other")" != "$1" ] &&
		[ "$(value modem.generic.state <"$tmp/other")" = "${2:-disabled}" ]
}

mm_log() { tail -n "${1:-25}" /run/mm/ModemManager.log | cut -c1-200 | sed 's/^/#   MM: /'; }

# A test that cannot go on shows what ModemManager said last.
mm_bail()
{
	mm -K 2>&1 | grep -E 'state|reason|lock|error' | sed 's/^/#   /'
	mm_log 30
	bail "$@"
}

# want NAME COMMAND...: a check without which the test makes no sense
want()
{
	check "$@" || mm_bail "cannot go on"
}

# state NAME STATE...: it gets there
state()
{
	local name=$1
	shift
	wait_for "$mm_timeout" in_state "$@" ||
		mm_bail "$name (state $(state_now), wanted: $*)"
	result 0 "$name"
}

# mm_start [STATE...]: daemons, module, modem in that state (default disabled)
mm_start()
{
	want "D-Bus, udev, polkit and ModemManager start" mm-up ${MM_UP-}
	want "module loads" load
	[ $# -gt 0 ] || set -- disabled
	state "ModemManager finds the modem" "$@"
}

mm_pid() { cat /run/mm/ModemManager.pid; }
# Files of the modem that ModemManager and its proxy have open.
mm_files()
{
	local pid
	for pid in $(mm_pid) $(pgrep -x mbim-proxy); do
		find "/proc/$pid/fd" -lname '/dev/wwan*' 2>/dev/null
	done
}
no_mm_files() { [ -z "$(mm_files)" ]; }

# ---- bearers ----------------------------------------------------------------

# The bearer that was made last, and its properties
last_bearer()
{
	mm -K | awk -F ' *: ' '/^modem.generic.bearers.value/ { print $2 }' |
		sort -V | tail -n 1
}
bfield() { mmcli -b "$1" -K 2>/dev/null | value "bearer.$2"; }
bearer_connected() { [ "$(bfield "$1" status.connected)" = yes ]; }

# configure BEARER: put its addresses on its interface, which goes to $dev
configure()
{
	local a p

	mmcli -b "$1" -K >"$tmp/bearer" || return 1
	dev=$(value bearer.status.interface <"$tmp/bearer")
	[ -e "/sys/class/net/$dev" ] || return 1
	ip link set "$dev" up || return 1
	[ "$(value bearer.ipv4-config.method <"$tmp/bearer")" = static ] ||
		return 1
	a=$(value bearer.ipv4-config.address <"$tmp/bearer")
	p=$(value bearer.ipv4-config.prefix <"$tmp/bearer")
	ip address replace "$a/$p" dev "$dev" || return 1
	a=$(value bearer.ipv6-config.address <"$tmp/bearer")
	p=$(value bearer.ipv6-config.prefix <"$tmp/bearer")
	ip -6 address replace "$a/$p" dev "$dev" nodad || return 1
	# Two default routes may be there: each has the metric of its device.
	p=$((100 + $(<"/sys/class/net/$dev/ifindex")))
	ip route replace default dev "$dev" metric "$p" &&
		ip -6 route replace default dev "$dev" metric "$p"
}

# ping_dev DEVICE: the server, by IPv4 and IPv6
ping_dev()
{
	ping -n -q -c 3 -i 0.1 -W 5 -I "$1" "$server" &&
		ping -6 -n -q -c 3 -i 0.1 -W 5 -I "$1" "$server6"
}

simple="apn=internet,ip-type=ipv4v6"

# connected NAME: simple-connect, addresses, ping; device and bearer are then
# in $dev and $bearer
connected()
{
	want "$1: --simple-connect" mm --simple-connect="$simple"
	bearer=$(last_bearer)
	want "$1: the bearer's addresses fit its interface" configure "$bearer"
	is "$1: interface" "$dev" wwan0
	check "$1: ping by IPv4 and IPv6" ping_dev "$dev"
}
