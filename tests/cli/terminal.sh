#!/bin/bash
# terminal.sh -- the text report on a terminal: colours, columns, the pager; and that
# nothing of these is in files and pipes.
#
# script(1) makes the terminal, tmux one that can be typed into.
#
# SPDX-License-Identifier: MIT
# Dollars of inner shells stand in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

# shellcheck source=tests/cli/points.sh
. "$(dirname "$0")/points.sh"

[ -x "$unit/test_heap" ] || skip_all "cmocka is missing, and with it who writes the snapshots"
command -v script > /dev/null || skip_all "script(1) is missing (Debian: bsdutils, bsdextrautils)"
unset NO_COLOR COLUMNS LINES PAGER GCPROF_PAGER LESS
TERM=xterm
export TERM analyze

# A command on a terminal; what that shows is in `screen`, as lines.
on_terminal() { # ROWS COLUMNS COMMAND
	timeout 60 script -qec "stty rows $1 cols $2; $3" /dev/null < /dev/null | tr -d '\r' > screen
	[ -s screen ] || { echo "nothing was shown"; return 1; }
}

escape=$'\033'
has_escapes() { grep -q "$escape" "$1" || { echo "no escape sequences in $1"; head -n 5 "$1"; false; }; }
has_none() { ! grep -n "$escape" "$1"; }
without_escapes() { sed "s/$escape\\[[0-9;]*m//g" "$1"; }
says() { grep -Eq -- "$1" "$2" || { echo "no '$1' in"; cat "$2"; false; }; }
longest() { awk '{ if (length > most) most = length } END { print most }' "$1"; }

"$unit/test_heap" --sample > sample.heap || exit 1
"$unit/test_detect" --snapshot > own.heap || exit 1
"$analyze" own.heap > plain || exit 1
cat > pager <<'EOF'
#!/bin/sh
cat > paged
echo "LESS=$LESS" > less
EOF
chmod +x pager
PATH=$work:$PATH

# ---------------------------------------------------------------- colours

colours() { on_terminal 500 80 '"$analyze" own.heap' && has_escapes screen; }
ok "a report on a terminal has colours" colours
same() { without_escapes screen | sed -E 's/ +$//' > a && "$analyze" --color=always own.heap | has_escapes /dev/stdin &&
	"$analyze" --color=always own.heap > always && without_escapes always | cmp - plain; }
ok "colours only add to the text" same
red() { grep -q "$escape\\[1;31merror$escape\\[0m: " always; }
ok "an error is red" red
no_color() { on_terminal 500 80 'NO_COLOR=1 "$analyze" own.heap' && has_none screen; }
ok "NO_COLOR takes them away" no_color
empty_no_color() { on_terminal 500 80 'NO_COLOR= "$analyze" own.heap' && has_escapes screen; }
ok "an empty NO_COLOR does not take colours away" empty_no_color
dumb() { on_terminal 500 80 'TERM=dumb "$analyze" own.heap' && has_none screen; }
ok "TERM=dumb takes them away" dumb
never() { on_terminal 500 80 '"$analyze" --color=never own.heap' && has_none screen; }
ok "--color=never takes them away" never
forced() { on_terminal 500 80 'NO_COLOR=1 TERM=dumb "$analyze" --color=always own.heap' && has_escapes screen; }
ok "--color=always is stronger than both" forced
pipe() { has_none plain && on_terminal 500 80 '"$analyze" own.heap | cat' && has_none screen; }
ok "a pipe has no colours" pipe
files() {
	on_terminal 500 80 '"$analyze" -o file --format=text own.heap; "$analyze" --format=text:file2 own.heap; echo done' &&
		cmp file plain && cmp file2 plain
}
ok "a file named on a terminal has no colours" files
in_files() { "$analyze" --color=always -o file own.heap && cmp file always; }
ok "--color=always colours a file" in_files
questions() { on_terminal 500 80 '"$analyze" --block=0x1 own.heap' && has_none screen; }
ok "an answer without headings has none" questions
wrong() { ! "$analyze" --color=blue own.heap 2> err && says "one of auto, always, never" err; }
ok "--color takes no other word" wrong

# ---------------------------------------------------------------- columns

wide() {
	on_terminal 500 130 '"$analyze" --color=never sample.heap' && [ "$(longest screen)" -le 130 ] &&
		[ "$(longest screen)" -gt 80 ]
}
ok "a wide terminal is used, and not exceeded" wide
narrow() { on_terminal 500 64 '"$analyze" --color=never own.heap' && [ "$(longest screen)" -le 64 ]; }
ok "a narrow one is not exceeded" narrow
columns() { on_terminal 500 64 'COLUMNS=130 "$analyze" --color=never own.heap' && cp screen a &&
	on_terminal 500 130 '"$analyze" --color=never own.heap' && cmp a screen; }
ok "COLUMNS goes before what the terminal says" columns
pipe_columns() { COLUMNS=130 "$analyze" own.heap | cmp - plain; }
ok "a pipe has the same lines for any COLUMNS" pipe_columns
piped_on_terminal() { on_terminal 500 130 '"$analyze" own.heap | cat' && cmp screen plain; }
ok "a pipe has the same text whatever the terminal" piped_on_terminal

# ---------------------------------------------------------------- the pager

