#!/usr/bin/env bash
# runtimes.sh -- what is called lost in healthy programs of eight languages, beside memcheck.
#
# Their runtimes keep pointers where others do not: in memory that children do not get, in code
# that they make, with tags, beside what they point to.  No more is definitely lost than
# memcheck says of the same program.  Where memcheck cannot go (Node.js, Java) nothing
# is, but what is listed below with its reason.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require node java ruby swipl ocaml guile emacs valgrind
unset JAVA_TOOL_OPTIONS
export GUILE_AUTO_COMPILE=0

# ---- beside memcheck, at the end

cat >"$T/work.rb" <<'END'
h = Hash.new(0)
20000.times { |i| h["k#{i % 500}"] += i }
t = Thread.new { (1..1000).map(&:to_s).join.size }
f = Fiber.new { Fiber.yield 1; 2 }
puts h.size, t.value, f.resume, ("x" * 10000).gsub("x", "yy").size
END
cat >"$T/work.pl" <<'END'
:- dynamic fact/2.
:- initialization(main).
main :-
	forall(between(1, 500, I), (atom_concat(k, I, K), assertz(fact(K, I)))),
	aggregate_all(count, fact(_, _), C), format("~w~n", [C]), halt.
END
cat >"$T/work.ml" <<'END'
module M = Map.Make(String)
let () =
  let m = ref M.empty in
  for i = 0 to 20000 do m := M.add ("k" ^ string_of_int (i mod 500)) i !m done;
  let b = Buffer.create 16 in
  M.iter (fun k v -> Buffer.add_string b (Printf.sprintf "%s=%d;" k v)) !m;
  Printf.printf "%d %d\n" (M.cardinal !m) (Buffer.length b)
END
cat >"$T/work.scm" <<'END'
(define h (make-hash-table))
(do ((i 0 (+ i 1))) ((= i 20000)) (hash-set! h (modulo i 500) (number->string i)))
(display (hash-count (const #t) h))
END
cat >"$T/work.el" <<'END'
(let ((h (make-hash-table :test 'equal)))
  (dotimes (i 20000) (puthash (format "k%d" (% i 500)) i h))
  (with-temp-buffer
    (dotimes (i 500) (insert (format "line %d\n" i)))
    (goto-char (point-min))
    (while (re-search-forward "line \\([0-9]+\\)" nil t) (replace-match "\\1"))
    (message "%d %d" (hash-table-count h) (buffer-size))))
END

memchecked() { # NAME: blocks that are definitely lost
	sed -n 's/,//g; s/.*definitely lost: [0-9]* bytes in \([0-9]*\) blocks.*/\1/p; /All heap blocks were freed/s/.*/0/p' "$T/$1.memcheck" | tail -n 1
}

# EXCESS: how many more we may call so, and why.
beside() { # NAME EXCESS COMMAND...
	local name=$1 excess=$2
	shift 2
	GCPROF_SNAPSHOT="exit" run_gcprof "$name" "$@"
	is "$name: it ends well" "$status" 0
	run_plain "$name-memcheck" valgrind --leak-check=full --log-file="$T/$name.memcheck" "$@"
	between "$name: no more blocks are definitely lost than memcheck says" "$(definite "$(heap "$name")")" \
		0 $(($(memchecked "$name") + excess))
	diag "$name: memcheck $(memchecked "$name"), $(summary "$(heap "$name")" '.leaks | "definite \(.definite.blocks), possible \(.possible.blocks)"')"
}

beside ruby 0 ruby "$T/work.rb"
# Its tables of atoms, functors and clauses are known by an address that lies before them, in
# neither tool's sight: which of them a stray word happens to point into differs.
beside swipl 3 swipl -q "$T/work.pl"
beside ocaml 0 ocaml "$T/work.ml"
beside guile 0 guile "$T/work.scm"
beside emacs 0 emacs --batch -Q -l "$T/work.el"

# ---- Node.js and Java while they run

cat >"$T/work.js" <<'END'
const fs = require('fs'), crypto = require('crypto'), zlib = require('zlib');
const { Worker, isMainThread, parentPort } = require('worker_threads');

const map = new Map();
for (let i = 0; i < 20000; i++)
	map.set(crypto.createHash('md5').update(String(i % 500)).digest('hex'), { i });
if (!isMainThread) {
	parentPort.postMessage(map.size);
} else {
	const text = fs.readFileSync(__filename, 'utf8');
	new Worker(__filename).on('message', (n) => {
		console.log('ready', n, zlib.gunzipSync(zlib.gzipSync(text)).length === text.length);
	});
	new Worker('setInterval(() => {}, 1000)', { eval: true });
	fs.promises.readFile(__filename).then((b) => map.set('file', b));
}
setInterval(() => map.size, 1000);
END
cat >"$T/Work.java" <<'END'
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class Work {
	static final List<ByteBuffer> kept = new ArrayList<>();
	public static void main(String[] args) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<Integer>> sums = new ArrayList<>();
		for (int i = 0; i < 50; i++)
			kept.add(ByteBuffer.allocateDirect(4096));
		for (int i = 0; i < 40; i++) {
			final int k = i;
			sums.add(pool.submit(() -> { int s = 0; for (int j = 0; j < 100000; j++) s += j * k % 7; return s; }));
		}
		long sum = 0;
		for (Future<Integer> f : sums)
			sum += f.get();
		Map<String, Integer> map = new HashMap<>();
		for (int i = 0; i < 50000; i++)
			map.merge("k" + i % 1000, 1, Integer::sum);
		System.out.println("ready " + sum + " " + map.size() + " " + Files.readAllBytes(Paths.get(args[0])).length);
		System.out.flush();
		Thread.sleep(600000);
	}
}
END

# What is definitely lost in them, and why that is true.
cat >"$T/known" <<'END'
Compiler::initialize	libjvm's first compiler makes an arena and remembers only what is in it
JLI_Launch	the launcher copies options into blocks whose address it does not keep
SetJavaCommandLineProp	so it does with the command line
END

running() { # NAME COMMAND...
	local name=$1
	shift
	GCPROF_SNAPSHOT=signal start_gcprof "$name" "$@"
	ready() { grep -q ready "$T/$name.out"; }
	ok "$name: the program runs" eventually ready
	ok "$name: gcprof snapshot gives one" "$RUN" snapshot "$pid"
	stop "$pid" KILL
	file=$(heap "$name")
	is "$name: all of its memory was searched" "$(info "$file" unread_bytes)" 0
	# A line for each finding: its functions.
	json "$file" '.findings[] | select(.kind == "leak" and .verdict == "definite") | [.site.frames[].function // "?"] | join(" ")' |
		cut -c1-300 | grep -vFf <(cut -f1 "$T/known") >"$T/$name.lost"
	is "$name: nothing is definitely lost but what has a reason" "$(cat "$T/$name.lost")" ""
	diag "$name: $(summary "$file" '.leaks | "definite \(.definite.blocks), possible \(.possible.blocks)"'), stopped $(($(info "$file" cut_pause_ns) / 1000)) us"
}

running node node "$T/work.js"
if javac -d "$T" "$T/Work.java" 2>"$T/javac.err"; then
	running java java -cp "$T" Work "$T/work.js"
else
	running java java "$T/Work.java" "$T/work.js"
fi
done_testing
