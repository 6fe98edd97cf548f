#!/usr/bin/env bash
# view.sh -- the server of gcprof view: who may ask, what it answers, when it ends.
#
# Its answers are held against heapdump's records and gcprof-analyze's reports.  The page in a
# browser is in tests/html/view.mjs.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require curl "${CC:=cc}"
grep -q 'HAVE_VIEW 1' "$abs_top_builddir/config.h" || skip_all "this build has no gcprof view"

# Sources of the test's own, so that their names and lines are known.
mkdir -p "$T/src"
cat >"$T/src/items.h" <<'EOF'
static inline void *
make(unsigned long n)
{
	return malloc(n);
}
EOF
cat >"$T/src/items.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "items.h"

struct item {
	struct item *next;
	char text[24];
};
struct item *items;
char *kept;

static __attribute__((noinline)) void
add(int i)
{
	struct item *x = calloc(1, sizeof(*x) + 16 * (size_t)i); /* the line of items */

	x->next = items;
	items = x;
}

static __attribute__((noinline)) void
lose(void)
{
	for (int i = 0; i < 3; i++) {
		char *x = make(48); /* one is kept */

		if (x)
			strcpy(x, "words of a block");
		if (i == 1)
			kept = x;
	}
}

int
main(void)
{
	volatile char rest[4096];

	for (int i = 0; i < 40; i++) {
		add(i % 20);
		free(malloc(1 << 20)); /* an epoch */
	}
	lose();
	memset((char *)rest, 0, sizeof(rest));
	return 0;
}
EOF
(cd "$T/src" && "$CC" -g -O0 -o "$T/items" "$T/src/items.c") 2>"$T/cc.err" || diag_file "$T/cc.err"
"$RUN" run --content=64 --young=1M --output="$T/items.heap" -- "$T/items" 2>/dev/null
file=$T/items.heap

