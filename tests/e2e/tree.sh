#!/usr/bin/env bash
# tree.sh -- call trees in text: their sums against JSON, what is folded, what is left out.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

DEMO=$abs_top_builddir/examples/demo
require_built "$DEMO"
require jq

# Of a tree: the sum of the lines at the top; a line for each node that is not the sum of those
# right below it.
sums() { # FILE
	awk '
		function close_to(level,    l) {
			for (l = deepest; l > level; l--)
				if (l in sum) {
					if (l > 0 && sum[l] != value[l - 1])
						printf "%d below %d: %s\n", sum[l], value[l - 1], name[l - 1]
					delete sum[l]
				}
			deepest = level
		}
		/^ +[0-9]+\.[0-9] %/ {
			blocks = substr($0, 24, 13)
			gsub(/[ ,]/, "", blocks)
			text = substr($0, 39)
			match(text, /^ */)
			level = RLENGTH / 2
			close_to(level)
			sum[level] += blocks
			value[level] = blocks
			name[level] = text
		}
		END {
			top = sum[0]
			close_to(0)
			print top + 0
		}' "$1"
}
tree() { # NAME FILE OPTION...: in $T/NAME
	"$ANALYZE" --source-root="$SOURCES" "${@:3}" "$2" >"$T/$1" 2>"$T/$1.err" || diag_file "$T/$1.err"
}
line() { # NAME TEXT: blocks and names of the first line with that text
	grep -F -m 1 -- "$2" "$T/$1" | cut -c24- | tr -s ' ' | sed 's/^ //'
}
where() { # FILE TEXT: its line
	grep -nF -m 1 "$2" "$SOURCES/$1" | cut -d: -f1
}

# ---- a program ----

GCPROF_YOUNG=1M run_gcprof demo "$DEMO" 2000
is "the program ends well" "$status" 0
h=$(heap demo)
live=$(summary "$h" .totals.live_blocks)

for kind in top-down bottom-up; do
	tree $kind "$h" --tree=$kind
	tree $kind-full "$h" --tree=$kind --full
	tree $kind-library "$h" --tree=$kind --full --library-frames
	for name in $kind $kind-full $kind-library; do
		is "$name: each node is the sum of those below it, and they are all live blocks" "$(sums "$T/$name")" "$live"
	done
	tree $kind-old "$h" --tree=$kind --sort=old
	is "$kind, old: all old blocks" "$(sums "$T/$kind-old")" "$(summary "$h" .cohorts.old.blocks)"
	tree $kind-made "$h" --tree=$kind --sort=allocations --full
	is "$kind, allocations: all allocations of sites" "$(sums "$T/$kind-made")" "$(json "$h" '[.sites[].allocations] | add')"
	is "$kind fits on a screen" "$([ "$(wc -l <"$T/$kind")" -le 60 ] && echo yes)" yes
done
is "the tree says what it is" "$(sed -n 4p "$T/top-down")" "Call tree, top-down, by live bytes"
is "by old bytes as well" "$(sed -n 4p "$T/bottom-up-old")" "Call tree, bottom-up, by old bytes"
users=$(json "$h" '[.sites[] | select([.frames[].function // ""] | index("remember_user")) | .live_blocks] | add' |
	sed ':a;s/\B[0-9]\{3\}\>/,&/;ta')
is "bottom-up begins at the program's own place, and names its callers" \
	"$(line bottom-up remember_user)" "$users examples/demo.c remember_user"
ok "in one line with what has all of it" grep -q '^ *< handle_request < main$' "$T/bottom-up"
is "a function of one line has it" "$(line bottom-up-full log_request)" \
	"256 examples/demo.c:$(where examples/demo.c 'log_lines[slot] = must') log_request"
is "with --library-frames bottom-up begins at the innermost frame" "$(line bottom-up-library strdup | grep -c 'strdup')" 1
is "what a function allocates itself has a line" "$(line top-down itself)" "$(json "$h" '[.sites[] | select(.frames[0].function == "remember_user") | .live_blocks] | add' |
	sed ':a;s/\B[0-9]\{3\}\>/,&/;ta') itself"
ok "what is small is summed" grep -q ' and 2 smaller$' "$T/bottom-up"
ok "one alone has its name" grep -q ' log_request' "$T/top-down"
ok "and not with --full" test "$(grep -c smaller "$T/top-down-full")" = 0

