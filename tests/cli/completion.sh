#!/bin/bash
# completion.sh -- what bash offers for half a command line.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

gcprof=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
compopt() { :; } # only readline has it
# shellcheck source=completion/gcprof
. "$abs_top_srcdir/completion/gcprof"
# shellcheck source=completion/gcprof-analyze
. "$abs_top_srcdir/completion/gcprof-analyze"
cd "$work" || exit 1
: > app.heap
: > app.txt
n=0

# offered WORD...: what is offered for the last word of that command line, whose
# words are split as readline does, at "=" too.
offered() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	case $1 in
	*analyze) _gcprof_analyze ;;
	*) _gcprof ;;
	esac
	printf '%s ' "${COMPREPLY[@]}"
}

is() { # SENTENCE WANTED WORD...
	local sentence=$1 wanted=$2 seen
	shift 2
	n=$((n + 1))
	seen=$(offered "$@" 2>&1)
	if [ "$seen" = "$wanted " ]; then
		echo "ok $n - $sentence"
	else
		printf 'not ok %d - %s\n# seen: %s\n# wanted: %s\n' "$n" "$sentence" "$seen" "$wanted"
	fi
}

every_option() {
	local seen long
	n=$((n + 1))
	seen=" $(offered "$gcprof" run -- 2>&1)"
	while read -r long; do
		case $seen in
		*" --$long "* | *" --$long= "*) ;;
		*) printf 'not '; break ;;
		esac
	done < <(sed -n 's/^OPTION([A-Z]*, "\([a-z-]*\)",.*/\1/p' "$abs_top_srcdir/lib/options.def")
	printf 'ok %d - run is offered every option of options.def\n# seen:%s\n' "$n" "$seen"
}

# every SENTENCE OFFERED: each word of standard input is offered, as it is or with =.
every() {
	local missing='' word any=''
	n=$((n + 1))
	while read -r word; do
		any=1
		case " $2" in
		*" $word "* | *" $word= "*) ;;
		*) missing="$missing $word" ;;
		esac
	done
	if [ "$any" ] && [ -z "$missing" ]; then
		echo "ok $n - $1"
	else
		printf 'not ok %d - %s\n# missing:%s\n' "$n" "$1" "${missing:- all}"
	fi
}

is "gcprof has commands" 'run check snapshot shell top --help --version' "$gcprof" ''
every_option
is "an option with a value ends with =" '--snapshot= --signal= --sample=' "$gcprof" run --s
is "run is offered no option of check" '' "$gcprof" run --supp
is "check has options of its own" '--suppressions=' "$gcprof" check --supp
is "and those of run" '--young=' "$gcprof" check --y
is "values of check are offered" 'error warning note never' "$gcprof" check --fail-on '='
is "an option that is a switch does not" --verbose "$gcprof" run --verb
is "values are offered" 'jemalloc system' "$gcprof" run --allocator '='
is "and completed" jemalloc "$gcprof" run --allocator '=' je
is "options of snapshot" --timeout= "$gcprof" snapshot --t
is "snapshot is offered no process that is not profiled" '' "$gcprof" snapshot $$
is "gcprof-analyze is offered snapshots" app.heap "$analyze" a
is "its switches are offered" --each "$analyze" --ea
is "its values are completed" old "$analyze" --sort '=' o
every "gcprof-analyze is offered every format of formats.def" "$(offered "$analyze" --format '=' 2>&1)" < \
	<(sed -n 's/^FORMAT("\([a-z-]*\)",.*/\1/p' "$abs_top_srcdir/tools/report/formats.def")
every "gcprof-analyze is offered every option of its --help" "$(offered "$analyze" -- 2>&1)" < \
	<("$analyze" --help | grep -oE '^  (-o, )?--[a-z-]+(, --[a-z-]+)*' | grep -oE -- '--[a-z-]+')

echo "1..$n"
