# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of init.sh
# real.sh -- what the tests with real programs share; sourced after e2e/init.sh.
#
# SPDX-License-Identifier: MIT

COUNT=$abs_top_builddir/tests/real/count.so
require_built "$COUNT"

# What differs from run to run by itself is kept still.
export PYTHONHASHSEED=0 PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_PAGER=cat TZ=UTC HOME=$T

# The same addresses each time, where that is allowed.
still=()
if command -v setarch >/dev/null && setarch -R true 2>/dev/null; then
	still=(setarch -R)
fi

# All snapshots of a run are whole, and there is something in them.
whole() { # NAME LEAST-NUMBER
	local file n=0 bad=0
	while read -r file; do
		n=$((n + 1))
		valid "$file" || {
			diag "$(basename "$file") is not whole: $(summary "$file" '.process.losses | tostring')"
			bad=$((bad + 1))
		}
		[ "$(summary "$file" .totals.live_bytes)" -gt 0 ] || bad=$((bad + 1))
		[ "$(summary "$file" .totals.live_blocks)" = "$(records "$file" block | wc -l)" ] || bad=$((bad + 1))
	done < <(heaps "$1")
	between "$1: snapshots were written" "$n" "$2" 100000
	is "$1: each snapshot is whole and readable, with live bytes" "$bad" 0
	is "$1: no unfinished file is left" "$(leftovers "$1")" ""
}

# The program under gcprof against the program alone.
same() { # NAME COMMAND...
	local name=$1 plain
	shift
	run_plain "$name-plain" "$@"
	plain=$status
	run_gcprof "$name" "$@"
	is "$name: same exit status" "$status" "$plain"
	ok "$name: same output" cmp "$T/$name-plain.out" "$T/$name.out"
	ok "$name: same messages" cmp "$T/$name-plain.err" "$T/$name.err"
	ok "$name: the program printed something" test -s "$T/$name.out" -o -n "${may_be_silent:-}"
}

count_of() { # NAME COMMAND...: the independent count
	local name=$1
	shift
	# by assignment: an exported variable more would be copied by the program
	preload=$COUNT
	GCPROF_OUTPUT=$T/$name run_gcprof "$name-run" "$@"
	preload=$LIB
	cat "$T/$name"
}

# A single-threaded program, and the count of its allocations.
#
# Some programs hash addresses (compilers, python without its arenas): where the
# heap lies then changes how many allocations they make, by a handful in a million.
# They are known by counts that differ from run to run; for all others the number
# must be the very same.
counted() { # NAME COMMAND...
	local name=$1 file wanted again got
	shift
	same "$name" ${still[@]+"${still[@]}"} "$@"
	file=$(heap "$name")
	whole "$name" 1
	got=$(summary "$file" .totals.allocations)
	wanted=$(count_of "$name.count" ${still[@]+"${still[@]}"} "$@")
	again="$(count_of "$name.count2" "$@") $(count_of "$name.count3" "$@") $(count_of "$name.count4" "$@")"
	if [ "$again" = "$wanted $wanted $wanted" ]; then
		is "$name: as many allocations as the independent count" "$got" "$wanted"
	else
		between "$name: as many allocations as the independent count, which varies with addresses" "$got" \
			$((wanted - wanted / 10000)) $((wanted + wanted / 10000))
	fi
	diag "$name: $wanted allocations, then $again"
}
