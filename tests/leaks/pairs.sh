#!/usr/bin/env bash
# pairs.sh -- twenty ways to lose a block, and the twenty that do not.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

require_built "$CASES/pairs"

# What memcheck says instead, and why that is not our answer.
declare -A differs=()

cases_of pairs
done_testing
