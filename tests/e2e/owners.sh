#!/usr/bin/env bash
# owners.sh -- who allocates and who holds, as a person would say it: wrappers of malloc are
# seen through, an owner is told from who only has a pointer.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

HELD=$abs_top_builddir/tests/e2e/held
require_built "$HELD" "$TARGETS/wrapped"

# named NAME FUNCTION...: those that allocate something, in the words of reports
named() {
	local file
	file=$(heap "$1")
	shift
	"$HELD" "$file" "$@" | grep -v 'nothing$' | cut -f 1 | paste -sd ' '
}

# ---- wrappers ----

run_gcprof w "$TARGETS/wrapped"
is "the program ends well" "$status" 0
callers="session_new message_new peer_new queue_new cursor_new window_new table_new stream_new filter_new timer_new signal_new worker_new"
# shellcheck disable=SC2086 # words
is "who calls a wrapper of malloc allocates, through two and through one that is inlined, too" \
	"$(named w mem_get mem_get_cleared mem_get_inline $callers)" "$callers"
is "a constructor that is called from many places is no wrapper" "$(named w node_new node_in_a)" node_new
is "a function that makes records of many sizes is no wrapper" "$(named w record_new record_in_a)" record_new
is "a function whose parts allocate for themselves is no wrapper" "$(named w buffer_new buffer_in_a)" buffer_new
is "a function that calls itself is no wrapper" "$(named w tree_build tree_in_a)" tree_build

# Without debug information, eight places that each have a size of their own show it.
cp "$TARGETS/wrapped" "$T/bare"
objcopy --strip-debug "$T/bare"
run_gcprof b "$T/bare"
is "without debug information what many call is a wrapper, and what few call is none" \
	"$(named b mem_get mem_get_cleared session_new window_new)" "mem_get_cleared session_new window_new"
is "without debug information a constructor, records, parts and recursion are no wrappers" \
	"$(named b node_new record_new buffer_new tree_build)" "node_new record_new buffer_new tree_build"

# ---- owners ----

# held_by NAME FUNCTION: in the words of the summary of its finding
held_by() {
	json "$(heap "$1")" "[.findings[] | select(.summary | contains(\" allocated in $2 \"))][0].summary" |
		sed 's/.*, held by \(.*\)\.$/\1/; s/\bthread [0-9][0-9]*/thread N/; s/owned\.cc:[0-9]*/owned.cc:L/'
}

if [ -e "$TARGETS/owned" ]; then
	run_gcprof o "$TARGETS/owned"
	is "C++: the program ends well" "$status" 0
	is "a list is held by its head's owner, not by a slot that was popped" \
		"$(held_by o gw::message_new)" "gw::tenants in owned"
	is "a table is the owner of what a ring has the last ones of" "$(held_by o session_new)" "sessions in owned"
	is "a member is named" "$(held_by o entry_new)" "server.cache.buckets in owned"
	is "callbacks are held by their container, not by code" "$(held_by o listen)" "callbacks in owned"
	is "of a std::deque the elements are counted, not its pieces" \
		"$(json "$(heap o)" '[.findings[] | select(.kind == "queue") | .entries] | unique | map(. >= 39000 and . <= 40000)' | jq -c .)" \
		"[true]"
	is "what a local variable holds is held by that, in its function" \
		"$(held_by o item_new)" "items in main() owned.cc:L, on the stack of thread N (owned)"
	allocates() { # OPTION...
		"$ANALYZE" --format=json "$@" "$(heap o)" |
			jq -r '[.findings[].summary | select(contains(" allocated in gw::post "))] | length'
	}
	is "--wrapper names who calls what matches" "$(allocates) $(allocates --wrapper='^gw::message_n' --wrapper=^nobody$)" "0 1"
	is "--wrapper: fingerprints stay the same" \
		"$("$ANALYZE" --format=json --wrapper='^gw::message_new' "$(heap o)" | jq -r '.findings[].fingerprint' | sort)" \
		"$("$ANALYZE" --format=json "$(heap o)" | jq -r '.findings[].fingerprint' | sort)"

	# Of what one function allocates for two containers each has its own.
	require_built "$TARGETS/shared-helper"
	run_gcprof s "$TARGETS/shared-helper"
	is "a helper of two caches: the program ends well" "$status" 0
	is "each cache has the entries that it holds, by whoever allocated them" \
		"$(json "$(heap s)" '[.findings[] | select(.kind == "cache" and .part_of == null) | .summary]' |
			jq -r '.[]' | sed 's/^\([0-9,]*\) cache entries (\([0-9,]*\) blocks.*held by \([a-z]*\) in .*/\3 \1 \2/' | sort | tr '\n' ';')" \
		"orders 20,000 40,000;users 40,000 80,000;"
else
	skip "C++" "no C++ compiler"
fi

"$ANALYZE" --wrapper='(' "$(heap w)" >"$T/out" 2>"$T/err"
is "--wrapper: what is no expression is refused" "$?" 2
ok "--wrapper: what is no expression is refused by name" grep -q "^gcprof-analyze: --wrapper: '('" "$T/err"
done_testing
