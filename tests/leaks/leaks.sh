# shellcheck shell=bash
# leaks.sh -- for tests of what is lost: a program's table, gcprof's answer, memcheck's.
#
# Sourced after init.sh.  An answer is written as in cases/case.h:
# "definite indirect possible", each as blocks/bytes.
#
# SPDX-License-Identifier: MIT

# shellcheck disable=SC2154 # init.sh sets it
CASES=$abs_top_builddir/tests/leaks/cases
has_memcheck=0
if command -v valgrind >/dev/null 2>&1; then
	has_memcheck=1
fi

first_heap() { # NAME: the first snapshot of a run
	heaps "$1" | head -n 1
}

answer() { # FILE [OPTION...]: gcprof's
	local file=$1
	shift
	"$ANALYZE" --format=json --top=1 "$@" "$file" | jq -r '.leaks |
		[.definite, .indirect, .possible | "\(.blocks)/\(.bytes)"] | join(" ")'
}

lost_of() { # FILE FUNCTION [OPTION...]: bytes in leak findings whose stack has that function
	local file=$1 function=$2
	shift 2
	"$ANALYZE" --format=json "$@" "$file" | jq --arg f "$function" '[.findings[] |
		select(.kind == "leak") | select(any(.site.frames[]; .function == $f)) | .bytes] | add // 0'
}

lost_in_all() { # FILE [OPTION...]: bytes that no root leads to
	local file=$1
	shift
	"$ANALYZE" --format=json --top=1 --no-builtin-suppressions "$@" "$file" |
		jq '.leaks.definite.bytes + .leaks.indirect.bytes'
}

lost_without() { # NAME KIND: a case's block is lost if that kind leads nowhere
	local file with without
	file=$(first_heap "$1")
	case $2 in
	*+)
		with=$(lost_in_all "$file")
		without=$(lost_in_all "$file" "--roots=no-${2%+}")
		[ $((without - with)) -ge 4321 ]
		;;
	*) [ "$(lost_of "$file" allocate_into "--roots=no-$2")" -eq 4321 ] ;;
	esac
}

memcheck() { # NAME COMMAND...: leaves memcheck's words in $T/NAME.memcheck
	local name=$1
	shift
	timeout -k 5 "$GCPROF_TESTS_TIMEOUT" valgrind --tool=memcheck --leak-check=full --show-leak-kinds=all \
		--num-callers=30 --suppressions="$SOURCES/tests/leaks/memcheck.supp" --log-file="$T/$name.memcheck" "$@" >"$T/$name.memcheck.out" 2>&1 3>&1 </dev/null
}

memcheck_answer() { # NAME: by its first summary
	awk '
		function number(s) { gsub(/,/, "", s); return s + 0 }
		/(definitely|indirectly|possibly) lost:/ && n < 3 {
			for (i = 1; i < NF; i++)
				if ($i == "lost:")
					printf "%s%d/%d", n++ ? " " : "", number($(i + 4)), number($(i + 1))
		}
		/no leaks are possible/ && n == 0 { printf "0/0 0/0 0/0"; n = 3 }
		END { print "" }' "$T/$1.memcheck"
}

# shellcheck disable=SC2154 # differs: the script says it
cases_of() { # PROGRAM: run all its cases, ours and memcheck's side by side; a point for each
	local program=$1 name definite indirect possible alone truth theirs
	"$CASES/$program" list >"$T/$program.list"
	if [ "$has_memcheck" = 1 ]; then
		while read -r name _; do
			memcheck "$program-$name" "$CASES/$program" "$name"
		done <"$T/$program.list" &
	fi
	while read -r name definite indirect possible alone; do
		truth="$definite $indirect $possible"
		run_gcprof "$program-$name" "$CASES/$program" "$name"
		is "$program $name: the verdict is the truth" "$(answer "$(first_heap "$program-$name")")" "$truth" ||
			diag_file "$T/$program-$name.err"
		[ "$alone" = - ] ||
			ok "$program $name: lost if $alone are no roots" lost_without "$program-$name" "$alone"
	done <"$T/$program.list"
	wait
	[ "$has_memcheck" = 1 ] || return 0
	while read -r name definite indirect possible alone; do
		truth="$definite $indirect $possible"
		theirs=$(memcheck_answer "$program-$name")
		if [ -n "${differs["$program $name"]:-}" ]; then
			is "$program $name: memcheck says otherwise: ${differs["$program $name"]#*: }" \
				"$theirs" "${differs["$program $name"]%%: *}"
		else
			is "$program $name: memcheck says the same" "$theirs" "$truth"
		fi
	done <"$T/$program.list"
}
