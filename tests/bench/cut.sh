#!/usr/bin/env bash
# cut.sh -- how long a snapshot stops a program, how large its file is, and what
# memory its writer takes: heaps of 1, 10 and 50 million blocks, and one of 1.4 GB.
#
#     tests/bench/cut.sh [MILLIONS...]      only these numbers of blocks
#
# A bare clone of the same process is measured beside each snapshot, in the same
# run: the stop cannot be shorter.  Medians of five.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C
: "${abs_top_builddir:=$PWD}"
lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
facts=$(cd "${srcdir:-.}" && pwd)/tests/bench/facts.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# row LABEL HUGEPAGES BLOCKS BYTES THREADS
row() {
	local file pause clone whole
	GCPROF_SNAPSHOT=none GCPROF_HUGEPAGES=$2 LD_PRELOAD=$lib \
		"$abs_top_builddir/tests/bench/cut" "$3" "$4" "$5" "$work/heap" >"$work/lines" || {
		printf '| %s | failed | | | | | | | |\n' "$1"
		return
	}
	while read -r _ _ file; do
		/usr/bin/python3 "$facts" "$file" cut_pause_ns writer_bytes live_bytes
	done <"$work/lines" >"$work/facts"
	file=$(awk 'END { print $3 }' "$work/lines")
	pause=$(awk '{ print $1 / 1e6 }' "$work/facts" | median)
	clone=$(awk '{ print $1 }' "$work/lines" | median)
	whole=$(awk '{ print $2 }' "$work/lines" | median)
	# Of the blocks that cut.c makes, each holds three edges, and the rows one
	# to each of them.
	tail -n 1 "$work/facts" | awk -v label="$1" -v pause="$pause" -v clone="$clone" \
		-v whole="$whole" -v edges=$(($3 * 4)) -v file="$(stat -c %s "$file")" '{
		printf "| %s | %.1f | %.1f | %.2f | %.0f | %.1f | %.2f | %.1f | %.1f %% |\n", label,
			pause, clone, pause / clone, whole, $4 / $5, $6 / edges, file / 1048576,
			100 * $2 / $3 }'
	rm -f "$work"/heap*
}

printf '%s, %s processors, %s MiB of memory\n\n' "$(date -u +%F)" "$(nproc)" \
	"$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
printf '| heap | stop ms | bare clone ms | ratio | snapshot ms | bytes a block | bytes an edge | file MiB | writer memory |\n'
printf '|---|---|---|---|---|---|---|---|---|\n'
if [ $# -eq 0 ]; then
	row "1.4 GB, 1 thread" 0 1400000 1000 1
	row "1.4 GB, 16 threads" 0 1400000 1000 16
	row "1.4 GB, huge pages, 1 thread" 1 1400000 1000 1
	row "1.4 GB, huge pages, 16 threads" 1 1400000 1000 16
	set -- 1 10 50
fi
for millions; do
	row "$millions M blocks of 32 bytes" 0 $((millions * 1000000)) 32 1
done
