#!/usr/bin/env bash
# residence.sh -- what the resident memory consists of, against programs that know it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/residence"

part() { # FILE PART: MiB of .memory.resident
	summary "$1" ".memory.resident.$2 / 1048576 | floor"
}

finding() { # FILE: level of what is said of memory that the allocator retains
	summary "$1" '[.findings[] | select(.kind == "fragmentation" and .verdict == "retained") | .level] | join(" ")'
}

mib=1048576
for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	for how in nothing pins mapped file untouched; do
		name=$allocator-$how
		run_gcprof "$name" "$TARGETS/residence" "$how"
		file=$(heap "$name")
		is "$name: the program ends well, and nothing was lost" "$status $(valid "$file" && echo valid)" "0 valid"
		is "$name: the parts add up to rss" "$(summary "$file" '.memory.resident | add')" "$(summary "$file" .memory.rss)"
		kernel=$(($(sed -n 's/^rss //p' "$T/$name.truth") * 1024))
		between "$name: rss is about what the kernel says" "$(summary "$file" .memory.rss)" $((kernel - mib)) $((kernel + 4 * mib))
		between "$name: stacks and static data are what is left" "$(part "$file" other)" 0 2
	done
	between "$allocator: what was freed beside survivors is the allocator's" "$(part "$(heap $allocator-pins)" allocator)" 54 72
	between "$allocator: survivors are live" "$(part "$(heap $allocator-pins)" live)" 1 3
	is "$allocator: memory that the allocator retains is a finding" "$(finding "$(heap $allocator-pins)")" note
	ok "$allocator: it says what would give it back" grep -q malloc_trim "$(analysis "$(heap $allocator-pins)" text)"
	between "$allocator: of what the program mapped, what it has touched counts" "$(part "$(heap $allocator-mapped)" mapped)" 32 33
	between "$allocator: pages of a file are files" "$(part "$(heap $allocator-file)" files)" 32 40
	between "$allocator: of a large block, what was touched is live" "$(part "$(heap $allocator-untouched)" live)" 1 2
	for how in nothing mapped file untouched; do
		between "$allocator-$how: the allocator has little else" "$(part "$(heap "$allocator-$how")" allocator)" 0 8
		is "$allocator-$how: there is no such finding" "$(finding "$(heap "$allocator-$how")")" ""
	done
	ok "$allocator: a line of the summary says it" \
		grep -qE ' rss [0-9.]+ MiB: .* live, .* held by the allocator, 3[23].. MiB mapped,' \
		<(tr -s ' \n' ' ' <"$(analysis "$(heap $allocator-mapped)" text)")

	# While the program runs it is a child that looks.
	GCPROF_SNAPSHOT=none run_gcprof "$allocator-now" "$TARGETS/residence" mapped now
	file=$(heap "$allocator-now")
	is "$allocator: in a child the parts add up as well" "$(summary "$file" '.memory.resident | add')" "$(summary "$file" .memory.rss)"
	between "$allocator: a child sees what the program mapped" "$(part "$file" mapped)" 32 33
	GCPROF_SNAPSHOT=none run_gcprof "$allocator-file-now" "$TARGETS/residence" file now
	between "$allocator: files are those of the program, not of the child" "$(part "$(heap "$allocator-file-now")" files)" 32 40
	GCPROF_SNAPSHOT=none run_gcprof "$allocator-pins-now" "$TARGETS/residence" pins now
	between "$allocator: a child sees the survivors" "$(part "$(heap "$allocator-pins-now")" live)" 1 3
done
# A snapshot of a running program has the private jemalloc give back what it can.
between "jemalloc: what could be given back is not retained" "$(part "$(heap jemalloc-pins-now)" allocator)" 0 16
between "system: glibc retains it" "$(part "$(heap system-pins-now)" allocator)" 54 72
done_testing
