#!/bin/bash
# exports.sh -- what gcprof-analyze writes for other programs is read by these, and
# their sums are those of the JSON report.
#
# Readers: flamegraph.pl (libdevel-nytprof-perl), speedscope's schema, go tool pprof,
# Valgrind's dh_view.js and ms_print, Python's csv, sqlite3.
#
# SPDX-License-Identifier: MIT
# Dollars of jq and of inner shells stand in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"
# shellcheck source=tests/cli/points.sh
. "$(dirname "$0")/points.sh"

[ -x "$unit/test_heap" ] || skip_all "cmocka is missing, and with it who writes the snapshots"

has() { # FORMAT: was it built?
	! "$analyze" "--format=$1" -o "x.$1" sample.heap 2>&1 | grep -q 'built without'
}

is() { # WANTED GOT
	[ "$1" = "$2" ] || { echo "'$2', not '$1'"; false; }
}

# A real program with debug information, and a small hand-made file with what real
# ones hardly have: unknown places, special ones, odd names.
LD_PRELOAD=$abs_top_builddir/lib/.libs/libgcprof.so GCPROF_OUTPUT=demo.heap GCPROF_YOUNG=1M \
	"$abs_top_builddir/examples/demo" 2000 > /dev/null || exit 1
"$unit/test_heap" --sample > sample.heap || exit 1
LD_PRELOAD=$abs_top_builddir/lib/.libs/libgcprof.so GCPROF_OUTPUT=sampled.heap GCPROF_SAMPLE=4K \
	"$abs_top_builddir/examples/demo" 2000 > /dev/null || exit 1
for name in demo sample sampled; do
	"$analyze" --format=json "$name.heap" > "$name.json" || exit 1
done

sum() { # NAME KEY
	jq "[.sites[].$2] | add" "$1.json"
}

# ---- collapsed
flamegraph=$(perl -e 'for (@INC) { $f = "$_/Devel/NYTProf/flamegraph.pl"; if (-r $f) { print $f; last } }')
folds_up() { # NAME SORT KEY
	local total
	"$analyze" --format=collapsed --sort="$2" "$1.heap" > "$1.folded" || return
	perl "$flamegraph" "$1.folded" > "$1.svg" || return
	total=$(sed -n 's/.*<title>all (\([0-9,]*\) samples, 100%.*/\1/p' "$1.svg" | tr -d ,)
	is "$(sum "$1" "$3")" "$total"
}
if [ -r "$flamegraph" ]; then
	for name in demo sample; do
		ok "flamegraph.pl finds all live bytes of $name" folds_up $name live live_bytes
		ok "flamegraph.pl finds all allocations of $name" folds_up $name allocations allocations
		ok "flamegraph.pl finds all live blocks of $name" folds_up $name blocks live_blocks
	done
	ok "flamegraph.pl finds all old bytes" folds_up demo old old_bytes
else
	skip "flamegraph.pl reads it" "libdevel-nytprof-perl is not installed"
fi
"$analyze" --format=collapsed demo.heap > demo.folded
ok "callers come first" grep -q ';main;handle_request;remember_user ' demo.folded

# ---- speedscope
npm_dir=$abs_top_builddir/_build/speedscope
schema=$npm_dir/package/dist/release/file-format-schema.json
fetch_schema() {
	[ -f "$schema" ] && return
	command -v npm > /dev/null || return
	rm -rf "$npm_dir" && mkdir -p "$npm_dir" && (
		cd "$npm_dir" && timeout 120 npm pack --silent speedscope@1.25.0 &&
			tar -xzf speedscope-1.25.0.tgz package/dist/release/file-format-schema.json
	) > /dev/null 2>&1
}
cat > validate.py << 'END'
# SPDX-License-Identifier: MIT
import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))
END
adds_up() { # NAME: weights by kind
	jq -e --slurpfile r "$1.json" '.profiles | map({(.name): (.weights | add // 0)}) | add
		| ."live bytes" == ([$r[0].sites[].live_bytes] | add)
		and ."old bytes" == ([$r[0].sites[].old_bytes] | add)
		and ."live blocks" == ([$r[0].sites[].live_blocks] | add)
		and ."allocations" == ([$r[0].sites[].allocations] | add)
		and ."allocated bytes" == ([$r[0].sites[].allocated_bytes] | add)' "$1.speedscope"
}
for name in demo sample; do
	"$analyze" --format=speedscope "$name.heap" > "$name.speedscope"
	ok "speedscope's weights of $name are those of its sites" adds_up "$name"
	ok "speedscope: each sample of $name has its weight, each frame is there" jq -e '. as $o | .profiles
		| all((.samples | length) == (.weights | length)
		and all(.samples[][]; . < ($o.shared.frames | length)))' "$name.speedscope"
