#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Load and unload 20 times without a reset of the modem in between.
# timeout: 90

. /add/lib.sh

loads=0 readies=0 unloads=0 clean=0 works=0
for ((i = 0; i < 20; i++)); do
	load && loads=$((loads + 1))
	wait_for 10 ready && readies=$((readies + 1))
	case $((i % 4)) in
	1) porttool /dev/wwan0at0 rdwr at AT 'OK$' >/dev/null ;;
	2) session_up 0 && ping_v4 0 -c 1 >/dev/null ;;
	3) exec {fd}<>/dev/wwan0at1 ;;
	*) : ;;
	esac && works=$((works + 1))
	unload && unloads=$((unloads + 1))
	[ $((i % 4)) != 3 ] || exec {fd}>&-
	state_is ipc UNINIT && no_links && clean=$((clean + 1))
done
is "20 times the module loads" $loads 20
is "20 times the modem gets ready" $readies 20
is "20 times it works (idle, port, session, open port)" $works 20
is "20 times the module unloads" $unloads 20
is "20 times the modem is back in state UNINIT" $clean 20

# At once after loading, in the middle of the handshake.
hasty=0
for ((i = 0; i < 10; i++)); do
	load && pause "0.0$i" && unload && hasty=$((hasty + 1))
done
is "10 times unloaded in the middle of the start" $hasty 10
start
check "works afterwards" porttool /dev/wwan0at0 rdwr at AT 'OK$'
finish
