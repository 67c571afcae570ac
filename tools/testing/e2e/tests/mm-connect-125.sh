#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as mm-connect with ModemManager 1.26's release candidate, from Debian's "experimental".
# modem: --attach mbim
# machine: --profile mm-125
# driver: ours
# timeout: 200

. /add/lib.sh
. mm-life.sh
