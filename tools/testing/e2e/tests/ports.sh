#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The character devices: dialogue, opens, sizes, flow control both ways.
# timeout: 120

. /add/lib.sh

start
at0=/dev/wwan0at0 at1=/dev/wwan0at1 mbim=/dev/wwan0mbim0
# Pipes: AT 0 is 4/5, AT 1 is 8/9, MBIM 12/13.
pipe_state() { stat_is "pipe.$1.open" "$2"; }

# --- dialogue
check "AT" porttool $at0 rdwr at AT '^AT OK$'
check "echo off and on" porttool $at0 rdwr at ATE0 'OK$' at AT '^OK$' \
	at ATE1 '^OK$' at AT '^AT OK$'
check "ATI names the modem" porttool $at0 rdwr at ATI 'XMM7560.*OK$'
check "AT+CGMI" porttool $at0 rdwr at AT+CGMI '^AT\+CGMI [A-Za-z ]+ OK$'
check "AT+CGSN is 15 digits" porttool $at0 rdwr at AT+CGSN ' [0-9]{15} OK$'
check "AT+CSQ" porttool $at0 rdwr at AT+CSQ '\+CSQ: [0-9]+,[0-9]+ OK$'
check "AT+COPS?" porttool $at0 rdwr at 'AT+COPS?' '\+COPS: 0,0,".+",7 OK$'
check "unknown command gets ERROR" porttool $at0 rdwr at AT+NONE 'ERROR$'
check "command in three writes" porttool $at0 rdwr write A write T at '' '^AT OK$'
check "second AT port" porttool $at1 rdwr at ATI 'XMM7560.*OK$'
check "AT ports have states of their own" porttool $at0 rdwr at ATE0 'OK$' \
	run "porttool $at1 rdwr at AT '^AT OK\$'" at AT '^OK$'

# --- opens
check "open opens the channel, close closes it" porttool $at0 rdwr \
	run 'host modem stats | grep -q "^pipe.4.open 1"'
check "channel is closed again" wait_for 3 pipe_state 5 0
check "second open shares the port" porttool $at0 rdwr again rdwr at AT 'OK$'
check "channel stays open until the last close" porttool $at0 rdwr \
	run "porttool $at0 rdwr at AT 'OK\$'" \
	run 'host modem stats | grep -q "^pipe.4.open 1"' at AT 'OK$'
check "O_EXCL as mbimcli opens" porttool $mbim rdwr,excl,nonblock mbim-open 4096 mbim-close
chmod 666 $at0
if porttool $at0 rdwr '!ENOTTY' excl >/dev/null; then
	skip "TIOCEXCL refuses others than root" "this kernel's WWAN core has none"
else
	check "TIOCEXCL refuses others than root" porttool $at0 rdwr excl again rdwr \
		user '!EBUSY' again rdwr
fi
exec {fd}<>$at0
check "all ports at a time" sh -c "porttool $at1 rdwr at AT 'OK\$' && \
	porttool $mbim rdwr mbim-open 4096 mbim-services 1 mbim-close && \
	porttool $at0 rdwr at AT 'OK\$'"
exec {fd}>&-
opens=0
for ((i = 0; i < 30; i++)); do
	porttool $at0 rdwr at AT 'OK$' >/dev/null && opens=$((opens + 1))
done
is "30 opens and closes" $opens 30
bad=0 pids=()
for i in 1 2 3 4; do
	(for ((n = 0; n < 10; n++)); do porttool $at0 rdwr || exit 1; done) &
	pids+=($!)
done
for p in "${pids[@]}"; do wait "$p" || bad=$((bad + 1)); done
is "opens and closes in four processes" $bad 0

# --- sizes
check "MBIM: message of 32 KiB is taken" porttool $mbim rdwr fill 32768
check "MBIM: larger message is refused" porttool $mbim rdwr '!EMSGSIZE' fill 32769 \
	'!EMSGSIZE' fill 200000 mbim-open 4096 mbim-services 1
