#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that breaks the rules beyond repair is declared broken: users get
# errors at once, one line in the log says why, devlink shows it. It comes back
# by devlink, by a reset, by a new binding and by replugging.
# driver: ours
# timeout: 240

. /add/lib.sh

card=$(pci_address)
dl=pci/$card
# It was cut off from memory that it meant to use, and found with its link up.
expected_violations='dma-bus-master|uninit-pipe-open'
expected_log='protocol error: |impossible tail'

errors_are() { health | grep -q "\"error\":$1,"; }
diagnose() { devlink -j health diagnose "$dl" reporter fw >"$tmp/diag"; }
# diagnosed PATTERN: in the diagnosis of devlink, as JSON without blanks
diagnosed() { diagnose && tr -d ' \n' <"$tmp/diag" | grep -q "$1"; }
broken_lines() { dmesg | grep -c 'iosm .*: protocol error: '; }

# It publishes tails that cannot be.
lie_tail()
{
	local lines
	lines=$(broken_lines)
	modem hostile 1 1000 tail && wait_for 5 broken_again "$lines"
}
broken_again() { [ "$(broken_lines)" -gt "$1" ]; }

# Something in every kind of call, while the modem is declared broken.
users_on()
{
	session_up 0
	timeout 60 porttool /dev/wwan0at0 rdwr at AT 'OK$' poll 40000 hup,err \
		'!EIO' readnow '!ENODEV' write AT >"$tmp/poll" 2>&1 & poll=$!
	timeout 60 cat /dev/wwan0mbim0 >"$tmp/read" 2>&1 & read=$!
	modem pipe 12 stall
	timeout 60 porttool /dev/wwan0mbim0 rdwr '!ENODEV' writes 100 xxxx \
		>"$tmp/write" 2>&1 & write=$!
	flow -i wwan0 udp-send $server 9 1000 200000 0 >/dev/null 2>&1 & sender=$!
	wait_for 5 stat_is pipe.4.open 1
	wait_for 5 stat_is pipe.12.open 1
	wait_for 5 stat_least session.0.ul.packets 100
}
users_off()
{
	kill $sender 2>/dev/null
	wait $sender 2>/dev/null
	modem hostile off
	modem pipe 12 resume
}

# breaks WAY: the modem violates the protocol, and every client is notified
breaks()
{
	local n lines how=lie_tail why="invalid ring index"
	lines=$(broken_lines)
	users_on
	check "$1: the modem violates the protocol" "$how"
	check "$1: ports and links go away" wait_for 3 all_gone
	n=$(now)
	wait $poll
	result $? "$1: poll hangs up, read and write fail" "$tmp/poll"
	wait $read
	[ $? = 1 ]
	result $? "$1: a reader that waits gets an error" "$tmp/read"
	wait $write
	result $? "$1: a writer that waits gets an error" "$tmp/write"
	between "$1: all that at once" $(($(now) - n)) 0 1000
	is "$1: one line in the log" "$(broken_lines)" $((lines + 1))
	check "$1: devlink says error" wait_for 2 health_is error
	check "$1: devlink says why" diagnosed \
		'"state":"failed".*"kind":"protocol_error","reason":"'"${why// /}"'"'
	users_off
}

start
check "devlink shows the device" sh -c "devlink dev info $dl | grep -q 'driver iosm'"
devlink dev info "$dl" >"$tmp/info"
grep -q 'asic.id XMM7560' "$tmp/info" && grep -q 'fw.mgmt.api 0x' "$tmp/info"
result $? "its versions" "$tmp/info"
check "healthy at first" health_is healthy
check "no errors, no violations" diagnosed '"state":"online","stage":"run","errors":0,"violations":{"ring":0,"message":0,"sleep":0,"stage":0,"mux":0}'
check "nothing to recover, nothing happens" devlink health recover "$dl" reporter fw
session_up 0
check "the session is still there" ping_v4 0

breaks first
pause 1
check "it does not come back by itself" health_is error
check "and has no ports" no_ports
check "recovered by devlink" timeout 30 devlink health recover "$dl" reporter fw
check "then it is ready" ready
check "and healthy" health_is healthy
check "one error was counted" errors_are 1
again devlink
check "the error is remembered" diagnosed '"state":"online","stage":"run","errors":1,"last_error":{"kind":"protocol_error"'

breaks second
check "the violation was counted" diagnosed '"violations":{"ring":[1-9]'
check "bus reset" timeout 30 sh -c "echo 1 >/sys/bus/pci/devices/$card/reset"
again reset
check "reset: healthy again" wait_for 2 health_is healthy

breaks third
echo "$card" >/sys/bus/pci/drivers/iosm/unbind
check_fails "unbound: devlink does not show it any more" health
echo "$card" >/sys/bus/pci/drivers/iosm/bind
again "new binding"
check "new binding: healthy" health_is healthy

breaks fourth
host unplug
host plug
again replug
check "replug: healthy" health_is healthy

# The firmware's own crash is an error, too.
expected_log="$expected_log|modem crashed"
modem crash
check "crash: devlink says error" wait_for 3 health_is error
check "crash: devlink says why" diagnosed '"state":"failed","stage":"crash".*"kind":"crashed"'
check "crash: recovered by devlink" timeout 30 devlink health recover "$dl" reporter fw
again crash

# Recovery while the driver is unbound.
breaks fifth
modem pipe 0 resume
for n in 1 2 3 4 5; do
	devlink health recover "$dl" reporter fw >/dev/null 2>&1 & p=$!
	pause "0.0$n"
	timeout 30 sh -c "echo $card >/sys/bus/pci/drivers/iosm/unbind" || break
	wait $p
	echo "$card" >/sys/bus/pci/drivers/iosm/bind
done
check "recovery and unbind at the same time" [ "$n" = 5 ]
again "after that"
finish