paged() {
	rm -f paged less
	GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" own.heap; echo end' && without_escapes paged > a &&
		says '^Evidence, stacks' a && has_escapes paged && says '^end' screen && ! grep -q '^Evidence, stacks' screen
}
ok "a report longer than the screen is all in the pager" paged
less_default() { [ "$(cat less)" = LESS=FRX ]; }
ok "LESS is FRX there" less_default
less_kept() { LESS=i GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" own.heap; echo end' && [ "$(cat less)" = LESS=i ]; }
ok "LESS is the user's own if it is set" less_kept
generic() { rm -f paged && PAGER=pager on_terminal 10 80 '"$analyze" own.heap; echo end' && [ -s paged ]; }
ok "PAGER does" generic
own_first() { rm -f paged && PAGER=false GCPROF_PAGER='pager --option' on_terminal 10 80 '"$analyze" own.heap; echo end' &&
	[ -s paged ]; }
ok "GCPROF_PAGER goes before it, and may have options" own_first
none() { GCPROF_PAGER="$1" PAGER=pager on_terminal 10 80 '"$analyze" own.heap' && [ ! -e paged ] && says 'Evidence, stacks' screen; }
empty() { rm -f paged && none '' && none cat; }
ok "an empty one is none, and so is cat" empty
short() { rm -f paged && GCPROF_PAGER=pager on_terminal 500 80 '"$analyze" own.heap' && [ ! -e paged ] && says 'Evidence, stacks' screen; }
ok "a report that fits on the screen has no pager" short
question() { rm -f paged && GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --block=0x1 own.heap' && [ ! -e paged ]; }
ok "a short answer has no pager" question
always() { rm -f paged && GCPROF_PAGER=pager on_terminal 500 80 '"$analyze" --pager own.heap; echo end' && [ -s paged ]; }
ok "--pager wants it even then" always
no_pager() { rm -f paged && GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --no-pager own.heap' && [ ! -e paged ]; }
ok "--no-pager does not" no_pager
piped() { rm -f paged && GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --pager own.heap | cat' && [ ! -e paged ] &&
	says 'Evidence, stacks' screen; }
ok "a pipe has no pager" piped
filed() { rm -f paged && GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --pager -o file own.heap; echo end' && [ ! -e paged ]; }
ok "a file has no pager" filed
json() { rm -f paged && GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --format=json own.heap' && [ ! -e paged ]; }
ok "other formats have no pager" json
missing() {
	GCPROF_PAGER=no-such-pager on_terminal 10 80 '"$analyze" own.heap' &&
		[ "$(grep -c no-such-pager screen)" -eq 1 ] && says '^Process' screen && without_escapes screen > a && says '^Evidence, stacks' a
}
ok "a pager that is not there is named once, and the text shown" missing
missing_in_shell() {
	GCPROF_PAGER='no-such-pager -R' on_terminal 10 80 '"$analyze" own.heap' &&
		[ "$(grep -c no-such-pager screen)" -eq 1 ] && without_escapes screen > a &&
		[ "$(grep -c '^Process' a)" -eq 1 ] && says '^Evidence, stacks' a
}
ok "a missing pager that needs a shell is named once, and the text shown" missing_in_shell
kept() {
	for p in pager 'head -n 1' no-such-pager; do
		GCPROF_PAGER=$p on_terminal 10 80 '"$analyze" --fail-on=error own.heap; echo "status $?"' &&
			says '^status 1$' screen || return 1
		GCPROF_PAGER=$p on_terminal 10 80 '"$analyze" own.heap; echo "status $?"' && says '^status 0$' screen || return 1
	done
}
ok "the status is the analyzer's, whatever becomes of the pager" kept
# 400 reports are more than a pipe holds: the second half finds nobody who reads.
many=$(for _ in {1..400}; do printf ' sample.heap'; done)
left() {
	GCPROF_PAGER='head -n 2' on_terminal 10 80 "\"\$analyze\" --each $many; echo \"status \$?\"" &&
		says '^status 0$' screen && ! grep -qi 'broken\|error' screen
}
ok "leaving the pager early causes no message" left
messages() {
	rm -f paged
	GCPROF_PAGER=pager on_terminal 10 80 "\"\$analyze\" --each $many missing.heap; echo \"status \$?\"" &&
		says "missing.heap': No such file" paged && says '^status 2$' screen && ! grep -q missing.heap screen
}
ok "messages go into the pager, not across it" messages
suppressions() {
	rm -f paged
	GCPROF_PAGER=pager on_terminal 10 80 '"$analyze" --gen-suppressions own.heap; echo end' && says '^leak:' paged &&
		! grep -q '^leak:' screen
}
ok "suppressions that are generated come after the report, in the pager" suppressions

# ---------------------------------------------------------------- keys

# What a person does: Ctrl-C does not take the screen from less, q gives it back.  The shell
# has the signal as well, and a trap lets it live.
interrupted() {
	local t="tmux -L gcprof-$$" i
	$t -f /dev/null new-session -d -x 80 -y 12 "trap : INT; LESS=R PAGER=less $analyze own.heap; echo status \$?; exec cat" || return 1
	wait_for ':$' && $t send-keys C-c && wait_for 'END' G && $t send-keys q && wait_for '^status 130'
	i=$?
	$t kill-server
	return $i
}
wait_for() { # PATTERN [KEY]: on the screen of tmux, within half a minute; type KEY until then
	for _ in {1..300}; do
		[ $# -lt 2 ] || tmux -L "gcprof-$$" send-keys "$2"
		tmux -L "gcprof-$$" capture-pane -p > pane 2> /dev/null
		grep -q -- "$1" pane && return 0
		sleep 0.1
	done
	echo "no '$1' on the screen:"
	cat pane
	return 1
}
if command -v tmux > /dev/null && command -v less > /dev/null; then
	ok "Ctrl-C is the pager's, and we end after it" interrupted
else
	n=$((n + 1))
	[ "${GCPROF_TESTS_REQUIRE:-0}" = 1 ] && { echo "Bail out! needed but missing: tmux, less"; exit 1; }
	echo "ok $n - Ctrl-C is the pager's # SKIP tmux or less is missing"
fi
plan $n
