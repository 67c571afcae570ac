#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Behind an IOMMU the modem reaches only what the driver has mapped.
# matrix: aggregation lite
# machine: --iommu
# timeout: 90

. /add/lib.sh

start
check "the modem is behind an IOMMU" grep -q '^DMA' \
	"/sys/bus/pci/devices/$(pci_address)/iommu_group/type"
session_up 0
check "ping" ping_v4 0
check "packets of all sizes" flow udp-echo $server 2 0 1 2 3 100 500 1000 1471 1472
modem sink check
check "uplink stream" flow udp-send $server 9 1400 2000 0
check "arrives" wait_for 8 stat_is session.0.sink.packets 2000
is "unharmed" "$(stat_of session.0.sink.corrupt)" 0
flow udp-recv 9000 2000 3 >"$tmp/recv" 2>&1 & p=$!
wait_for 5 grep -q listening "$tmp/recv"
modem gen 0 udp 2000 1200 2000
wait $p
result $? "downlink stream is unharmed" "$tmp/recv"
between "and arrives" "$(sed -n 's/^received //p' "$tmp/recv")" 1990 2000
check "AT" porttool /dev/wwan0at0 rdwr at ATI 'OK$'
check "MBIM in fragments" porttool /dev/wwan0mbim0 rdwr mbim-open 64 mbim-services 5 mbim-close
check "a message of 32 KiB" porttool /dev/wwan0mbim0 rdwr fill 32768 fill 32768
check "link goes down and up" sh -c 'ip link set wwan0 down && ip link set wwan0 up'
unload
start
session_up 0
check "module loaded again: ping" ping_v4 0
check "no fault of the IOMMU" sh -c '! dmesg | grep -iE "DMAR.*(fault|DRHD: handling)"'
finish