done
if fetch_schema && /usr/bin/python3 -c 'import jsonschema' 2> /dev/null; then
	for name in demo sample; do
		ok "$name is valid by speedscope's schema" /usr/bin/python3 validate.py "$schema" "$name.speedscope"
	done
	jq 'del(.shared)' demo.speedscope > broken.speedscope
	ok "speedscope's schema refuses what is not speedscope" bash -c "! /usr/bin/python3 validate.py '$schema' broken.speedscope"
elif command -v npm > /dev/null; then
	skip "speedscope's schema" "it could not be fetched, or python3-jsonschema is not installed"
else
	n=$((n + 1))
	echo "ok $n - speedscope's schema # SKIP no npm"
fi

# ---- pprof
raw() { # NAME INDEX: sum of the raw samples' values
	go tool pprof -raw "$1.pprof" 2> /dev/null | awk -v index_="$2" '
		/^Samples:/ { inside = 1; next }
		/^Locations/ { inside = 0 }
		inside && /^ *[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+:/ { sub(":", " "); sum += $index_ }
		END { printf "%d\n", sum }'
}
tags() { # NAME TAG VALUE: live bytes
	go tool pprof -sample_index=inuse_space -unit=B -tags "$1.pprof" 2> /dev/null |
		awk -v tag="$2:" -v value="$3" '$1 ~ /:$/ { now = $1 }
			now == tag && $NF == value { sub("B", "", $1); printf "%d\n", $1 }'
}
if ! command -v go > /dev/null; then
	skip "pprof reads it" "golang-go is not installed"
elif ! has pprof; then
	skip "pprof reads it" "built without protobuf-c"
else
	for name in demo sample; do
		"$analyze" --format=pprof -o "$name.pprof" "$name.heap"
		ok "pprof finds all allocations of $name" is "$(sum $name allocations)" "$(raw $name 1)"
		ok "pprof finds all allocated bytes of $name" is "$(sum $name allocated_bytes)" "$(raw $name 2)"
		ok "pprof finds all live blocks of $name" is "$(sum $name live_blocks)" "$(raw $name 3)"
		ok "pprof finds all live bytes of $name" is "$(sum $name live_bytes)" "$(raw $name 4)"
	done
	"$analyze" --format=pprof -o sampled.pprof sampled.heap
	# Values are whole numbers: each sample is rounded.
	near() { # KEY INDEX
		awk -v wanted="$(jq "[.sites[].$1 // 0] | add" sampled.json)" -v got="$(raw sampled "$2")" \
			-v most="$(go tool pprof -raw sampled.pprof 2> /dev/null | grep -c '^ *[0-9].*: ')" 'BEGIN {
			print "wanted " wanted ", got " got ", may differ by " most / 2
			exit !(wanted > 0 && got - wanted <= most / 2 && wanted - got <= most / 2) }'
	}
	ok "pprof of a sampled snapshot has the estimate of all allocations" near estimated_allocations 1
	ok "pprof of a sampled snapshot has the estimate of allocated bytes" near estimated_allocated_bytes 2
	ok "pprof of a sampled snapshot has the estimate of live blocks" near estimated_live_blocks 3
	ok "pprof of a sampled snapshot has the estimate of live bytes" near estimated_live_bytes 4
	# Which stacks were sampled is chance; all of them are in main.
	go tool pprof -sample_index=alloc_objects -nodefraction=0 -nodecount=1000 -top sampled.pprof > top 2> /dev/null
	ok "pprof of a sampled snapshot has no site for unsampled blocks" bash -c "grep -q ' main\$' top && ! grep -q 'not taken' top"
	ok "pprof finds what is old" is "$(jq .cohorts.old.bytes demo.json)" "$(tags demo cohort old)"
	ok "pprof finds what is young" is "$(jq .cohorts.young.bytes demo.json)" "$(tags demo cohort young)"
	go tool pprof -sample_index=inuse_space -lines -peek remember_user demo.pprof > peek 2> /dev/null
	ok "pprof calls the profile that of the program" is "File: $(jq -r .process.program demo.json)" \
		"$(go tool pprof -sample_index=inuse_space -top demo.pprof 2> /dev/null | grep '^File:')"
	ok "pprof names functions, files and lines" grep -q 'remember_user .*demo\.c:[0-9]' peek
	"$analyze" --format=pprof demo.heap > piped.pprof
	ok "a pipe gets the same" cmp demo.pprof piped.pprof
	ok "a terminal gets none" bash -c \
		"script -qec \"'$analyze' --format=pprof '$work/demo.heap'\" /dev/null < /dev/null | grep -q 'not for a terminal'"
fi

# ---- dhat
cat > dhat.js << 'END'
// Reads a file as dh_view.html does, and prints what its tree adds up to.
// SPDX-License-Identifier: MIT
const fs = require("fs"), vm = require("vm");
const node = () => new Proxy(function () {}, {
	get: (t, k) => k === "entries" ? () => [][Symbol.iterator]() : k === Symbol.toPrimitive ? () => "" :
		k === "childNodes" ? [] : t[k] !== undefined ? t[k] : node(),
	set: () => true, apply: () => node(), construct: () => node(),
});
const context = vm.createContext({ document: node(), window: node(), console, Intl, FileReader: node(), TypeError });
vm.runInContext(fs.readFileSync(process.argv[2], "utf8") + `
	;gSelect = { childNodes: gSelectData.map(() => ({})), selectedIndex: 0 };
	gData = ${fs.readFileSync(process.argv[3], "utf8")};
	buildTree();
	console.log(gRoot._totalBytes, gRoot._totalBlocks, gRoot._atTEndBytes, gRoot._atTEndBlocks);`, context);
END
dhat_adds_up() { # NAME: what is allocated is what lives at least
	"$analyze" --format=dhat "$1.heap" > "$1.dhat" || return
	is "$(jq -r '[.sites[] | [([.allocated_bytes, .live_bytes] | max), ([.allocations, .live_blocks] | max),
		.live_bytes, .live_blocks]] | transpose | map(add) | join(" ")' "$1.json")" \
		"$(node dhat.js "$dh_view" "$1.dhat")"
}
dh_view=/usr/libexec/valgrind/dh_view.js
if [ -r "$dh_view" ] && command -v node > /dev/null; then
	for name in demo sample; do
		ok "dh_view.js adds $name up to the same" dhat_adds_up "$name"
	done
