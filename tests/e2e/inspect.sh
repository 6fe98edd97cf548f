#!/usr/bin/env bash
# inspect.sh -- single blocks: --block, --who-points-at, --path and the shell, against
# what the program says of its blocks.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/inspected"

run_gcprof c "$TARGETS/inspected"
is "the program ends well" "$status" 0
file=$(heap c)

truth() { # NAME FIELD
	awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$T/c.truth"
}
at() { # NAME [OFFSET]
	printf '0x%x' $(($(truth "$1" 2) + ${2:-0}))
}
ask() {
	"$ANALYZE" "$@" "$file" >"$T/seen" 2>&1
}
says() { # PATTERN
	grep -Eq -- "$1" "$T/seen" || {
		sed 's/^/# /' "$T/seen"
		false
	}
}

for name in first second small large; do
	ask --block="$(at $name)"
	ok "the size of $name is what it asked for, and what it may use" \
		says "^  size +$(truth $name 3 | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)$/\1,\2/') bytes by (malloc|calloc); $(truth $name 4 | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)$/\1,\2/') usable$"
done
ask --block="$(at first)"
ok "a block points at two others" says '^  2 pointers to blocks$'
ok "a block's pointer to the second block is shown" says "^    \+0x0 +-> $(at second), 16 bytes allocated in make_node$"
ok "a block's pointer to its payload is shown" says "^    \+0x8 +-> $(at small), 1,001 bytes allocated in make_payload$"
ok "a block retains what no variable holds as well" says '^  retains +2\.0 KiB in 3 blocks'
ok "a block's stack is shown" says '^ +make_node  .*inspected\.c:[0-9]+$'
ok "a block's type is shown without the function, which its stack shows" says '^  type +[^ ,][^,]*$'
ok "a block's state is shown" says '^  state +still reachable$'

ask --block="$(at large 77)"
ok "an address inside a block is shown with its offset" says "^$(at large 77) is 0x4d inside of$"

ask --who-points-at="$(at small 7)"
ok "who-points-at shows a block that points to the start" says "^  \+0x8 of block $(at first), 16 bytes allocated in make_node$"
ok "who-points-at shows a variable that points inside" says '^  inside in inspected, to \+0x64 inside$'
is "who-points-at shows no other pointers" "$(grep -c '^  [^ ]' "$T/seen")" 2
ask --who-points-at="$(at second)"
is "one word points to the second block" "$(grep -c '^  [^ ]' "$T/seen")" 1

ask --path="$(at large)"
ok "a path begins at a variable" says '^  list in inspected, at 0x[0-9a-f]+$'
ok "a path ends at the block" says "^  -> $(at large), 2,003 bytes allocated in make_payload$"

ask --block="$(at variable)"
ok "an address of a variable is in no block, and has a name" says "^$(at variable) is in no live block: it is in (variable in inspected|.*inspected\+0x)"
ask --block="$(at freed)"
ok "the address of a freed block is in no live block" says 'is in no live block: freed, or never allocated$'
ask --block=5
ok "the number 5 in a register is in no live block" says '^0x5 is in no live block: freed'

ok "an invalid address is refused" bash -c "! '$ANALYZE' --block=0x5g '$file' 2>&1"
ok "a format beside a question is refused" bash -c "! '$ANALYZE' --block=5 --format=json '$file' 2>&1"

# ---- the shell
printf 'block %s\nwho %s\npath %s\nnonsense\nblock\nquit\nhelp\n' "$(at first)" "$(at second)" "$(at large)" |
	"$RUN" shell "$file" >"$T/seen" 2>&1
is "the shell ends well" $? 0
ok "the shell answers as the options do" says "^    \+0x8 +-> $(at small), 1,001 bytes allocated in make_payload$"
ok "the shell answers several commands in turn" says "^  -> $(at large), 2,003 bytes"
ok "the shell names an unknown command" says "^unknown command 'nonsense'; help lists them$"
ok "the shell names a missing argument" says '^block: missing argument; usage: block ADDRESS$'
ok "the shell ends at quit" bash -c "! grep -q 'who .*ADDRESS.*point' '$T/seen'"
printf 'findings\nsites old\nsite S1\nreport\n' | "$RUN" shell "$file" >"$T/seen" 2>&1
ok "the shell prints reports and their parts" says '^Sites by old bytes$'

# On a terminal there is a prompt, and Tab completes.
printf 'whi\025fin\t\nqu\t\n' >"$T/keys"
if grep -q 'HAVE_LIBEDIT 1' "$abs_top_builddir/config.h"; then
	script -qec "stty -echo; '$RUN' shell '$file'" /dev/null <"$T/keys" >"$T/seen" 2>&1
	ok "the shell has a prompt on a terminal" says 'gcprof> '
	ok "Tab completes a command in the shell" says 'definitely lost +0'
fi

done_testing
