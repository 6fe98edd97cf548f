#!/usr/bin/env bash
# node.sh -- Node.js: a program, and the two experiments of memory inside and outside its heap.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require node
MIB=1048576
cat >"$T/work.js" <<'END'
const crypto = require('crypto');
const zlib = require('zlib');
const { execFileSync } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');

if (!isMainThread) {
	let sum = 0;
	for (let i = 0; i < 1e5; i++) sum += [...String(i)].length;
	parentPort.postMessage(sum);
} else {
	const map = new Map();
	for (let i = 0; i < 100000; i++) {
		const key = crypto.createHash('md5').update(String(i % 5000)).digest('hex');
		map.set(key, (map.get(key) || 0) + i);
	}
	console.log(map.size, [...map.values()].reduce((a, b) => a + b, 0));
	const text = JSON.stringify([...map]);
	console.log(zlib.gunzipSync(zlib.gzipSync(text)).toString() === text, text.length);
	console.log(execFileSync('/bin/echo', ['from a child']).toString().trim());
	new Worker(__filename).on('message', (sum) => {
		console.log('worker', sum);
		setTimeout(() => { console.error('end'); process.exit(5); }, 20);
	});
}
END
same work node "$T/work.js"
whole work 2

# The experiments: five times 20 MiB, kept while the snapshot is taken.
cat >"$T/nothing.js" <<'END'
const kept = [];
setInterval(() => {}, 1000);
process.on('SIGTERM', () => { console.log(kept.length); process.exit(0); });
console.log('ready');
END
sed 's/^setInterval/for (let i = 0; i < 5; i++) kept.push(Buffer.alloc(20 * 1024 * 1024));\n&/' "$T/nothing.js" >"$T/buffers.js"
sed 's/^setInterval/for (let i = 0; i < 5; i++) kept.push(new Array(20 * 1024 * 1024));\n&/' "$T/nothing.js" >"$T/arrays.js"
for name in nothing buffers arrays; do
	GCPROF_SNAPSHOT=signal start_gcprof $name node "$T/$name.js"
	ready() { grep -q ready "$T/$name.out"; }
	written() { [ "$(n_heaps "$name")" -ge 1 ]; }
	eventually ready
	kill -USR2 "$pid"
	ok "$name: SIGUSR2 gives a snapshot of the running program" eventually written
	stop "$pid"
	is "$name: node ends well" "$status $(tail -n 1 "$T/$name.out")" "0 $([ $name = nothing ] && echo 0 || echo 5)"
	whole $name 1
done

large() { records "$(heap "$1")" block | awk -v least=$((20 * MIB)) '$2 >= least'; }
is "nothing: no block of 20 MiB" "$(large nothing)" ""
is "buffers: five Buffer.alloc(20 MiB) are five live blocks of 20 MiB and hardly more" \
	"$(large buffers | awk -v most=$((20 * MIB + 4096)) '$2 < most' | wc -l)" 5
is "buffers: all at one site" "$(large buffers | cut -f7 | sort -u | wc -l)" 1
ok "buffers: which is Node's native one for buffers" test "$(json "$(heap buffers)" \
	"[.sites[] | select(.live_blocks == 5 and .live_bytes >= 5 * 20 * $MIB) | select([.frames[].function] | any((. // \"\") | test(\"ArrayBuffer|BackingStore|Buffer\")))] | length")" -ge 1
used() { info "$(heap "$1")" heap_used; }
external() { info "$(heap "$1")" external; }
between "buffers: heap_used is 100 MiB more than without" $((($(used buffers) - $(used nothing)) / MIB)) 99 103
between "buffers: external hardly changes" $((($(external buffers) - $(external nothing)) / MIB)) -16 16

is "arrays: no block of 20 MiB" "$(large arrays)" ""
between "arrays: heap_used is nearly what it was" $((($(used arrays) - $(used nothing)) / MIB)) -3 3
between "arrays: five times 160 MiB more are external" $((($(external arrays) - $(external nothing)) / MIB)) 780 840
mapped=$(records "$(heap arrays)" mapping | awk -v least=$((160 * MIB)) -v most=$((176 * MIB)) '
	int($5 / 2) % 2 { if ($2 >= least && $2 < most) n++; else if ($2 >= least) n += int($2 / least) }
	END { print n + 0 }')
between "arrays: as mappings of 160 MiB each" "$mapped" 5 6
done_testing
