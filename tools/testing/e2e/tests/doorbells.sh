#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Uplink of some megabits a second is collected: far fewer doorbells and
# interrupts than packets. A lone packet, and one that a peer waits for, leave
# at once.
# driver: ours
# matrix: aggregation lite
# timeout: 60

. /add/lib.sh

start
session_up 0
for rate in 500 1000 1900; do
	modem reset-stats
	check "$rate packets a second" flow -i wwan0 udp-send "$server" 9 1400 $rate $rate
	wait_for 5 stat_is session.0.ul.packets $rate
	between "doorbells and interrupts for them" \
		$(($(stat_of doorbell.0) + $(stat_of msi))) 2 $((rate < 1000 ? 700 : 900))
done
modem reset-stats
check "lone packets" ping -q -c 20 -i 0.15 -W 2 -I wwan0 "$server"
between "doorbells for them" "$(stat_of doorbell.0)" 20 50
# The watchdog looks at memory, and reads no register while nothing is outstanding.
between "register reads for them" "$(stat_of register-reads)" 0 2
modem reset-stats
ping -q -f -c 500 -W 2 -I wwan0 "$server" >"$tmp/flood"
# 500 times 4 ms if each of them waited for company.
between "500 questions and answers, in ms" \
	"$(sed -n 's/.* time \([0-9]*\)ms$/\1/p' "$tmp/flood")" 1 $((1200 * slow))
finish
