#!/bin/bash
# completion.sh -- what bash, zsh and fish offer for half a command line.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

gcprof=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
compopt() { :; } # only readline has it
completion=$abs_top_builddir/completion
# shellcheck source=/dev/null
. "$completion/gcprof"
# shellcheck source=/dev/null
. "$completion/gcprof-analyze"
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

names() { # MACRO FILE: the first text of its lines
	sed -n "s/^$1([^\"]*\"\([a-z-]*\)\",.*/\1/p" "$abs_top_srcdir/$2"
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

is "gcprof has commands" 'run check snapshot top view shell --help --version' "$gcprof" ''
while read -r command; do
	is "gcprof $command has options" '--help' "$gcprof" "$command" --hel
done < <(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' "$abs_top_srcdir/tools/command/commands.def")
every "run is offered every option of lib/options.def" "$(offered "$gcprof" run -- 2>&1)" < <(names OPTION lib/options.def | sed 's/^/--/')
is "an option with a value ends with =" '--snapshot= --signal= --sample=' "$gcprof" run --s
is "run is offered no option of check" '' "$gcprof" run --supp
is "check has options of its own" '--suppressions=' "$gcprof" check --supp
is "check has the options of run" '--young=' "$gcprof" check --y
is "values of check are offered" 'error warning note never' "$gcprof" check --fail-on '='
is "an option that is a switch does not" --verbose "$gcprof" run --verb
is "values are offered" 'jemalloc system' "$gcprof" run --allocator '='
is "values are completed" jemalloc "$gcprof" run --allocator '=' je
is "files are offered where an option takes one" app.txt "$gcprof" check --baseline '=' app.t
is "a command of run is completed by its own completion" app.txt "$gcprof" run --verbose ls app.t
is "after its options top is offered a command behind --" --help "$gcprof" top --h
is "gcprof-top is completed as gcprof top is" '--interval= --insist' "$gcprof-top" --in
is "shell is offered the options of gcprof-analyze" --focus= "$gcprof" shell --foc
is "view is offered its options" --no-open "$gcprof" view --no-o
is "and those of gcprof-analyze that the page heeds" --debug-dir= "$gcprof" view --debug
is "but no others" '' "$gcprof" view --merg
is "view is offered snapshots" app.heap "$gcprof" view a
is "options of snapshot" --timeout= "$gcprof" snapshot --t
is "snapshot is offered no process that is not profiled" '' "$gcprof" snapshot $$
is "gcprof-analyze is offered snapshots" app.heap "$analyze" a
is "gcprof-analyze is offered its options" --each "$analyze" --ea
is "gcprof-analyze's values are completed" old "$analyze" --sort '=' o
every "gcprof-analyze is offered every format of formats.def" "$(offered "$analyze" --format '=' 2>&1)" < \
	<(names FORMAT tools/report/formats.def)
every "gcprof-analyze is offered every option of options.def" "$(offered "$analyze" -- 2>&1)" < \
	<(names ANALYZE_OPTION tools/analyze/options.def | sed 's/^/--/')

# ---- zsh and fish ----

skip() { # SENTENCE REASON
	[ "${GCPROF_TESTS_REQUIRE:-0}" != 1 ] || printf 'not '
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# What _arguments is given for a program: --option, one a line.
zsh_options() { # SERVICE WORD...
	zsh -f -c '
		_arguments() { print -rl -- "$@"; state=arguments; words=($given); }
		service=$1; given=("${@:3}")
		complete() { source $1; }
		complete $2' zsh "$1" "$completion/_gcprof" "${@:2}" | grep -oE -- '--[a-z][a-z-]*' | tr '\n' ' '
}

if command -v zsh > /dev/null; then
	every "zsh: gcprof-analyze is offered every option" "$(zsh_options gcprof-analyze)" < \
		<(names ANALYZE_OPTION tools/analyze/options.def | sed 's/^/--/')
	every "zsh: gcprof check is offered those of run, its own and those that it hands on" "$(zsh_options gcprof check)" < \
		<(printf -- '--%s\n' young error-exitcode baseline)
	every "zsh: gcprof-top is offered every option" "$(zsh_options gcprof-top)" < \
		<(names TOP_OPTION tools/top/options.def | sed 's/^/--/')
else
	skip "zsh is offered every option" "zsh is not installed"
fi

fish_offered() { # COMMAND-LINE
	fish --no-config -c "for file in $completion/*.fish; source \$file; end; complete -C '$1'" | cut -f1 | tr '\n' ' '
}

if command -v fish > /dev/null; then
	every "fish: gcprof has commands" "$(fish_offered 'gcprof ')" < <(printf '%s\n' run check snapshot top view shell)
	every "fish: gcprof-analyze is offered every option" "$(fish_offered 'gcprof-analyze -')" < \
		<(names ANALYZE_OPTION tools/analyze/options.def | sed 's/^/--/')
	every "fish: values are offered" "$(fish_offered 'gcprof run --allocator=')" < <(printf -- '--allocator=%s\n' jemalloc system)
	every "fish: gcprof check is offered those of run, its own and those that it hands on" "$(fish_offered 'gcprof check --')" < \
		<(printf -- '--%s\n' young error-exitcode baseline)
	n=$((n + 1))
	case $(fish_offered 'gcprof run ls --yo') in
	*--young*) printf 'not ' ;;
	esac
	echo "ok $n - fish: the command of run is not offered options of gcprof"
else
	skip "fish is offered every option" "fish is not installed"
fi

echo "1..$n"