else
	skip "dh_view.js reads it" "valgrind or Node.js is not installed"
fi

# ---- massif
ms_adds_up() { # NAME
	"$analyze" --format=massif "$1.heap" > "$1.massif" || return
	ms_print --threshold=0 "$1.massif" > "$1.ms" || return
	is "$(sum "$1" live_bytes)" "$(sed -n 's/^1*0*[0-9.]*% (\([0-9,]*\)B) (heap allocation.*/\1/p' "$1.ms" | tr -d ,)"
}
if command -v ms_print > /dev/null; then
	for name in demo sample; do
		ok "ms_print's last point has all live bytes of $name" ms_adds_up "$name"
	done
	ok "ms_print has the timeline" is "$(jq '.cohorts.epochs | length + 1' demo.json)" \
		"$(sed -n 's/^Number of snapshots: //p' demo.ms)"
	ok "ms_print shows who holds it" grep -Eq -- '->[0-9.]+% \([0-9,]+B\) 0x[0-9A-F]+: remember_user \(demo\.c:[0-9]+\)' demo.ms
else
	skip "ms_print reads it" "valgrind is not installed"
fi

# ---- csv
cat > table.py << 'END'
# SPDX-License-Identifier: MIT
import csv, json, sys
rows = {int(r["site"]): r for r in csv.DictReader(open(sys.argv[1], newline=""))}
sites = json.load(open(sys.argv[2]))["sites"]
assert len(rows) == len(sites), (len(rows), len(sites))
for s in sites:
    r = rows[s["site"]]
    for key in ("live_blocks", "live_bytes", "young_bytes", "old_bytes", "allocations", "allocated_bytes", "generation_count"):
        assert int(r[key]) == s[key], (s["site"], key, r[key], s[key])
    for key in ("estimated_live_blocks", "estimated_live_bytes", "estimated_allocations", "estimated_allocated_bytes"):
        assert abs(float(r[key]) - s[key]) < 0.01 if key in s else r[key] == "", (s["site"], key, r[key])
    assert len(r["stack"].split("\n")) == len(s["frames"]), s["site"]
