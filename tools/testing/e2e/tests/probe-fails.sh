#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A card that cannot be used: the log names the cause. MSI is disabled for this
# kernel; then the card does not respond either.
# driver: ours
# machine: --append pci=nomsi
# timeout: 60

. /add/lib.sh

# log_says TEXT: by the driver, since the last mark
log_says() { since_mark | grep -E 'iosm.*0000:' | grep -qF "$1"; }

mark
check "module loads without MSI" load
check "the log says that MSI is disabled" wait_for 5 log_says 'no MSI vector, which the modem needs (MSI is disabled)'
no_ports
result $? "no ports"
check "module unloads" unload

mark
check "surprise removal" modem surprise-remove
check "module loads without a card" load
check "the log says that the device does not respond" wait_for 5 log_says 'device does not respond: configuration space reads all ones'
no_ports
result $? "no ports of a card that does not respond"
expected_log='no MSI vector|device does not respond|probe with driver iosm failed|Unable to change power state'
finish dead
