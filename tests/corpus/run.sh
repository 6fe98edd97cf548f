#!/bin/bash
# run.sh -- what gcprof says of the corpus, against what is true of it.
#
#     tests/corpus/run.sh [-j JOBS] [-k] [-m MODES] [-O LEVELS] [NAME...]
#
# Runs the named programs of the manifest, or all, under the preloaded library,
# JOBS (2) at a time, analyzes what each leaves, prints a line per run and a
# table per kind.  -k keeps the snapshots and the analyzer's output.
#
# MODES, separated by commas, say how snapshots are taken; all without -m:
#   exit      without options: the last snapshot
#   growth    exit,growth=50%: all of them, as the report advises
#   interval  exit,interval=: all of them; an eighth of the time that the program
#             takes on this machine, now, so that there are about as many on any
# A program that ends before a second snapshot is judged by its one.
#
# LEVELS are the optimisation levels of the programs, 1 and 2; both without -O.
#
# Exit status: 0 if all was found and nothing else, 1 if not, 2 for a mistake
# in the call or something missing.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C.UTF-8
: "${abs_top_builddir:=$PWD}"

die() {
	printf 'run.sh: %s\n' "$*" >&2
	exit 2
}

absolute() { # PATH: the same from any working directory
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$PWD/$1" ;;
	esac
}

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 2
LIB=$(absolute "${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}")
ANALYZE=$(absolute "${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}")
PROGRAMS=$abs_top_builddir/tests/corpus/programs
timeout=${GCPROF_TESTS_TIMEOUT:-300}
# Options of the caller's environment must not reach the programs.
unset LD_PRELOAD DEBUGINFOD_URLS "${!GCPROF_@}"

jobs=2
keep=0
modes=exit,growth,interval
levels=1,2
while getopts j:km:O: option; do
	case $option in
	j) jobs=$OPTARG ;;
	k) keep=1 ;;
	m) modes=$OPTARG ;;
	O) levels=$OPTARG ;;
	*) die "usage: run.sh [-j JOBS] [-k] [-m MODES] [-O LEVELS] [NAME...]" ;;
	esac
done
shift $((OPTIND - 1))
[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "'$jobs' is no number of jobs"
IFS=, read -ra modes <<<"$modes"
IFS=, read -ra levels <<<"$levels"
for mode in "${modes[@]}"; do
	case $mode in
	exit | growth | interval) ;;
	*) die "'$mode' is no mode" ;;
	esac
done
for level in "${levels[@]}"; do
	[[ $level =~ ^[12]$ ]] || die "'$level' is no level"
done

for tool in jq awk timeout; do
	command -v "$tool" >/dev/null 2>&1 || die "$tool is not installed"
done
[ -e "$LIB" ] || die "not built: $LIB"
[ -e "$ANALYZE" ] || die "not built: $ANALYZE"

T=$(mktemp -d "${TMPDIR:-/tmp}/gcprof-corpus.XXXXXX") || exit 2
finish() {
	if [ "$keep" = 1 ]; then
		printf 'kept: %s\n' "$T"
	else
		rm -rf "$T"
	fi
}
trap finish EXIT
trap 'exit 2' HUP INT TERM

