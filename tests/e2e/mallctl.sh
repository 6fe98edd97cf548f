#!/usr/bin/env bash
# mallctl.sh -- a program that is written for jemalloc gets the answers that Debian's
# libjemalloc gives, and nothing of jemalloc's on its standard error.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

"${CC:-cc}" -O1 -o "$T/mallctl" "$SOURCES/tests/e2e/targets/mallctl.c" -ljemalloc 2>"$T/cc.err" ||
	skip_all "libjemalloc-dev is not installed"

same() { # SENTENCE ARGUMENT...
	local sentence=$1
	shift
	run_plain plain "$T/mallctl" "$@"
	GCPROF_SNAPSHOT=none run_gcprof with "$T/mallctl" "$@"
	is "$sentence" "$(cat "$T/with.out")" "$(cat "$T/plain.out")"
	is "$sentence: nothing is printed on standard error" "$(cat "$T/with.err")" ""
}

same "settings that a program makes are as with libjemalloc" -
same "options are those of libjemalloc" version:s config.cache_oblivious:b config.debug:b config.fill:b \
	config.lazy_lock:b config.malloc_conf:s config.prof:b config.stats:b config.utrace:b config.xmalloc:b \
	opt.abort:b opt.abort_conf:b opt.confirm_conf:b opt.metadata_thp:s opt.retain:b opt.dss:s opt.narenas:u \
	opt.percpu_arena:s opt.oversize_threshold:z opt.background_thread:b opt.max_background_threads:z \
	opt.dirty_decay_ms:z opt.muzzy_decay_ms:z opt.stats_print:b opt.junk:s opt.zero:b opt.utrace:b \
	opt.xmalloc:b opt.tcache:b opt.tcache_max:z opt.thp:s opt.prof:b opt.prof_prefix:s opt.prof_active:b \
	opt.lg_prof_sample:z opt.trust_madvise:b opt.hpa:b opt.zero_realloc:s opt.cache_oblivious:b
same "settings are those of libjemalloc" background_thread:b max_background_threads:z thread.arena:u \
	thread.tcache.enabled:b thread.allocated:q thread.allocatedp:p thread.deallocatedp:p thread.prof.name:s \
	thread.prof.active:b arenas.narenas:u arenas.quantum:z arenas.page:z arenas.tcache_max:z arenas.nbins:u \
	arenas.nhbins:u arenas.nlextents:u arenas.bin.0.size:z arenas.dirty_decay_ms:z arenas.muzzy_decay_ms:z \
	arena.0.initialized:b arena.0.dss:s arena.0.dirty_decay_ms:z arena.0.muzzy_decay_ms:z \
	arena.0.extent_hooks:p arena.0.retain_grow_limit:Z prof.thread_active_init:b prof.active:b prof.gdump:b \
	prof.interval:q prof.lg_sample:z
same "statistics are kept as by libjemalloc" stats.allocated:Z stats.active:Z stats.metadata:Z stats.mapped:Z \
	stats.resident:Z stats.retained:Z stats.background_thread.num_threads:z stats.arenas.0.nthreads:u \
	stats.arenas.0.dss:s

# malloc_stats_print goes where the program's malloc_message says.
cat >"$T/stats.c" <<'END'
#include <jemalloc/jemalloc.h>
#include <stdio.h>
#include <string.h>
static unsigned long n;
static void count(void *with, const char *text) { (void)with; n += strlen(text); }
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		malloc_message = count;
	malloc_stats_print(NULL, NULL, "gmdablxe");
	printf("%s\n", n > 100 ? "much" : "little");
	return 0;
}
END
"${CC:-cc}" -O1 -o "$T/stats" "$T/stats.c" -ljemalloc || exit 99
GCPROF_SNAPSHOT=none run_gcprof statistics "$T/stats"
is "malloc_stats_print prints on standard error" "$(cat "$T/statistics.out") $(grep -c "Begin jemalloc statistics" "$T/statistics.err")" "little 1"
GCPROF_SNAPSHOT=none run_gcprof message "$T/stats" own
is "malloc_stats_print goes to malloc_message if that is set" "$(cat "$T/message.out" "$T/message.err")" "much"
done_testing
