# tests/corpus/local.mk -- small programs whose truth is known, for `make check-corpus`.
#
# To add one: programs/NAME.c or programs/NAME.cc, its name in the list here
# and in its line at the end, and its truth in the manifest.
#
# SPDX-License-Identifier: MIT

corpus_c = \
	tests/corpus/programs/cache-chained \
	tests/corpus/programs/cache-freed \
	tests/corpus/programs/cache-intern \
	tests/corpus/programs/cache-open \
	tests/corpus/programs/cache-sessions \
	tests/corpus/programs/cache-thread-maps \
	tests/corpus/programs/cache-treap \
	tests/corpus/programs/cache-tree \
	tests/corpus/programs/calm-arena \
	tests/corpus/programs/calm-burst \
	tests/corpus/programs/calm-churn \
	tests/corpus/programs/calm-compiler \
	tests/corpus/programs/calm-count \
	tests/corpus/programs/calm-double-buffer \
	tests/corpus/programs/calm-listeners \
	tests/corpus/programs/calm-load-once \
	tests/corpus/programs/calm-lru \
	tests/corpus/programs/calm-packed \
	tests/corpus/programs/calm-pool \
	tests/corpus/programs/calm-queue \
	tests/corpus/programs/calm-reload \
	tests/corpus/programs/calm-ring \
	tests/corpus/programs/calm-short \
	tests/corpus/programs/calm-tagged \
	tests/corpus/programs/calm-thread-caches \
	tests/corpus/programs/calm-ttl \
	tests/corpus/programs/closure-cleanups \
	tests/corpus/programs/closure-listeners \
	tests/corpus/programs/closure-local \
	tests/corpus/programs/closure-timers \
	tests/corpus/programs/frag-pinned \
	tests/corpus/programs/growth-append \
	tests/corpus/programs/growth-arena \
	tests/corpus/programs/growth-subtree \
	tests/corpus/programs/leak-cycle \
	tests/corpus/programs/leak-early-return \
	tests/corpus/programs/leak-list-head \
	tests/corpus/programs/leak-overwritten \
	tests/corpus/programs/leak-realloc \
	tests/corpus/programs/leak-thread \
	tests/corpus/programs/missing-free-error \
	tests/corpus/programs/missing-free-threads \
	tests/corpus/programs/queue-list \
	tests/corpus/programs/queue-log-writer \
	tests/corpus/programs/queue-pipeline \
	tests/corpus/programs/queue-retry \
	tests/corpus/programs/queue-ring-grow

corpus_cxx = \
	tests/corpus/programs/cache-linear \
	tests/corpus/programs/cache-lru-unlimited \
	tests/corpus/programs/cache-memo \
	tests/corpus/programs/cache-shards \
	tests/corpus/programs/cache-unordered-map \
	tests/corpus/programs/calm-backlog \
	tests/corpus/programs/calm-free-list \
	tests/corpus/programs/calm-join \
	tests/corpus/programs/calm-library \
	tests/corpus/programs/calm-limitable-map \
	tests/corpus/programs/calm-log-ring \
	tests/corpus/programs/calm-memo \
	tests/corpus/programs/calm-plateau \
	tests/corpus/programs/calm-sessions \
	tests/corpus/programs/calm-singletons \
	tests/corpus/programs/calm-sort \
	tests/corpus/programs/calm-timers \
	tests/corpus/programs/calm-undo \
	tests/corpus/programs/calm-vector \
	tests/corpus/programs/closure-functions \
	tests/corpus/programs/closure-observers \
	tests/corpus/programs/closure-registry \
	tests/corpus/programs/closure-signals \
	tests/corpus/programs/closure-timeouts \
	tests/corpus/programs/closure-watches \
	tests/corpus/programs/growth-history \
	tests/corpus/programs/growth-string \
	tests/corpus/programs/leak-callback-cycle \
	tests/corpus/programs/leak-container \
	tests/corpus/programs/leak-exception \
	tests/corpus/programs/leak-release \
	tests/corpus/programs/missing-free-jobs \
	tests/corpus/programs/queue-deque \
	tests/corpus/programs/queue-priority \
	tests/corpus/programs/queue-producers \
	tests/corpus/programs/queue-std-list

EXTRA_DIST += \
	tests/corpus/judge.jq \
	tests/corpus/manifest \
	tests/corpus/run.sh \
	tests/corpus/programs/corpus.h \
	$(corpus_c:=.c) \
	$(corpus_cxx:=.cc)

