#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ModemManager finds the modem, enables it, connects, and lets go again; what
# mmcli shows on the way is what the modem said. With the ModemManager of Debian 12,
# of Debian 13, and the newest.
# modem: --attach mbim
# matrix: mm mm-124 mm-125
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-life.sh
