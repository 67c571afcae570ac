#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The card is pulled out of its slot while everything is in use: with the
# slot's button, and without a word (registers read all ones).
# matrix: aggregation lite
# timeout: 90

. /add/lib.sh

card=$(pci_address)
sys=/sys/bus/pci/devices/$card
start
drivers=$(driver_folder)
expected_log='modem is gone|protocol error|failed: -ETIMEDOUT'

# --- hot-unplug, with the attention button
busy_on
check "traffic, unplug" host unplug
check "unplug: ports and links are gone" wait_for 10 all_gone
busy_off
check "plug" host plug
again plug

# --- gone without a word: registers read all ones
busy_on
check "traffic, surprise removal" modem surprise-remove
pause 0.5
check "surprise removal: unbind does not hang" timeout 30 sh -c "echo $card >$drivers/unbind"
check "surprise removal: ports and links are gone" wait_for 3 all_gone
busy_off
check "surprise removal: module unloads" unload
check "unplug it" host unplug
check "and plug it in" host plug
load
again "plugged anew"
finish
