#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every tracepoint appears when what it is about happens.
# matrix: aggregation lite-credits
# driver: ours
# timeout: 120

. /add/lib.sh

tracefs=/sys/kernel/tracing
[ -e $tracefs/events ] || mount -t tracefs tracefs $tracefs
events=$tracefs/events/iosm

start
check "tracepoints are there" [ -d $events ] || finish
echo 1 >$events/enable

seen() { grep -E "iosm_$1: $(pci_address) .*$2" $tracefs/trace; }
has() { check "$1 ($2)" wait_for 3 seen "$1" "$2"; }

session_up 0 || bail "session 0 comes up"
ping_v4 0 >/dev/null
has msg_send "type=OPEN_PIPE args=60,0,0|type=OPEN_PIPE args=32,3,0"
has msg_done "status=1"
has doorbell "doorbell=0 value=0 \(message\)"
has doorbell "doorbell=0 value=8 \(IP open\)"
has irq "channels=0x1 thread=0"
has session "session=0 state=opening"
has mux_cmd "tx session=0 op=OPEN transaction="
has mux_cmd "rx session=0 op=OPEN_RESP transaction="
has session "session=0 state=up"
has td_post "pipe=0 td=[0-9]+ address=0x[0-9a-f]+ len="
has head_update "pipe=0 head="
has td_done "pipe=1 td=[0-9]+ status=END len="
has block_encode "packets=1 sessions=0x1"
has block_decode "packets=1 bad=0"
modem flow 0 stop; modem flow 0 go
has flow "session=0 stopped=1"
has mux_cmd "tx session=0 op=FLOW_ACK"
has flow "session=0 stopped=0"
if [ $credits = 1 ]; then
	modem credit 0 hold
	flow -i wwan0 udp-send $server 9 972 400 0 >/dev/null 2>&1 & pid=$!
	has tx_defer "session=0 len=1000 stopped=0 credit="
	modem credit 0 auto
	wait $pid
fi
modem sleep now
has pm_state "active->asleep held=0"
has doorbell "doorbell=2 value=1 \(SLEEP\)"
ping_v4 0 -c 1 >/dev/null
has pm_state "asleep->waking held=0"
has pm_state "waking->active held=1"

# As many as were counted.
echo 0 >$tracefs/tracing_on
echo >$tracefs/trace
doorbells() { ethtool -S wwan0 | sed -n 's/^ *doorbells: //p'; }
a=$(doorbells)
echo 1 >$tracefs/tracing_on
ping_v4 0 -c 5 >/dev/null
echo 0 >$tracefs/tracing_on
is "a trace event for each doorbell" "$(seen doorbell doorbell=0 | wc -l)" $(($(doorbells) - a))
echo 1 >$tracefs/tracing_on

session_down 0
has session "session=0 state=closing"
has session "session=0 state=closed"
expected_log='modem crashed'
modem crash
has error 'kind=crashed reason="firmware crash reported by device"'
has state "online->failed"
diag "a piece of the trace:" "$(grep iosm_ $tracefs/trace | tail -n 12)"
echo 0 >$events/enable
finish dead
