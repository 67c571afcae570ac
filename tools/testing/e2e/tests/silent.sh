#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that takes no uplink any more: what is done under RTNL does not wait
# for it, so that no other network device has to.
# driver: ours
# timeout: 90

. /add/lib.sh

expected_log='does not open: -ETIMEDOUT|no response to CLOSE_SESSION|closes with uplink queued|OPEN_SESSION'
# took COMMAND...: milliseconds that it takes
took()
{
	local start
	start=$(now)
	"$@" >&2
	echo $(($(now) - start))
}

start
for s in 0 1 2 3 4 5 6 7; do session_up $s; done
check "session 7 is open" wait_for 5 session_open 7

modem pipe 0 stall
between "one session closes at once" "$(took session_down 7)" 0 400
between "it opens again in about a second, or fails" \
	"$(took ip link set wwan0-7 up 2>/dev/null)" 0 1900
# Another task that needs RTNL while all of them close.
(took ip link add dummy0 type dummy >"$tmp/other") 2>/dev/null & other=$!
between "six sessions close at once" \
	"$(took eval 'for s in 1 2 3 4 5 6; do session_down $s; done')" 0 1500
wait $other
between "another network device waits no longer" "$(<"$tmp/other")" 0 1500
between "the last session closes at once" "$(took session_down 0)" 0 400
between "a link is deleted at once" "$(took ip link del wwan0-6)" 0 1000
modem pipe 0 resume
check "the channel is closed after that" wait_for 5 stat_is pipe.0.open 0
session_up 0
check "session 0 works again" wait_for 5 ping_v4 0
session_up 7
check "session 7 works again" wait_for 5 ping_v4 7
finish
