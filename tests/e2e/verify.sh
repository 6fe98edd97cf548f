#!/usr/bin/env bash
# verify.sh -- GCPROF_VERIFY: our stacks against libunwind's, frame by frame.
#
# `make check` compares some hundred thousand stacks, `make check-long` more than
# ten million; no difference is allowed, and what cannot be compared is counted
# and has a bound for each program.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

is_long=${GCPROF_TESTS_LONG:-0}
times() { # SHORT LONG: so much work
	[ "$is_long" = 1 ] && echo "$2" || echo "$1"
}
if [ "$is_long" = 1 ]; then
	GCPROF_TESTS_TIMEOUT=900
fi

[ -x "$TARGETS/stacks-plain" ] || skip_all "not built with libunwind"

has() { # PROGRAM...: it is installed; a failure if everything is demanded
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 && continue
		if [ "$GCPROF_TESTS_REQUIRE" = 1 ]; then
			point fail "$program: it is here"
		else
			skip "$program: stacks are those of libunwind" "$program is not installed"
		fi
		return 1
	done
}

total=0
# Numbers of all processes of a run, added up: compared differ tables failed not-kept.
sums() { # NAME
	sed -n 's/.*verify: \([0-9]*\) stacks compared with libunwind.s, \([0-9]*\) differ; not comparable: \([0-9]*\) in code without unwind tables, \([0-9]*\) where libunwind failed, \([0-9]*\) not recorded$/\1 \2 \3 \4 \5/p' "$T/$1.err" |
		awk '{ for (i = 1; i <= 5; i++) n[i] += $i } END { print n[1] + 0, n[2] + 0, n[3] + 0, n[4] + 0, n[5] + 0 }'
}

verified() { # NAME LEAST MOST-WITHOUT-TABLES COMMAND...
	local name=$1 least=$2 most=$3 compared differ tables failed lost
	shift 3
	GCPROF_VERIFY=1 GCPROF_SNAPSHOT=${when:-none} run_gcprof "$name" "$@"
	read -r compared differ tables failed lost < <(sums "$name")
	is "$name: ends well" "$status" 0
	is "$name: no stack differs, nowhere did libunwind fail, all were kept" "$differ $failed $lost" "0 0 0" ||
		diag_file "$T/$name.err" 80
	between "$name: the expected number of stacks was compared" "$compared" "$least" 1000000000
	between "$name: few stacks ended in code without tables" "$tables" 0 "$most"
	diag "$name | $compared | $differ | $tables | $failed | $lost"
	total=$((total + compared))
}

rounds=$(times 400 12000)
for target in verify-plain verify-optimized; do
	when="exit" verified "$target" $((rounds * 30)) 0 "$TARGETS/$target" "$rounds" \
		"$TARGETS/.libs/verify-small.so" "$TARGETS/.libs/verify-large.so"
	file=$(heap "$target")
	is "$target: the snapshot has the number that was compared" \
		"$(info "$file" verify.equal) $(info "$file" verify.different)" "$(sums "$target" | cut -d' ' -f1) 0"
	is "$target: nothing is lost" "$(json "$file" '.process.losses | length')" 0
done
for target in stacks-plain stacks-optimized stacks-fp stacks-dso; do
	require_built "$TARGETS/$target"
	verified "$target" 1000 0 "$TARGETS/$target" "$(times 600 5000)" 5
done
for target in throwing throwing-plain; do
	require_built "$TARGETS/$target"
	verified "$target" "$(times 1000 40000)" 0 "$TARGETS/$target" "$(times 600 20000)"
	verified "$target-deep" "$(times 1000 8000)" 0 "$TARGETS/$target" "$(times 600 4000)" 900
done
verified jit 6 0 "$TARGETS/jit"

# The blocks of each depth that were told of have one site, whatever the stack before was.
have_one_site() { # FILE MOST-BYTES
	records "$1" block | awk -F '\t' -v most="$2" '
		$2 >= 100000 && $2 <= most {
			blocks[$2]++
			if (!seen[$2, $7]++)
				sites[$2]++
		}
		END {
			for (bytes in blocks) {
				n++
				if (blocks[bytes] != 4 || sites[bytes] != 1) {
					print bytes - 100000 " deep: " blocks[bytes] " blocks, " sites[bytes] " sites"
					bad = 1
				}
			}
			exit bad || !n
		}'
}
verified_deep() { # NAME PROGRAM
	local n
	n=$(times 3000 60000)
	require_built "$2"
	when="exit" verified "$1" "$n" 0 "$2" "$n" 3000
	ok "$1: equal stacks have one site, cut or not" have_one_site "$(heap "$1")" 101023
	todo "$1: so have those of more than 1,024 levels" \
		"what is further out than remembered frames may be of an earlier stack" \
		have_one_site "$(heap "$1")" 102500
}
verified_deep deep-plain "$TARGETS/deep-plain"
verified_deep deep-optimized "$TARGETS/deep-optimized"
# Each few levels on another piece of stack.  The linker has to know of it: what was not
# compiled so, as the library, needs a large one.
if "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -g -O2 -fno-builtin -fsplit-stack -fuse-ld=gold -DSPLIT \
	-o "$T/deep-split-program" "$SOURCES/tests/e2e/targets/deep.c" 2>"$T/split.err"; then
	verified_deep deep-split "$T/deep-split-program"
	ok "deep-split: it was on more than one piece" grep -q __morestack "$(analysis "$(heap deep-split)" json)"
