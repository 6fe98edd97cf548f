# shellcheck shell=bash
# verdicts.sh -- what is said of memory that a program keeps; sourced after real.sh.
#
# FILE may be a list of files: the snapshots of one process, in any order.
#
# SPDX-License-Identifier: MIT

# A line for each verdict on memory that is in use: its level, kind/verdict,
# summary, functions from the innermost on, separated by tabs.
verdicts() { # FILE...
	findings "$@" | grep -P '^[a-z]+\t(cache|queue|closure|growth|missing-free)/'
}

# The same for all findings, in the report's order.
findings() { # FILE...
	if [ $# = 1 ]; then
		cat "$(analysis "$1" json 1)"
	else
		"$ANALYZE" --format=json --top=1 "$@"
	fi | jq -r '.findings[] | [.level, .kind + "/" + .verdict, .summary, ([.site.frames[]? | .function // "??"] | join(" "))] | @tsv'
}

show() { # FILE...: the verdicts, as comments
	verdicts "$@" | head -n 8 | cut -c1-260 | sed 's/^/#   /'
}

told() { # FILE LEVELS VERDICTS FUNCTIONS: is there a verdict of these kinds, at one of these
	verdicts "$1" | grep -E $'^('"$2"$')\t('"$3"$')\t[^\t]*\t.*('"$4"')'
}

accused() { # SENTENCE FILE VERDICTS FUNCTIONS: a warning
	ok "$1" told "$2" warning "$3" "$4"
	show "$2"
}

calm() { # SENTENCE FILE...: no warning
	local sentence=$1
	shift
	is "$sentence" "$(verdicts "$@" | awk -F '\t' '$1 == "warning" { print $2, $3, $4 }')" ""
	show "$@"
}
