#!/usr/bin/env bash
# holds.sh -- what holds blocks: roots by name, paths, containers and what they retain.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

HELD=$abs_top_builddir/tests/e2e/held
plugin=$abs_top_builddir/tests/leaks/cases/.libs/plugin.so
require_built "$HELD" "$TARGETS/holds" "$plugin"

# field NAME FUNCTION N: of the answer about a function: 2 path, 3 container, 4 kind,
# 5 shape, 6 entries, 7 retained bytes
field() {
	"$HELD" "$(heap "$1")" "$2" | cut -f "$3" | sed 's/\bthread [0-9][0-9]*/thread N/; s/ holds\.c:[1-9][0-9]*/ holds.c:L/'
}

run_gcprof c "$TARGETS/holds" "$plugin"
is "the program ends well" "$status" 0

is "a global" "$(field c make_global 2)" "held_global in holds > make_global"
is "a static variable of a function" "$(field c make_static 2)" \
	"held_static (in hold_in_static) in holds > make_static"
is "an element of an array" "$(field c make_array 2)" "held_array[13] in holds > make_array"
is "thread-local storage of the program" "$(field c make_thread_local 2)" \
	"held_thread_local[4] in holds, thread-local of thread N (holds) > make_thread_local"
is "a pthread key" "$(field c make_key 2)" "pthread $(cat "$T/c.truth") of thread N (holds) > make_key"
is "the stack of main" "$(field c make_main_stack 2)" \
	"on_stack in main() holds.c:L, on the stack of thread N (holds) > make_main_stack"
is "the stack of another thread" "$(field c make_thread_stack 2)" \
	"on_stack in stays() holds.c:L, on the stack of thread N (holder) > make_thread_stack"
ok "thread-local storage of a library that was loaded later" \
	grep -qx 'thread-local storage of thread N (holds) > plugin_tls\[of_thread\[17\] in plugin.so, thread-local\] > make_plugin' \
	<<<"$(field c make_plugin 2)"

is "three structs, one in the other" "$(field c make_chained 2)" \
	"outer in holds > make_three > make_three > make_three > make_chained"
is "the outermost of three structs retains all three" "$(field c make_three 7)" $((96 + 48 + 24 + 1009))

# One payload is closer: the tail leads to the last item.
is "a list" "$(field c make_payload 2)" "queue in holds > list_new > make_item*399 > make_payload"
is "a list's container is the struct with its head" "$(field c make_payload 3)" "list_new"
is "a list and a table have their shape" "$(field c make_payload 5) $(field c make_item 5)" "chain chain"
is "entries of a container are counted" "$(field c make_payload 6)" 400
is "a list retains all its entries" "$(field c make_payload 7)" $((24 + 400 * (16 + 2011)))

is "a table" "$(field c make_value 2)" "table in holds > table_new > table_new > make_entry*7 > make_value"
is "a table's container is its struct" "$(field c make_value 3)" "table_new"
is "a list and a table have their shape" "$(field c make_value 5) $(field c make_entry 5)" "array array"
is "entries of a container are counted" "$(field c make_value 6)" 400
is "a table's buckets retain its entries" "$(field c make_value 7)" $((64 * 8 + 400 * (24 + 3011)))

# The report has the same of what only pointers inside hold.
file=$(heap c)
path_of() { # BYTES: of the finding of so many
	json "$file" "[.findings[] | select(.bytes == $1)][0].retained_by | map(.name // .function) | join(\" > \")"
}
is "JSON: the path of a possible leak" "$(path_of 1001)" "held_global in holds > make_global"
is "JSON: through blocks" "$(path_of 1009)" "outer in holds > make_three > make_three > make_three > make_chained"
is "JSON: function and thread of a stack" \
	"$(json "$file" '[.findings[].retained_by[0] | select(.function == "stays")][0] | "\(.root) \(.thread.name)"')" "stacks holder"
is "JSON: what is retained by a possible leak" \
	"$(json "$file" '[.findings[] | select(.bytes == 1009)][0].retained_bytes')" 1009
is "JSON: what a site retains" \
	"$(json "$file" '[.sites[] | select(.frames[0].function == "list_new")][0] | "\(.retained_blocks) \(.retained_bytes)"')" \
	"801 $((24 + 400 * (16 + 2011)))"
"$ANALYZE" --all --full "$file" >"$T/text" 2>&1
ok "text: the path names the variable" grep -q '^     retained by held_global in holds$' "$T/text"
"$ANALYZE" --sort=retained "$file" >"$T/text" 2>&1
ok "text: sites by what they retain" grep -q ', retains 1.16 MiB$\|, retains 1.2 MiB$' "$T/text"

if [ -e "$TARGETS/holds-cxx" ]; then
	run_gcprof cxx "$TARGETS/holds-cxx"
	is "C++: a map that is a member" "$(field cxx registry::make_circle 4)" "std::unordered_map"
	is "C++: a map's container is the object it is a member of" "$(field cxx registry::make_circle 3)" "registry::make"
	is "C++: held by the variable of the singleton" \
		"$(field cxx registry::make_circle 2 | sed 's/ > .*//')" \
		"one (in registry::get()) in holds-cxx"
	ok "C++: the type of an object" grep -q '\[circle\]' <<<"$(field cxx registry::make_circle 2)"
	is "C++: std::deque" "$(field cxx make_job 4) $(field cxx make_job 5)" "std::deque array"
	is "C++: the variable of a container is named" "$(field cxx make_job 2 | sed 's/[+ ].*//')" "jobs"
	is "C++: std::function" "$(field cxx listen 4) $(field cxx listen 5)" "std::function array"
	is "C++: the variable of a container is named" "$(field cxx listen 2 | sed 's/[+ ].*//')" "listeners"
	is "C++: std::map" "$(field cxx make_ordered 4) $(field cxx make_ordered 5)" "std::map tree"
	is "C++: std::list" "$(field cxx make_listed 4) $(field cxx make_listed 5)" "std::list chain"
	is "C++: a std::list has its entries, and what they retain" "$(field cxx make_listed 6) $(field cxx make_listed 7)" "300 $((300 * 80))"
else
	skip "C++" "no C++ compiler"
fi
done_testing