corpus_programs = $(corpus_c)
if HAVE_CXX
corpus_programs += $(corpus_cxx)
endif
check_DATA += $(corpus_programs)
CLEANFILES += $(corpus_programs)
corpus_tests = tests/corpus/corpus.sh
EXTRA_DIST += tests/corpus/corpus.sh

# CORPUS_ARGS: options and names for run.sh.
check-corpus: all $(corpus_programs)
if WITH_PRELOAD
	@$(AM_TESTS_ENVIRONMENT) \
	$(BASH_PROGRAM) $(srcdir)/tests/corpus/run.sh $(CORPUS_ARGS)
else
	@echo 'the corpus needs the library, which is not built' >&2; exit 2
endif

.PHONY: check-corpus

# The flags of the one who builds come first, as for tests/leaks.
corpus_source = $(srcdir)/tests/corpus/programs
corpus_header = tests/corpus/programs/corpus.h

$(corpus_c): $(corpus_header)
	$(AM_V_CCLD)$(MKDIR_P) tests/corpus/programs && \
	$(CC) -O2 $(e2e_cflags) -D_GNU_SOURCE -o $@ $(corpus_source)/$(@F).c

$(corpus_cxx): $(corpus_header)
	$(AM_V_CXXLD)$(MKDIR_P) tests/corpus/programs && \
	$(CXX) -O1 $(e2e_cxxflags) -D_GNU_SOURCE -o $@ $(corpus_source)/$(@F).cc

