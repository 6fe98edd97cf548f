#!/usr/bin/env bash
# nginx.sh -- nginx with a master and two workers, and requests.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

PATH=$PATH:/usr/sbin
require nginx curl
socket=$T/nginx.sock
mkdir -p "$T/root" "$T/temp"
for n in 1 10 100 1000 100000; do
	awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) print "line", i }' >"$T/root/$n.txt"
done
cat >"$T/nginx.conf" <<END
daemon off;
master_process on;
worker_processes 2;
$([ "$(id -u)" = 0 ] && echo 'user root;')
pid $T/nginx.pid;
error_log $T/error.log;
events { worker_connections 64; }
http {
	access_log $T/access.log;
	client_body_temp_path $T/temp/body;
	proxy_temp_path $T/temp/proxy;
	fastcgi_temp_path $T/temp/fastcgi;
	uwsgi_temp_path $T/temp/uwsgi;
	scgi_temp_path $T/temp/scgi;
	gzip on;
	gzip_min_length 100;
	gzip_types text/plain;
	types { text/plain txt; }
	server {
		listen unix:$socket;
		root $T/root;
		location /here { return 200 "method \$request_method uri \$request_uri\n"; }
		location /list { autoindex on; alias $T/root/; autoindex_exact_size on; }
	}
}
END
touch -d '2001-01-01' "$T"/root/*
get() { curl -s -S --max-time 30 --unix-socket "$socket" "$@"; }
up() { get -o /dev/null http://localhost/1.txt; }
requests() { # ANSWERS
	local i n
	for i in 1 2 3 4 5; do
		for n in 1 10 100 1000 100000; do
			get "http://localhost/$n.txt?$i" | md5sum
			get --compressed "http://localhost/$n.txt?$i" | md5sum
			get -r 5-50 "http://localhost/$n.txt" | md5sum
		done
		get -d "body=$i" "http://localhost/here/$i"
		get -o /dev/null -w '%{http_code}\n' "http://localhost/no-such-file"
	done >"$1"
	get http://localhost/list/ >>"$1"
}
n_workers() { pgrep -P "$pid" -f 'worker process$' | wc -l; }
two_workers() { [ "$(n_workers)" = 2 ]; }
serve() { # NAME: requests, reload, requests, quit
	eventually up
	eventually two_workers
	requests "$T/$1.answers"
	kill -HUP "$pid"
	eventually two_workers
	requests "$T/$1.answers2"
	if [ "$1" = nginx ]; then
		kill -RTMIN+3 "$pid"
		ok "a signal of our choice gives a snapshot of the running master" eventually asked
	fi
	stop "$pid" QUIT
}
asked() { heaps nginx | while read -r file; do info "$file" reason; done | grep -q signal; }

nginx -p "$T" -c "$T/nginx.conf" >"$T/plain.out" 2>"$T/plain.err" </dev/null &
pid=$!
started+=("$pid")
serve plain
plain=$status
GCPROF_SIGNAL=RTMIN+3 start_gcprof nginx nginx -p "$T" -c "$T/nginx.conf"
serve nginx
is "nginx ends with the same status" "$status" "$plain"
is "nginx has the same messages" "$(cat "$T/nginx.out" "$T/nginx.err")" "$(cat "$T/plain.out" "$T/plain.err")"
ok "all answers are the same" cmp "$T/plain.answers" "$T/nginx.answers"
ok "after a reload too" cmp "$T/plain.answers2" "$T/nginx.answers2"
ok "nginx has given answers" grep -q 'method POST uri /here/3' "$T/nginx.answers"
# master, and two workers before and after the reload
whole nginx 5

# nginx has a use of its own for SIGUSR2: it wins, and one line says so.
run_gcprof own-usr2 nginx -p "$T" -c "$T/nginx.conf" -t
is "nginx -t works" "$status" 0
GCPROF_SNAPSHOT=exit,signal start_gcprof own nginx -p "$T" -c "$T/nginx.conf"
eventually up
stop "$pid" QUIT
is "nginx installs its own handler for SIGUSR2: one line on stderr says who has it" \
	"$(grep -cE "gcprof.*(USR2|signal $(kill -l USR2))" "$T/own.err")" 1
done_testing
