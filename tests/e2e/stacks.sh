#!/usr/bin/env bash
# stacks.sh -- complete stacks, frame by frame those of libunwind and of libgcc.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

unset LD_BIND_NOW
biases_agree() { # FILE TRUTH: the snapshot's load addresses against the loader's
	local bias path
	records "$1" module | cut -f4 | sort >"$T/biases"
	while read -r _ bias path; do
		case $path in
		*/exe | */libc.so* | */libstacks.so) grep -qx "$bias" "$T/biases" || {
			echo "no module with bias $bias ($path)"
			return 1
		} ;;
		*) ;; # no block need come from it
		esac
	done < <(grep '^module' "$2")
}

n_walks=$([ "${GCPROF_TESTS_LONG:-0}" = 1 ] && echo 30 || echo 3)
for target in stacks-plain stacks-optimized stacks-fp stacks-dso; do
	if [ ! -x "$TARGETS/$target" ]; then
		skip "$target: stacks are those of libunwind" "not built: no libunwind"
		continue
	fi
	for ((seed = 1; seed <= n_walks; seed++)); do
		run_gcprof "$target-$seed" "$TARGETS/$target" 600 "$seed"
		is "$target, seed $seed: the walk ends well" "$status $(cat "$T/$target-$seed.out")" "0 walked"
		ok "$target, seed $seed: every stack is that of libunwind, to the outermost frame" \
			stacks "$(heap "$target-$seed")" "$T/$target-$seed.truth"
	done
	ok "$target: modules are where the loader put them" biases_agree "$(heap "$target-1")" "$T/$target-1.truth"
done

for target in throwing throwing-plain; do
	require_built "$TARGETS/$target"
	run_gcprof "$target" "$TARGETS/$target"
	is "$target: ends well" "$status $(cat "$T/$target.out")" "0 thrown"
	ok "$target: stacks in destructors and handlers, while exceptions fly, are those of libgcc" \
		stacks "$(heap "$target")" "$T/$target.truth"
done

# depth: 256 frames at least, then a mark
chain() { # FILE ADDRESS: "stack" line of one block
	"$HEAPDUMP" --stacks "$1" | awk -v a="${2#0x}" '$2 == a'
}
for depth in 10 200 300 5000; do
	run_gcprof "deep-$depth" "$TARGETS/recursion" "$depth"
	address=$(awk '$1 == "block" { print $3 }' "$T/deep-$depth.truth")
	stack=$(chain "$(heap "deep-$depth")" "$address")
	frames=$(($(wc -w <<<"$stack") - 2))
	cut=$(grep -c 'special:3$' <<<"$stack")
	if [ "$depth" -le 200 ]; then
		# bottom, descend times depth + 1, main, two of libc, _start
		is "recursion of $depth: all frames are there" "$frames $cut" "$((depth + 6)) 0"
	else
		between "recursion of $depth: at least 256 frames are there" "$((frames - cut))" 256 $((depth + 6))
		[ "$((frames - cut))" -eq "$((depth + 6))" ] && wanted=0 || wanted=1
		is "recursion of $depth: marked as cut if not all are there" "$cut" "$wanted"
	fi
	is "recursion of $depth: none is broken" "$(grep -c 'special:4' <<<"$stack")" 0
done

# a frame pointer that was none, in code that says nothing of its frames
require_built "$TARGETS/guess"
run_gcprof guess "$TARGETS/guess"
is "what a wrong frame pointer led to may be unmapped" "$status $(cat "$T/guess.out")" "0 done"

# code made at run time, with frame pointers and no tables
run_gcprof jit "$TARGETS/jit"
if [ "$status" = 77 ]; then
	skip "stacks go through code made at run time" "not made for this machine"
else
	is "jit: ends well" "$status" 0
	file=$(heap jit)
	read -r _ from to < <(grep '^code' "$T/jit.truth")
	good=0
	while read -r _ _ address bytes _; do
		site=$(records "$file" block | awk -v a="${address#0x}" '$1 == a { print $7 }')
		stack=$(chain "$file" "$address")
		in_code=0
		for frame in ${stack#stack * }; do
			case $frame in special*) continue ;; esac
			if [ $((16#$frame)) -ge $((16#$from)) ] && [ $((16#$frame)) -lt $((16#$to)) ]; then
				in_code=$((in_code + 1))
			fi
		done
		if [ "$bytes" = 4321 ]; then
			[ "$in_code" = 1 ] && [ "$(function_of "$file" "$site" 1)" = call_made_code ] &&
				[ "$(function_of "$file" "$site" 2)" = main ] && good=$((good + 1))
		else
			[ "$in_code" = 2 ] && [ "$(function_of "$file" "$site" 1)" = call_made_code ] &&
				[ "$(function_of "$file" "$site" 2)" = c_in_between ] &&
				[ "$(function_of "$file" "$site" 4)" = call_made_code ] &&
				[ "$(function_of "$file" "$site" 5)" = main ] && good=$((good + 1))
		fi
	done < <(grep '^block' "$T/jit.truth")
	is "jit: stacks go through code made at run time up to main" "$good" 6
fi
done_testing
