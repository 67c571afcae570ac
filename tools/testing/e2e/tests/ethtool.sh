#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver's numbers, of every kind, and those of the modem agree.
# matrix: aggregation lite aggregation-credits lite-credits
# driver: ours
# timeout: 120

. /add/lib.sh

# numbers LINK...: "ethtool -S" of them into E, by LINK:NAME, and the packets and
# bytes of "ip -s link", which have no place in ethtool
declare -A E
numbers()
{
	local link name value
	E=()
	for link; do
		while IFS=' :' read -r name value; do
			E[$link:$name]=$value
		done < <(ethtool -S "$link" | sed 1d)
		for name in {tx,rx}_{packets,bytes}; do
			E[$link:$name]=$(<"/sys/class/net/$link/statistics/$name")
		done
	done
}
number_of()
{
	case $2 in
	?x_packets|?x_bytes) cat "/sys/class/net/$1/statistics/$2" ;;
	*) ethtool -S "$1" | sed -n "s/^ *$2: //p" ;;
	esac
}
number_is() { [ "$(number_of "$1" "$2")" = "$3" ]; }
# before PAIR...: record both sides of LINK:NAME=NAME, the driver's and the
# modem's; agree: they have grown by the same
declare -A was=()
before()
{
	local pair
	was=()
	stats
	numbers wwan0 wwan0-3
	for pair; do
		was[$pair]="${E[${pair%=*}]-none} ${S[${pair#*=}]-none}"
	done
}
agree()
{
	local pair e s status=0
	stats
	numbers wwan0 wwan0-3
	for pair in "${!was[@]}"; do
		read -r e s <<<"${was[$pair]}"
		[[ $e$s =~ ^[0-9]+$ ]] || { echo "$pair: $e $s"; return 1; }
		e=$((E[${pair%=*}] - e)) s=$((S[${pair#*=}] - s))
		[ $e = $s ] || { echo "$pair: driver $e, modem $s"; status=1; }
	done
	return $status
}

start
check "there are statistics" ethtool -S wwan0 || finish
for s in 0 3; do session_up $s || bail "session $s comes up"; done
is "driver" "$(ethtool -i wwan0 | sed -n 's/^driver: //p')" iosm
version=$(modinfo -F version iosm)
check "modinfo names the driver's version" test -n "$version"
is "so does ethtool -i" "$(ethtool -i wwan0 | sed -n 's/^version: //p')" "$version"
is "bus-info" "$(ethtool -i wwan0-3 | sed -n 's/^bus-info: //p')" "$(pci_address)"
check "the link is there" sh -c "ethtool wwan0 | grep 'Link detected: yes'"
names=$(ethtool -S wwan0 | sed 's/:.*//')
is "all links have the same statistics" "$(ethtool -S wwan0-3 | sed 's/:.*//')" "$names"
is "each name once" "$(sort <<<"$names" | uniq -d)" ""

# --- known traffic
pairs=(wwan0:tx_packets=session.0.ul.packets wwan0:tx_bytes=session.0.ul.bytes
       wwan0:tx_blocks=session.0.ul.blocks
       wwan0:rx_packets=session.0.dl.packets wwan0:rx_bytes=session.0.dl.bytes
       wwan0:rx_blocks=session.0.dl.blocks
       wwan0-3:tx_packets=session.3.ul.packets wwan0-3:tx_bytes=session.3.ul.bytes
       wwan0-3:tx_blocks=session.3.ul.blocks
       wwan0-3:rx_packets=session.3.dl.packets wwan0-3:rx_bytes=session.3.dl.bytes
       wwan0-3:rx_blocks=session.3.dl.blocks)
device=(wwan0:pipe0_tds=pipe.0.tds wwan0:pipe0_bytes=pipe.0.bytes
	wwan0:pipe1_tds=pipe.1.tds wwan0:pipe1_bytes=pipe.1.bytes
	wwan0:pipe4_tds=pipe.4.tds wwan0:pipe4_bytes=pipe.4.bytes
	wwan0:pipe5_tds=pipe.5.tds wwan0:pipe5_bytes=pipe.5.bytes
	wwan0:pipe12_tds=pipe.12.tds wwan0:pipe13_bytes=pipe.13.bytes
	wwan0:doorbells=doorbell.0 wwan0:msg_sent=messages)
before "${pairs[@]}" "${device[@]}" wwan0:irqs=msi wwan0:napi_polls=msi
flow -i wwan0 udp-send $server 9 700 2000 0 >/dev/null & pid=$!
ping -n -q -c 100 -i 0.005 -W 5 -I wwan0-3 $server >/dev/null
wait $pid
modem gen 3 udp 1000 1000 1000
porttool /dev/wwan0at0 rdwr at ATI 'OK$' >/dev/null
mbimcli -d /dev/wwan0mbim0 --query-device-caps >/dev/null
check "the traffic has passed" wait_for 10 stat_is session.3.gen.sent 1000
# The modem merges no interrupts, the host's controller may.
read -r irq0 msi0 <<<"${was[wwan0:irqs=msi]}"
read -r polls0 _ <<<"${was[wwan0:napi_polls=msi]}"
unset 'was[wwan0:irqs=msi]' 'was[wwan0:napi_polls=msi]'
check "driver and modem agree" wait_for 8 agree
diag "$(agree)"
read -r tx0 _ <<<"${was[wwan0:tx_packets=session.0.ul.packets]}"
between "packets of session 0" "$((E[wwan0:tx_packets] - tx0))" 2000 2020
read -r rx0 _ <<<"${was[wwan0-3:rx_packets=session.3.dl.packets]}"
between "packets of session 3" "$((E[wwan0-3:rx_packets] - rx0))" 1000 1120
between "interrupts: no more than the modem raised" "$((E[wwan0:irqs] - irq0))" 10 "$((S[msi] - msi0))"
between "polls" "$((E[wwan0:napi_polls] - polls0))" 10 20000
is "the device's numbers are the same on each link" \
	"${E[wwan0-3:pipe0_tds]} ${E[wwan0-3:doorbells]}" \
	"${E[wwan0:pipe0_tds]} ${E[wwan0:doorbells]}"
is "no drop, no failure, no violation" \
	"$(for n in "${!E[@]}"; do echo "$n=${E[$n]}"; done | grep -E '(drop|fail|malformed|invalid|bad|unknown|errors|timeouts).*=[^0]')" ""

# --- flow control and credits
stops=$(number_of wwan0 tx_flow_off)
modem flow 0 stop; modem flow 0 go; modem flow 0 stop; modem flow 0 go
check "flow stops are counted" wait_for 3 number_is wwan0 tx_flow_off $((stops + 2))
is "each on its session" "$(number_of wwan0-3 tx_flow_off)" 0
if [ $credits = 1 ]; then
	between "credit grants are counted" "$(number_of wwan0 tx_credit_grants)" 1 100000
	# Packets may have waited before, and not for credit.
	numbers wwan0
	held=${E[wwan0:tx_deferred]} waits=${E[wwan0:tx_credit_stalls]}
	modem credit 0 hold
	flow -i wwan0 udp-send $server 9 972 400 0 >/dev/null 2>&1 & pid=$!
	check "a packet that waits for credit is counted" \
		wait_for 5 absent number_is wwan0 tx_credit_stalls "$waits"
	numbers wwan0
	is "as one that waits" "$((E[wwan0:tx_deferred] - held))" "$((E[wwan0:tx_credit_stalls] - waits))"
	granted=$(number_of wwan0 tx_credit_bytes)
	modem credit 0 3000
	check "and the credit that comes" wait_for 3 number_is wwan0 tx_credit_bytes $((granted + 3000))
	modem credit 0 auto
	wait $pid
else
	is "no credit, no waiting for it" \
		"$(number_of wwan0 tx_credit_grants) $(number_of wwan0 tx_credit_stalls)" "0 0"
fi

# --- sleep
before wwan0:sleep_entries=sleep.count wwan0:wakeups_host=wake.host \
	wwan0:wakeups_device=wake.device
for i in 1 2 3; do
	modem sleep now; wait_for 2 state_is sleep asleep
	ping_v4 0 -c 1 >/dev/null
done
modem sleep now; wait_for 2 state_is sleep asleep
modem wake; wait_for 2 state_is sleep active
check "sleeps and wake-ups: driver and modem agree" agree
is "four times asleep, three times woken" \
	"$(number_of wwan0 sleep_entries) $(number_of wwan0 wakeups_host) $(number_of wwan0 wakeups_device)" "4 3 1"

# --- what goes on, and what begins anew
tds=$(number_of wwan0 pipe0_tds) packets=$(number_of wwan0-3 tx_packets)
session_down 3; session_down 0
between "numbers go on when the channel closes" "$(number_of wwan0 pipe0_tds)" $((tds + 2)) $((tds + 4))
is "those of the session, too" "$(number_of wwan0-3 tx_packets)" "$packets"
ip link delete wwan0-3
link_add 3
is "a new link begins with 0" "$(ethtool -S wwan0-3 | grep -E '[rt]x_' | grep -v ': 0$')" ""
finish
