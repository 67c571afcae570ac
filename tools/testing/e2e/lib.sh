# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests have in common. Runs in the guest; a test begins with
#
#	. /add/lib.sh
#
# and ends with "finish". Results go to stdout as TAP, everything else to
# stderr. Waits are for conditions, never for time alone.

set -u
# Words of the runner: driver=ours|reference, flavour=..., modem_args=FIRST-ARGS,
# kernel=stock|debug|..., slow=TIMES (how much longer than on the stock kernel
# things may take)
driver=ours flavour=aggregation modem_args='' kernel=stock slow=1
for word; do
	case $word in
	driver=*|flavour=*|modem_args=*|kernel=*|slow=*) declare "${word%%=*}=${word#*=}" ;;
	esac
done
PATH=/add:$PATH
tmp=$(mktemp -d)
checks=0
server=10.99.0.1
server6=fd99::1
lite=0 credits=0
case $flavour in lite*) lite=1 ;; esac
case $flavour in *-credits) credits=1 ;; esac
# What a test provokes on purpose (extended regexes): lines of the kernel's
# log, violations by name.
expected_log=
expected_violations=

# Tasks that hang shall be seen while the test runs.
echo $((20 * slow)) >/proc/sys/kernel/hung_task_timeout_secs 2>/dev/null
# Duplicate address detection and router solicitations only cost time here.
for f in /proc/sys/net/ipv6/conf/{all,default}; do
	echo 0 >"$f/accept_dad"
	echo 0 >"$f/router_solicitations"
done
# A read from a pipe without a writer is the cheapest pause without a fork.
exec {tick}<> <(:)
pause() { read -rt "$1" -u "$tick" _ || :; }
[ "$slow" = 1 ] || timeout() { command timeout $(($1 * slow)) "${@:2}"; }

# shellcheck source=checks.sh
. /add/checks.sh
checks_begin

# ---- results ----------------------------------------------------------------

diag() { printf '# %s\n' "$@"; }

# Result of the last command becomes a check: result STATUS NAME [FILE]
result()
{
	checks=$((checks + 1))
	if [ "$1" = 0 ]; then
		echo "ok $checks - $2"
		return 0
	fi
	echo "not ok $checks - $2"
	[ -z "${3-}" ] || [ ! -s "$3" ] || tail -n 30 "$3" | sed 's/^/#   /'
	return 1
}

# check NAME COMMAND...: passes when the command succeeds
check()
{
	local name=$1 status
	shift
	"$@" >"$tmp/check" 2>&1
	status=$?
	[ $status = 0 ] || echo "(status $status: $*)" >>"$tmp/check"
	result $status "$name" "$tmp/check"
}

# check_fails NAME COMMAND...: passes when it fails (a program that hangs, and
# one that is not there, does not count)
check_fails()
{
	local name=$1 status limit=(timeout 20)
	shift
	[ "$(type -t "$1")" = file ] || limit=()
	"${limit[@]}" "$@" >"$tmp/check" 2>&1
	status=$?
	[ $status != 0 ] && [ $status -lt 124 ]
	status=$?
	echo "(should have failed: $*)" >>"$tmp/check"
	result $status "$name" "$tmp/check"
}

# is NAME GOT WANTED
is()
{
	[ "$2" = "$3" ]
	local status=$?
	printf 'got:    %s\nwanted: %s\n' "$2" "$3" >"$tmp/is"
	result $status "$1" "$tmp/is"
}

