#!/usr/bin/env bash
# plugins.sh -- a threaded C++ program with exceptions from a dlopened plugin, for longer.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require_built "$TARGETS/host" "$TARGETS/.libs/plugin.so"
same host "$TARGETS/host" "$TARGETS/.libs/plugin.so" throw 5000
whole host 1
GCPROF_ALLOCATOR=system same host-system "$TARGETS/host" "$TARGETS/.libs/plugin.so" throw 1000
whole host-system 1
done_testing
