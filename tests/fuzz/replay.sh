#!/bin/sh
# replay.sh -- no file of the fuzzer's corpus makes the reader crash.
#
# Each file of tests/fuzz/corpus/TARGET goes through the target once, under the
# address and undefined-behaviour sanitizers.
#
# SPDX-License-Identifier: MIT
corpus=${abs_top_srcdir:?}/tests/fuzz/corpus
replay=${abs_top_builddir:?}/tests/fuzz/replay_heapfile

set -- "$corpus"/heapfile/*
if [ ! -e "$1" ]; then
	echo "1..0 # SKIP no corpus"
	exit 0
fi
echo "1..1"
if "$replay" "$@" > replay.$$ 2>&1; then
	echo "ok 1 - $# files are read or refused without a crash"
else
	echo "not ok 1 - $# files are read or refused without a crash"
	tail -n 40 replay.$$ | sed 's/^/# /'
fi
rm -f replay.$$