tree callers "$h" --tree=callers:remember_user --full
is "callers of a function: as many blocks as its sites have" "$(sums "$T/callers")" "$(tr -d , <<<"$users")"
is "the tree says of whom" "$(sed -n 4p "$T/callers")" "Callers of remember_user, by live bytes"
tree callees "$h" --tree='callees:^handle' --full
is "callees of a function: as many blocks as its sites have" "$(sums "$T/callees")" \
	"$(json "$h" '[.sites[] | select([.frames[].function // ""] | index("handle_request")) | .live_blocks] | add')"
is "callees begin at the function" "$(sed -n 7p "$T/callees" | grep -c '  handle_request')" 1
tree focused "$h" --tree=top-down --full --focus=log_request
is "a filter leaves sites out" "$(sums "$T/focused")" 256
tree nobody "$h" --tree=callers:nonesuch
is "where no function matches the tree says so" "$(tail -n 1 "$T/nobody")" "  such a function allocated nothing that lives; --sort=allocations counts all"
tree freed "$h" --tree=callers:render_page --sort=allocations
ok "what was freed has callers, too" grep -q "handle_request" "$T/freed"
tree little "$h" --tree=callers:log_request
ok "of what is little of all, who called it is shown" grep -q "handle_request" "$T/little"
tree strange "$h" --tree=top-down --no-symbols --full
is "without names it adds up as well" "$(sums "$T/strange")" "$live"

# ---- recursion ----

if [ -e "$TARGETS/temporaries" ]; then
	n=200
	GCPROF_YOUNG=1M run_gcprof nested "$TARGETS/temporaries" nested $n
	# All has been freed at the end: allocations are counted.
	h=$(heap nested)
	tree down "$h" --tree=top-down --sort=allocations --full
	is "a recursion adds up" "$(sums "$T/down")" "$(json "$h" '[.sites[].allocations] | add')"
	is "a function that calls itself is one node" "$(grep -c '[^a-z]walk_down' "$T/down")" 1
	is "with all that it allocates" "$(line down walk_down | cut -d' ' -f1 | tr -d ,)" $((n * 20))
	for kind in callers callees; do
		tree $kind "$h" --tree=$kind:walk_left --sort=allocations --full
		is "$kind of a recursion: each block counts once" "$(sums "$T/$kind")" $((n * 20))
	done
	is "the callees of a recursion begin at the outermost one" "$(grep -cE '^.{38}walk_left' "$T/callees")" 1
	is "below it stands all that it has called" "$(sed -n 8p "$T/callees" | cut -c24- | tr -s ' ')" \
		" $((n * 18 / 1000)),$(printf %03d $((n * 18 % 1000))) walk_right temporaries.cc"
	is "the callers of a recursion begin at the innermost one" "$(sed -n 8p "$T/callers" | grep -c 'walk_right < walk_left$')" 1
	tree bottom "$h" --tree=bottom-up --sort=allocations --full
	is "what libraries allocate in the program's function is one node" \
		"$(line bottom keep_record | cut -d' ' -f1 | tr -d ,)" $((n * 42))
	tree hops "$h" --tree=callees:hop_left --sort=allocations
	tree hops-full "$h" --tree=callees:hop_left --sort=allocations --full
	is "a long chain is cut in its middle" "$(grep -oE '\.\.\. [0-9]+ more' "$T/hops" | wc -l) $([ "$(wc -l <"$T/hops")" -le 14 ] && echo short)" "1 short"
	is "and is whole with --full" "$(grep -o 'hop_right' "$T/hops-full" | wc -l)" 30
	tree brief "$h" --tree=top-down --sort=allocations
	tree brief-library "$h" --tree=top-down --sort=allocations --library-frames --full
	ok "with --library-frames every frame of a library is a node" test "$(grep -cE 'std::|__gnu_cxx::' "$T/brief-library")" -gt \
		"$(grep -cE 'std::|__gnu_cxx::' "$T/down")"
	ok "runs of them are one otherwise" grep -qE '\([0-9]+ library frames\)' "$T/down"
	tree library "$h" --tree='callers:_M_create_node' --sort=allocations --full
	is "a library's function that matches is a node by itself" \
		"$(sums "$T/library") $(sed -n 7p "$T/library" | grep -c '_M_create_node' )" "$((n * 42)) 1"
	GCPROF_YOUNG=1M run_gcprof spread "$TARGETS/temporaries" spread 100000
	tree many "$(heap spread)" --tree=top-down --sort=allocations
	is "many functions fit on a screen" "$([ "$(wc -l <"$T/many")" -le 60 ] && echo yes)" yes
	is "and add up" "$(sums "$T/many")" "$(json "$(heap spread)" '[.sites[].allocations] | add')"
	run_gcprof uneven "$TARGETS/temporaries" uneven 100
	tree uneven-tree "$(heap uneven)" --tree=top-down --sort=allocations
	is "and so do many that have more than 1 % each" "$([ "$(wc -l <"$T/uneven-tree")" -le 60 ] && echo yes)" yes
	tree many-full "$(heap spread)" --tree=top-down --sort=allocations --full
	is "with --full there are all of them" "$(grep -c 'place_[12]' "$T/many-full")" 200
