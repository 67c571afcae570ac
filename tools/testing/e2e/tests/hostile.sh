#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A modem that violates the protocol (vmodem's hostile mode): the kernel survives it, nothing
# hangs, and after a reset or a replug a good modem works.
# Words for more than a short run: seeds=FIRST-LAST rate=N kinds=A,B,-C
# good=N (check with a good modem every N seeds).
# matrix: aggregation lite-credits
# driver: ours
# timeout: 240

. /add/lib.sh

seeds=1-8 rate=0 kinds=mix good=8
for word; do
	case $word in
	seeds=*|rate=*|kinds=*|good=*) declare "${word%%=*}=${word#*=}" ;;
	esac
done

# The kinds of faults of seed 0, 8, 16, ..., of seed 1, 9, ...; and their rates
mixes=(
	all
	signature,table,datagram,session,length,sequence,credit,command,replay,order,cut,garbage
	td-size,td-status,td-addr,td-never,td-twice,td-late,tail,wrong-pipe,replay
	msg-status,msg-tail,msg-never,msg-twice,msg-wrong
	flip,late-write,late-dma,td-late,td-twice,msg-twice,order,msi-lost,msi-twice
	sleep,wake,head,msi-lost,msi-twice,msi-spurious
	ones,stage,ipc,caps,chip,crash
	control,cut,replay,order,msi-lost
)
rates=(10 100 30 3 300 50 1000)

card=$(pci_address)
sys=/sys/bus/pci/devices/$card
declare -A counts

# within MS COMMAND...: until it succeeds
within()
{
	local end=$(($(now) + $1))
	shift
	while ! "$@"; do
		[ "$(now)" -lt "$end" ] || return 1
		pause 0.02
	done
} 2>/dev/null

# All that clients do, each for a short time, whether it works or not. None of
# them may get stuck: kill them, and wait.
clients()
{
	local ip='timeout -k 1 9 ip'
	$ip link set wwan0 up &
	((seed % 2)) && timeout -k 1 1 porttool /dev/wwan0mbim0 rdwr mbim-open 64 mbim-services 1 mbim-close &
	timeout -k 1 1 porttool /dev/wwan0at0 rdwr at ATI 'OK$' at AT+CSQ 'OK$' &
	$ip link add dev wwan0-1 parentdev wwan0 type wwan linkid 1 && $ip link set wwan0-1 up
	wait $!
	$ip address add 10.64.0.2/30 dev wwan0
	$ip route add default dev wwan0
	$ip -6 address add fd64:0:0:1::2/64 dev wwan0-1 nodad
	$ip -6 route add default dev wwan0-1
	timeout -k 1 1 ping -q -f -c 60 -w 1 -I wwan0 "$server" &
	timeout -k 1 1 ping -6 -q -f -c 60 -w 1 -I wwan0-1 "$server6" &
	timeout -k 1 1 flow -i wwan0 udp-send "$server" 9 1200 300 0 &
	modem gen 0 udp 1500 900 300
	modem gen 1 udp 300 64 100
	modem flow 1 stop
	pause 0.4
	modem flow 1 go
	modem sleep now
	((seed % 8)) || timeout -k 1 2 mbimcli -d /dev/wwan0mbim0 --query-device-caps &
	$ip link set wwan0 down
	$ip link set wwan0 up
	$ip link add dev wwan0-2 parentdev wwan0 type wwan linkid 2
	$ip link del wwan0-1
	wait
}

# Ready, or never going to be.
settled() { ready || checks_log | grep -qE '(protocol error|modem is gone|modem crashed)'; }

# One hostile modem, from power on to reset.
episode()
{
	local seed=$1 r=$rate k=$kinds name n
	[ "$r" -gt 0 ] || r=${rates[seed % ${#rates[@]}]}
	[ "$k" != mix ] || k=${mixes[seed % ${#mixes[@]}]}
	echo "hostile: seed $seed rate $r kinds $k" | tee /dev/kmsg
	checks_begin
	modem hostile "$seed" "$r" "$k" || return
	timeout -k 5 40 sh -c "echo 1 >$sys/reset" || return
	within $((2500 * slow)) settled && ready && clients && used=$((used + 1))
	while read -r name n _; do
		[[ $n =~ ^[0-9]+$ ]] && counts[$name]=$((${counts[$name]-0} + n))
	done < <(modem hostile stats)
	checks_reports
}

# A good modem after the hostile ones.
good()
{
	check "$1: faults end" modem hostile off
	check "$1" timeout 40 "${@:2}"
	again "$1"
}

start
mount -t debugfs none /sys/kernel/debug 2>/dev/null
first=${seeds%-*} last=${seeds#*-} bad=0 used=0
for ((seed = first; seed <= last; seed++)); do
	began=$(now)
	if ! episode "$seed" >"$tmp/episode" 2>&1; then
		result 1 "seed $seed" "$tmp/episode"
		bad=1
		break
	fi
	diag "seed $seed: $(($(now) - began)) ms, $(modem hostile | sed -n 's/^injected //p') faults"
	if (((seed - first) % good == good - 1)); then
		good "after seed $seed, reset" sh -c "echo 1 >$sys/reset"
	fi
done
[ $bad = 0 ]
result $? "seeds $seeds"
between "seeds whose modem got as far as clients" $used 1 1000000
modem hostile off
for kind in "${!counts[@]}"; do
	case $kind in seed|rate|injected) ;; *) echo "$kind ${counts[$kind]}" ;; esac
done | sort | one_line | sed 's/^/# faults: /'
if [ "$first" = 1 ]; then
	for kind in td-size td-late signature datagram sleep msi-lost; do
		between "some faults of the kind $kind" "${counts[$kind]-0}" 1 1000000000
	done
fi

# A hostile modem is unplugged, and comes back as a good one.
modem hostile "$((last + 1))" 100
check "hostile modem, unplug" timeout 40 host unplug
check "all is gone" wait_for 10 all_gone
good "plug" host plug
modem hostile "$((last + 2))" 100
check "hostile modem, module unloads" unload
modem hostile off
# It may have crashed, and that ends by a reset alone.
check "reset" sh -c "echo 1 >$sys/reset"
load
again "load"
modem violations clear
expected_log='.'
finish