check "AT: message of 2 KiB is taken" porttool $at0 rdwr fill 2048 collect 300 at '' 'ERROR$' at AT 'OK$'
check "AT: larger message is refused" porttool $at0 rdwr '!EMSGSIZE' fill 2049 at AT 'OK$'
tds=$(stat_of pipe.4.tds)
check "empty write sends nothing" porttool $at0 rdwr fill 0
is "no TD for an empty write" "$(stat_of pipe.4.tds)" "$tds"
tds=$(stat_of pipe.4.tds) bytes=$(stat_of pipe.4.bytes)
check "a write is a TD" porttool $at0 rdwr fill 100 fill 1 fill 7
is "three writes, three TDs" "$(stat_of pipe.4.tds)" $((tds + 3))
is "and all their bytes" "$(stat_of pipe.4.bytes)" $((bytes + 108))
check "poll on an idle port: writable, not readable" porttool $at0 rdwr \
	poll 1000 out nopoll 100 in,hup,err
check "read without data: EAGAIN" porttool $at0 rdwr,nonblock '!EAGAIN' readnow

# --- modem does not consume
modem pipe 4 stall
check "writes end with EAGAIN, poll says not writable, then it goes on" \
	porttool $at0 rdwr flood 100 500 count 3 100 nopoll 300 out \
	run 'host modem pipe 4 resume' poll 3000 out nopoll 10 hup,err \
	write '\r' collect 300 at AT 'OK$'
stats
before=${S[pipe.4.tds]}
modem pipe 4 stall
porttool $at0 rdwr flood 100 500 run 'host modem pipe 4 resume' poll 3000 out \
	write '\r' collect 300 >"$tmp/flood"
taken=$(sed -n 's/^flood: \([0-9]*\) .*/\1/p' "$tmp/flood")
is "what was taken arrives, each message once" \
	$(($(stat_of pipe.4.tds) - before)) $((taken + 1))
modem pipe 4 stall
before=$(now)
timeout 2 porttool $at0 rdwr writes 500 'xxxxxxxx' >/dev/null
is "blocking writer waits, and a signal ends it" $? 124
between "close does not wait for ever" $(($(now) - before)) 0 6000
modem pipe 4 resume
check "port works afterwards" porttool $at0 rdwr at AT 'OK$'
# More writers than the ring has places: those that are let in at the same
# moment wait in the driver, and the last close comes right behind them.
bytes=$(stat_of pipe.4.bytes) lost=0
for ((i = 0; i < 10; i++)); do
	modem pipe 4 stall
	pids=()
	# All have opened the port before the first one closes it.
	exec {hold}>$at0
	for n in {1..30}; do
		printf 'AT\r' >$at0 &
		pids+=($!)
	done
	pause 0.3
	modem pipe 4 resume
	exec {hold}>&-
	wait "${pids[@]}"
	wait_for 3 pipe_state 5 0
	bytes=$((bytes + 30 * 3))
	stat_is pipe.4.bytes $bytes || lost=$((lost + 1)) bytes=$(stat_of pipe.4.bytes)
done
is "last close lets all go that many writers wrote" $lost 0

# --- without a reader
line='AT+CGMI;+CGMM;+CGMR;+CGSN;+CSQ;+COPS?;+CREG?\r'
check "unread port keeps a bounded amount" porttool $at0 rdwr \
	writes 1500 "$line" sleep 300 pending 2000 262144 \
	run 'host modem stats | grep -q "^at.0.queued [1-9]"' \
	run 'host modem stats | grep -q "^pipe.5.posted 0"' \
	collect 500 at AT 'OK$'
check "other ports live on meanwhile" porttool $at0 rdwr writes 1000 "$line" \
	run "porttool $at1 rdwr at AT 'OK\$'" collect 500
check "unread port closes" porttool $at0 rdwr writes 1000 "$line"
check "and works afterwards" porttool $at0 rdwr at AT 'OK$'

finish
