#!/usr/bin/env bash
# stand-ins.sh -- other preloaded libraries that stand in for the C library's functions.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require "$CC"
others=$T/stand-ins.so
ok "a library that stands in for all of libc.def can be built" \
	"$CC" -std=gnu11 -D_GNU_SOURCE -O1 -fno-builtin -fno-tree-loop-distribute-patterns -mgeneral-regs-only \
	-fno-stack-protector -fvisibility=hidden -shared -fPIC -iquote "$SOURCES/lib" -o "$others" \
	"$SOURCES/tests/e2e/targets/stand-ins.c"
# Every name, and none that the library exports itself.
is "the stand-in library defines every function that libgcprof.so would otherwise take from the program's scope" \
	"$(sed -nE 's/^LIBC\((.*)\)/\1/p; s/^LIBC_AS\(.*, *(.*)\)/\1/p' "$SOURCES/lib/libc.def" | sort |
		comm -23 - <("${NM:-nm}" -D --defined-only "$others" | awk '{ print $3 }' | sort))" ""

cat >"$T/work.c" <<'END'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *
work(void *with)
{
	struct timespec pause = {0, 1000000};
	char *kept[100] = {0};
	int i;

	for (i = 0; i < 20000; i++) {
		int at = rand() % 100;

		kept[at] = realloc(kept[at], rand() % 3000);
		if (i % 400 == 0)
			nanosleep(&pause, NULL);
	}
	for (i = 0; i < 100; i++)
		free(kept[i]);
	return with;
}

int
main(void)
{
	struct timespec now;
	pthread_t threads[3];
	int i, status;
	pid_t child;

	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	child = fork();
	work(NULL);
	for (i = 0; i < 3 && child; i++)
		pthread_join(threads[i], NULL);
	if (!child)
		return 5;
	waitpid(child, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%d %d\n", WEXITSTATUS(status), now.tv_sec > 0 && dlsym(RTLD_DEFAULT, "puts"));
	return 4;
}
END
"$CC" -O1 -fno-builtin -pthread -o "$T/work" "$T/work.c"
run_plain alone "$T/work"
plain="$status $(cat "$T/alone.out" "$T/alone.err")"
export GCPROF_SNAPSHOT=exit,interval=20ms
for allocator in jemalloc system; do
	export GCPROF_ALLOCATOR=$allocator
	for order in before after; do
		case $order in
		before) preload=$LIB:$others ;;
		after) preload=$others:$LIB ;;
		esac
		name=$order-$allocator
		run_gcprof "$name" "$T/work"
		is "preloaded $order them, allocator $allocator: none is called by us, and the program runs as alone" \
			"$status $(cat "$T/$name.out" "$T/$name.err")" "$plain"
		between "preloaded $order them, allocator $allocator: snapshots of both processes" "$(n_heaps "$name")" 3 100000
		STAND_INS=1 run_gcprof "$name-says" "$T/work"
		is "preloaded $order them, allocator $allocator: they stand in for the program's calls" \
			"$(sort -u "$T/$name-says.err")" "the stand-ins were called"
	done
done
done_testing
