#!/bin/bash
# run.sh -- what gcprof says of the corpus, against what is true of it.
#
#     tests/corpus/run.sh [-j JOBS] [-k] [NAME...]
#
# Runs the named programs of the manifest, or all, under the preloaded library
# as it is without options, JOBS (2) at a time, analyzes the last snapshot of
# each, prints a line per program and a table per kind.  -k keeps the snapshots
# and the analyzer's output.
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
timeout=${GCPROF_TESTS_TIMEOUT:-120}
# Options of the caller's environment must not reach the programs.
unset LD_PRELOAD DEBUGINFOD_URLS "${!GCPROF_@}"

jobs=2
keep=0
while getopts j:k option; do
	case $option in
	j) jobs=$OPTARG ;;
	k) keep=1 ;;
	*) die "usage: run.sh [-j JOBS] [-k] [NAME...]" ;;
	esac
done
shift $((OPTIND - 1))
[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "'$jobs' is no number of jobs"

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

# Leaves $T/NAME/judged, lines of judge.jq, or $T/NAME/failed with a reason.
examine() { # NAME KIND VERDICT FUNCTION ALSO
	local name=$1 status=0 heap
	mkdir "$T/$name"
	GCPROF_OUTPUT=$T/$name/%n.heap timeout -k 5 "$timeout" env LD_PRELOAD="$LIB" \
		"$PROGRAMS/$name" >"$T/$name/out" 2>"$T/$name/err" </dev/null || status=$?
	heap=$(find "$T/$name" -name '*.heap' | sort -V | tail -n 1)
	if [ "$status" -ne 0 ]; then
		echo "exit status $status" >"$T/$name/failed"
	elif [ -z "$heap" ]; then
		echo "no snapshot" >"$T/$name/failed"
	elif ! "$ANALYZE" --format=json "$heap" >"$T/$name/json" 2>"$T/$name/analyze.err"; then
		echo "not analyzed: $(head -n 1 "$T/$name/analyze.err")" >"$T/$name/failed"
	elif ! jq -r --arg kind "$2" --arg verdict "$3" --arg function "$4" --arg also "$5" \
		-f "$HERE/judge.jq" <"$T/$name/json" >"$T/$name/judged" 2>"$T/$name/jq.err"; then
		echo "not judged: $(head -n 1 "$T/$name/jq.err")" >"$T/$name/failed"
	fi
	[ "$keep" = 1 ] || rm -f "$T/$name"/*.heap
	return 0
}

# A line for the reader, and "outcome TAB kinds expected TAB findings" for the table.
report() { # NAME KIND VERDICT FUNCTION
	local name=$1 kind=$2 verdict=$3 function=$4 expected
	expected=innocent
	[ "$kind" = innocent ] || expected="$kind/$verdict $function"
	if [ -e "$T/$name/failed" ]; then
		printf '%-26s %-42s %-50s %s\n' "$name" "$expected" "$(cat "$T/$name/failed")" FAILED
		printf 'failed\t%s\n' "$kind" >>"$T/outcomes"
		return
	fi
	awk -F '\t' -v name="$name" -v kind="$kind" -v expected="$expected" -v outcomes="$T/outcomes" '
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
			printf "%-26s %-42s %-50s %s\n", name, expected, got == "" ? "-" : got, outcome
			printf "%s\t%s%s\n", outcome, kind, findings >>outcomes
		}' "$T/$name/judged"
}

# recall: planted programs of the kind that were named; precision: of the
# programs that a kind was reported for, those where it is right.
table() {
	awk -F '\t' '
		function share(a, b) { return b ? sprintf("%d/%d", a, b) : "-" }
		{
			n++
			if ($1 ~ /FALSE ALARM/)
				alarms++
			if ($1 ~ /failed/)
				failed++
			split($2, kinds, "|")
			kind = kinds[1]
			if (kind != "innocent") {
				planted[kind]++
				n_planted++
				if ($1 ~ /^(ok|FALSE ALARM)$/) {
					found[kind]++
					n_found++
				}
			}
			for (i = 3; i <= NF; i++) {
				reported[substr($i, 2)]++
				if ($i ~ /^\+/)
					right[substr($i, 2)]++
			}
		}
		END {
			printf "\n%-14s %10s %10s\n", "kind", "recall", "precision"
			n_order = split("cache queue closure leak missing-free growth fragmentation", order, " ")
			for (i = 1; i <= n_order; i++)
				known[order[i]] = 1
			for (k in reported)
				if (!(k in known)) {
					order[++n_order] = k
					known[k] = 1
				}
			for (i = 1; i <= n_order; i++) {
				k = order[i]
				if (planted[k] || reported[k])
					printf "%-14s %10s %10s\n", k, share(found[k], planted[k]), share(right[k], reported[k])
			}
			printf "\n%d programs, recall %d/%d, false alarms %d%s\n", n, n_found, n_planted, alarms,
				failed ? sprintf(", failed %d", failed) : ""
			exit !(n_found == n_planted && alarms == 0 && failed == 0)
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
printf '%-26s %-42s %-50s %s\n' program expected got outcome
names=()
for line in "${chosen[@]}"; do
	read -r name _ <<<"$line"
	# A program of a language that there is no compiler for is left out.
	if [ ! -x "$PROGRAMS/$name" ]; then
		printf '%-26s %s\n' "$name" "not built"
		continue
	fi
	names+=("$line")
done

# In the manifest's order, each line as soon as it and those before are done.
pids=()
started=0
for ((i = 0; i < ${#names[@]}; i++)); do
	while [ "$started" -lt "${#names[@]}" ] && [ "$started" -lt $((i + jobs)) ]; do
		read -r name kind verdict function also <<<"${names[started]}"
		examine "$name" "$kind" "$verdict" "$function" "$also" &
		pids[started]=$!
		started=$((started + 1))
	done
	wait "${pids[i]}"
	read -r name kind verdict function also <<<"${names[i]}"
	report "$name" "$kind" "$verdict" "$function"
done
table
