#!/bin/sh
# run.sh PROGRAM -- run a cmocka program for automake's TAP driver.
#
# cmocka 1.1 says "not ok N # SKIP name" for a skipped test, which TAP reads
# as a failure; everything else passes through as it is.
#
# SPDX-License-Identifier: MIT
CMOCKA_MESSAGE_OUTPUT=TAP
export CMOCKA_MESSAGE_OUTPUT

exec 4>&1
status=$({ { "$@"; echo $? >&3; } |
	sed -e 's/^not ok \([0-9]*\) # SKIP \(.*\)$/ok \1 - \2 # SKIP/' >&4; } 3>&1)
exit "$status"
