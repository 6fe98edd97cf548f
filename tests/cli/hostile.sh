#!/usr/bin/env bash
# hostile.sh -- names that a program chose do no harm where they are shown.
#
# Functions, the program's file and a thread are named so that a terminal, a spreadsheet, a
# log of GitHub's or an XML parser would take them for something else.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require jq objcopy python3 readelf strace

esc=$'\e' bidi=$'\u202e' isolate=$'\u2066' mark=$'\u061c'
cat >"$T/hostile.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
void *volatile p;
#define LEAKS(name) __attribute__((noinline)) void name(void) { p = malloc(1000); memset(p, 1, 1000); p = 0; }
LEAKS(f_formula) LEAKS(f_minus) LEAKS(f_at) LEAKS(f_escape) LEAKS(f_bidi) LEAKS(f_command) LEAKS(f_invalid) LEAKS(f_xml) LEAKS(f_noncharacter)
LEAKS(f_script) LEAKS(f_img) LEAKS(f_comment) LEAKS(f_separator) LEAKS(f_c1)
int main(void)
{
	prctl(PR_SET_NAME, "\033[2J</script>");
	f_formula(), f_minus(), f_at(), f_escape(), f_bidi(), f_command(), f_invalid(), f_xml(), f_noncharacter();
	f_script(), f_img(), f_comment(), f_separator(), f_c1();
	return 0;
}
END
"${CC:-cc}" -O1 -fno-optimize-sibling-calls -c -o "$T/hostile.o" "$T/hostile.c"
objcopy --redefine-sym f_formula="=cmd|'/C calc'!A1" --redefine-sym f_minus=-1+1 --redefine-sym f_at=+SUM \
	--redefine-sym f_escape="red${esc}[31mred" --redefine-sym f_bidi="a${bidi}b${isolate}c${mark}d" \
	--redefine-sym f_command=$'x\n::add-mask::y\r\n##[command]z%0A' --redefine-sym f_invalid=$'bad\xff\xc0\xafbytes' \
	--redefine-sym f_xml=$']]><b>"&\x01' --redefine-sym f_noncharacter=$'non\xef\xbf\xbfchar' \
	--redefine-sym f_script='</script><script>owned=1</script>' --redefine-sym f_img='<img src=x onerror=owned=2>' \
	--redefine-sym f_comment='<!--<script' --redefine-sym f_c1=$'csi\u009b31mdel\x7f' --redefine-sym f_separator=$'line\u2028paragraph\u2029' "$T/hostile.o"
program="$T/p${esc}[31m${bidi}<script>\"'&"
ok "the program builds" "${CC:-cc}" -rdynamic -o "$program" "$T/hostile.o"
GCPROF_OUTPUT=$T/h.heap run_gcprof hostile "$program" '</script><img src=x onerror=owned=3>' "\"'<!--${esc}[31m${bidi}"
ok "the program of hostile names leaves a snapshot" test -s "$T/h.heap"

report() { "$ANALYZE" --format="$1" "${@:2}" "$T/h.heap" >"$T/report.$1" 2>"$T/report.$1.err"; }
for format in text json sarif junit github csv collapsed dhat massif speedscope blocks; do
	ok "$format: is written" report $format
done
mv "$T/report.text" "$T/report.brief"
ok "the full text is written" report text --full
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
for format in brief text json sarif junit github csv collapsed dhat massif speedscope blocks; do
	is "$format: has no control or directional character, and is valid UTF-8" "$(harmful "$T/report.$format")" ""
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

# Comparisons and many processes have tables of their own.
GCPROF_OUTPUT=$T/h2.heap run_gcprof hostile2 "$program"
for way in diff merge; do
	"$ANALYZE" --format=csv --$way "$T/h.heap" "$T/h2.heap" >"$T/$way.csv" 2>"$T/$way.err" || diag_file "$T/$way.err"
	is "csv of --$way: no text begins as a formula does" "$(python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
names = [r[c] for r in rows for c in ("function", "stack")]
print(sum(n[:1] in "=+-@\t\r" for n in names), sum(n.startswith("\x27=cmd") for n in names) > 0)' "$T/$way.csv")" "0 True"
	is "csv of --$way: no control or directional character, and valid UTF-8" "$(harmful "$T/$way.csv")" ""
done

