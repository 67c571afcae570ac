#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# System sleep on a platform that puts the modem into D3: it agrees by a
# message first, is not touched in between, and gets a message when it is over. Where
# power is lost it takes a while to boot, so that it is not back at a first look.
# modem: --boot-delay 4000
# timeout: 180
# machine: --d3

. /add/lib.sh

start
session_up 0; session_up 3
check "ping before" ping_v4 0
flow -i wwan0 udp-send $server 9 200 400000 0 >/dev/null 2>&1 & p=$!

before=$(stat_of messages)
for n in 1 2; do
	check "suspend to idle, time $n" system_sleep s2idle
	check "session 0 works after it" ping_v4 0
	check "session 3, too" ping_v4 3
done
is "the modem agreed each time, and got the message that it is over" \
	$(($(stat_of messages) - before)) 4
check "the modem kept its sessions" session_open 3
kill $p; wait $p 2>/dev/null

modem sleep now
wait_for 2 state_is sleep asleep
check "suspend to idle while the modem sleeps" system_sleep s2idle
check "it works after that" works

# A modem that does not agree must not be put into D3: the system stays awake.
expected_log='message type 0x4|refuses to suspend|PM: '
modem msg stall
check_fails "a modem that does not answer keeps the system awake" \
	system_sleep s2idle 5
modem msg resume
check "it works after that" works
check "and sleeps the next time" system_sleep s2idle

# But not for ever: the system may be a laptop in its bag.
modem host-sleep refuse
for n in 1 2; do
	check_fails "one that refuses does so, too, time $n" system_sleep s2idle
	check "it works after that" works
done
link_before
check "the third time the system sleeps all the same" system_sleep s2idle
modem host-sleep allow
check "the modem gets ready again" wait_for 10 fresh
check "it works after that" works

# Nor for one that says nothing at all, and does not even let go of its pipes.
expected_log="$expected_log|message type 0x2|modem is unresponsive: pipe does not close"
expected_violations='d3-while-running|dma-bus-master|uninit-pipe-open'
modem msg stall
for n in 1 2; do
	check_fails "one that is silent does so, too, time $n" \
		system_sleep s2idle 5
done
check "the third time the system sleeps all the same" system_sleep s2idle 15
modem msg resume
check "the modem was declared broken" health_is error
check "it comes back when asked for" \
	devlink health recover "pci/$(pci_address)" reporter fw
check "it works after that" works

expected_log="$expected_log|power lost"
link_before
check "suspend to RAM, where power is lost" system_sleep deep
check "the modem gets ready again" wait_for 10 fresh
check "it works after that" works
finish