fi

# ---- what retains the memory ----

require_built "$TARGETS/retained"
run_gcprof retained "$TARGETS/retained"
is "a program of known variables ends well" "$status" 0
h=$(heap retained)
live=$(summary "$h" .totals.live_blocks)
tree held "$h" --tree=retained --full
is "the tree says that it is of what retains" "$(sed -n 4p "$T/held")" "What retains the memory, by live bytes"
is "each node is the sum of those below it, and they are all live blocks" "$(sums "$T/held")" "$live"
# Of the line of a variable: bytes as JSON has them are too coarse here, so blocks, and bytes by size.
blocks_of() { line held "$1" | cut -d' ' -f1 | tr -d ,; }
bytes_of() { grep -F -m 1 -- "$1" "$T/held" | cut -c10-22 | tr -d ' '; }
size_of() { # BYTES, as the report writes them
	awk -v n="$1" 'BEGIN { if (n < 1024) printf "%dB", n; else printf "%.1fKiB", n / 1024 }'
}
while read -r name bytes blocks; do
	case $name in
	shared) text='shared by several variables' ;;
	lost) text='not reachable from a root' ;;
	*) text="$name in retained" ;;
	esac
	is "$text: as many blocks as it has" "$(blocks_of "$text")" "$blocks"
	is "$text: and as many bytes" "$(bytes_of "$text")" "$(size_of "$bytes")"
done <"$T/retained.truth"
is "the items of a list are one group, below which stands what each holds" \
	"$(grep -A 3 'item_list in retained' "$T/held" | tail -n 2 | cut -c24- | tr -s ' ' | tr '\n' ',')" \
	" 100 unknown type, allocated in item_add, 100 itself,"
tree held-strange "$h" --tree=retained --no-symbols --full
is "without names it adds up as well" "$(sums "$T/held-strange")" "$live"
"$abs_top_builddir/tests/unit/test_outline" --plain >"$T/plain.heap"
tree plain "$T/plain.heap" --tree=retained
is "a snapshot without pointers says so" "$(tail -n 1 "$T/plain")" "  the snapshot has no pointers: it was written without them"
for option in --sort=blocks --focus=item_add --cohort=old; do
	is "$option does not go with it" "$("$ANALYZE" --tree=retained $option "$h" 2>&1 >/dev/null | grep -c '^gcprof-analyze: --tree=retained has all live blocks')" 1
done

# ---- what does not go together ----

refused() { # TEXT OPTION...
	local status=0
	"$ANALYZE" "${@:2}" "$h" >"$T/out" 2>"$T/err" || status=$?
	[ $status = 2 ] && grep -qF -- "$1" "$T/err"
}
ok "an unknown tree is refused" refused "--tree: invalid value 'sideways'; one of top-down" --tree=sideways
ok "callers of nobody are refused" refused "invalid value 'callers:'" --tree=callers:
ok "a wrong pattern is refused" refused "--tree: '('" '--tree=callees:('
ok "more than a kind is refused" refused "invalid value 'top-down:x'" --tree=top-down:x
ok "other formats are refused" refused "not available for --format=json" --tree=top-down --format=json
ok "an order that does not add up is refused" refused "--sort" --tree=top-down --sort=age
ok "questions are refused" refused "--tree does not go with" --tree=top-down --block=0x1000
ok "findings are refused" refused "--tree does not go with --findings-only" --tree=top-down --findings-only
ok "comparisons are refused" refused "--diff does not go with --tree" --tree=top-down --diff "$h"
is "the last --tree counts" "$("$ANALYZE" --tree=callers:x --tree=callers:y --tree=bottom-up "$h" | sed -n 4p)" "Call tree, bottom-up, by live bytes"
"$ANALYZE" --tree=top-down --fail-on=note "$h" >/dev/null
ok "findings fail beside a tree where that is asked for" test $? -le 1
done_testing
