#!/usr/bin/env bash
# held.sh -- a block that anything of the program's still leads to is not lost.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

require_built "$CASES/held"

# What memcheck says instead, and why that is not our answer.
declare -A differs=(
	["held thread-dynamic-tls"]="0/0 0/0 3/6945: it does not follow a thread's vector of dynamic TLS"
	["held thread-surplus-tls"]="0/0 0/0 1/2304: nor libc's blocks that hang on it"
	["held vector-register"]="1/4321 0/0 0/0: it looks into general registers alone"
	["held alt-stack"]="1/4321 0/0 0/0: only the kernel knows the address, which valgrind does not look up"
)

cases_of held
done_testing