# ---- the page of --format=html
# The analyzer of the sanitizer's test has a page without libraries, which is enough here;
# what a browser makes of names is asked in tests/html.
in_page() { # FILE: what of its data could end a script, or is not what JSON says
	python3 -c 'import json, re, sys
page = open(sys.argv[1], encoding="utf-8", newline="").read()
report = json.load(open(sys.argv[2]))
begin = page.index("id=\"data\">") + len("id=\"data\">")
end = page.index("</script>", begin)
data = page[begin:end]
print("ends:", page.count("</script>"))
print("loose:", *map(ascii, sorted(set(re.findall("[<\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", data)))))
data = json.loads(data)
names = {f.get("function") for s in report["sites"] for f in s["frames"]}
print("missing:", names - {None} - set(data["strings"]))
print("same:", data["process"] == report["process"] and "<img src=x" in str(data["process"]))' "$1" "$T/report.json"
}
ok "html: is written" "$abs_top_builddir/tests/fuzz/analyze_sanitized" --format=html -o "$T/report.html" "$T/h.heap"
is "html: names end no script and begin no comment, and are those of JSON" "$(in_page "$T/report.html" | tr '\n' ' ')" \
	"ends: 1 loose: missing: set() same: True "

# ---- messages
"$ANALYZE" "$T/no${esc}[31m${bidi}such.heap" >/dev/null 2>"$T/err"
is "gcprof-analyze: a file's name in a message is harmless" "$(harmful "$T/err") $(grep -c 'such.heap' "$T/err")" " 1"
"$RUN" run -- "$T/no${esc}[31m${bidi}such" >/dev/null 2>"$T/err"
is "gcprof: a command's name in a message is harmless" "$(harmful "$T/err") $(grep -c 'such' "$T/err")" " 1"
strange="no${esc}[31m${bidi}${isolate}"$'\xff'such
complaint() { # NAME COMMAND...: what is harmful in its message, and whether the word is in it
	"${@:2}" >/dev/null 2>"$T/err" </dev/null
	is "$1: a message is harmless" "$(harmful "$T/err") $(grep -c "no$(printf '\ufffd')\[31m.*such" "$T/err")" " 1"
}
complaint "gcprof-analyze, an option" "$ANALYZE" "--$strange"
complaint "gcprof-analyze, a format" "$ANALYZE" --format="$strange" "$T/h.heap"
complaint "gcprof-analyze, a word" "$ANALYZE" --color="$strange" "$T/h.heap"
complaint "gcprof-analyze, a directory for sqlite" env TMPDIR="$T/$strange" "$ANALYZE" --format=sqlite:"$T/h.db" "$T/h.heap"
for way in run check snapshot top; do
	complaint "gcprof $way, an option" "$RUN" $way "--$strange"
done
complaint "gcprof top, a PID" "$RUN" top --batch "$strange"
complaint "gcprof top, a value" "$RUN" top --interval="$strange" 1
complaint "gcprof top, a command" "$RUN" top --batch -- "$T/$strange"
complaint "gcprof top, a file" "$RUN" top --batch --output="$T/$strange/none" -- true
cp "$(type -P sleep)" "$T/no${esc}[31msuch"
"$T/no${esc}[31msuch" 1000 &
started+=("$!")
complaint "gcprof top, a process" "$RUN" top --batch "$!"
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
is "names do not come from a file with another build-id" "$(grep -c 'truth' "$T/module.json")" 0
# ---- modules that nobody can verify, and separate debug files
cat >"$T/apart.c" <<'END'
#include <stdlib.h>
#include <string.h>
void *volatile p;
__attribute__((noinline)) static void named_apart(void) { p = malloc(1000); memset(p, 1, 1000); p = 0; }
int main(void) { named_apart(); return 0; }
END
# apart NAME FLAG...: NAME, stripped, with a debug link to NAME.debug; and NAME.heap
apart() {
	local name=$1
	shift
	mkdir -p "$T/apart/$name"
	(cd "$T/apart/$name" && "${CC:-cc}" -g -O1 -fno-optimize-sibling-calls "$@" -o program "$T/apart.c" &&
		objcopy --only-keep-debug program program.debug && objcopy -S --add-gnu-debuglink=program.debug program) >"$T/apart.err" 2>&1 ||
		diag_file "$T/apart.err"
	GCPROF_OUTPUT=$T/$name.heap run_gcprof "apart-$name" "$T/apart/$name/program"
}
read_apart() { # NAME OPTION...: how the analysis ends; 124 is a hang
	timeout 60 "$ANALYZE" --format=json "${@:2}" "$T/$1.heap" >"$T/apart.json" 2>&1
	echo $?
}
names_apart() { # NAME OPTION...: how the analysis ends, and whether it found the debug file's names
	echo "$(read_apart "$@") $(grep -c '"named_apart"' "$T/apart.json" | sed 's/^[1-9].*/named/')"
}
state_of() { # NAME: what the last JSON report says of its module
	jq -r --arg path "$T/apart/$1/program" '.modules[] | select(.path == $path).symbols' "$T/apart.json"
}
apart id -Wl,--build-id
apart none -Wl,--build-id=none
is "a debug file with the right build-id is used" "$(names_apart id) $(state_of id)" "0 named found"
is "a debug file with the right checksum is used where there is no build-id" "$(names_apart none)" "0 named"
is "json: a module without a build-id in the snapshot is not verified" "$(state_of none)" unverified
"$ANALYZE" --full "$T/none.heap" >"$T/apart.text" 2>&1
is "text: nor there" "$(grep -cE '^  program +none  not verified' "$T/apart.text")" 1
"$ANALYZE" --full "$T/id.heap" >"$T/apart.text" 2>&1
is "text: which is said of no other" "$(grep -c 'not verified' "$T/apart.text")" 0

for name in id none; do
	debug=$T/apart/$name/program.debug
	mv "$debug" "$T/right.debug"
	for place in program.debug .debug/program.debug; do
		mkdir -p "$T/apart/$name/.debug"
		mkfifo "$T/apart/$name/$place"
		is "$name: a FIFO at $place is not waited for" "$(names_apart $name)" "0 0"
		rm "$T/apart/$name/$place"
		ln -s /dev/zero "$T/apart/$name/$place"
		is "$name: a device at $place is not read" "$(names_apart $name)" "0 0"
		rm "$T/apart/$name/$place"
	done
	# Another build's: the same names at other places.
	"${CC:-cc}" -g -O0 -DOTHER -Wl,--build-id=sha1 -o "$T/other" "$T/apart.c"
	cp "$T/other" "$debug"
	is "$name: a debug file of another build is not used" "$(names_apart $name)" "0 0"
	# Without a link there is nothing but the name, and maybe the build-id.
	objcopy --remove-section=.gnu_debuglink "$T/apart/$name/program"
	is "$name: a debug file is not used by its name alone" "$(names_apart $name)" "0 0"
	mv "$T/right.debug" "$debug"
done
is "id: a debug file is used by its name and build-id" "$(names_apart id)" "0 named"
is "none: by its name alone even the right debug file is not used" "$(names_apart none)" "0 0"

id=$(readelf -n "$T/apart/id/program" | sed -n 's/.*Build ID: //p')
mkdir -p "$T/debug/.build-id/${id:0:2}"
by_id=$T/debug/.build-id/${id:0:2}/${id:2}
mv "$T/apart/id/program.debug" "$T/right.debug"
for file in "$by_id" "$by_id.debug"; do
	mkfifo "$file"
	rm -f "$T/apart/id/program.away"
	mv "$T/apart/id/program" "$T/apart/id/program.away"
	is "a FIFO by build-id is not waited for: ${file##*"${id:2}"}" "$(names_apart id --debug-dir="$T/debug")" "0 0"
	mv "$T/apart/id/program.away" "$T/apart/id/program"
	is "a FIFO by build-id is not waited for where the program exists" "$(names_apart id --debug-dir="$T/debug")" "0 0"
	rm "$file"
done
cp "$T/right.debug" "$by_id.debug"
is "the right file by build-id is used" "$(names_apart id --debug-dir="$T/debug")" "0 named"
cp "$T/other" "$by_id.debug"
is "another build's is not" "$(names_apart id --debug-dir="$T/debug")" "0 0"

# Debug information that lies in yet another file: split, or shared by several programs.
(cd "$T" && mkdir split && cd split && "${CC:-cc}" -g -gsplit-dwarf -O1 -fno-optimize-sibling-calls -c -o apart.o "$T/apart.c" &&
	"${CC:-cc}" -g -Wl,--build-id -o program apart.o) >"$T/apart.err" 2>&1 || diag_file "$T/apart.err"
GCPROF_OUTPUT=$T/split.heap run_gcprof apart-split "$T/split/program"
inlined() { jq -r '[.sites[].frames[] | select(.function == "named_apart").line] | any(. != null and . > 0)' "$T/apart.json"; }
is "split debug information is read" "$(names_apart split) $(inlined)" "0 named true"
rm "$T/split/apart.dwo"
mkfifo "$T/split/apart.dwo"
is "a FIFO in its place is not waited for" "$(read_apart split)" 0
printf 'shared.debug\0aaaaaaaaaaaaaaaaaaaa' >"$T/altlink"
(cd "$T/split" && "${CC:-cc}" -g -O1 -Wl,--build-id -o program "$T/apart.c" && objcopy --add-section .gnu_debugaltlink="$T/altlink" program)
GCPROF_OUTPUT=$T/shared.heap run_gcprof apart-shared "$T/split/program"
mkfifo "$T/split/shared.debug"
is "a FIFO in place of a shared debug file is not waited for" "$(read_apart shared)" 0
done_testing
