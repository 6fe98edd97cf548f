#!/usr/bin/env bash
# asking.sh -- servers and runtimes that have SIGUSR2 for themselves, or overwrite their
# environment, are asked for snapshots and figures while they work.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

PATH=$PATH:/usr/sbin
require java ruby nginx mosquitto redis-server redis-cli curl python3
require_built "$RUN" "$(dirname "$RUN")/gcprof-top"

asked() { # NAME PID: a snapshot and figures
	local file
	status=0
	file=$(timeout 60 "$RUN" snapshot "$2" 2>"$T/$1.asked.err") || status=$?
	is "$1: gcprof snapshot succeeds" "$status $(cat "$T/$1.asked.err")" "0 "
	ok "$1: the snapshot is there, by the name that was printed" test -s "$file"
	is "$1: the snapshot is of that process" "$(info "$file" pid)" "$2"
	status=0
	timeout 60 "$RUN" top --batch --insist "$2" >"$T/$1.top" 2>"$T/$1.top.err" </dev/null || status=$?
	is "$1: gcprof top shows it" "$status $(head -n 1 "$T/$1.top" | grep -c "($2)")" "0 1"
}
handles_usr2() { # PID: and not by us, as its stderr says
	[ $((0x$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$1/status") & 0x800)) -ne 0 ]
}

# ---- Java: threads are suspended by SIGUSR2 where the JVM wants it so ----

cat >"$T/Work.java" <<'END'
public class Work {
	public static void main(String[] args) throws Exception {
		Thread other = new Thread(() -> {
			while (!new java.io.File(args[0]).exists())
				try { Thread.sleep(5); } catch (InterruptedException e) { System.exit(3); }
		});
		other.start();
		System.err.println("ready");
		long sum = 0;
		while (other.isAlive())
			for (int i = 0; i < 1000; i++) { byte[] b = new byte[1000 + i]; sum += b.length - 1000 - i; }
		System.out.println("sum " + sum);
		System.exit(7);
	}
}
END
start_gcprof java java -Xmx64m "$T/Work.java" "$T/java.end"
eventually grep -q '^ready' "$T/java.err"
asked java "$pid"
asked java "$pid"
touch "$T/java.end"
status=0
wait "$pid" || status=$?
is "java: it ends as it would" "$status $(cat "$T/java.out")" "7 sum 0"

# ---- Ruby ----

cat >"$T/work.rb" <<'END'
n = 0
trap("USR2") { n += 1 }
$stderr.puts "ready"
table = {}
i = 0
until File.exist?(ARGV[0])
	table[i % 1000] = "x" * (i % 500)
	i += 1
	sleep 0.001
end
puts "signals #{n} entries #{table.size > 0}"
exit 7
END
start_gcprof ruby ruby "$T/work.rb" "$T/ruby.end"
eventually grep -q '^ready' "$T/ruby.err"
asked ruby "$pid"
asked ruby "$pid"
touch "$T/ruby.end"
status=0
wait "$pid" || status=$?
is "ruby: it ends as it would, and has got no signal" "$status $(cat "$T/ruby.out")" "7 signals 0 entries true"

# Without a handler of its own.
# shellcheck disable=SC2016 # Ruby's
start_gcprof ruby-plain ruby -e '$stderr.puts "ready"; sleep 0.01 until File.exist?(ARGV[0]); exit 7' "$T/ruby-plain.end"
eventually grep -q '^ready' "$T/ruby-plain.err"
asked ruby-plain "$pid"
touch "$T/ruby-plain.end"
status=0
wait "$pid" || status=$?
is "ruby-plain: it ends as it would" "$status" 7

# ---- nginx: SIGUSR2 replaces the binary ----

mkdir -p "$T/root" "$T/temp"
echo hello >"$T/root/hello.txt"
cat >"$T/nginx.conf" <<END
daemon off;
worker_processes 2;
$([ "$(id -u)" = 0 ] && echo 'user root;')
pid $T/nginx.pid;
error_log $T/error.log;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path $T/temp/body;
	proxy_temp_path $T/temp/proxy;
	fastcgi_temp_path $T/temp/fastcgi;
	uwsgi_temp_path $T/temp/uwsgi;
	scgi_temp_path $T/temp/scgi;
	server { listen unix:$T/nginx.sock; root $T/root; }
}
END
fetch() { [ "$(curl -s --max-time 30 --unix-socket "$T/nginx.sock" http://localhost/hello.txt)" = hello ]; }
workers() { pgrep -P "$pid" -f 'worker process$'; }
two_workers() { [ "$(workers | wc -l)" = 2 ]; }
start_gcprof nginx nginx -c "$T/nginx.conf" -p "$T" -e "$T/error.log"
eventually fetch
eventually two_workers
asked nginx "$pid"
for worker in $(workers); do
	asked nginx "$worker"
done
ok "nginx: it serves on" fetch
is "nginx: no other master was started" "$(pgrep -f "nginx.*$T/nginx.conf" | wc -l) $(cat "$T"/nginx.pid*)" "1 $pid"
stop "$pid" QUIT
is "nginx: it ends as it would" "$status" 0

# ---- mosquitto: SIGUSR2 prints the tree of subscriptions ----

printf 'listener 0 %s/mosquitto.sock\nallow_anonymous true\nlog_dest stdout\n' "$T" >"$T/mosquitto.conf"
[ "$(id -u)" = 0 ] && echo 'user root' >>"$T/mosquitto.conf"
listens() { python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$T/mosquitto.sock"; }
start_gcprof mosquitto mosquitto -c "$T/mosquitto.conf"
eventually listens
asked mosquitto "$pid"
asked mosquitto "$pid"
ok "mosquitto: it listens on" listens
stop "$pid"
is "mosquitto: it ends as it would" "$status" 0
is "mosquitto: no tree was printed" "$(grep -c -i subhier "$T/mosquitto.out" "$T/mosquitto.err" | cut -d: -f2 | tr '\n' ' ')" "0 0 "

# ---- redis: its title stands where the environment was ----

cli() { redis-cli -s "$T/redis.sock" "$@" 2>&1; }
up() { [ "$(cli ping)" = PONG ]; }
start_gcprof redis redis-server --port 0 --unixsocket "$T/redis.sock" --save '' --appendonly no --dir "$T"
eventually up
asked redis "$pid"
asked redis "$pid"
ok "redis: it serves on" up
cli SHUTDOWN NOSAVE >/dev/null
status=0
wait "$pid" || status=$?
is "redis: it ends as it would" "$status" 0

# ---- Python: waits in sigwaitinfo for what is ours ----

cat >"$T/work.py" <<'END'
import os, signal, sys, threading
got = []
def take():
    while True:
        info = signal.sigwaitinfo(set(range(1, 65)) - {9, 19, 32, 33})
        if info.si_signo == signal.SIGTERM:
            print("got", [g for g in got])
            sys.stdout.flush()
            os._exit(7)
        if info.si_code == -1:  # SI_QUEUE; a cut's is not
            got.append(info.si_signo)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Thread(target=take, daemon=True).start()
print("ready", file=sys.stderr, flush=True)
while True:
    signal.pause()
END
start_gcprof python python3 "$T/work.py"
eventually grep -q '^ready' "$T/python.err"
python=$(descendants "$pid" | while read -r p; do grep -q libgcprof "/proc/$p/maps" && tr '\0' '\n' <"/proc/$p/cmdline" | grep -q work.py && echo "$p"; done | tail -n 1)
asked python "$python"
kill -TERM "$python"
status=0
wait "$pid" || status=$?
is "python: a thread in sigwaitinfo has not got ours" "$status $(cat "$T/python.out")" "7 got []"
done_testing
