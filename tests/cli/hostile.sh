#!/usr/bin/env bash
# hostile.sh -- names that a program chose do no harm where they are shown.
#
# Functions, the program's file and a thread are named so that a terminal, a spreadsheet, a
# log of GitHub's or an XML parser would take them for something else.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require objcopy strace python3

esc=$'\e' bidi=$'\u202e' isolate=$'\u2066' mark=$'\u061c'
cat >"$T/hostile.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
void *volatile p;
#define LEAKS(name) __attribute__((noinline)) void name(void) { p = malloc(1000); memset(p, 1, 1000); p = 0; }
LEAKS(f_formula) LEAKS(f_minus) LEAKS(f_at) LEAKS(f_escape) LEAKS(f_bidi) LEAKS(f_command) LEAKS(f_invalid) LEAKS(f_xml) LEAKS(f_noncharacter)
int main(void)
{
	prctl(PR_SET_NAME, "\033[2Jthread");
	f_formula(), f_minus(), f_at(), f_escape(), f_bidi(), f_command(), f_invalid(), f_xml(), f_noncharacter();
	return 0;
}
END
"${CC:-cc}" -O1 -fno-optimize-sibling-calls -c -o "$T/hostile.o" "$T/hostile.c"
objcopy --redefine-sym f_formula="=cmd|'/C calc'!A1" --redefine-sym f_minus=-1+1 --redefine-sym f_at=+SUM \
	--redefine-sym f_escape="red${esc}[31mred" --redefine-sym f_bidi="a${bidi}b${isolate}c${mark}d" \
	--redefine-sym f_command=$'x\n::add-mask::y\r\n##[command]z%0A' --redefine-sym f_invalid=$'bad\xff\xc0\xafbytes' \
	--redefine-sym f_xml=$']]><b>"&\x01' --redefine-sym f_noncharacter=$'non\xef\xbf\xbfchar' "$T/hostile.o"
program="$T/p${esc}[31m${bidi}"
ok "the program builds" "${CC:-cc}" -rdynamic -o "$program" "$T/hostile.o"
GCPROF_OUTPUT=$T/h.heap run_gcprof hostile "$program"
ok "its snapshot is there" test -s "$T/h.heap"

report() { "$ANALYZE" --format="$1" "${@:2}" "$T/h.heap" >"$T/report.$1" 2>"$T/report.$1.err"; }
for format in text json sarif junit github csv collapsed dhat massif speedscope blocks; do
	ok "$format: is written" report $format
done
# None of what follows may be there as it is: lines and tabs are the reports' own.
harmful() { # FILE: what it holds of control and directional characters, and of invalid UTF-8
	python3 -c 'import re, sys
data = open(sys.argv[1], "rb").read()
try:
    text = data.decode()
except UnicodeDecodeError as e:
    print("invalid:", e); sys.exit()
found = re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
print(*map(ascii, sorted(set(found))))' "$1"
}
for format in text json sarif junit github csv collapsed dhat massif speedscope blocks; do
	is "$format: no control or directional character, and valid UTF-8" "$(harmful "$T/report.$format")" ""
done
is "text: what was replaced can be seen" "$(grep -c $'red\ufffd\\[31mred' "$T/report.text" | sed 's/^[1-9].*/some/')" some
ok "junit: is XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$T/report.junit"
is "github: each line is one of ours" "$(grep -cvE '^::(error|warning|notice) ' "$T/report.github")" 0
is "github: and no other command is in it at a line's beginning" "$(tr '\r' '\n' <"$T/report.github" | grep -cE '^(::add-mask|##\[)')" 0
for format in text collapsed; do
	is "$format: a name makes no line of its own" "$(tr '\r' '\n' <"$T/report.$format" | grep -cE '^[[:space:]]*(::add-mask|##\[)')" 0
done
is "csv: no cell begins as a formula does" "$(python3 -c 'import csv, sys
print(sum(c[:1] in "=+-@\t\r" for row in csv.reader(open(sys.argv[1], newline="")) for c in row if c))' "$T/report.csv")" 0
is "csv: an apostrophe keeps it text" "$(grep -c "\"'=cmd" "$T/report.csv")" 1

# ---- messages
"$ANALYZE" "$T/no${esc}[31m${bidi}such.heap" >/dev/null 2>"$T/err"
is "gcprof-analyze: a file's name in a message is harmless" "$(harmful "$T/err") $(grep -c 'such.heap' "$T/err")" " 1"
"$RUN" run -- "$T/no${esc}[31m${bidi}such" >/dev/null 2>"$T/err"
is "gcprof: a command's name in a message is harmless" "$(harmful "$T/err") $(grep -c 'such' "$T/err")" " 1"
GCPROF_VERBOSE=1 GCPROF_YOUNG="ba${esc}[31mnana" run_gcprof verbose "$program"
is "the library: names and values in its lines are harmless" "$(grep -a gcprof "$T/verbose.err" >"$T/err"; harmful "$T/err")" ""

# ---- modules
# The program's file has become something else by the time of the analysis.
opened() { # what of the program's place was opened, by the analyzer
	timeout 60 strace -f -qq -e trace=open,openat -o "$T/strace" "$ANALYZE" --format=json "$T/h.heap" >"$T/module.json" 2>&1
	echo "$? $(grep -F 'p\33[31m' "$T/strace" | grep -vcE 'ENOENT|O_PATH')"
}
rm "$program"
mkfifo "$program"
is "a module that is a FIFO is not opened, nor waited for" "$(opened)" "0 0"
rm "$program"
ln -s /dev/zero "$program"
is "a module that leads to a device is not opened" "$(opened)" "0 0"
rm "$program"
cp "$TARGETS/quiet" "$program"
opened >/dev/null
is "nor do names come from a file with another build-id" "$(grep -c 'truth' "$T/module.json")" 0
done_testing
