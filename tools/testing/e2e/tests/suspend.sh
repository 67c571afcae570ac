#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# System sleep on a platform that leaves the modem in D0 with the link in
# L1.2: it is informed by doorbell 2, keeps its sessions, and comes back. In S3 it
# loses its power here, and is started again.
# timeout: 120

. /add/lib.sh

start
session_up 0; session_up 3
check "ping before" ping_v4 0
flow -i wwan0 udp-send $server 9 200 400000 0 >/dev/null 2>&1 & p=$!

# With traffic, with a port open, twice; the sessions stay.
porttool /dev/wwan0mbim0 rdwr sleep 60000 >/dev/null 2>&1 & q=$!
wait_for 5 stat_is pipe.12.open 1
before=$(stat_of doorbell.2)
for n in 1 2; do
	check "suspend to idle, time $n" system_sleep s2idle
	check "session 0 works after it" ping_v4 0
	check "session 3, too" ping_v4 3
done
is "each was announced to the modem, and its end, too" \
	$(($(stat_of doorbell.2) - before - 2 * $(stat_of wake.host))) 4
check "the open port stayed" kill -0 $q
check "the modem kept its sessions" session_open 3
kill $p $q; wait $p $q 2>/dev/null

# Asleep already when the system goes to sleep.
modem sleep now
wait_for 2 state_is sleep asleep
check "suspend to idle while the modem sleeps" system_sleep s2idle
check "it works after that" works

# Power is lost: as after a fresh probe.
for n in 1 2; do
	link_before
	check "suspend to RAM, time $n" system_sleep deep
	check "the modem gets ready again" wait_for 10 fresh
	check "it works after that" works
done
finish
