#!/usr/bin/env bash
# types.sh -- the type of each block, against what programs say of their own containers.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/types-plain" "$TARGETS/types-optimized" "$TARGETS/types-stripped"

types_of() { # NAME: "BLOCKS BYTES TYPE" of each
	json "$(heap "$1")" '.types[] | "\(.live_blocks) \(.live_bytes) \(.name)"'
}

# check NAME WHAT: a point for each type that the program has told of
check() {
	local _ blocks bytes type got
	types_of "$1" >"$T/$1.types"
	while read -r _ blocks bytes type; do
		got=$(grep -F " $type" "$T/$1.types" | awk -v t="$type" 'substr($0, length($1 $2) + 3) == t { print $1, $2 }')
		is "$2: $type" "$got" "$blocks $bytes"
	done <"$T/$1.truth"
}

# ---- C ----

for variant in plain optimized; do
	run_gcprof "$variant" "$TARGETS/types-$variant"
	is "C, $variant: the program ends well" "$status" 0
	check "$variant" "C, $variant"
done

file=$(heap optimized)
is "each block has one type" \
	"$(json "$file" '([.types[].live_blocks] | add) == .totals.live_blocks and ([.types[].live_bytes] | add) == .totals.live_bytes')" true
is "no two types have the same name" "$(json "$file" '(.types | length) == ([.types[].name] | unique | length)')" true
is "a shape says so" "$(json "$file" '.types[] | select(.name == "tree node, allocated in insert").origin')" shape
is "a call says so" "$(json "$file" '.types[] | select(.name == "unknown type, allocated in make_key").origin')" site
# struct table, its buckets, its entries with their keys
is "a table retains what is in it" \
	"$(json "$file" '.types[] | select(.name == "unknown type, allocated in table_new") | "\(.retained_blocks) \(.retained_bytes)"')" \
	"602 $((32 + 256 * 8 + 300 * (40 + 21)))"
is "a list retains itself once" \
	"$(json "$file" '.types[] | select(.name == "linked list node, allocated in push_single") | "\(.retained_blocks) \(.retained_bytes)"')" \
	"200 6400"
is "an array retains its items" \
	"$(json "$file" '.types[] | select(.name == "array of pointers, allocated in make_items") | "\(.retained_blocks) \(.retained_bytes)"')" \
	"334 $((512 * 8 + 333 * 48))"
is "a type's largest block" \
	"$(json "$file" '.types[] | select(.name == "hash table with open addressing, allocated in slots_new").largest.bytes')" 8192
is "the order is by retained bytes" "$(json "$file" '[.types[].retained_bytes] | . == (sort | reverse)')" true
is "--top counts for types as well" "$("$ANALYZE" --format=json --top=3 "$file" | jq '.types | length')" 3

"$ANALYZE" --full "$file" >"$T/text"
ok "text: the section is there" grep -qx 'Types by retained bytes' "$T/text"
ok "text: a line for a type" grep -qE '^ +6\.2 KiB +6\.2 KiB +200 +linked list node, allocated in push_single$' "$T/text"
is "text: as many lines as other lists have" \
	"$("$ANALYZE" --top=4 "$file" | sed -n '/^Types by/,/more types$/p' | grep -c ', allocated in ')" 4
for option in --sort=live --cohort=old --focus=main --findings-only; do
	is "text: none with $option" "$("$ANALYZE" "$option" "$file" | grep -c '^Types by')" 0
done

# Without symbols what a block looks like is left.
run_gcprof stripped "$TARGETS/types-stripped"
types_of stripped | sed 's/, allocated in types-stripped+0x.*//' >"$T/shapes"
while read -r _ blocks bytes type; do
	type=${type%%, allocated in *}
	ok "C, stripped: $type, $blocks" grep -qxF "$blocks $bytes $type" "$T/shapes"
done <"$T/stripped.truth"
is "without any symbols shapes are the same" \
	"$("$ANALYZE" --no-symbols --format=json "$file" | jq -r '.types[] | select(.live_blocks == 200) | .name' | sed 's/, allocated in [^ ]*+0x.*//' | sort | uniq -c | awk '{ print $1, $2, $3, $4 }' | paste -sd,)" \
	"2 linked list node,2 tree node "

# ---- C++ ----

if [ -e "$TARGETS/types-cxx-plain" ]; then
	for variant in plain optimized; do
		run_gcprof "cxx-$variant" "$TARGETS/types-cxx-$variant"
		is "C++, $variant: the program ends well" "$status" 0
		check "cxx-$variant" "C++, $variant"
	done
	file=$(heap cxx-optimized)
	is "C++: a container says so" "$(json "$file" '.types[] | select(.name == "std::set<long> node").origin')" container
	is "C++: a vtable says so" "$(json "$file" '.types[] | select(.name == "circle").origin')" vtable
	is "C++: what the elements of a vector are is not what the vector is" \
		"$(json "$file" '.types[] | select(.name == "std::vector<std::string> storage") | "\(.retained_blocks) \(.retained_bytes)"')" \
		"402 $((401 * 32 + 401 * 81))"
	run_gcprof cxx-stripped "$TARGETS/types-cxx-stripped"
	types_of cxx-stripped | sed 's/, allocated in types-cxx-stripped+0x.*//' >"$T/shapes"
	ok "C++, stripped: strings, by the library that allocates them" grep -q '^401 32481 std::string buffer$' "$T/shapes"
	ok "C++, stripped: maps by shape" grep -q '^311 19904 tree node$' "$T/shapes"
	ok "C++, stripped: lists by shape" grep -q '^211 8440 linked list node$' "$T/shapes"
else
	skip "C++" "no C++ compiler"
fi

# ---- GLib ----

if [ -e "$TARGETS/types-glib" ]; then
	export G_SLICE=always-malloc
	run_gcprof glib "$TARGETS/types-glib"
	run_gcprof glib-itself "$TARGETS/types-glib" nothing
	n_of() { # NAME TYPE
		json "$(heap "$1")" "[.types[] | select(.name == \"$2\").live_blocks] | add // 0"
	}
	while read -r blocks type; do
		is "GLib: $type" "$(($(n_of glib "$type") - $(n_of glib-itself "$type")))" "$blocks"
	done <"$T/glib.truth"
	unset G_SLICE
elif [ "$GCPROF_TESTS_REQUIRE" = 1 ]; then
	point fail "GLib is there"
else
	skip "GLib" "not built with it"
fi
done_testing
