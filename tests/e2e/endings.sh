#!/usr/bin/env bash
# endings.sh -- what grew until the program cleaned up at its end is told as what it was,
# from whatever snapshots.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/endings"

# Reports go to $T/out.json.
report() { # ARGUMENT...
	"$ANALYZE" --format=json "$@" >"$T/out.json" 2>"$T/out.err"
}

# told KINDS HOLDER FUNCTION: there is a warning of such a kind, of blocks of that function,
# which names the holder
told() {
	jq -e --arg kinds "$1" --arg holder "$2" --arg function "$3" 'any(.findings[];
		.level == "warning" and (.kind | inside($kinds)) and
		(.site.frames | any(.function // "" | contains($function))) and
		(.retained_by | any(.name // "" | contains($holder))))' "$T/out.json" >/dev/null || {
		echo "no warning of $3 as $1, held by $2:"
		jq -c '.findings[] | [.kind, .level, .summary, (.retained_by | map(.name))]' "$T/out.json"
		false
	}
}

# quiet: nothing that grows is more than a note
quiet() {
	jq -e 'all(.findings[]; .level == "note" or .kind == "leak")' "$T/out.json" >/dev/null || {
		jq -c '.findings[] | select(.level != "note") | [.kind, .level, .summary]' "$T/out.json"
		false
	}
}

declare -A kind=([local-map]=cache [local-deque]=queue [dict]=cache [dict-atexit]=cache [map]=cache [hash]=cache [deque]=queue [functions]=closure)
declare -A holder=([local-map]="opened in run_local_map() endings.cc" [local-deque]="waiting in run_local_deque() endings.cc"
	[dict]=names [dict-atexit]=names [map]=sessions [hash]=answers [deque]=jobs [functions]=listeners)
declare -A function=([local-map]=open_session [local-deque]=post_job [dict]=intern [dict-atexit]=intern [map]=open_session [hash]=keep_answer [deque]=post_job
	[functions]=add_listener)

run() { # SHAPE SNAPSHOTS NAME
	GCPROF_YOUNG=256K GCPROF_SNAPSHOT=$2 run_gcprof "$1-$3" "$TARGETS/endings" "$1"
	mapfile -t files < <(heaps "$1-$3")
}

# By the clock, but for one that came while it cleaned up: what goes then in order of birth
# may pass for a queue.
run_timed() { # SHAPE
	local all ends file
	run "$1" interval=200ms timed
	all=("${files[@]}") files=()
	ends=$(sed -n 's/^ends //p' "$T/$1-timed.truth")
	for file in "${all[@]}"; do
		[ "$(info "$file" snapshot_time_ns)" -ge "$ends" ] || files+=("$file")
	done
}

for shape in dict dict-atexit map hash deque functions; do
	run "$shape" exit alone
	is "$shape: ends well" "$status" 0
	report "${files[@]}"
	ok "$shape: the snapshot at exit alone tells what grew, and who held it" \
		told "${kind[$shape]}" "${holder[$shape]}" "${function[$shape]}"
	run "$shape" exit,growth=20% grown
	ok "$shape: several snapshots are taken as it grows" [ "${#files[@]}" -ge 3 ]
	report "${files[@]}"
	ok "$shape: all snapshots tell what grew, and who held it" \
		told "${kind[$shape]}" "${holder[$shape]}" "${function[$shape]}"
	cp "$T/out.json" "$T/forward.json"
	mapfile -t files < <(heaps "$shape-grown" | tac)
	report "${files[@]}"
	ok "$shape: the order of the files does not matter" cmp "$T/forward.json" "$T/out.json"
	"$ANALYZE" --findings-only "${files[@]}" 2>&1 | tr -s ' \n' ' ' >"$T/out"
	ok "$shape: --findings-only has it" grep -q "warning: .*${function[$shape]}" "$T/out"
	run_timed "$shape"
	report "${files[@]}"
	ok "$shape: snapshots by the clock tell the same" \
		told "${kind[$shape]}" "${holder[$shape]}" "${function[$shape]}"
done
# Its destructor leaves what it pointed to: both are true.
mapfile -t files < <(heaps deque-grown)
report "${files[@]}"
ok "deque: what its destructor left is a leak as well" \
	jq -e 'any(.findings[]; .kind == "leak" and .level == "error" and .blocks > 15000)' "$T/out.json"

# lost LEVEL: the jobs that nobody took are a leak of this level
lost() {
	jq -e --arg level "$1" 'any(.findings[]; .kind == "leak" and .level == $level and
		.blocks + .indirect.blocks > 15000 and
		(.site.frames | any(.function // "" | contains("post_job"))))' "$T/out.json" >/dev/null || {
		echo "no $1 of the jobs:"
		jq -c '.findings[] | [.kind, .level, .summary]' "$T/out.json"
		false
	}
}

for shape in local-map local-deque; do
	run "$shape" exit alone
	report "${files[@]}"
	ok "$shape: what a local variable held is told with its name" \
		told "${kind[$shape]}" "${holder[$shape]}" "${function[$shape]}"
done
for shape in deque list vector by-number array chain local-deque; do
	[ -d "$T/$shape-alone" ] || run "$shape" exit alone
	mapfile -t files < <(heaps "$shape-alone")
	report "${files[@]}"
	ok "$shape: what plain pointers led to before the end is definitely lost" lost error
done
run xor exit alone
report "${files[@]}"
ok "xor: of links that are no pointers nobody knows" lost warning

for shape in ring once; do
	run "$shape" exit alone
	report "${files[@]}"
	ok "$shape: what does not grow is no warning at exit" quiet
	run "$shape" exit,growth=20% grown
	report "${files[@]}"
	ok "$shape: what does not grow is no warning" quiet
	run_timed "$shape"
	report "${files[@]}"
	ok "$shape: nor is it by the clock" quiet
done

# ---- two processes
mapfile -t files < <(heaps map-grown; heaps dict-grown)
"$ANALYZE" --full --fail-on=error "${files[@]}" >"$T/out" 2>"$T/out.err"
is "two processes have a report each" "$(grep -c '^Process ' "$T/out")" 2
is "it is said that they are two, and not compared" \
	"$(grep -c '^ *process [12] of 2: each is reported by itself, and not compared$' "$T/out")" 2
most=$(heaps map-grown | wc -l)
ok "a trend is of one process's snapshots" [ -z "$(sed -n 's/.*Over \([0-9]*\) snapshots.*/\1/p' "$T/out" |
	awk -v most="$most" '$1 > most + 1')" ]
done_testing