tests/corpus/programs/cache-chained: tests/corpus/programs/cache-chained.c
tests/corpus/programs/cache-freed: tests/corpus/programs/cache-freed.c
tests/corpus/programs/cache-intern: tests/corpus/programs/cache-intern.c
tests/corpus/programs/cache-open: tests/corpus/programs/cache-open.c
tests/corpus/programs/cache-sessions: tests/corpus/programs/cache-sessions.c
tests/corpus/programs/cache-thread-maps: tests/corpus/programs/cache-thread-maps.c
tests/corpus/programs/cache-treap: tests/corpus/programs/cache-treap.c
tests/corpus/programs/cache-tree: tests/corpus/programs/cache-tree.c
tests/corpus/programs/calm-arena: tests/corpus/programs/calm-arena.c
tests/corpus/programs/calm-burst: tests/corpus/programs/calm-burst.c
tests/corpus/programs/calm-churn: tests/corpus/programs/calm-churn.c
tests/corpus/programs/calm-compiler: tests/corpus/programs/calm-compiler.c
tests/corpus/programs/calm-count: tests/corpus/programs/calm-count.c
tests/corpus/programs/calm-double-buffer: tests/corpus/programs/calm-double-buffer.c
tests/corpus/programs/calm-listeners: tests/corpus/programs/calm-listeners.c
tests/corpus/programs/calm-load-once: tests/corpus/programs/calm-load-once.c
tests/corpus/programs/calm-lru: tests/corpus/programs/calm-lru.c
tests/corpus/programs/calm-packed: tests/corpus/programs/calm-packed.c
tests/corpus/programs/calm-pool: tests/corpus/programs/calm-pool.c
tests/corpus/programs/calm-queue: tests/corpus/programs/calm-queue.c
tests/corpus/programs/calm-reload: tests/corpus/programs/calm-reload.c
tests/corpus/programs/calm-ring: tests/corpus/programs/calm-ring.c
tests/corpus/programs/calm-short: tests/corpus/programs/calm-short.c
tests/corpus/programs/calm-tagged: tests/corpus/programs/calm-tagged.c
tests/corpus/programs/calm-thread-caches: tests/corpus/programs/calm-thread-caches.c
tests/corpus/programs/calm-ttl: tests/corpus/programs/calm-ttl.c
tests/corpus/programs/closure-cleanups: tests/corpus/programs/closure-cleanups.c
tests/corpus/programs/closure-listeners: tests/corpus/programs/closure-listeners.c
tests/corpus/programs/closure-local: tests/corpus/programs/closure-local.c
tests/corpus/programs/closure-timers: tests/corpus/programs/closure-timers.c
tests/corpus/programs/frag-pinned: tests/corpus/programs/frag-pinned.c
tests/corpus/programs/growth-append: tests/corpus/programs/growth-append.c
tests/corpus/programs/growth-arena: tests/corpus/programs/growth-arena.c
tests/corpus/programs/growth-subtree: tests/corpus/programs/growth-subtree.c
tests/corpus/programs/leak-cycle: tests/corpus/programs/leak-cycle.c
tests/corpus/programs/leak-early-return: tests/corpus/programs/leak-early-return.c
tests/corpus/programs/leak-list-head: tests/corpus/programs/leak-list-head.c
tests/corpus/programs/leak-overwritten: tests/corpus/programs/leak-overwritten.c
tests/corpus/programs/leak-realloc: tests/corpus/programs/leak-realloc.c
tests/corpus/programs/leak-thread: tests/corpus/programs/leak-thread.c
tests/corpus/programs/missing-free-error: tests/corpus/programs/missing-free-error.c
tests/corpus/programs/missing-free-threads: tests/corpus/programs/missing-free-threads.c
tests/corpus/programs/queue-list: tests/corpus/programs/queue-list.c
tests/corpus/programs/queue-log-writer: tests/corpus/programs/queue-log-writer.c
tests/corpus/programs/queue-pipeline: tests/corpus/programs/queue-pipeline.c
tests/corpus/programs/queue-retry: tests/corpus/programs/queue-retry.c
tests/corpus/programs/queue-ring-grow: tests/corpus/programs/queue-ring-grow.c
tests/corpus/programs/cache-linear: tests/corpus/programs/cache-linear.cc
tests/corpus/programs/cache-lru-unlimited: tests/corpus/programs/cache-lru-unlimited.cc
tests/corpus/programs/cache-memo: tests/corpus/programs/cache-memo.cc
tests/corpus/programs/cache-shards: tests/corpus/programs/cache-shards.cc
tests/corpus/programs/cache-unordered-map: tests/corpus/programs/cache-unordered-map.cc
tests/corpus/programs/calm-backlog: tests/corpus/programs/calm-backlog.cc
tests/corpus/programs/calm-free-list: tests/corpus/programs/calm-free-list.cc
tests/corpus/programs/calm-join: tests/corpus/programs/calm-join.cc
tests/corpus/programs/calm-library: tests/corpus/programs/calm-library.cc
tests/corpus/programs/calm-limitable-map: tests/corpus/programs/calm-limitable-map.cc
tests/corpus/programs/calm-log-ring: tests/corpus/programs/calm-log-ring.cc
tests/corpus/programs/calm-memo: tests/corpus/programs/calm-memo.cc
tests/corpus/programs/calm-plateau: tests/corpus/programs/calm-plateau.cc
tests/corpus/programs/calm-sessions: tests/corpus/programs/calm-sessions.cc
tests/corpus/programs/calm-singletons: tests/corpus/programs/calm-singletons.cc
tests/corpus/programs/calm-sort: tests/corpus/programs/calm-sort.cc
tests/corpus/programs/calm-timers: tests/corpus/programs/calm-timers.cc
tests/corpus/programs/calm-undo: tests/corpus/programs/calm-undo.cc
tests/corpus/programs/calm-vector: tests/corpus/programs/calm-vector.cc
tests/corpus/programs/closure-functions: tests/corpus/programs/closure-functions.cc
tests/corpus/programs/closure-observers: tests/corpus/programs/closure-observers.cc
tests/corpus/programs/closure-registry: tests/corpus/programs/closure-registry.cc
tests/corpus/programs/closure-signals: tests/corpus/programs/closure-signals.cc
tests/corpus/programs/closure-timeouts: tests/corpus/programs/closure-timeouts.cc
tests/corpus/programs/closure-watches: tests/corpus/programs/closure-watches.cc
tests/corpus/programs/growth-history: tests/corpus/programs/growth-history.cc
tests/corpus/programs/growth-string: tests/corpus/programs/growth-string.cc
tests/corpus/programs/leak-callback-cycle: tests/corpus/programs/leak-callback-cycle.cc
tests/corpus/programs/leak-container: tests/corpus/programs/leak-container.cc
tests/corpus/programs/leak-exception: tests/corpus/programs/leak-exception.cc
tests/corpus/programs/leak-release: tests/corpus/programs/leak-release.cc
tests/corpus/programs/missing-free-jobs: tests/corpus/programs/missing-free-jobs.cc
tests/corpus/programs/queue-deque: tests/corpus/programs/queue-deque.cc
tests/corpus/programs/queue-priority: tests/corpus/programs/queue-priority.cc
tests/corpus/programs/queue-producers: tests/corpus/programs/queue-producers.cc
tests/corpus/programs/queue-std-list: tests/corpus/programs/queue-std-list.cc
