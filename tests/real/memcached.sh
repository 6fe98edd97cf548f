#!/usr/bin/env bash
# memcached.sh -- memcached with four threads and many keys.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require memcached
python=/usr/bin/python3
[ -x "$python" ] || skip_all "$python is not installed"
socket=$T/memcached.sock
cat >"$T/client.py" <<'END'
import socket, sys, threading

def talk(first, answers):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    f = s.makefile("rwb")
    lines = []

    def ask(text, n=1):
        f.write(text)
        f.flush()
        return [f.readline().decode().rstrip() for _ in range(n)]

    for i in range(first, first + 2000):
        value = (b"%d-" % (i * 7919)) * (i % 40 + 1)
        lines += ask(b"set key%d 0 0 %d\r\n%s\r\n" % (i, len(value), value))
    for i in range(first, first + 2000, 3):
        lines += ask(b"get key%d\r\n" % i, 3)
        lines += ask(b"delete key%d\r\n" % i)
        lines += ask(b"get key%d\r\n" % i)
    lines += ask(b"set n%d 0 0 1\r\n5\r\n" % first)
    lines += ask(b"incr n%d 37\r\n" % first)
    lines += ask(b"nonsense\r\n")
    answers[first] = lines
    s.close()

answers = {}
threads = [threading.Thread(target=talk, args=(n * 10000, answers)) for n in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
for first in sorted(answers):
    print("\n".join(answers[first]))
END
up() {
	"$python" -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"version\r\n"); assert s.recv(99).startswith(b"VERSION")' "$socket"
}
server=(memcached -s "$socket" -t 4 -m 64)
[ "$(id -u)" -ne 0 ] || server+=(-u root)

"${server[@]}" >"$T/plain.out" 2>"$T/plain.err" 3>/dev/null </dev/null &
pid=$!
started+=("$pid")
eventually up
"$python" "$T/client.py" "$socket" >"$T/plain.answers"
stop "$pid"
plain=$status
rm -f "$socket"

start_gcprof memcached "${server[@]}"
eventually up
"$python" "$T/client.py" "$socket" >"$T/memcached.answers"
kill -USR2 "$pid"
asked() { [ "$(n_heaps memcached)" -ge 1 ]; }
ok "SIGUSR2 gives a snapshot of the running server" eventually asked
ok "memcached is still up after its snapshot" up
stop "$pid"
is "memcached ends with the same status" "$status" "$plain"
ok "all answers are the same" cmp "$T/plain.answers" "$T/memcached.answers"
ok "memcached has given answers" grep -q '^42$' "$T/memcached.answers"
whole memcached 1
done_testing