elif [ "$GCPROF_TESTS_REQUIRE" = 1 ]; then
	point fail "a program with split stacks can be compiled"
	diag_file "$T/split.err"
else
	skip "deep-split: stacks are those of libunwind" "no compiler and linker for -fsplit-stack"
fi

for target in hops-plain hops-optimized; do
	require_built "$TARGETS/$target"
	verified "$target" "$(times 2000 100000)" 0 "$TARGETS/$target" "$(times 3000 100000)"
	verified "$target-up" "$(times 2000 100000)" 0 "$TARGETS/$target" "$(times 3000 100000)" up
done
# Frame pointers there lead anywhere: on purpose.
verified guess 1 1000 "$TARGETS/guess"

# ---- programs that others wrote

if has perl; then
	verified perl "$(times 40000 4000000)" 0 perl -e \
		'my %h; for (1..$ARGV[0]) { $h{$_ % 200000} = [$_]; } print scalar(keys %h), "\n"' "$(times 20000 4000000)"
fi
if has sqlite3; then
	verified sqlite "$(times 10000 900000)" 0 sqlite3 :memory: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1
		FROM n WHERE i < $(times 5000 500000)) SELECT count(*) FROM (SELECT i FROM n ORDER BY hex(i * i));"
fi
if has bash; then
	verified bash "$(times 10000 1500000)" 0 bash -c \
		'for ((i = 0; i < $1; i++)); do x[i]=v$i; y=${x[i]#v}; done; echo $(echo "${#x[@]} $y")' bash "$(times 500 60000)"
fi
if has git; then
	verified git 1000 0 git -C "$SOURCES" --no-pager grep --no-index -c include -- '*.c'
	(
		cd "$T" && git init -q repository && cd repository &&
			for ((i = 0; i < $(times 50 600); i++)); do
				seq $((i * 7)) $((i * 9 + 50)) >"file$((i % 40))"
				git add -A
				git -c user.name=n -c user.email=e@f -c gc.auto=0 commit -qm "$i"
			done
	) || diag "no repository could be made"
	verified git-log "$(times 5000 50000)" 0 git -C "$T/repository" --no-pager log --stat -p
fi
if has node; then
	# Fatal to none: code that keeps no frame pointer, in V8's built-ins.
	verified node "$(times 50000 800000)" 200 node -e 'const c = require("crypto"), m = new Map();
		for (let i = 0; i < +process.argv[1]; i++) m.set(c.createHash("md5").update(String(i)).digest("hex"), i);
		console.log(m.size)' "$(times 1500 80000)"
fi
cat >"$T/words.cc" <<'END_OF_SOURCE'
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
int main() {
	std::map<std::string, std::vector<int>> m;
	std::unordered_map<std::string, std::function<int(int)>> f;
	std::regex r("a+(b|c)*");
	m["a"].push_back(std::regex_match("abc", r));
	f["b"] = [&](int i) { return i + (int)m.size(); };
	std::sort(m["a"].begin(), m["a"].end());
	std::cout << f["b"](1) << std::endl;
}
END_OF_SOURCE
if [ "$is_long" = 1 ] && has g++; then
	verified compiler 2000000 0 g++ -O2 -c -o "$T/words.o" "$T/words.cc"
fi
if [ "$is_long" = 1 ] && has redis-server redis-benchmark; then
	GCPROF_VERIFY=1 GCPROF_SNAPSHOT=none start_gcprof redis redis-server --port 0 --unixsocket "$T/socket" --save ''
	eventually redis-cli -s "$T/socket" ping
	redis-benchmark -s "$T/socket" -n 50000 -r 100000 -q -t set,lpush,sadd,hset,zadd >"$T/redis-benchmark.out" 2>&1
	redis-cli -s "$T/socket" shutdown nosave >/dev/null 2>&1
	wait "$pid"
	read -r compared differ tables failed lost < <(sums redis)
	is "redis: no stack differs" "$differ $tables $failed $lost" "0 0 0 0"
	between "redis: so many stacks were compared" "$compared" 1000000 1000000000
	diag "redis | $compared | $differ | $tables | $failed | $lost"
	total=$((total + compared))
fi

between "all together" "$total" "$(times 100000 10000000)" 1000000000

# ---- the mode itself

GCPROF_VERIFY=10 GCPROF_SNAPSHOT=none run_gcprof each-tenth "$TARGETS/verify-plain" 100
read -r tenth _ < <(sums each-tenth)
GCPROF_VERIFY=1 GCPROF_SNAPSHOT=none run_gcprof each "$TARGETS/verify-plain" 100
read -r each _ < <(sums each)
is "GCPROF_VERIFY=10 compares each tenth" "$tenth" $(((each + 9) / 10))
run_gcprof off "$TARGETS/verify-plain" 10
is "verification is off by default, without messages" "$(grep -c verify "$T/off.err")" 0
is "without verification the snapshot has no figures of it" "$(info "$(heap off)" verify.equal)" ""
cat >"$T/scope.py" <<'END_OF_SOURCE'
import ctypes
print(hasattr(ctypes.CDLL(None), "unw_backtrace"), "libunwind" in open("/proc/self/maps").read())
END_OF_SOURCE
if has python3; then
	GCPROF_VERIFY=1000 GCPROF_SNAPSHOT=none run_gcprof scope python3 "$T/scope.py"
	is "libunwind is loaded, and not in the program's scope" "$(cat "$T/scope.out")" "False True"
fi
done_testing
