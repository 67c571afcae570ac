#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ModemManager finds the modem, enables it, connects, and lets go again; what
# mmcli shows on the way is what the modem said.
# modem: --attach mbim
# machine: --profile mm
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-life.sh
