#!/usr/bin/env bash
# aliases.sh -- allocators and wrappers that have several names, strong and weak.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/aliases" "$TARGETS/aliases-strong" "$TARGETS/aliases-weak"

for kind in strong weak; do
	run_plain "$kind-plain" "$TARGETS/aliases-$kind"
	run_gcprof "$kind" "$TARGETS/aliases-$kind"
	is "a malloc of the program's own, by a $kind alias: it works as alone" \
		"$status $(cat "$T/$kind.out")" "7 $(cat "$T/$kind-plain.out")"
	ok "the program's own malloc is the one that is called" grep -q ' end 1 1$' "$T/$kind.out"
	is "$kind: standard error says once that its blocks are not seen" "$(sed 's/^gcprof\[[0-9]*\]: //' "$T/$kind.err")" \
		"the program has its own malloc; its blocks are not profiled"
	GCPROF_SNAPSHOT=none run_gcprof "$kind-none" "$TARGETS/aliases-$kind"
	is "$kind: without snapshots there are no messages" "$status $(cat "$T/$kind-none.err")" "7 "
	ok "$kind: the snapshot is whole" valid "$(heap "$kind")"
	is "$kind: a program with its own malloc has no blocks and no wrong frees" "$(records "$(heap "$kind")" block; records "$(heap "$kind")" bad)" ""
done

run_gcprof wrapper "$TARGETS/aliases"
is "wrappers of malloc by aliases: the program ends well" "$status $(cat "$T/wrapper.out")" "0 lost"
is "wrappers of malloc by aliases: there are no messages" "$(cat "$T/wrapper.err")" ""
json "$(heap wrapper)" '.findings[] | select(.kind == "leak") |
	"\(.verdict) \(.blocks) \(.bytes) \(.site.frames | map(.function)[:3] | join(" "))"' >"$T/findings"
is "a leak by three names of a wrapper is three findings of one function" \
	"$(sort -u "$T/findings" | sed -E 's/ (checked_malloc|xmalloc|library_malloc) / NAME /'), $(wc -l <"$T/findings") findings" \
	"definite 1 123 NAME lose main, 3 findings"
done_testing