END
for name in demo sample sampled; do
	"$analyze" --format=csv "$name.heap" > "$name.csv"
	ok "Python's csv reads $name's sites as they are" /usr/bin/python3 table.py "$name.csv" "$name.json"
done

# ---- sqlite
sql() { sqlite3 "$1.sqlite" "$2"; }
if ! command -v sqlite3 > /dev/null || ! has sqlite; then
	skip "sqlite3 reads it" "sqlite3 is not installed, or gcprof was built without"
else
	for name in demo sample; do
		"$analyze" --format=sqlite -o "$name.sqlite" "$name.heap"
		ok "sqlite3 finds $name's database sound" is ok "$(sql $name 'PRAGMA integrity_check')"
		ok "sqlite3: $name's blocks add up to the sites" is "$(sum $name live_blocks) $(sum $name live_bytes)" \
			"$(sql $name "SELECT count(*) || ' ' || sum(requested) FROM blocks")"
		ok "sqlite3: $name's blocks by site add up to the sites" is 0 "$(sql $name 'SELECT count(*) FROM sites s WHERE live_bytes !=
			(SELECT coalesce(sum(requested), 0) FROM blocks WHERE site = s.id)')"
		ok "every edge has a holder and a target" is 0 "$(sql $name 'SELECT count(*) FROM edges
			LEFT JOIN blocks t ON t.id = target LEFT JOIN blocks h ON h.id = block
			LEFT JOIN roots r ON r.id = root
			WHERE t.id IS NULL OR (h.id IS NULL) = (r.id IS NULL)')"
		ok "every stack has its frames" is 0 "$(sql $name 'SELECT count(*) FROM stacks LEFT JOIN frames
			ON frames.id = frame WHERE frames.id IS NULL')"
	done
	"$analyze" --format=sqlite -o sampled.sqlite sampled.heap
	ok "estimates are there" is "$(jq -c '[.sites[] | .estimated_live_bytes // 0, .estimated_allocations // 0] | add * 100 | round' sampled.json)" \
		"$(sql sampled 'SELECT CAST(round(sum(coalesce(estimated_live_bytes, 0) + coalesce(estimated_allocations, 0)) * 100) AS INTEGER) FROM sites')"
	ok "without sampling there are no estimates" is 0 "$(sql demo 'SELECT count(estimated_live_bytes) + count(estimated_allocations) FROM sites')"
	ok "edges are where the report sees them" is "$(jq '.leaks.reachable.blocks > 0' demo.json)" \
		"$(sql demo "SELECT iif(count(*) > 0, 'true', 'false') FROM edges")"
	ok "functions are summed over their sites" is "$(jq '[.sites[] | select(any(.frames[];
		.function == "handle_request")) | .live_bytes] | add' demo.json)" \
		"$(sql demo "SELECT live_bytes FROM functions WHERE function = 'handle_request'")"
	ok "findings are there" is "$(jq '.findings | length' demo.json)" "$(sql demo 'SELECT count(*) FROM findings')"
	ok "a directory for temporary files that is not there is named" bash -c \
		"! TMPDIR='$work/none' '$analyze' --format=sqlite -o x.sqlite demo.heap 2> err && grep -q 'TMPDIR' err"
fi

echo "1..$n"