# between NAME GOT MIN MAX: whole numbers
between()
{
	[[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]
	local status=$?
	printf 'got:    %s\nwanted: %s..%s\n' "$2" "$3" "$4" >"$tmp/is"
	result $status "$1" "$tmp/is"
}

skip()
{
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP ${2-}"
}

# The test cannot go on: what is missing counts as a failure.
bail()
{
	result 1 "$1" "${2-}"
	dmesg | tail -n 25 | sed 's/^/#   /'
	diag "state of the modem:"
	host modem state 2>&1 | sed 's/^/#   /'
	echo "1..$checks"
	exit 1
}

# ---- waiting ----------------------------------------------------------------

# now: milliseconds since boot
now()
{
	local up
	read -r up _ </proc/uptime
	up=${up/./}
	echo $((10#$up * 10))
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
	local end=$((SECONDS + $1 * slow + 1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		pause 0.02
	done
}

# one_line: what comes in, as words of one line
one_line() { local w; w=$(cat); set -f; echo $w; set +f; }

# gone PATH, absent COMMAND...: for wait_for
gone()   { [ ! -e "$1" ]; }
absent() { ! "$@"; }
ended()  { ! kill -0 "$1"; }

# ---- kernel log -------------------------------------------------------------

# Errors that the driver itself reports, unless the test is about them.
log_no_errors()
{
	# The name of the debug kernel has the word, too.
	dmesg -r | grep -E '^<[0-3]>.*(iosm|wwan)' | grep -v ' Comm: ' |
		grep -vE "${expected_log:-^\$}"
	[ $? = 1 ]
}

# mark: since_mark prints what the log says from now on. It is not cleared: all
# of it is judged at the end.
marks=0
mark() { marks=$((marks + 1)); echo "test: mark $marks" >/dev/kmsg; }
since_mark() { dmesg | sed "1,/test: mark $marks\$/d"; }
# restarted: the driver has restarted the modem by itself since the mark
restarted() { since_mark | grep -q 'restarting modem: '; }

# ---- modem ------------------------------------------------------------------

modem() { host modem "$@"; }

# stat NAME: one value of "stats"; stats: all of them into S
declare -A S
stats()
{
	local name value
	S=()
	while read -r name value; do
		S[$name]=$value
	done < <(modem stats)
}
stat_of() { modem stats | awk -v n="$1" '$1 == n { print $2; exit }'; }
# stat_is NAME VALUE, stat_least NAME VALUE: for wait_for
stat_is()    { [ "$(stat_of "$1")" = "$2" ]; }
stat_least() { [ "$(stat_of "$1")" -ge "$2" ]; }
# state_of NAME: the rest of that line of "state"
state_of() { modem state | sed -n "s/^$1 //p"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }

no_violations()
{
	modem violations >"$tmp/violations" || return 1
	grep -vE "^(${expected_violations:-none}) " "$tmp/violations"
	[ $? = 1 ]
}

# ---- device and driver ------------------------------------------------------

pci_address()
{
	local d
	for d in /sys/bus/pci/devices/*; do
		case $(<"$d/vendor"),$(<"$d/device") in
		0x8086,0x7560|0x8086,0x7360) echo "${d##*/}"; return ;;
		esac
	done
	return 1
}

# shellcheck disable=SC2120
load()   { timeout 30 modprobe iosm "$@"; }
loaded() { [ -d /sys/module/iosm ]; }
unload()
{
	loaded || return 0
	timeout 60 rmmod iosm
}

# driver_folder: where cards are bound to what modprobe has loaded
driver_folder()
{
	echo "/sys/bus/pci/drivers/$(ls /sys/module/iosm/drivers |
		sed -n 's/^pci://p')"
}

# health: of the modem, as devlink shows it; health_is STATE: healthy or error
health() { devlink -j health show "pci/$(pci_address)" reporter fw; }
health_is() { health | grep -q "\"state\":\"$1\""; }

ports()   { local p; for p in /dev/wwan0*; do [ -c "$p" ] && echo "${p#/dev/}"; done; :; }
links()   { ip -o link show type wwan 2>/dev/null | sed 's/^[0-9]*: \([^:@]*\).*/\1/'; }
no_ports() { [ -z "$(ports)" ] && [ -z "$(ls /sys/class/wwan 2>/dev/null)" ]; }
no_links() { [ ! -e /sys/class/net/wwan0 ] && [ -z "$(links)" ]; }
# All that a modem in good order offers.
control=mbim
ready()
{
	[ -c "/dev/wwan0${control}0" ] && [ -c /dev/wwan0at0 ] &&
		[ -c /dev/wwan0at1 ] && [ -e /sys/class/net/wwan0 ]
}
ports_ready() { [ -c "/dev/wwan0${control}0" ] && [ -c /dev/wwan0at1 ]; }

# Load the driver and wait until the modem can be used, or give up the test.
start()
{
	load || bail "module loads"
	wait_for "${1:-20}" ready || bail "modem gets ready"
}

# ---- uevents ----------------------------------------------------------------

# uevents_on: IOSM_EVENTs from now on are words of the file $tmp/uevents
uevents_on()
{
	: >"$tmp/uevents"
	uevents >"$tmp/uevents" &
	uevents_pid=$!
	wait_for 5 grep -q '^listening' "$tmp/uevents"
}
uevent_seen() { grep -q "change .* IOSM_EVENT=$1\$" "$tmp/uevents"; }
uevents_off() { kill "$uevents_pid"; wait "$uevents_pid" 2>/dev/null; }

# ---- errors of the PCIe link ------------------------------------------------

# link_error NAME: the port above the modem reports it
link_error()
{
	local device
	device=/sys/bus/pci/devices/$(pci_address)

	error_port=$(basename "$(dirname "$(readlink -f "$device")")")
	host qmp '{"execute": "human-monitor-command", "arguments":
		{"command-line": "pcie_aer_inject_error rp0 '"$1"'"}}'
}
# recovered: that the kernel's recovery has said since the last mark
recovered()
{
	since_mark | grep -q "pcieport $error_port: .*device recovery successful"
}

# broken_stays_so NAME [COMMAND...]: a modem that was declared broken can cause
# such errors, and they are no way back for it; devlink is, after COMMAND
broken_stays_so()
{
	local name=$1
	shift

	mark
	modem hostile 1 1000 tail
	check "the modem violates the protocol, and is declared failed" wait_for 5 declared_broken
	modem hostile off
	check "all is gone" wait_for 5 all_gone
	check "error of the link below a broken modem" link_error "$name"
	check "the kernel has recovered" wait_for 20 recovered
	pause 0.5
	check "that is no way back" all_gone
	check "devlink still says error" health_is error
	[ $# = 0 ] || check "${*//_/ }" "$@"
	check "devlink brings it back" timeout 30 devlink health recover \
		"pci/$(pci_address)" reporter fw
	again "asked for"
}
declared_broken() { since_mark | grep -q 'protocol error: '; }

# ---- system sleep -----------------------------------------------------------

# system_sleep s2idle|deep [SECONDS]: to sleep, and woken by the power button
# that long after it was asked for (default: 2)
system_sleep()
{
	local wake=system_wakeup
	if [ "$1" = s2idle ]; then
		wake=system_powerdown
		modprobe button || return 1
	else
		# SeaBIOS leaves both switched off after a resume: without
		# them the machine would not sleep a second time.
		printf '\x01\x06\0\0\x80' | dd of=/sys/bus/pci/devices/0000:00:1f.0/config \
			bs=1 seek=64 conv=notrunc status=none || return 1
		printf '\x01\0\0\xb0' | dd of=/sys/bus/pci/devices/0000:00:00.0/config \
			bs=1 seek=96 conv=notrunc status=none || return 1
	fi
	echo "$1" >/sys/power/mem_sleep || return 1
	host later "${2:-2}" qmp "{\"execute\": \"$wake\"}" || return 1
	echo mem >/sys/power/state
}

# A modem that works: the last check of many tests.
works()
{
	session_up 0
	ping_v4 0 && porttool /dev/wwan0at0 rdwr at AT 'OK$'
}

# The link of before is gone, another one is there.
link_before() { link=$(</sys/class/net/wwan0/ifindex); }
fresh()
{
	local now
	# A link that is on its way out has a file, but no number in it.
	ready && now=$(</sys/class/net/wwan0/ifindex) &&
		[ -n "$now" ] && [ "$now" != "$link" ]
}

# ---- sessions ---------------------------------------------------------------

link_of() { [ "$1" = 0 ] && echo wwan0 || echo "wwan0-$1"; }

# link_add ID: the network device of a further session
link_add()
{
	ip link add dev "wwan0-$1" parentdev wwan0 type wwan linkid "$1"
}

in_ns()
{
	local ns=$1
	shift
	if [ "$ns" = - ]; then "$@"; else ip netns exec "$ns" "$@"; fi
}

# session_up ID [NETNS]: make the link (moved into NETNS) ready for packets
session_up()
{
	local s=$1 ns=${2:--} dev
	dev=$(link_of "$s")
	[ -e "/sys/class/net/$dev" ] || link_add "$s" || return 1
	if [ "$ns" != - ]; then
		ip netns list | grep -qw "$ns" || ip netns add "$ns" || return 1
		ip link set "$dev" netns "$ns" || return 1
		in_ns "$ns" ip link set lo up
	fi
	# A queue that drops nothing: what is lost then, the driver has lost.
	in_ns "$ns" tc qdisc replace dev "$dev" root pfifo limit 10000
	in_ns "$ns" ip link set "$dev" up || return 1
	in_ns "$ns" ip address add "10.64.$s.2/30" dev "$dev" &&
	in_ns "$ns" ip -6 address add "fd64:0:0:$s::2/64" dev "$dev" nodad &&
	in_ns "$ns" ip route add default dev "$dev" metric $((100 + s)) &&
	in_ns "$ns" ip -6 route add default dev "$dev" metric $((100 + s))
}
session_open() { stat_is "session.$1.open" 1; }
session_down() { ip link set "$(link_of "$1")" down; }

# ping_v4 SESSION [ARGS...], ping_v6 likewise: to the server, through that session
ping_v4() { local s=$1; shift; ping -n -q -c 3 -i 0.05 -W 3 -I "$(link_of "$s")" "$@" "$server"; }
ping_v6() { local s=$1; shift; ping -6 -n -q -c 3 -i 0.05 -W 3 -I "$(link_of "$s")" "$@" "$server6"; }

# ---- everything at once -------------------------------------------------------

# Traffic in both directions, open ports, dialogues.
busy=()
busy_on()
{
	session_up 0; session_up 1
	exec {busy_port}<>/dev/wwan0at1
	(while :; do flow -i wwan0 udp-send $server 9 1000 2000 0 || pause 0.05; done) >/dev/null 2>&1 &
	busy+=($!)
	(while :; do ping -q -f -c 500 -W 1 -I wwan0-1 $server || pause 0.05; done) >/dev/null 2>&1 &
	busy+=($!)
	(while :; do porttool /dev/wwan0at0 rdwr at ATI 'OK$' || pause 0.05; done) >/dev/null 2>&1 &
	busy+=($!)
	modem gen 0 udp 500 700
	wait_for 10 stat_least session.0.ul.packets 100 &&
		wait_for 10 stat_least session.1.dl.packets 10 ||
		bail "traffic flows"
}
busy_off()
{
	kill "${busy[@]}" 2>/dev/null
	wait "${busy[@]}" 2>/dev/null
	busy=()
	exec {busy_port}>&-
}
all_gone() { no_ports && no_links; }
# again WHAT: after WHAT, everything is there and works
again()
{
	check "$1: the modem gets ready again" wait_for 20 ready
	session_up 0
	check "$1: session works again" ping_v4 0
	check "$1: port works again" porttool /dev/wwan0at0 rdwr at AT 'OK$'
}

# ---- the end ----------------------------------------------------------------

# check_modem: after what the test did, the driver goes away without a trace.
# "check_modem dead": the modem cannot be brought back to UNINIT.
check_modem()
{
	local ns pid
	for ns in $(ip netns list 2>/dev/null | cut -d' ' -f1); do
		for pid in $(ip netns pids "$ns"); do kill -9 "$pid"; done
	done
	check "module unloads" unload
	check "no port or WWAN device is left" wait_for 2 no_ports
	for ns in - $(ip netns list 2>/dev/null | cut -d' ' -f1); do
		in_ns "$ns" ip -o link show type wwan 2>&1
	done >"$tmp/left"
	[ ! -s "$tmp/left" ]
	result $? "no network device is left" "$tmp/left"
	if [ "${1-}" != dead ]; then
		check "modem is back in state UNINIT" state_is ipc UNINIT
	fi
	check "modem saw no violation" no_violations
	check "driver reported no error" log_no_errors
	if [ "$kernel" = debug ]; then
		check "nothing of the driver is left" wait_for 2 checks_left
		check "no memory has leaked" checks_leaks
	fi
	check "no report by any checker" checks_reports
}

# finish [dead]: the checks at the end of each test
finish()
{
	check_modem "$@"
	echo "1..$checks"
	exit 0
}
