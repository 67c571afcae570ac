#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that lies (vmodem's hostile mode): the kernel survives it, nothing
# hangs, and after a reset or a replug a good modem works.
# Words for more than a short run: seeds=FIRST-LAST rate=N kinds=A,B,-C
# honest=N (look with a good modem every N seeds).
# matrix: aggregation lite aggregation-credits
# timeout: 120

. /add/lib.sh

seeds=1-5 rate=0 kinds=all honest=5
for word; do
	case $word in
	seeds=*|rate=*|kinds=*|honest=*) declare "${word%%=*}=${word#*=}" ;;
	esac
done

card=$(pci_address)
sys=/sys/bus/pci/devices/$card
rates=(3 10 30 100 300)
declare -A told

# All that clients do, each for a short time, whether it works or not.
clients()
{
	timeout -k 5 8 bash -c '. /add/lib.sh; session_up 0; session_up 1' &
	timeout -k 5 2 porttool /dev/wwan0mbim0 rdwr mbim-open 64 mbim-services 1 mbim-close &
	timeout -k 5 2 porttool /dev/wwan0at0 rdwr at ATI 'OK$' at AT+CSQ 'OK$' &
	wait_for 1 session_open 0
	timeout -k 5 1 ping -q -f -c 300 -w 1 -I wwan0 $server &
	timeout -k 5 1 flow -i wwan0 udp-send $server 9 1200 1500 0 &
	wait_for 0 session_open 1
	timeout -k 5 1 ping -6 -q -f -c 300 -w 1 -I wwan0-1 $server6 &
	modem gen 0 udp 1000 900 1000
	modem gen 1 udp 300 64 300
	timeout -k 5 2 mbimcli -d /dev/wwan0mbim0 --query-device-caps &
	pause 0.5
	timeout -k 5 5 ip link set wwan0 down
	timeout -k 5 5 ip link set wwan0 up
	timeout -k 5 5 ip link add dev wwan0-2 parentdev wwan0 type wwan linkid 2
	timeout -k 5 5 ip link del wwan0-1
	wait
}

# One modem that lies, from power on to reset.
episode()
{
	local seed=$1 r=$rate
	[ "$r" -gt 0 ] || r=${rates[seed % ${#rates[@]}]}
	echo "hostile: seed $seed rate $r" >/dev/kmsg
	modem hostile "$seed" "$r" "$kinds" || return
	timeout -k 5 40 sh -c "echo 1 >$sys/reset" || return
	wait_for 1 ready
	clients
	while read -r name n _; do
		[[ $n =~ ^[0-9]+$ ]] && told[$name]=$((${told[$name]-0} + n))
	done < <(modem hostile stats)
	log_clean
}

# A modem that is honest, after what was.
good()
{
	check "$1: lies end" modem hostile off
	check "$1" timeout 40 "${@:2}"
	again "$1"
}

start
mount -t debugfs none /sys/kernel/debug 2>/dev/null
first=${seeds%-*} last=${seeds#*-} bad=0
for ((seed = first; seed <= last; seed++)); do
	began=$(now)
	if ! episode "$seed" >"$tmp/episode" 2>&1; then
		result 1 "seed $seed" "$tmp/episode"
		bad=1
		break
	fi
	diag "seed $seed: $(($(now) - began)) ms, $(modem hostile | sed -n 's/^lies //p') lies"
	if (((seed - first) % honest == honest - 1)); then
		good "after seed $seed, reset" sh -c "echo 1 >$sys/reset"
	fi
done
[ $bad = 0 ]
result $? "seeds $seeds"
modem hostile off
if [ "$first" = 1 ]; then
	for kind in tail td-size signature datagram command msi-lost; do
		between "some lies of the kind $kind" "${told[$kind]-0}" 1 1000000000
	done
fi

# A modem that goes on lying is pulled, and comes back honest.
modem hostile "$((last + 1))" 100
check "lies, unplug" timeout 40 host unplug
check "all is gone" wait_for 10 all_gone
good "plug" host plug
modem hostile "$((last + 2))" 100
check "lies, module unloads" unload
check "lies end" modem hostile off
load
again "load"
modem violations clear
expected_log='.'
finish
