#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as mm-connect with ModemManager 1.24, as Debian 13 has it.
# modem: --attach mbim
# machine: --profile mm-124
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-life.sh
