#!/bin/bash
# heapsnapshot.sh -- what --format=heapsnapshot writes is sound, and Chrome DevTools' own
# loader and memlab find in it what the JSON report has.
#
# Readers: Python, for what can be wrong in the file; the heap snapshot worker of the
# DevTools front end (npm: chrome-devtools-frontend, made one file by esbuild); memlab
# (npm: @memlab/heap-analysis, without the browser that it can drive).  They come into
# the build directory; where they cannot be had, their tests are skipped.
#
# SPDX-License-Identifier: MIT
# Dollars of jq, JavaScript and inner shells stand in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"
# shellcheck source=tests/cli/points.sh
. "$(dirname "$0")/points.sh"

preload=$abs_top_builddir/lib/.libs/libgcprof.so
[ -x "$unit/test_outline" ] || skip_all "cmocka is missing, and with it who writes the snapshots"

is() { # WANTED GOT
	[ "$1" = "$2" ] || { echo "'$2', not '$1'"; false; }
}

# demo: a table that grows.  perl: a program that nobody wrote for this.  sampled: a part
# of what is allocated.  first, second: one process, with known blocks in between.
# sample, odd, plain: made by hand, the last without pointers.
names='demo perl sampled sample odd plain'
LD_PRELOAD=$preload GCPROF_OUTPUT=demo.heap GCPROF_YOUNG=1M "$abs_top_builddir/examples/demo" 500 > /dev/null || exit 1
LD_PRELOAD=$preload GCPROF_OUTPUT=sampled.heap GCPROF_SAMPLE=64k "$abs_top_builddir/examples/demo" 500 > /dev/null || exit 1
LD_PRELOAD=$preload GCPROF_OUTPUT=perl.heap perl -e '
	our %table = map { $_ => [$_ x 30, { a => "x" x 100, b => [1 .. 5] }] } 1 .. 300;
	my $lost = [1]; push @$lost, $lost; undef $lost' || exit 1
"$unit/test_heap" --sample > sample.heap && "$unit/test_outline" --odd > odd.heap &&
	"$unit/test_outline" --plain > plain.heap || exit 1
shelf=$abs_top_builddir/tests/e2e/targets/shelf
if [ -x "$shelf" ]; then
	LD_PRELOAD=$preload GCPROF_OUTPUT=end.heap GCPROF_YOUNG=1M "$shelf" first.heap second.heap > wanted || exit 1
	names="$names first second"
fi
for name in $names; do
	"$analyze" --format=json "$name.heap" > "$name.json" || exit 1
	"$analyze" --format=heapsnapshot -o "$name.heapsnapshot" "$name.heap" || exit 1
done

# ---- the file
cat > sound.py << 'END'
# Is it a heap snapshot, and are its blocks those of the report?
# SPDX-License-Identifier: MIT
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
s = json.loads(text)
report = json.load(open(sys.argv[2]))
meta, strings = s["snapshot"]["meta"], s["strings"]
assert list(s) == ["snapshot", "nodes", "edges", "trace_function_infos", "trace_tree", "samples", "locations", "strings"]
assert len(set(strings)) == len(strings), "a string stands there twice"
fields = len(meta["node_fields"])
assert fields == len(meta["node_types"])
assert all(0 <= v < 2**32 for v in s["nodes"] + s["edges"])
rows = [s["nodes"][i:i + fields] for i in range(0, len(s["nodes"]), fields)]
edges = [s["edges"][i:i + 3] for i in range(0, len(s["edges"]), 3)]
assert len(rows) == s["snapshot"]["node_count"] and len(s["nodes"]) % fields == 0
assert len(edges) == s["snapshot"]["edge_count"] == sum(r[4] for r in rows) and len(s["edges"]) % 3 == 0
types, kinds = meta["node_types"][0], meta["edge_types"][0]
assert all(types[r[0]] in ("object", "native", "synthetic") and strings[r[1]] is not None for r in rows)
assert len({r[2] for r in rows}) == len(rows), "an id stands there twice"
for kind, name, to in edges:
    assert to % fields == 0 and to // fields < len(rows)
    assert kinds[kind] in ("element", "property", "internal", "weak")
    assert kinds[kind] == "element" or name < len(strings)

