#!/usr/bin/env bash
# growth.sh -- what is said of real programs that keep too much, and of the same with a limit.
#
# Each problem stands beside its cure: a warning that names the place for the
# one, none for the other.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"
. "${srcdir:-.}/tests/real/verdicts.sh"

asked() { # NAME: a snapshot of what runs as $pid is there
	[ "$(n_heaps "$1")" -ge 1 ]
}

ask() { # NAME
	kill -USR2 "$pid"
	ok "$1: the running program is looked at" eventually asked "$1"
}

# ---- redis

socket=$T/redis.sock
cli() { redis-cli -s "$socket" "$@" 2>&1; }
up() { [ "$(cli ping)" = PONG ]; }

redis() { # NAME COMMANDS [OPTION...]: the commands are an awk program
	local name=$1 commands=$2
	shift 2
	GCPROF_SNAPSHOT=signal start_gcprof "$name" redis-server --port 0 --unixsocket "$socket" --save '' \
		--appendonly no --dir "$T" --daemonize no "$@"
	eventually up
	awk "BEGIN { $commands }" | cli >"$T/$name.answers"
	is "$name: every command is answered well" "$(grep -c ERR "$T/$name.answers")" 0
	cli DBSIZE | sed "s/^/# $name: keys: /"
	ask "$name"
	cli SHUTDOWN NOSAVE >/dev/null
	stop "$pid"
}

if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
	redis redis-keys 'for (i = 0; i < 60000; i++) print "SET session:" i " user-" i "-" i * 7919 % 10007'
	accused "redis, keys that are only added: at its dictionary, a cache or growth without limit" \
		"$(heap redis-keys)" 'cache/unbounded|growth/unbounded' 'dictAddRaw|dictAdd|dbAdd'

	redis redis-lru 'for (i = 0; i < 100000; i++) print "SET session:" i " user-" i "-" i * 7919 % 10007' \
		--maxmemory 4mb --maxmemory-policy allkeys-lru
	calm "redis, keys that are evicted: no warning" "$(heap redis-lru)"
	ok "redis, keys that are evicted: a note says that they have a bound" \
		grep -qE $'^note\t[a-z]*/bounded\t.*(dictAddRaw|dbAdd)' <(verdicts "$(heap redis-lru)")

	redis redis-list 'for (i = 0; i < 90000; i++) {
		print "RPUSH jobs job-" i "-" i * 7919 % 10007 "-and-what-there-is-to-do"
		if (i % 3 == 0) print "LPOP jobs"
	}'
	accused "redis, a list pushed faster than popped: a queue without limit" \
		"$(heap redis-list)" 'queue/unbounded' 'quicklist|lpInsert|lpAppend'
else
	skip "redis-server" "it is not installed"
fi

# ---- python

python=/usr/bin/python3
if [ -x "$python" ]; then
	cat >"$T/fill.py" <<'END'
import sys

seen = {}


def remember(i):
    seen["request %d" % i] = b"x" * 100 + str(i).encode()
    if len(sys.argv) > 1 and len(seen) > int(sys.argv[1]):
        del seen[next(iter(seen))]


for i in range(60000):
    remember(i)
print(len(seen))
sys.stdout.flush()
if sys.stdin.read():
    sys.exit(1)
END
	mkfifo "$T/python.wait"
	fill() { # NAME [LIMIT]: looked at while it runs, with its table, and at its end
		local name=$1
		shift
		# Its standard input is closed when it has been looked at.
		GCPROF_SNAPSHOT=exit,signal start_gcprof "$name" bash -c 'exec "$@" <"$0"' "$T/python.wait" \
			"$python" -S -s "$T/fill.py" "$@"
		exec 8>"$T/python.wait"
		eventually test -s "$T/$name.out"
		ask "$name"
		exec 8>&-
		stop "$pid" CONT
		is "$name: the program ends well" "$status" 0
	}
	running() { heaps "$1" | grep '/python' | head -n 1; }
	at_end() { heaps "$1" | grep '/python' | tail -n 1; }
	export PYTHONMALLOC=malloc
	fill python-dict
	accused "python, a dict that is filled for ever, as it runs: a cache or growth without limit" \
		"$(running python-dict)" 'cache/unbounded|growth/unbounded' 'PyUnicode_Format|_PyEval_EvalFrameDefault'
	accused "python, the same dict, freed at the end" \
		"$(at_end python-dict)" 'cache/unbounded|growth/unbounded' 'PyUnicode_Format|_PyEval_EvalFrameDefault'
	fill python-limit 5000
	calm "python, a dict with a limit: no warning" "$(running python-limit)"
	unset PYTHONMALLOC
	fill python-arenas
	file=$(running python-arenas)
	between "python's own arenas: they are mappings, of many mebibytes" $(($(info "$file" external) / 1048576)) 5 200
	show "$file"