# serve NAME ARGUMENT...: sets $pid, $address, $port
serve() {
	local name=$1
	shift
	rm -f "$T/$name.out"
	env --default-signal=INT timeout -k 5 "$GCPROF_TESTS_TIMEOUT" "$RUN" view "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null &
	pid=$!
	started+=("$pid")
	eventually grep -q / "$T/$name.out" || diag_file "$T/$name.err"
	address=$(cat "$T/$name.out")
	port=${address#http://127.0.0.1:} port=${port%%/*}
}
get() { # PATH [CURL-ARGUMENT...]: sets $code; the body is in $T/body, the head in $T/head
	local path=$1
	shift
	code=$(curl -s -m 60 -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" "http://127.0.0.1:$port$path")
}
ask() { # QUESTION ARGUMENT...: as the page asks
	local question=$1 argument arguments=()
	shift
	for argument; do
		arguments+=(--data-urlencode "$argument")
	done
	get "/$token/$question" -G "${arguments[@]}"
}
body() { # JQ-EXPRESSION
	jq -r "$1" "$T/body"
}
has_header() { # PATTERN
	grep -qiE "^$1"$'\r?$' "$T/head" || {
		cat "$T/head"
		false
	}
}

serve main --no-open --stay=1000 "$file"
token=${address%/} token=${token##*/}
ok "the address is one of this machine, with a token" \
	grep -qxE 'http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}/' "$T/main.out"
is "nothing else is said" "$(cat "$T/main.err")" ""
hex=$(printf '%04X' "$port")
is "it listens at 127.0.0.1 and nowhere else" \
	"$(awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $2 }' /proc/net/tcp /proc/net/tcp6)" \
	"0100007F:$hex"

# ---- the page

get "/$token/"
is "the page is there" "$code" 200
ok "it is the page of --format=html" grep -q '<title>gcprof report</title>' "$T/body"
"$ANALYZE" --format=html -o "$T/file.html" "$file"
is "but for its policy and one word in its data it is the same" \
	"$(sed "s/; connect-src 'self'//; s/^\"is_served\": true//" "$T/body" | tr -d ',\n' | cksum)" \
	"$(tr -d ',\n' <"$T/file.html" | cksum)"
ok "no browser keeps it" has_header 'Cache-Control: no-store'
ok "no page is told of its address" has_header 'Referrer-Policy: no-referrer'
ok "its policy lets it ask its own server, and be in no frame" \
	has_header "Content-Security-Policy: default-src 'none'; script-src 'sha256-[^ ]*'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; connect-src 'self'; frame-ancestors 'none'"
is "other origins may not read it" "$(grep -ci '^access-control' "$T/head")" 0
ask blocks site=0
ok "nothing is allowed to what is no page" has_header "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"
ok "no browser keeps answers" has_header 'Cache-Control: no-store'

# ---- who may ask

other=${token:1}
for wrong in / "/$token" "/${token:1}0/" "/${token%?}/" "/${token}0/" "/0$token/" "/$other/" "/${token^^}x/" "//$token/" "/favicon.ico" \
	"/$(tr 0-9a-f 1-9a-f0 <<<"${token:0:1}")${token:1}/" "/${token%?}$(tr 0-9a-f 1-9a-f0 <<<"${token: -1}")/" "/?$token"; do
	get "$wrong"
	[ "$code" = 403 ] || echo "$wrong: $code"
done >"$T/wrong"
is "without the right token nothing is answered" "$(cat "$T/wrong")" ""
ok "and what is wrong is said" grep -q 'wrong token' "$T/body"
for question in blocks block source alive; do
	get "/$question?site=0"
	[ "$code" = 403 ] || echo "$question: $code"
done >"$T/wrong"
is "questions without a token are not answered" "$(cat "$T/wrong")" ""
for host in localhost "localhost:$port" "evil.example:$port" 127.0.0.1 "127.0.0.1:1" "127.0.0.1:$port.evil.example"; do
	get "/$token/" -H "Host: $host"
	[ "$code" = 403 ] || echo "$host: $code"
done >"$T/wrong"
is "another name in Host is refused" "$(cat "$T/wrong")" ""
get "/$token/" -0 -H 'Host:'
ok "a request without Host is refused" test "$code" -ge 400
for method in POST PUT DELETE OPTIONS TRACE PATCH; do
	get "/$token/" -X "$method"
	[ "$code" = 405 ] || echo "$method: $code"
done >"$T/wrong"
get "/$token/" -I
[ "$code" = 405 ] || echo "HEAD: $code" >>"$T/wrong"
get "/$token/" --data 'a=b'
[ "$code" = 405 ] || echo "data: $code" >>"$T/wrong"
is "only GET is answered" "$(cat "$T/wrong")" ""
get "/$token/nonesuch"
is "what is no question has no answer" "$code $(body .error)" "404 no such question"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	setpriv --reuid=65534 --clear-groups curl -s -m 60 "$address" >"$T/stranger"
	ok "another user who knows the address gets nothing" test ! -s "$T/stranger"
	get "/$token/"
	is "and whose it is goes on to get it" "$code" 200
else
	skip "another user who knows the address gets nothing" "not root"
	skip "and whose it is goes on to get it" "not root"
fi

# ---- blocks

records "$file" block | sort -u >"$T/records"
# Of a site in the records: address, bytes, usable bytes, kind, epoch.
site=$(json "$file" '.sites[] | select(.frames[0].function == "add").site')
records_of() { # SITE
	awk -F'\t' -v site="$1" '$7 == site { print "0x" $1, $2, $3, $5 }' "$T/records"
}
ask blocks "site=$site"
is "the blocks of a site are those of the file" "$(body '.rows[] | "\(.address) \(.bytes) \(.usable_bytes) \(.epoch // 0)"' | sort)" \
	"$(records_of "$site" | sort)"
is "and are counted" "$(body '"\(.blocks) \(.bytes)"')" "$(records_of "$site" | awk '{ n++; bytes += $2 } END { print n, bytes }')"
is "forty were made" "$(body .blocks)" 40
is "the largest are first, of equal ones by address" "$(body '.rows[].address')" "$(records_of "$site" | sort -k2,2nr -k1,1 | cut -d' ' -f1)"
is "they are of calloc, at that site" "$(body '[.rows[] | .kind, .site] | unique | sort | join(" ")')" "$site calloc"
ask blocks "site=$site" order=address
is "or they are by address" "$(body '.rows[].address')" "$(records_of "$site" | sort -k1,1 | cut -d' ' -f1)"
ask blocks "site=$site" order=oldest
body '.rows[].epoch' >"$T/oldest"
ok "or by age" sort -n -c "$T/oldest"
between "which differ" "$(uniq "$T/oldest" | wc -l)" 2 40
ask blocks "site=$site" order=youngest
body '.rows[].epoch' >"$T/youngest"
ok "and the other way" sort -nr -c "$T/youngest"
for wrong in site=1000000 site=x site=-1 type=1000000 finding=1000000 site=; do
	ask blocks "$wrong"
	[ "$code" = 404 ] || echo "$wrong: $code"
done >"$T/wrong"
ask blocks "site=$site" order=nonesuch
[ "$code" = 404 ] || echo "order: $code" >>"$T/wrong"
is "what is not there has no blocks" "$(cat "$T/wrong")" ""
n_types=$(json "$file" '.types | length')
for ((i = 0; i < n_types; i++)); do
	ask blocks "type=$i"
	body '"\(.blocks) \(.bytes) \([.rows[].type] | unique | join(","))"'
done >"$T/types"
is "the blocks of each type are as many as the report has" "$(cat "$T/types")" \
	"$(json "$file" '.types[] | "\(.live_blocks) \(.live_bytes) \(.name)"')"
finding=$(json "$file" '.findings | map(.kind == "leak") | index(true)')
ask blocks "finding=$finding"
is "the blocks of a leak are those that are lost" "$(body '"\(.blocks) \(.bytes)"')" \
	"$(json "$file" ".findings[$finding] | \"\(.blocks) \(.bytes)\"")"
site_of_lost=$(body '.rows[0].site')
ask blocks "site=$site_of_lost"
is "and not those of their site that are not" "$(body .blocks)" 3
is "what stands in one is there, as the snapshot has it" "$(body '[.rows[].content.text // empty | .[:16]] | join(",")')" "words of a block"

# ---- one block

# What gcprof-analyze --path prints, as the page is told it.
path_as_text() {
	body 'def hex: if . < 16 then "0123456789abcdef"[.:.+1] else (. / 16 | floor | hex) + (. % 16 | "0123456789abcdef"[.:.+1]) end;
		.path[] | if .root then "\(.name), at 0x\(.address | hex)" else "0x\(.block | hex)\(if .count > 1 then ", and a chain of \(.count - 1) more" else "" end)" end'
}
last=$(records_of "$site" | sort -k1,1 | sed -n '1s/ .*//p')
middle=$(records_of "$site" | sort -k1,1 | sed -n '20s/ .*//p')
for block in "$last" "$middle"; do
	ask block "address=$block"
	is "the path of a block is that of --path" "$(path_as_text)" \
		"$("$ANALYZE" --path="$block" "$file" | sed -E 's/^ *(-> )?//; s/^(0x[0-9a-f]+), [0-9,]+ bytes? (of .* )?allocated in [a-z_]+/\1/; s/; retains .*//')"
	is "its state and what it retains are those of --block" "$(body '"\(.state), \(.retained_blocks)"')" \
		"$("$ANALYZE" --block="$block" "$file" | sed -nE 's/^  state +//p; s/^  retains .* in ([0-9]+) blocks?,.*/\1/p' | paste -sd, | sed 's/,/, /')"
done
ask block "address=$(printf '0x%x' $((last + 5)))"
is "an address inside leads to the block" "$(body '"\(.address) \(.inside)"')" "$last 5"
is "its stack is that of its site" "$(body '.frames[0] | "\(.function) \(.line)"')" "add $(grep -n 'the line of items' "$T/src/items.c" | cut -d: -f1)"
lost=$("$ANALYZE" --format=json "$file" | jq -r '.findings[] | select(.kind == "leak").site.frames[0].function' | head -1)
is "what is lost was lost there" "$lost" make
ask blocks "finding=$finding"
ask block "address=$(body '.rows[0].address')"
is "what is lost has no path" "$(body '"\(.path) \(.state)"')" "null definitely lost"
ask block address=0x10
is "an address in no block has none" "$code $(body .error)" "404 0x10 is in no live block"
ask block address=nonsense
is "what is no address is none" "$code" 404

# ---- sources

line=$(grep -n 'the line of items' "$T/src/items.c" | cut -d: -f1)
ask source "file=$T/src/items.c" "line=$line"
is "the source around a line is that of the file" "$(body '.lines[]')" "$(head -n $((line + 40)) "$T/src/items.c")"
is "its first line has its number" "$(body .first)" 1
is "it is no newer than the snapshot" "$(body .is_newer)" false
ask source "file=$T/src/items.h" line=4
is "a header that a frame is in can be read" "$code $(body '.lines[3]')" "200 "$'\treturn malloc(n);'
printf '#define OTHER 1\n' >"$T/src/other.h"
cp "$T/src/items.c" "$T/src/items.c.orig"
ln -s items.c "$T/src/link.c"
for wrong in /etc/passwd "$T/src/other.h" "$T/src/items" "$T/src/items.c.orig" "$T/src/link.c" "$T/src/" "$T/src" "" / \
	"$T/src/../src/items.c" "$T/src//items.c" "$T/src/items.c/" "$T/src/items.c/../../../etc/passwd" "src/items.c" "items.c" "./items.c"; do
	ask source "file=$wrong" line=1
	[ "$code" = 404 ] || echo "'$wrong': $code"
	[ "$(body .error)" = "'$wrong' is no source of the snapshot" ] || echo "'$wrong': $(body .error)"
done >"$T/wrong"
is "no other file is read, whatever its name begins with" "$(cat "$T/wrong")" ""
touch "$T/src/items.c"
ask source "file=$T/src/items.c" "line=$line"
is "one that was changed after the snapshot is told" "$(body .is_newer)" true
rm "$T/src/items.c"
ask source "file=$T/src/items.c" "line=$line"
is "one that is gone is named" "$code $(body .error)" "404 '$T/src/items.c': No such file or directory; is it on this machine?"
mkfifo "$T/src/items.c"
ask source "file=$T/src/items.c" "line=$line"
is "a pipe in its place is not waited for" "$code $(body .error)" "404 '$T/src/items.c': Invalid argument; is it on this machine?"

# ---- its end

stop "$pid"
is "SIGTERM ends it well" "$status" 0
first=$address
serve second --no-open --stay=0 "$file"
token=${address%/} token=${token##*/}
is "each has a token of its own" "$([ "${first##*:}" = "${address##*:}" ] && echo same)" ""
# An open page is a request that waits.
open_page() {
	curl -s -N -m 600 "http://127.0.0.1:$port/$token/alive" >/dev/null 2>&1 &
	page=$!
	started+=("$page")
	eventually waits "$page"
}
waits() { # PID: it has sent its request: nothing but an answer can come
	grep -qE "^ *[0-9]+: 0100007F:[0-9A-F]+ 0100007F:$(printf '%04X' "$port") 01 " /proc/net/tcp && kill -0 "$1" && get "/$token/"
}
open_page
one=$page
open_page
stop "$one" KILL
get "/$token/"
is "while a page is open it goes on" "$code" 200
stop "$page" KILL
status=0
wait "$pid" || status=$?
is "when the last is closed it ends well" "$status" 0
serve third --no-open --stay=1000 "$file"
token=${address%/} token=${token##*/}
open_page
stop "$page" KILL
get "/$token/"
is "one that is loaded again within --stay finds it there" "$code" 200
stop "$pid" INT
is "Ctrl-C ends it well" "$status" 0

# ---- the browser

# shellcheck disable=SC2016 # for the shell that is started
printf '#!/bin/sh\nprintf "%%s" "$1" >"%s/opened.new"\nmv "%s/opened.new" "%s/opened"\n' "$T" "$T" "$T" >"$T/browser"
chmod +x "$T/browser"
BROWSER=$T/browser serve open "$file"
ok "a browser is started" eventually test -e "$T/opened"
is "with the address" "$(cat "$T/opened")" "$address"
stop "$pid"
BROWSER='' DISPLAY='' WAYLAND_DISPLAY='' serve none "$file"
ok "without one, what to do is said" eventually grep -q '^gcprof view: no browser is known: set BROWSER, or open the address by hand$' "$T/none.err"
stop "$pid"
BROWSER=/nonesuch serve bad "$file"
ok "one that cannot be run is named" eventually grep -q "^gcprof view: cannot run '/nonesuch': set BROWSER, or open" "$T/bad.err"

# ---- what can go wrong

fails() { # ARGUMENT...: sets $status; what it said is in $T/said
	status=0
	timeout 60 "$RUN" view --no-open "$@" >"$T/said" 2>&1 || status=$?
}
fails --port="$port" "$file"
is "a port that is taken is named, with what to do" "$status $(cat "$T/said")" \
	"2 gcprof view: cannot serve at port $port of 127.0.0.1: Address already in use; without --port one that is free is taken"
stop "$pid"
serve again --no-open --port="$port" "$file"
is "one that is free again is had" "${address%/*/}" "http://127.0.0.1:$port"
stop "$pid"
fails "$T/nonesuch.heap"
is "a file that is not there is named" "$status $(cat "$T/said")" "2 gcprof view: '$T/nonesuch.heap': No such file or directory"
echo nothing >"$T/broken.heap"
fails "$T/broken.heap"
ok "a file that is no snapshot is named" grep -q "^gcprof view: '$T/broken.heap': " "$T/said"
is "and fails" "$status" 2
"$RUN" run --output="$T/other.heap" -- "$T/items" 2>/dev/null
fails "$file" "$T/other.heap"
is "snapshots of two processes are refused" "$status $(cat "$T/said")" \
	"2 gcprof view: the page (html) takes snapshots of one process, not of 2; name those of one"
fails --port=65536 "$file"
ok "a port that is none is refused" grep -q "^gcprof view: --port: invalid port '65536'" "$T/said"
fails --stay=x "$file"
ok "a time that is none is refused" grep -q "^gcprof view: --stay: invalid number of seconds 'x'" "$T/said"
fails --diff "$file"
ok "what makes no page is no option" grep -q "^gcprof view: unrecognized or ambiguous option '--diff'" "$T/said"
fails --prot=1 "$file"
ok "a wrong option is named, with the one that was meant" grep -q "did you mean --port" "$T/said"
"$RUN" veiw 2>"$T/said"
ok "so is a wrong command" grep -q "did you mean view" "$T/said"

# ---- options of gcprof-analyze, several snapshots

serve plain --no-open --no-symbols "$file"
token=${address%/} token=${token##*/}
ask source "file=$T/src/items.h" line=1
is "without names there are no sources" "$code" 404
stop "$pid"
mkdir "$T/several" "$T/only"
"$RUN" run --young=1M --snapshot=exit,growth=20% --output="$T/several/%n.heap" -- "$TARGETS/epochs" 65536 16 >/dev/null 2>&1 3>/dev/null
last=$(find "$T/several" -name '*.heap' | sort -V | tail -n 1)
serve several --no-open "$T"/several/*.heap
token=${address%/} token=${token##*/}
get "/$token/"
ok "the page of several snapshots of a process has them all" \
	grep -q "\"snapshots\":.*$T/several/1[.]heap.*$last" "$T/body"
site=$(json "$last" '.sites | max_by(.live_blocks).site')
ask blocks "site=$site"
is "and the blocks of the last" "$(body '"\(.blocks) \(.bytes)"')" \
	"$(json "$last" ".sites[] | select(.site == $site) | \"\(.live_blocks) \(.live_bytes)\"")"
stop "$pid"
cp "$file" "$T/only"
cd "$T/only" || exit 99
serve here --no-open
ok "without a file the newest here is taken" eventually grep -q 'no snapshot given: reading the newest here, items.heap' "$T/here.err"

done_testing
