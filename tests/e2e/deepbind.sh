#!/usr/bin/env bash
# deepbind.sh -- libraries that are bound to the C library's malloc or free, and ours beside it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require "$CC"
source=$SOURCES/tests/e2e/targets/pairs.c
mkdir "$T/lib"
build() { # OUTPUT [FLAG]...
	local output=$1
	shift
	"$CC" -std=gnu11 -D_GNU_SOURCE -g -O1 -fno-builtin -o "$output" "$source" -pthread "$@"
}
build "$T/pairs"
build "$T/lib/beside.so" -DPLUGIN -shared -fPIC
build "$T/lib/plugin.so" -DPLUGIN -shared -fPIC -Wl,-rpath,'$ORIGIN' -Wl,--enable-new-dtags
plugin=$T/lib/plugin.so

findings() { # NAME: of lost blocks and of wrong frees
	summary "$(heap "$1")" '[.findings[] | select(.level != "note") | .kind] | join(" ")'
}

like_alone() { # MODE SENTENCE
	local mode=$1 name=$1-$GCPROF_ALLOCATOR
	run_gcprof "$name" "$T/pairs" "$mode" "$plugin"
	is "$GCPROF_ALLOCATOR: $2" "$status $(cat "$T/$name.out" "$T/$name.err")" "0 ok"
	is "$GCPROF_ALLOCATOR: $2: no findings" "$(findings "$name")" ""
	ok "$GCPROF_ALLOCATOR: $2: nothing was lost" valid "$(heap "$name")"
}

for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	like_alone deepbind "a plugin opened with RTLD_DEEPBIND shares blocks with the program"
	like_alone lazy "one that is bound lazily does"
	like_alone base "one that dlmopen opens in the base namespace does"
	like_alone apart "one in a namespace of its own keeps its own malloc"
	like_alone libc "free by the handle of the C library takes what strdup allocated"
	like_alone dependent "free by the handle of a library that depends on it does"
	like_alone blocks "blocks of __libc_malloc can be given to free and realloc"
	like_alone origin "dlopen in a library finds what lies beside that library"
	is "$allocator: blocks of the C library's heap are counted" \
		"$(info "$(heap "blocks-$allocator")" foreign_frees)" 430
	ok "$allocator: the report says how many blocks of the C library's heap there were" \
		grep -q '^Untracked   430 blocks' "$(analysis "$(heap "blocks-$allocator")" text 1)"
	is "$allocator: a program without blocks of the C library's heap has none counted" "$(info "$(heap "libc-$allocator")" foreign_frees)" ""

	name=wild-$allocator
	run_gcprof "$name" "$T/pairs" wild "$plugin"
	is "$allocator: wild pointers that look like the C library's blocks are ignored" \
		"$status $(cat "$T/$name.out")" "0 ok"
	is "$allocator: each wild pointer is reported as an invalid free" "$(records "$(heap "$name")" bad | cut -f1,2 | sort -u)" "2	1"
	is "$allocator: all eight of them are" "$(records "$(heap "$name")" bad | wc -l)" 8
done

GCPROF_VERBOSE=1 GCPROF_ALLOCATOR=jemalloc run_gcprof verbose "$T/pairs" deepbind "$plugin"
is "GCPROF_VERBOSE says once that RTLD_DEEPBIND is taken out" "$(grep -c RTLD_DEEPBIND "$T/verbose.err")" 1
done_testing
