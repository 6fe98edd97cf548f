#!/usr/bin/env bash
# plugins.sh -- plugins: exceptions in them, unloading, snapshots in the middle of it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

plugin=$TARGETS/.libs/plugin.so
require_built "$TARGETS/host" "$plugin"
for mode in throw reload leave; do
	run_plain "$mode-plain" "$TARGETS/host" "$plugin" "$mode"
	run_gcprof "$mode" "$TARGETS/host" "$plugin" "$mode"
	is "$mode: same status and output" "$status $(cat "$T/$mode.out" "$T/$mode.err")" \
		"0 $(cat "$T/$mode-plain.out" "$T/$mode-plain.err")"
	ok "$mode: nothing was lost" valid "$(heap "$mode")"
done
ok "leave: blocks of an unloaded plugin are all there" ledger "$(heap leave)" "$T/leave.truth"
ok "reload: so are those of one that comes and goes" ledger "$(heap reload)" "$T/reload.truth"

site='.sites[] | select(.live_blocks == 7 and .live_bytes == 7 * 4242)'
is "leave: the report names the unloaded plugin's function" \
	"$(json "$(heap leave)" "$site | [.frames[] | select(.inlined | not)][0].function" | sed 's/(.*//')" plugin_allocates
is "leave: and the plugin" \
	"$(json "$(heap leave)" "$site | .frames[0].module" | sed 's,.*/,,')" plugin.so
is "leave: and who called it" \
	"$(json "$(heap leave)" "[$site | .frames[].function // \"\" | select(test(\"leave_blocks\"))] | length")" 1
is "leave: main is still found behind it" \
	"$(json "$(heap leave)" "[$site | .frames[].function | select(. == \"main\")] | length")" 1
is "reload: every life of the plugin counts to one function" \
	"$(json "$(heap reload)" '[.sites[] | select([.frames[].function] | any((. // "") | test("plugin_allocates"))) | .live_blocks] | add')" 50

# A thread may be stopped in dlclose, between unmapping and forgetting, or in dlopen.
require_built "$TARGETS/unloading" "$TARGETS/.libs/stress-plugin.so"
in_the_middle() { # NAME WHEN [VARIABLE=VALUE]
	local name=$1 when=$2
	shift 2
	GCPROF_SNAPSHOT=none run_gcprof "$name" env "$@" "$TARGETS/unloading" "$TARGETS/.libs/stress-plugin.so" "$when"
	is "$name: the program ends well" "$status $(grep -c '^ok' "$T/$name.truth")" "0 2"
	points_of "$T/$name.truth"
	is "$name: nothing is said" "$(cat "$T/$name.err")" ""
	ok "$name: the file is valid" valid "$(heap "$name")"
	[ "$when" = unseen ] ||
		ok "$name: the block is there" ledger "$(heap "$name")" "$T/$name.truth"
}
in_the_middle "an unmapped object that allocated" seen
in_the_middle "an unmapped object that did not" unseen
for allocator in jemalloc system; do
	in_the_middle "a thread in dlopen, $allocator" loading GCPROF_ALLOCATOR=$allocator
done
done_testing
