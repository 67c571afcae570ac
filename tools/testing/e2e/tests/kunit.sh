#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites once more, on x86 under all the checkers.
# kernel: debug
# timeout: 240

. /add/lib.sh

# Devices made of memory, which do what they must not.
expected_log='iosm-fake '

check "the module loads" load
check "the suites load and run" insmod /add/iosm_kunit.ko
dmesg | sed -n 's/^\[[^]]*\] //; /^ *\(not \)\?ok [0-9]/p' >"$tmp/kunit"
between "suites that passed" "$(grep -cE '^ok .*iosm' "$tmp/kunit")" 7 100
between "tests that passed" "$(grep -cE '^ +ok ' "$tmp/kunit")" 200 10000
check "none failed" sh -c "! grep 'not ok' '$tmp/kunit'"
check "the suites unload" rmmod iosm_kunit
finish