else
	skip "python" "it is not installed"
fi

# ---- node: Buffers are native memory, whatever holds them is not

if command -v node >/dev/null; then
	cat >"$T/common.js" <<'END'
const [which, limit] = process.argv.slice(2);
const ROUNDS = 3000, SIZE = 16384;
const body = (i) => Buffer.alloc(SIZE, i & 255);

const cache = new Map();
function remember(i) {
	cache.set('page' + i, body(i));
	if (limit && cache.size > 200) cache.delete(cache.keys().next().value);
}

const queue = [];
function produce(i) {
	queue.push(body(i));
	if (limit ? queue.length > 100 : i % 3 === 0) queue.shift();
}

const bus = new (require('events'))();
bus.setMaxListeners(0);
const added = [];
function listen(i) {
	const held = body(i);
	const listener = () => held.length;
	bus.on('change', listener);
	if (!limit) return;
	added.push(listener);
	if (added.length > 50) bus.off('change', added.shift());
}

const work = { cache: remember, queue: produce, listeners: listen }[which];
let i = 0;
function turn() {
	for (let end = i + 100; i < end; i++) work(i);
	gc();
	if (i < ROUNDS) setImmediate(turn);
	else console.log('ready', cache.size, queue.length, bus.listenerCount('change'));
}
turn();
setInterval(() => {}, 1000);
process.on('SIGTERM', () => process.exit(0));
END
	ready() { grep -q ready "$T/$1.out"; }
	for which in cache queue listeners; do
		for limit in '' limit; do
			name=node-$which${limit:+-$limit}
			GCPROF_SNAPSHOT=signal start_gcprof "$name" node --expose-gc "$T/common.js" $which $limit
			eventually ready "$name"
			ask "$name"
			stop "$pid"
			is "$name: the program ends well" "$status" 0
			if [ -n "$limit" ]; then
				calm "node, $which with a limit: no warning" "$(heap "$name")"
				continue
			fi
			# A Map and a list of closures are objects of the runtime: the memory that
			# they hold has grown, and nobody has freed any.  A queue is told by what
			# was freed, the oldest first.
			kinds='growth/unbounded'
			[ $which = queue ] && kinds='queue/unbounded'
			accused "node, $which without a limit: $kinds at the memory of its Buffers" \
				"$(heap "$name")" "$kinds" 'NodeArrayBufferAllocator|ArrayBuffer|BackingStore'
			is "node, $which without a limit: all parts of a Buffer are parts of one finding" \
				"$(summary "$(heap "$name")" '[.findings[] | select(.level == "warning" and .kind != "leak" and (has("part_of") | not))] | length')" 1
		done
	done
else
	skip "node" "it is not installed"
fi

# ---- C++: std::function in a container

if "${CXX:-c++}" --version >/dev/null 2>&1; then
	cat >"$T/functions.cc" <<'END'
#include <cstdlib>
#include <functional>
#include <list>
#include <string>

static std::list<std::function<std::size_t()>> on_close;

static void
subscribe(int i, bool drop)
{
	std::string what = "the window that was opened as number " + std::to_string(i);

	on_close.push_back([what, i] { return what.size() + i; });
	if (drop && on_close.size() > 50)
		on_close.pop_front();
}

int
main(int argc, char **)
{
	std::size_t sum = 0;

	for (int i = 0; i < 30000; i++)
		subscribe(i, argc > 1);
	for (auto &f : on_close)
		sum += f();
	std::exit(sum == 0);
}
END
	sed -i 's/std::exit(sum == 0)/std::exit(sum == 0)/' "$T/functions.cc"
	ok "the C++ program is built" "${CXX:-c++}" -g -O1 -o "$T/callbacks" "$T/functions.cc"
	run_gcprof functions "$T/callbacks"
	accused "C++, callbacks that are never unregistered: closures" "$(heap functions)" 'closure/retained' 'subscribe'
	run_gcprof functions-limit "$T/callbacks" limit
	calm "C++, callbacks that are unregistered: no warning" "$(heap functions-limit)"
else
	skip "std::function" "no C++ compiler"
fi
done_testing
