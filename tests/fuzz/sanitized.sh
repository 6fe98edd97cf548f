#!/usr/bin/env bash
# sanitized.sh -- gcprof-analyze does nothing undefined, whatever it reads and writes.
#
# The address and undefined-behaviour sanitizers watch it write every format of the
# golden snapshots, of a real one, of the fuzzer's corpus, and of these with some bytes
# changed (mutate.c).
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"
# shellcheck source=tests/cli/points.sh
. "$(dirname "$0")/../cli/points.sh"

sanitized=$abs_top_builddir/tests/fuzz/analyze_sanitized
mutate=$abs_top_builddir/tests/fuzz/mutate
[ -x "$unit/test_heap" ] || skip_all "cmocka is missing, and with it who writes the snapshots"
nm "$sanitized" | grep -q __asan_init || skip_all "the compiler links no sanitizers"
export sanitized ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
export LC_ALL=C.UTF-8

# Every format but that of comparisons, in groups of eight, which is what one run writes.
read -r -a formats <<<"$("$sanitized" --format=none 2>&1 | sed 's/.*; one of //; s/,//g; s/difffolded//')"
is_complete() { [ "${#formats[@]}" -ge 16 ] && [ "${formats[0]}" = text ] && [[ " ${formats[*]} " = *" html "* ]]; }
export FORMATS="${formats[*]}"

# sound STATUSES OPTION...: it ends with one of these, and no sanitizer says a word.
sound() {
	local wanted=$1 got=0 err
	shift
	err=$(mktemp "$PWD/err.XXXXXX")
	timeout 120 "$sanitized" "$@" >/dev/null 2>"$err" </dev/null || got=$?
	if [[ " $wanted " != *" $got "* ]] || grep -qE 'Sanitizer|runtime error:' "$err"; then
		echo "status $got of: $*"
		head -n 40 "$err"
		false
	else
		rm "$err"
	fi
}
# every_format STATUSES FILE: into the working directory.
every_format() {
	local options=() format
	for format in $FORMATS last; do
		[ "$format" = last ] || options+=("--format=$format:out.$format")
		if [ "${#options[@]}" = 8 ] || { [ "$format" = last ] && [ "${#options[@]}" != 0 ]; }; then
			sound "$1" --show-content "${options[@]}" "$2" || return 1
			options=()
		fi
	done
}
is_written() { # that every format is there, and not empty: but the formats of findings, of none
	local format
	for format in $FORMATS; do
		[ -s "out.$format" ] || [ "$format" = github ] || { echo "no $format"; return 1; }
	done
}
export -f sound every_format

# What the sanitizers see at all is seen here.
echo 'int main(int argc, char **argv) { (void)argv; int v[4] = {0}; return v[argc + 4]; }' >bad.c
# shellcheck disable=SC2016 # for the shell inside
ok "the sanitizers see an error" bash -c '"${CC:-cc}" -fsanitize=address,undefined -o bad bad.c && ! ./bad 2>/dev/null'
ok "every format is known" is_complete

mkdir golden
"$unit/test_heap" --sample >golden/sample.heap
"$unit/test_detect" --snapshot >golden/own.heap
# Names of functions need files that are there.
if [ -f "${GCPROF_LIB:-}" ]; then
	for i in 1 2; do
		GCPROF_OUTPUT=$work/golden/demo$i.heap LD_PRELOAD=$GCPROF_LIB "$abs_top_builddir/examples/demo" >/dev/null
	done
fi
for file in "$abs_top_srcdir"/tests/fuzz/corpus/heapfile/*.file; do
	name=$(basename "$file" .file)
	mkdir -p "whole/$name"
	"$mutate" "$file" 0 "whole/$name" && mv "whole/$name/0.heap" "golden/corpus-$name.heap"
done

for file in golden/*.heap; do
	rm -f out.*
	case $file in
	*/corpus-required-section.heap) ok "${file##*/} is refused" every_format 2 "$file" ;;
	*/corpus-empty.heap) ok "${file##*/}: every format, of no site" every_format 0 "$file" ;;
	*)
		ok "${file##*/}: every format" every_format 0 "$file"
		ok "${file##*/}: they are written" is_written
		;;
	esac
done
for options in --top=0 --show-content --show-reachable --gen-suppressions --sort=retained --sort=age \
	--cohort=old --min-age=1 --focus=main --ignore=main --roots=globals --leak-heuristics=none --findings-only \
	--no-symbols --color=always --block=0x1000 --who-points-at=0x1000 --path=0x1000 \
	--tree=top-down --tree=bottom-up --tree=retained --tree=callers:m --tree=callees:m; do
	every_file() {
		local file failed=0
		for file in golden/*.heap; do
			sound "0 2" "$options" "$file" || failed=1
		done
		return $failed
	}
	ok "$options" every_file
done
for options in --each --diff --merge "--diff --format=json" "--merge --format=json" "--diff --format=csv" \
	"--merge --format=csv" "--diff --format=html"; do
	# shellcheck disable=SC2086 # words
	ok "$options of all" sound "0 2" $options golden/*.heap
	if [ -e golden/demo2.heap ]; then
		# shellcheck disable=SC2086
		ok "$options of two alike" sound "0 2" $options golden/demo[12].heap
	fi
done

# ---- some bytes changed
mutants() { # N: of each snapshot with something in it, but the largest
	local file
	for file in golden/sample.heap golden/own.heap golden/corpus-{frames,graph,rich,sample}.heap; do
		mkdir -p "changed/${file##*/}"
		"$mutate" "$file" "$1" "changed/${file##*/}" || return 1
	done
}
ok "snapshots are changed" mutants 15
one() { # FILE: every format of it, in a directory of its own
	mkdir "$1.d" && cd "$1.d" || return 255
	every_format "0 2" "../${1##*/}" || return 255
	cd .. && rm -r "$1.d"
}
export -f one
# shellcheck disable=SC2016 # for the shell inside
all_changed() {
	find "$PWD/changed" -name '*.heap' -print0 |
		xargs -0 -P 2 -I{} bash -c 'one "$1"' one {}
}
ok "each of $(find changed -name '*.heap' | wc -l), in every format" all_changed
some_are_read() { # a third at least: or no report has seen them
	local file n_read=0 n_all=0
	for file in changed/*/*.heap; do
		n_all=$((n_all + 1))
		"$analyze" --format=json "$file" >/dev/null 2>&1 && n_read=$((n_read + 1))
	done
	echo "$n_read of $n_all" && [ $((n_read * 3)) -ge "$n_all" ]
}
ok "many of which can be read" some_are_read
echo "1..$n"