manifest() { # lines without comments, as many words in each
	awk '!/^[ \t]*(#|$)/ { print $1, $2, $3, $4 ? $4 : "-", $5 ? $5 : "-" }' "$HERE/manifest"
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

under_gcprof() { # DIRECTORY PROGRAM WHEN: a run; "" is what is the default
	local waste=0
	case ${2##*/} in waste-* | calm-sparse-table-* | calm-empty-ring-*) waste=1 ;; *) ;; esac
	GCPROF_OUTPUT=$1/%n.heap GCPROF_WASTE=$waste timeout -k 5 "$timeout" env LD_PRELOAD="$LIB" ${3:+"GCPROF_SNAPSHOT=$3"} \
		"$2" >"$1/out" 2>"$1/err" </dev/null
}

# Leaves $T/RUN/judged, lines of judge.jq, or $T/RUN/failed with a reason.
examine() { # NAME MODE LEVEL KIND VERDICT FUNCTION ALSO
	local run=$T/$1-$2-O$3 program=$PROGRAMS/$1-O$3 mode=$2 status=0 start when='' heaps
	mkdir "$run"
	case $mode in
	growth) when=exit,growth=50% ;;
	interval)
		start=$(now_ms)
		under_gcprof "$run" "$program" none
		when=exit,interval=$((($(now_ms) - start) / 8 + 1))ms
		;;
	esac
	under_gcprof "$run" "$program" "$when" || status=$?
	mapfile -t heaps < <(find "$run" -name '*.heap' | sort -V)
	[ "$mode" != exit ] || heaps=(${heaps[@]+"${heaps[@]: -1}"})
	echo "${#heaps[@]}" >"$run/n"
	if [ "$status" -ne 0 ]; then
		echo "exit status $status" >"$run/failed"
	elif [ ${#heaps[@]} = 0 ]; then
		echo "no snapshot" >"$run/failed"
	elif ! "$ANALYZE" --format=json "${heaps[@]}" >"$run/json" 2>"$run/analyze.err"; then
		echo "not analyzed: $(head -n 1 "$run/analyze.err")" >"$run/failed"
	elif ! jq -r --arg kind "$4" --arg verdict "$5" --arg function "$6" --arg also "$7" \
		-f "$HERE/judge.jq" <"$run/json" >"$run/judged" 2>"$run/jq.err"; then
		echo "not judged: $(head -n 1 "$run/jq.err")" >"$run/failed"
	fi
	[ "$keep" = 1 ] || rm -f "$run"/*.heap
	return 0
}

# A line for the reader, and "mode, level, outcome, kinds expected, findings", separated
# by tabs, for the table.
report() { # NAME MODE LEVEL KIND VERDICT FUNCTION
	local name=$1 run=$T/$1-$2-O$3 kind=$4 verdict=$5 function=$6 how="$2 -O$3" expected n
	n=$(cat "$run/n")
	expected=innocent
	[ "$kind" = innocent ] || expected="$kind/$verdict $function"
	if [ -e "$run/failed" ]; then
		printf '%-26s %-12s %2d %-42s %-50s %s\n' "$name" "$how" "$n" "$expected" "$(cat "$run/failed")" FAILED
		printf '%s\tfailed\t%s\n' "$how" "$kind" >>"$T/outcomes"
		return
	fi
	awk -F '\t' -v name="$name" -v how="$how" -v n="$n" -v kind="$kind" -v expected="$expected" -v outcomes="$T/outcomes" '
		{
			seen[$1]++
			place = $1 == "stray" ? " in " $4 : $1 == "also" ? " (also)" : ""
			word = $2 "/" $3 place
			if (!(word in had))
				got = got (got == "" ? "" : ", ") word
			had[word] = 1
			good = $1 == "right" || $1 == "also"
			if ($1 != "also" && !(($2, good) in counted)) {
				counted[$2, good] = 1
				findings = findings "\t" (good ? "+" : "-") $2
			}
		}
		END {
			if (kind != "innocent")
				outcome = seen["right"] ? "ok" : seen["other"] ? "WRONG KIND" : "MISSED"
			if (seen["stray"])
				outcome = (outcome == "" || outcome == "ok" ? "" : outcome ", ") "FALSE ALARM"
			if (outcome == "")
				outcome = "ok"
			printf "%-26s %-12s %2d %-42s %-50s %s\n", name, how, n, expected, got == "" ? "-" : got, outcome
			printf "%s\t%s\t%s%s\n", how, outcome, kind, findings >>outcomes
		}' "$run/judged"
}

# recall: planted programs of the kind that were named; precision: of the
# programs that a kind was reported for, those where it is right.
table() {
	awk -F '\t' -v hows="$1" '
		function share(a, b) { return b ? sprintf("%d/%d", a, b) : "-" }
		function line(word, values,    i, s) {
			s = sprintf("%-14s", word)
			for (i = 1; i <= n_hows; i++)
				s = s sprintf(" %14s", values[i])
			sub(/ +$/, "", s)
			print s
		}
		BEGIN {
			n_hows = split(hows, how, ",")
			for (i = 1; i <= n_hows; i++)
				number[how[i]] = i
		}
		{
			h = number[$1]
			n[h]++
			alarms[h] += $2 ~ /FALSE ALARM/
			failed[h] += $2 ~ /failed/
			split($3, kinds, "|")
			kind = kinds[1]
			if (kind != "innocent") {
				planted[h, kind]++
				n_planted[h]++
				seen[kind]
				if ($2 ~ /^(ok|FALSE ALARM)$/) {
					found[h, kind]++
					n_found[h]++
				}
			}
			for (i = 4; i <= NF; i++) {
				seen[substr($i, 2)]
				reported[h, substr($i, 2)]++
				if ($i ~ /^\+/)
					right[h, substr($i, 2)]++
			}
		}
		END {
			print "\nrecall, precision"
			for (i = 1; i <= n_hows; i++)
				words[i] = how[i]
			line("kind", words)
			n_order = split("cache queue closure leak missing-free growth fragmentation", order, " ")
			for (i = 1; i <= n_order; i++)
				known[order[i]]
			for (k in seen)
				if (!(k in known))
					order[++n_order] = k
			for (o = 1; o <= n_order; o++) {
				k = order[o]
				if (!(k in seen))
					continue
				for (i = 1; i <= n_hows; i++)
					words[i] = share(found[i, k], planted[i, k]) ", " share(right[i, k], reported[i, k])
				line(k, words)
			}
			good = 1
			for (i = 1; i <= n_hows; i++) {
				words[i] = n_found[i] + 0 "/" n_planted[i] + 0
				good = good && n_found[i] == n_planted[i] && !alarms[i] && !failed[i]
				any_failed += failed[i]
			}
			print ""
			for (i = 1; i <= n_hows; i++)
				counts[i] = n[i] + 0
			line("programs", counts)
			line("recall", words)
			for (i = 1; i <= n_hows; i++)
				counts[i] = alarms[i] + 0
			line("false alarms", counts)
			for (i = 1; i <= n_hows; i++)
				counts[i] = failed[i] + 0
			if (any_failed)
				line("failed", counts)
			exit !good
		}' "$T/outcomes"
}

chosen=()
if [ $# -gt 0 ]; then
	for name in "$@"; do
		line=$(manifest | awk -v name="$name" '$1 == name')
		[ -n "$line" ] || die "the manifest has no '$name'"
		chosen+=("$line")
	done
else
	mapfile -t chosen < <(manifest)
fi

: >"$T/outcomes"
printf '%-26s %-12s %2s %-42s %-50s %s\n' program run n expected got outcome
# A run is a line: name, mode, level, and the rest of the manifest's line.
runs=()
hows=
for mode in "${modes[@]}"; do
	for level in "${levels[@]}"; do
		hows+=${hows:+,}"$mode -O$level"
		for line in "${chosen[@]}"; do
			read -r name truth <<<"$line"
			# A program of a language that there is no compiler for is left out.
			if [ -x "$PROGRAMS/$name-O$level" ]; then
				runs+=("$name $mode $level $truth")
			else
				printf '%-26s %-12s %s\n' "$name" "$mode -O$level" "not built"
			fi
		done
	done
done

# In order, each line as soon as it and those before are done.
pids=()
started=0
for ((i = 0; i < ${#runs[@]}; i++)); do
	while [ "$started" -lt "${#runs[@]}" ] && [ "$started" -lt $((i + jobs)) ]; do
		read -r name mode level kind verdict function also <<<"${runs[started]}"
		examine "$name" "$mode" "$level" "$kind" "$verdict" "$function" "$also" &
		pids[started]=$!
		started=$((started + 1))
	done
	wait "${pids[i]}"
	read -r name mode level kind verdict function also <<<"${runs[i]}"
	report "$name" "$mode" "$level" "$kind" "$verdict" "$function"
done
table "$hows"