# The root leads to all, over edges that hold.
first, out = 0, []
for r in rows:
    out.append(edges[first:first + r[4]])
    first += r[4]
seen, todo = {0}, [0]
while todo:
    for kind, name, to in out[todo.pop()]:
        if kinds[kind] != "weak" and to // fields not in seen:
            seen.add(to // fields)
            todo.append(to // fields)
assert len(seen) == len(rows), f"{len(rows) - len(seen)} nodes are not reachable"

# Blocks are odd, and their sums those of the report.
blocks = [r for r in rows if types[r[0]] != "synthetic"]
assert all(r[2] % 2 == 1 for r in blocks) and all(r[2] % 2 == 0 for r in rows[1:] if types[r[0]] == "synthetic")
assert all(r[3] == 0 for r in rows if types[r[0]] == "synthetic")
rests = sum(kinds[kind] == "internal" for kind, name, to in edges)
assert len(blocks) - rests == sum(t["live_blocks"] for t in report["types"])
by_name = {}
for r in blocks:
    by_name[strings[r[1]]] = by_name.get(strings[r[1]], 0) + r[3]
assert by_name == {t["name"]: t["live_bytes"] for t in report["types"]}, by_name

# What is held, and what is not.
held, todo = set(), [i for i, r in enumerate(rows) if strings[r[1]] == "(GC roots)"]
while todo:
    for kind, name, to in out[todo.pop()]:
        if kinds[kind] != "weak" and to // fields not in held:
            held.add(to // fields)
            todo.append(to // fields)
leaks = report["leaks"]
if leaks["computed"]:
    n = sum(types[rows[i][0]] != "synthetic" and not any(kinds[k] == "internal" and to // fields == i for k, _, to in (edges if rests else []))
            for i in held)
    assert n == leaks["reachable"]["blocks"] + leaks["possible"]["blocks"] + leaks["ignored"]["blocks"], (n, leaks)

# Every stack is in the tree, which has all allocations.
ids, allocated = {0}, [0, 0]
def walk(children):
    for i in range(0, len(children), 5):
        ident, function, count, size, below = children[i:i + 5]
        assert ident not in ids and function < s["snapshot"]["trace_function_count"]
        ids.add(ident)
        allocated[0] += count
        allocated[1] += size
        walk(below)
sys.setrecursionlimit(10000)
walk(s["trace_tree"])
assert len(s["trace_function_infos"]) == 6 * s["snapshot"]["trace_function_count"]
assert all(r[5] in ids and r[5] for r in blocks), "a block has no stack"
assert allocated == [sum(max(x["allocations"], x["live_blocks"]) for x in report["sites"]),
                     sum(max(x["allocated_bytes"], x["live_bytes"]) for x in report["sites"])], allocated
END
for name in $names; do
	ok "$name is sound, and has the report's blocks" /usr/bin/python3 sound.py "$name.heapsnapshot" "$name.json"
done
jq '.edges[2] += 1' sample.heapsnapshot > broken.heapsnapshot
ok "a heapsnapshot that is not sound is detected" bash -c "! /usr/bin/python3 sound.py broken.heapsnapshot sample.json 2> err && grep -q AssertionError err"
ok "a pipe gets the same" bash -c "'$analyze' --format=heapsnapshot demo.heap | cmp - demo.heapsnapshot"
size() { # FILE: of all nodes
	jq '[.nodes as $n | range(3; $n | length; 7) | $n[.]] | add' "$1"
}
"$analyze" --format=heapsnapshot --cohort=old -o old.heapsnapshot demo.heap
ok "filtered blocks have no size in a heapsnapshot" is "$(jq .cohorts.old.bytes demo.json)" "$(size old.heapsnapshot)"
ok "filtered blocks are in a heapsnapshot" is "$(jq .snapshot.node_count demo.heapsnapshot)" "$(jq .snapshot.node_count old.heapsnapshot)"
"$analyze" --format=heapsnapshot --roots=stacks -o stacks.heapsnapshot demo.heap
ok "roots that are off are not there" jq -e '.strings | index("(globals)") == null and index("(lost: definite)") != null' stacks.heapsnapshot

# ---- what is folded
# Two million and more leaves, each string held by its scalar's block.
LD_PRELOAD=$preload GCPROF_OUTPUT=many.heap perl -e '@a = map { "x" x ($_ % 20 + 17) } 1 .. 2_100_000' || exit 1
"$analyze" --format=json many.heap | jq -r '[.types[] | .live_blocks, .live_bytes] | [_nwise(2)] | transpose | map(add) | join(" ")' > many.sums
"$analyze" --format=heapsnapshot many.heap | awk -F, '
	function name_count(s) { return match(s, / \([0-9]+ blocks\)",?$/) ? substr(s, RSTART + 2) + 0 : 1 }
	/^"nodes":/ { nodes = 1; sub(/.*\[/, "") ; $0 = "," $0 }
	/^\],?$/ { nodes = 0 }
	/^"strings":/ { strings = 1; sub(/.*\[/, "") }
	nodes && $2 != 9 { n[$3]++; bytes += $5; total++ }
	strings { blocks += n[at++] * name_count($0) }
	END { printf "%d %.0f\n", blocks, bytes; print total > "many.nodes" }' > many.got
ok "above two million blocks equal leaves are folded" [ "$(cat many.nodes)" -lt 500000 ]
ok "folded leaves lose no block" cmp many.sums many.got

# ---- Chrome DevTools
# What follows is fetched once, into the build directory.
npm_dir=$abs_top_builddir/_build/heapsnapshot
fetch() { # NAME COMMAND
	[ -f "$npm_dir/$1/done" ] && return
	command -v npm > /dev/null && command -v node > /dev/null || return
	rm -rf "${npm_dir:?}/$1" && mkdir -p "$npm_dir/$1" &&
		(cd "$npm_dir/$1" && echo '{"private": true}' > package.json && "$2") > /dev/null 2>&1 && : > "$npm_dir/$1/done"
}
get_devtools() {
	local worker=./package/front_end/entrypoints/heap_snapshot_worker
	timeout 300 npm pack --silent chrome-devtools-frontend@1.0.1705227 &&
		tar -xzf chrome-devtools-frontend-*.tgz && rm chrome-devtools-frontend-*.tgz || return
	# Their build makes this one, of what languages there are.
	cat > package/front_end/core/i18n/locales.js << 'END'
export const LOCALES = ["en-US"], BUNDLED_LOCALES = ["en-US"], DEFAULT_LOCALE = "en-US";
export const REMOTE_FETCH_PATTERN = "", LOCAL_FETCH_PATTERN = "";
END
	echo "export * from '$worker/HeapSnapshot.js'; export * from '$worker/HeapSnapshotLoader.js';" > entry.ts
	timeout 120 npm install --silent --no-audit --no-fund --ignore-scripts esbuild@0.25.0 &&
		node_modules/.bin/esbuild entry.ts --bundle --platform=node --format=esm --outfile=devtools.mjs &&
		rm -r package node_modules
}
get_memlab() {
	PUPPETEER_SKIP_DOWNLOAD=1 timeout 300 npm install --silent --no-audit --no-fund --ignore-scripts @memlab/heap-analysis@2.0.5
}
cat > devtools.mjs << 'END'
// Loads one or two snapshots as the Memory panel does, and prints what its views have.
// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { pathToFileURL } from "node:url";
// Newer than the oldest Node.js this runs on.
Promise.withResolvers ??= () => {
	let resolve, reject;
	const promise = new Promise((a, b) => { resolve = a; reject = b; });
	return { promise, resolve, reject };
};
const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));
const { HeapSnapshotLoader, SecondaryInitManager } = await import(pathToFileURL(process.argv[2]));
async function load(path) {
	const channel = new MessageChannel();
	const loader = new HeapSnapshotLoader({ sendEvent() {} });
	new SecondaryInitManager(channel.port2);
	for await (const chunk of fs.createReadStream(path, { encoding: "utf8", highWaterMark: 65537 }))
		loader.write(chunk);
	loader.close();
	return loader.buildSnapshot(channel.port1);
}
const s = await load(process.argv[3]);
const out = { total: s.totalSize, nodes: s.nodeCount, classes: {}, synthetic: {}, stacks: {}, diff: {} };
for (const a of Object.values(s.aggregatesWithFilter({})))
	out.classes[a.name] = { count: a.count, self: a.self, retained: a.maxRet };
const node = s.rootNode();
for (let i = 0; i < s.nodeCount; i++) {
	node.nodeIndex = i * s.nodeFieldCount;
	if (node.isSynthetic())
		out.synthetic[node.name()] = (out.synthetic[node.name()] ?? 0) + node.retainedSize();
	else
		out.stacks[node.name()] ??= (s.allocationStack(node.nodeIndex) ?? []).map(f => `${f.functionName} ${f.line}`);
}
// What topmost nodes of each class retain, of those that are held; the class view counts
// lost ones as well.
out.held = {};
for (let i = 0; i < s.nodeCount; i++) {
	node.nodeIndex = i * s.nodeFieldCount;
	const name = node.name(), size = node.retainedSize();
	let above = i;
	if (node.isSynthetic())
		continue;
	do {
		above = s.dominatorsTree[above];
		node.nodeIndex = above * s.nodeFieldCount;
	} while (above !== 0 && node.name() !== "(GC roots)" && node.name() !== name);
	if (node.name() === "(GC roots)")
		out.held[name] = (out.held[name] ?? 0) + size;
}
out.live = s.allocationTracesTops().reduce((sum, x) => sum + x.liveSize, 0);
if (process.argv[4]) {
	const later = await load(process.argv[4]);
	const diff = later.calculateSnapshotDiff("first", s.aggregatesForDiff(later.interfaceDefinitions()));
	for (const d of Object.values(diff))
		out.diff[d.name] = [d.addedCount, d.removedCount, d.addedSize, d.removedSize].join(" ");
}
out.warnings = warnings;
console.log(JSON.stringify(out));
process.exit(0);
END
devtools_agrees() { # NAME: what has no bytes DevTools does not show
	timeout 120 node devtools.mjs "$npm_dir/devtools/devtools.mjs" "$1.heapsnapshot" > "$1.devtools" || return
	jq -e --slurpfile r "$1.json" '. as $d | $r[0] as $r
		| .warnings == []
		and .total == ([$r.types[].live_bytes] | add)
		and .live == .total
		and (.classes | map_values(.self)) == ([$r.types[] | select(.live_bytes > 0) | {(.name): .live_bytes}] | add)
		and ([$r.types[] | ($d.held[.name] // 0) == (.retained_bytes // 0)] | all)' "$1.devtools" ||
		{ jq .held "$1.devtools"; false; }
}
if fetch devtools get_devtools; then
	for name in $names; do
		ok "DevTools finds $name's types with what they hold and retain" devtools_agrees "$name"
	done
	ok "DevTools sees what a variable retains" jq -e --slurpfile r demo.json \
		'.synthetic["sessions in demo"] == ([$r[0].types[] | select(.name | startswith("linked list"))][0].retained_bytes)' \
		demo.devtools
	ok "DevTools shows where it was allocated" jq -e '.stacks["unknown type, allocated in log_request"] | map(sub(" [0-9]+$"; ""))
		| index("log_request") as $i | $i != null and .[$i + 1] == "handle_request" and .[-1] == "(root)"' demo.devtools
	ok "DevTools counts what is lost beneath its own node" jq -e --slurpfile r sample.json \
		'.synthetic["(lost: definite)"] == ($r[0].leaks | .definite.bytes + .indirect.bytes)' sample.devtools
	if [ -x "$shelf" ]; then
		timeout 120 node devtools.mjs "$npm_dir/devtools/devtools.mjs" first.heapsnapshot second.heapsnapshot > diff.devtools
		while IFS=: read -r type figures; do
			ok "DevTools' comparison has each new and each deleted one: $type" \
				is "${figures# }" "$(jq -r --arg type "$type" '.diff[$type]' diff.devtools)"
		done < wanted
		ok "DevTools' comparison has no other differences" is '["Book","std::map<int, Book*> node","unknown type, allocated in take_notes"]' "$(jq -c '.diff | keys' diff.devtools)"
		ok "lost blocks that know of a held one do not hold it" is "$(jq '.types[] | select(.name == "std::map<int, Book*> node").retained_bytes' first.json)" \
			"$(jq '.synthetic["shelf in shelf"]' first.devtools)"
		ok "a class that is called Object keeps its name" is 3 "$(jq .classes.Object.count first.devtools)"
	fi
else
	skip "DevTools reads it" "no npm, no Node.js, or no registry: the front end cannot be had"
fi

# ---- memlab
cat > memlab.js << 'END'
// Prints what memlab finds, as one line of JSON at the end.
// SPDX-License-Identifier: MIT
const { getFullHeapFromFile } = require(process.argv[2] + "/node_modules/@memlab/heap-analysis");
getFullHeapFromFile(process.argv[3]).then(heap => {
	const types = {}, largest = {};
	let bytes = 0;
	heap.nodes.forEach(node => {
		bytes += node.self_size;
		if (node.type === "synthetic")
			return;
		types[node.name] = (types[node.name] ?? 0) + 1;
		if (!largest[node.name] || node.retainedSize > largest[node.name].retainedSize)
			largest[node.name] = node;
	});
	const out = { bytes, nodes: heap.nodes.length, types, paths: {}, retained: {} };
	for (const [name, node] of Object.entries(largest)) {
		const path = [];
		for (let edge = node.pathEdge; edge; edge = edge.fromNode.pathEdge)
			path.push(edge.fromNode.name);
		out.paths[name] = path;
		out.retained[name] = node.retainedSize;
	}
	console.log("\n" + JSON.stringify(out));
});
END
memlab_agrees() { # NAME; numbers for one block may be several nodes of it
	timeout 120 node memlab.js "$npm_dir/memlab" "$1.heapsnapshot" > memlab.out || return
	tail -n 1 memlab.out > "$1.memlab"
	jq -e --slurpfile r "$1.json" --argjson rests "$2" '$r[0] as $r
		| .bytes == ([$r.types[].live_bytes] | add)
		and (.types | add) == ([$r.types[].live_blocks] | add) + $rests
		and ($rests > 0 or .types == ([$r.types[] | {(.name): .live_blocks}] | add))' "$1.memlab" || { cat "$1.memlab"; false; }
}
if fetch memlab get_memlab; then
	for name in $names; do
		ok "memlab finds $name's blocks by type, and all their bytes" memlab_agrees "$name" "$([ "$name" = odd ] || [ "$name" = plain ] && echo 2 || echo 0)"
	done
	ok "memlab's path to what is held is ours" jq -e --slurpfile r demo.json '.paths["linked list node, allocated in remember_user"]
		| index("sessions in demo") != null and .[-3:] == ["sessions in demo", "(globals)", "(GC roots)"]' demo.memlab
	ok "memlab finds what is lost beneath its node" jq -e 'any(.paths[]; index("(lost: definite)") != null)' sample.memlab
else
	skip "memlab reads it" "no npm, no Node.js, or no registry: memlab cannot be had"
fi

echo "1..$n"
