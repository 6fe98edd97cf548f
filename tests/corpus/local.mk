# tests/corpus/local.mk -- small programs whose truth is known, for `make check-corpus`.
#
# To add one: programs/NAME.c or programs/NAME.cc, its name in the list here
# and in its line at the end, and its truth in the manifest.
#
# Each is built twice, NAME-O1 and NAME-O2: what is inlined, and what stays in
# registers and on stacks, must not change what is said of it.
#
# SPDX-License-Identifier: MIT

corpus_c = \
	tests/corpus/programs/cache-chained \
	tests/corpus/programs/cache-freed \
	tests/corpus/programs/cache-intern \
	tests/corpus/programs/cache-keyspace \
	tests/corpus/programs/cache-open \
	tests/corpus/programs/cache-recursive \
	tests/corpus/programs/cache-rehash \
	tests/corpus/programs/cache-resumed \
	tests/corpus/programs/cache-sessions \
	tests/corpus/programs/cache-thread-maps \
	tests/corpus/programs/cache-treap \
	tests/corpus/programs/cache-tree \
	tests/corpus/programs/cache-wrapped \
	tests/corpus/programs/calm-aligned \
	tests/corpus/programs/calm-arena \
	tests/corpus/programs/calm-buffers \
	tests/corpus/programs/calm-burst \
	tests/corpus/programs/calm-churn \
	tests/corpus/programs/calm-compiler \
	tests/corpus/programs/calm-count \
	tests/corpus/programs/calm-double-buffer \
	tests/corpus/programs/calm-empty-ring \
	tests/corpus/programs/calm-fixed-array \
	tests/corpus/programs/calm-few-pages \
	tests/corpus/programs/calm-fill-free \
	tests/corpus/programs/calm-headers \
	tests/corpus/programs/calm-initial-load \
	tests/corpus/programs/calm-intern-evict \
	tests/corpus/programs/calm-intrusive \
	tests/corpus/programs/calm-listeners \
	tests/corpus/programs/calm-load-once \
	tests/corpus/programs/calm-lru \
	tests/corpus/programs/calm-modules \
	tests/corpus/programs/calm-one-realloc \
	tests/corpus/programs/calm-packed \
	tests/corpus/programs/calm-peaks \
	tests/corpus/programs/calm-parser \
	tests/corpus/programs/calm-pool \
	tests/corpus/programs/calm-queue \
	tests/corpus/programs/calm-recursive \
	tests/corpus/programs/calm-reload \
	tests/corpus/programs/calm-ring \
	tests/corpus/programs/calm-shapes \
	tests/corpus/programs/calm-short \
	tests/corpus/programs/calm-slab \
	tests/corpus/programs/calm-sorted \
	tests/corpus/programs/calm-sparse-table \
	tests/corpus/programs/calm-tagged \
	tests/corpus/programs/calm-thread-caches \
	tests/corpus/programs/calm-ttl \
	tests/corpus/programs/calm-wheel \
	tests/corpus/programs/closure-cleanups \
	tests/corpus/programs/closure-listeners \
	tests/corpus/programs/closure-local \
	tests/corpus/programs/closure-timers \
	tests/corpus/programs/closure-wheel \
	tests/corpus/programs/frag-pinned \
	tests/corpus/programs/growth-append \
	tests/corpus/programs/growth-arena \
	tests/corpus/programs/growth-buffers \
	tests/corpus/programs/growth-subtree \
	tests/corpus/programs/leak-cycle \
	tests/corpus/programs/leak-cycle-document \
	tests/corpus/programs/leak-cycle-ring \
	tests/corpus/programs/leak-early-return \
	tests/corpus/programs/leak-fifo-rest \
	tests/corpus/programs/leak-list-head \
	tests/corpus/programs/leak-overwritten \
	tests/corpus/programs/leak-realloc \
	tests/corpus/programs/leak-thread \
	tests/corpus/programs/leak-xor-list \
	tests/corpus/programs/missing-free-error \
	tests/corpus/programs/missing-free-threads \
	tests/corpus/programs/queue-broker \
	tests/corpus/programs/queue-list \
	tests/corpus/programs/queue-log-writer \
	tests/corpus/programs/queue-offline \
	tests/corpus/programs/queue-outbox \
	tests/corpus/programs/queue-pipeline \
	tests/corpus/programs/queue-retry \
	tests/corpus/programs/queue-ring-grow \
	tests/corpus/programs/queue-node-pool \
	tests/corpus/programs/queue-shutdown \
	tests/corpus/programs/waste-zero \
	tests/corpus/programs/waste-duplicates

corpus_cxx = \
	tests/corpus/programs/cache-evicts-early \
	tests/corpus/programs/cache-linear \
	tests/corpus/programs/cache-lru-broken \
	tests/corpus/programs/cache-lru-unlimited \
	tests/corpus/programs/cache-memo \
	tests/corpus/programs/cache-metrics \
	tests/corpus/programs/cache-paths \
	tests/corpus/programs/cache-shards \
	tests/corpus/programs/cache-unordered-map \
	tests/corpus/programs/calm-backlog \
	tests/corpus/programs/calm-batch \
	tests/corpus/programs/calm-document-pool \
	tests/corpus/programs/calm-documents \
	tests/corpus/programs/calm-elements \
	tests/corpus/programs/calm-free-list \
	tests/corpus/programs/calm-join \
	tests/corpus/programs/calm-json \
	tests/corpus/programs/calm-library \
	tests/corpus/programs/calm-limitable-map \
	tests/corpus/programs/calm-log-ring \
	tests/corpus/programs/calm-lru-list \
	tests/corpus/programs/calm-memo \
	tests/corpus/programs/calm-plateau \
	tests/corpus/programs/calm-request-arena \
	tests/corpus/programs/calm-scrape \
	tests/corpus/programs/calm-sessions \
	tests/corpus/programs/calm-singletons \
	tests/corpus/programs/calm-sort \
	tests/corpus/programs/calm-swap \
	tests/corpus/programs/calm-timers \
	tests/corpus/programs/calm-undo \
	tests/corpus/programs/calm-vector \
	tests/corpus/programs/calm-words \
	tests/corpus/programs/closure-functions \
	tests/corpus/programs/closure-handlers \
	tests/corpus/programs/closure-list \
	tests/corpus/programs/closure-observers \
	tests/corpus/programs/closure-registry \
	tests/corpus/programs/closure-signals \
	tests/corpus/programs/closure-slots \
	tests/corpus/programs/closure-tasks \
	tests/corpus/programs/closure-timeouts \
	tests/corpus/programs/closure-topics \
	tests/corpus/programs/closure-watches \
	tests/corpus/programs/frag-workers \
	tests/corpus/programs/growth-history \
	tests/corpus/programs/growth-string \
	tests/corpus/programs/leak-callback-cycle \
	tests/corpus/programs/leak-container \
	tests/corpus/programs/leak-cycle-sites \
	tests/corpus/programs/leak-exception \
	tests/corpus/programs/leak-instances \
	tests/corpus/programs/leak-release \
	tests/corpus/programs/missing-free-jobs \
	tests/corpus/programs/missing-free-pending \
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

corpus_c_built = $(corpus_c:=-O1) $(corpus_c:=-O2)
corpus_cxx_built = $(corpus_cxx:=-O1) $(corpus_cxx:=-O2)
corpus_programs = $(corpus_c_built)
if HAVE_CXX
corpus_programs += $(corpus_cxx_built)
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

$(corpus_c_built): $(corpus_header)
	$(AM_V_CCLD)$(MKDIR_P) tests/corpus/programs && \
	name=$(@F) && level=$${name##*-} && \
	$(CC) -$$level $(e2e_cflags) -D_GNU_SOURCE -o $@ $(corpus_source)/$${name%-*}.c

$(corpus_cxx_built): $(corpus_header)
	$(AM_V_CXXLD)$(MKDIR_P) tests/corpus/programs && \
	name=$(@F) && level=$${name##*-} && \
	$(CXX) -$$level $(e2e_cxxflags) -D_GNU_SOURCE -o $@ $(corpus_source)/$${name%-*}.cc

tests/corpus/programs/cache-chained-O1 tests/corpus/programs/cache-chained-O2: tests/corpus/programs/cache-chained.c
tests/corpus/programs/cache-freed-O1 tests/corpus/programs/cache-freed-O2: tests/corpus/programs/cache-freed.c
tests/corpus/programs/cache-intern-O1 tests/corpus/programs/cache-intern-O2: tests/corpus/programs/cache-intern.c
tests/corpus/programs/cache-keyspace-O1 tests/corpus/programs/cache-keyspace-O2: tests/corpus/programs/cache-keyspace.c
tests/corpus/programs/cache-open-O1 tests/corpus/programs/cache-open-O2: tests/corpus/programs/cache-open.c
tests/corpus/programs/cache-recursive-O1 tests/corpus/programs/cache-recursive-O2: tests/corpus/programs/cache-recursive.c
tests/corpus/programs/cache-rehash-O1 tests/corpus/programs/cache-rehash-O2: tests/corpus/programs/cache-rehash.c
tests/corpus/programs/cache-resumed-O1 tests/corpus/programs/cache-resumed-O2: tests/corpus/programs/cache-resumed.c
tests/corpus/programs/cache-sessions-O1 tests/corpus/programs/cache-sessions-O2: tests/corpus/programs/cache-sessions.c
tests/corpus/programs/cache-thread-maps-O1 tests/corpus/programs/cache-thread-maps-O2: tests/corpus/programs/cache-thread-maps.c
tests/corpus/programs/cache-treap-O1 tests/corpus/programs/cache-treap-O2: tests/corpus/programs/cache-treap.c
tests/corpus/programs/cache-tree-O1 tests/corpus/programs/cache-tree-O2: tests/corpus/programs/cache-tree.c
tests/corpus/programs/cache-wrapped-O1 tests/corpus/programs/cache-wrapped-O2: tests/corpus/programs/cache-wrapped.c
tests/corpus/programs/calm-aligned-O1 tests/corpus/programs/calm-aligned-O2: tests/corpus/programs/calm-aligned.c
tests/corpus/programs/calm-arena-O1 tests/corpus/programs/calm-arena-O2: tests/corpus/programs/calm-arena.c
tests/corpus/programs/calm-buffers-O1 tests/corpus/programs/calm-buffers-O2: tests/corpus/programs/calm-buffers.c
tests/corpus/programs/calm-burst-O1 tests/corpus/programs/calm-burst-O2: tests/corpus/programs/calm-burst.c
tests/corpus/programs/calm-churn-O1 tests/corpus/programs/calm-churn-O2: tests/corpus/programs/calm-churn.c
tests/corpus/programs/calm-compiler-O1 tests/corpus/programs/calm-compiler-O2: tests/corpus/programs/calm-compiler.c
tests/corpus/programs/calm-count-O1 tests/corpus/programs/calm-count-O2: tests/corpus/programs/calm-count.c
tests/corpus/programs/calm-double-buffer-O1 tests/corpus/programs/calm-double-buffer-O2: tests/corpus/programs/calm-double-buffer.c
tests/corpus/programs/calm-empty-ring-O1 tests/corpus/programs/calm-empty-ring-O2: tests/corpus/programs/calm-empty-ring.c
tests/corpus/programs/calm-fixed-array-O1 tests/corpus/programs/calm-fixed-array-O2: tests/corpus/programs/calm-fixed-array.c
tests/corpus/programs/calm-few-pages-O1 tests/corpus/programs/calm-few-pages-O2: tests/corpus/programs/calm-few-pages.c
tests/corpus/programs/calm-fill-free-O1 tests/corpus/programs/calm-fill-free-O2: tests/corpus/programs/calm-fill-free.c
tests/corpus/programs/calm-headers-O1 tests/corpus/programs/calm-headers-O2: tests/corpus/programs/calm-headers.c
tests/corpus/programs/calm-initial-load-O1 tests/corpus/programs/calm-initial-load-O2: tests/corpus/programs/calm-initial-load.c
tests/corpus/programs/calm-intern-evict-O1 tests/corpus/programs/calm-intern-evict-O2: tests/corpus/programs/calm-intern-evict.c
tests/corpus/programs/calm-intrusive-O1 tests/corpus/programs/calm-intrusive-O2: tests/corpus/programs/calm-intrusive.c
tests/corpus/programs/calm-listeners-O1 tests/corpus/programs/calm-listeners-O2: tests/corpus/programs/calm-listeners.c
tests/corpus/programs/calm-load-once-O1 tests/corpus/programs/calm-load-once-O2: tests/corpus/programs/calm-load-once.c
tests/corpus/programs/calm-lru-O1 tests/corpus/programs/calm-lru-O2: tests/corpus/programs/calm-lru.c
tests/corpus/programs/calm-modules-O1 tests/corpus/programs/calm-modules-O2: tests/corpus/programs/calm-modules.c
tests/corpus/programs/calm-one-realloc-O1 tests/corpus/programs/calm-one-realloc-O2: tests/corpus/programs/calm-one-realloc.c
tests/corpus/programs/calm-packed-O1 tests/corpus/programs/calm-packed-O2: tests/corpus/programs/calm-packed.c
tests/corpus/programs/calm-parser-O1 tests/corpus/programs/calm-parser-O2: tests/corpus/programs/calm-parser.c
tests/corpus/programs/calm-peaks-O1 tests/corpus/programs/calm-peaks-O2: tests/corpus/programs/calm-peaks.c
tests/corpus/programs/calm-pool-O1 tests/corpus/programs/calm-pool-O2: tests/corpus/programs/calm-pool.c
tests/corpus/programs/calm-queue-O1 tests/corpus/programs/calm-queue-O2: tests/corpus/programs/calm-queue.c
tests/corpus/programs/calm-recursive-O1 tests/corpus/programs/calm-recursive-O2: tests/corpus/programs/calm-recursive.c
tests/corpus/programs/calm-reload-O1 tests/corpus/programs/calm-reload-O2: tests/corpus/programs/calm-reload.c
tests/corpus/programs/calm-ring-O1 tests/corpus/programs/calm-ring-O2: tests/corpus/programs/calm-ring.c
tests/corpus/programs/calm-shapes-O1 tests/corpus/programs/calm-shapes-O2: tests/corpus/programs/calm-shapes.c
tests/corpus/programs/calm-short-O1 tests/corpus/programs/calm-short-O2: tests/corpus/programs/calm-short.c
tests/corpus/programs/calm-slab-O1 tests/corpus/programs/calm-slab-O2: tests/corpus/programs/calm-slab.c
tests/corpus/programs/calm-sorted-O1 tests/corpus/programs/calm-sorted-O2: tests/corpus/programs/calm-sorted.c
tests/corpus/programs/calm-sparse-table-O1 tests/corpus/programs/calm-sparse-table-O2: tests/corpus/programs/calm-sparse-table.c
tests/corpus/programs/calm-tagged-O1 tests/corpus/programs/calm-tagged-O2: tests/corpus/programs/calm-tagged.c
tests/corpus/programs/calm-thread-caches-O1 tests/corpus/programs/calm-thread-caches-O2: tests/corpus/programs/calm-thread-caches.c
tests/corpus/programs/calm-ttl-O1 tests/corpus/programs/calm-ttl-O2: tests/corpus/programs/calm-ttl.c
tests/corpus/programs/calm-wheel-O1 tests/corpus/programs/calm-wheel-O2: tests/corpus/programs/calm-wheel.c
tests/corpus/programs/closure-cleanups-O1 tests/corpus/programs/closure-cleanups-O2: tests/corpus/programs/closure-cleanups.c
tests/corpus/programs/closure-listeners-O1 tests/corpus/programs/closure-listeners-O2: tests/corpus/programs/closure-listeners.c
tests/corpus/programs/closure-local-O1 tests/corpus/programs/closure-local-O2: tests/corpus/programs/closure-local.c
tests/corpus/programs/closure-timers-O1 tests/corpus/programs/closure-timers-O2: tests/corpus/programs/closure-timers.c
tests/corpus/programs/closure-wheel-O1 tests/corpus/programs/closure-wheel-O2: tests/corpus/programs/closure-wheel.c
tests/corpus/programs/frag-pinned-O1 tests/corpus/programs/frag-pinned-O2: tests/corpus/programs/frag-pinned.c
tests/corpus/programs/growth-append-O1 tests/corpus/programs/growth-append-O2: tests/corpus/programs/growth-append.c
tests/corpus/programs/growth-arena-O1 tests/corpus/programs/growth-arena-O2: tests/corpus/programs/growth-arena.c
tests/corpus/programs/growth-buffers-O1 tests/corpus/programs/growth-buffers-O2: tests/corpus/programs/growth-buffers.c
tests/corpus/programs/growth-subtree-O1 tests/corpus/programs/growth-subtree-O2: tests/corpus/programs/growth-subtree.c
tests/corpus/programs/leak-cycle-O1 tests/corpus/programs/leak-cycle-O2: tests/corpus/programs/leak-cycle.c
tests/corpus/programs/leak-cycle-document-O1 tests/corpus/programs/leak-cycle-document-O2: tests/corpus/programs/leak-cycle-document.c
tests/corpus/programs/leak-cycle-ring-O1 tests/corpus/programs/leak-cycle-ring-O2: tests/corpus/programs/leak-cycle-ring.c
tests/corpus/programs/leak-early-return-O1 tests/corpus/programs/leak-early-return-O2: tests/corpus/programs/leak-early-return.c
tests/corpus/programs/leak-fifo-rest-O1 tests/corpus/programs/leak-fifo-rest-O2: tests/corpus/programs/leak-fifo-rest.c
tests/corpus/programs/leak-list-head-O1 tests/corpus/programs/leak-list-head-O2: tests/corpus/programs/leak-list-head.c
tests/corpus/programs/leak-overwritten-O1 tests/corpus/programs/leak-overwritten-O2: tests/corpus/programs/leak-overwritten.c
tests/corpus/programs/leak-realloc-O1 tests/corpus/programs/leak-realloc-O2: tests/corpus/programs/leak-realloc.c
tests/corpus/programs/leak-thread-O1 tests/corpus/programs/leak-thread-O2: tests/corpus/programs/leak-thread.c
tests/corpus/programs/leak-xor-list-O1 tests/corpus/programs/leak-xor-list-O2: tests/corpus/programs/leak-xor-list.c
tests/corpus/programs/missing-free-error-O1 tests/corpus/programs/missing-free-error-O2: tests/corpus/programs/missing-free-error.c
tests/corpus/programs/missing-free-threads-O1 tests/corpus/programs/missing-free-threads-O2: tests/corpus/programs/missing-free-threads.c
tests/corpus/programs/queue-broker-O1 tests/corpus/programs/queue-broker-O2: tests/corpus/programs/queue-broker.c
tests/corpus/programs/queue-list-O1 tests/corpus/programs/queue-list-O2: tests/corpus/programs/queue-list.c
tests/corpus/programs/queue-log-writer-O1 tests/corpus/programs/queue-log-writer-O2: tests/corpus/programs/queue-log-writer.c
tests/corpus/programs/queue-offline-O1 tests/corpus/programs/queue-offline-O2: tests/corpus/programs/queue-offline.c
tests/corpus/programs/queue-outbox-O1 tests/corpus/programs/queue-outbox-O2: tests/corpus/programs/queue-outbox.c
tests/corpus/programs/queue-pipeline-O1 tests/corpus/programs/queue-pipeline-O2: tests/corpus/programs/queue-pipeline.c
tests/corpus/programs/queue-retry-O1 tests/corpus/programs/queue-retry-O2: tests/corpus/programs/queue-retry.c
tests/corpus/programs/queue-node-pool-O1 tests/corpus/programs/queue-node-pool-O2: tests/corpus/programs/queue-node-pool.c
tests/corpus/programs/queue-ring-grow-O1 tests/corpus/programs/queue-ring-grow-O2: tests/corpus/programs/queue-ring-grow.c
tests/corpus/programs/queue-shutdown-O1 tests/corpus/programs/queue-shutdown-O2: tests/corpus/programs/queue-shutdown.c
tests/corpus/programs/waste-zero-O1 tests/corpus/programs/waste-zero-O2: tests/corpus/programs/waste-zero.c
tests/corpus/programs/waste-duplicates-O1 tests/corpus/programs/waste-duplicates-O2: tests/corpus/programs/waste-duplicates.c
tests/corpus/programs/cache-evicts-early-O1 tests/corpus/programs/cache-evicts-early-O2: tests/corpus/programs/cache-evicts-early.cc
tests/corpus/programs/cache-linear-O1 tests/corpus/programs/cache-linear-O2: tests/corpus/programs/cache-linear.cc
tests/corpus/programs/cache-lru-broken-O1 tests/corpus/programs/cache-lru-broken-O2: tests/corpus/programs/cache-lru-broken.cc
tests/corpus/programs/cache-lru-unlimited-O1 tests/corpus/programs/cache-lru-unlimited-O2: tests/corpus/programs/cache-lru-unlimited.cc
tests/corpus/programs/cache-memo-O1 tests/corpus/programs/cache-memo-O2: tests/corpus/programs/cache-memo.cc
tests/corpus/programs/cache-metrics-O1 tests/corpus/programs/cache-metrics-O2: tests/corpus/programs/cache-metrics.cc
tests/corpus/programs/cache-paths-O1 tests/corpus/programs/cache-paths-O2: tests/corpus/programs/cache-paths.cc
tests/corpus/programs/cache-shards-O1 tests/corpus/programs/cache-shards-O2: tests/corpus/programs/cache-shards.cc
tests/corpus/programs/cache-unordered-map-O1 tests/corpus/programs/cache-unordered-map-O2: tests/corpus/programs/cache-unordered-map.cc
tests/corpus/programs/calm-backlog-O1 tests/corpus/programs/calm-backlog-O2: tests/corpus/programs/calm-backlog.cc
tests/corpus/programs/calm-batch-O1 tests/corpus/programs/calm-batch-O2: tests/corpus/programs/calm-batch.cc
tests/corpus/programs/calm-document-pool-O1 tests/corpus/programs/calm-document-pool-O2: tests/corpus/programs/calm-document-pool.cc
tests/corpus/programs/calm-documents-O1 tests/corpus/programs/calm-documents-O2: tests/corpus/programs/calm-documents.cc
tests/corpus/programs/calm-elements-O1 tests/corpus/programs/calm-elements-O2: tests/corpus/programs/calm-elements.cc
tests/corpus/programs/calm-free-list-O1 tests/corpus/programs/calm-free-list-O2: tests/corpus/programs/calm-free-list.cc
tests/corpus/programs/calm-join-O1 tests/corpus/programs/calm-join-O2: tests/corpus/programs/calm-join.cc
tests/corpus/programs/calm-json-O1 tests/corpus/programs/calm-json-O2: tests/corpus/programs/calm-json.cc
tests/corpus/programs/calm-library-O1 tests/corpus/programs/calm-library-O2: tests/corpus/programs/calm-library.cc
tests/corpus/programs/calm-limitable-map-O1 tests/corpus/programs/calm-limitable-map-O2: tests/corpus/programs/calm-limitable-map.cc
tests/corpus/programs/calm-log-ring-O1 tests/corpus/programs/calm-log-ring-O2: tests/corpus/programs/calm-log-ring.cc
tests/corpus/programs/calm-lru-list-O1 tests/corpus/programs/calm-lru-list-O2: tests/corpus/programs/calm-lru-list.cc
tests/corpus/programs/calm-memo-O1 tests/corpus/programs/calm-memo-O2: tests/corpus/programs/calm-memo.cc
tests/corpus/programs/calm-plateau-O1 tests/corpus/programs/calm-plateau-O2: tests/corpus/programs/calm-plateau.cc
tests/corpus/programs/calm-request-arena-O1 tests/corpus/programs/calm-request-arena-O2: tests/corpus/programs/calm-request-arena.cc
tests/corpus/programs/calm-scrape-O1 tests/corpus/programs/calm-scrape-O2: tests/corpus/programs/calm-scrape.cc
tests/corpus/programs/calm-sessions-O1 tests/corpus/programs/calm-sessions-O2: tests/corpus/programs/calm-sessions.cc
tests/corpus/programs/calm-singletons-O1 tests/corpus/programs/calm-singletons-O2: tests/corpus/programs/calm-singletons.cc
tests/corpus/programs/calm-sort-O1 tests/corpus/programs/calm-sort-O2: tests/corpus/programs/calm-sort.cc
tests/corpus/programs/calm-swap-O1 tests/corpus/programs/calm-swap-O2: tests/corpus/programs/calm-swap.cc
tests/corpus/programs/calm-timers-O1 tests/corpus/programs/calm-timers-O2: tests/corpus/programs/calm-timers.cc
tests/corpus/programs/calm-undo-O1 tests/corpus/programs/calm-undo-O2: tests/corpus/programs/calm-undo.cc
tests/corpus/programs/calm-vector-O1 tests/corpus/programs/calm-vector-O2: tests/corpus/programs/calm-vector.cc
tests/corpus/programs/calm-words-O1 tests/corpus/programs/calm-words-O2: tests/corpus/programs/calm-words.cc
tests/corpus/programs/closure-functions-O1 tests/corpus/programs/closure-functions-O2: tests/corpus/programs/closure-functions.cc
tests/corpus/programs/closure-handlers-O1 tests/corpus/programs/closure-handlers-O2: tests/corpus/programs/closure-handlers.cc
tests/corpus/programs/closure-list-O1 tests/corpus/programs/closure-list-O2: tests/corpus/programs/closure-list.cc
tests/corpus/programs/closure-observers-O1 tests/corpus/programs/closure-observers-O2: tests/corpus/programs/closure-observers.cc
tests/corpus/programs/closure-registry-O1 tests/corpus/programs/closure-registry-O2: tests/corpus/programs/closure-registry.cc
tests/corpus/programs/closure-signals-O1 tests/corpus/programs/closure-signals-O2: tests/corpus/programs/closure-signals.cc
tests/corpus/programs/closure-slots-O1 tests/corpus/programs/closure-slots-O2: tests/corpus/programs/closure-slots.cc
tests/corpus/programs/closure-tasks-O1 tests/corpus/programs/closure-tasks-O2: tests/corpus/programs/closure-tasks.cc
tests/corpus/programs/closure-timeouts-O1 tests/corpus/programs/closure-timeouts-O2: tests/corpus/programs/closure-timeouts.cc
tests/corpus/programs/closure-topics-O1 tests/corpus/programs/closure-topics-O2: tests/corpus/programs/closure-topics.cc
tests/corpus/programs/closure-watches-O1 tests/corpus/programs/closure-watches-O2: tests/corpus/programs/closure-watches.cc
tests/corpus/programs/frag-workers-O1 tests/corpus/programs/frag-workers-O2: tests/corpus/programs/frag-workers.cc
tests/corpus/programs/growth-history-O1 tests/corpus/programs/growth-history-O2: tests/corpus/programs/growth-history.cc
tests/corpus/programs/growth-string-O1 tests/corpus/programs/growth-string-O2: tests/corpus/programs/growth-string.cc
tests/corpus/programs/leak-callback-cycle-O1 tests/corpus/programs/leak-callback-cycle-O2: tests/corpus/programs/leak-callback-cycle.cc
tests/corpus/programs/leak-container-O1 tests/corpus/programs/leak-container-O2: tests/corpus/programs/leak-container.cc
tests/corpus/programs/leak-cycle-sites-O1 tests/corpus/programs/leak-cycle-sites-O2: tests/corpus/programs/leak-cycle-sites.cc
tests/corpus/programs/leak-exception-O1 tests/corpus/programs/leak-exception-O2: tests/corpus/programs/leak-exception.cc
tests/corpus/programs/leak-instances-O1 tests/corpus/programs/leak-instances-O2: tests/corpus/programs/leak-instances.cc
tests/corpus/programs/leak-release-O1 tests/corpus/programs/leak-release-O2: tests/corpus/programs/leak-release.cc
tests/corpus/programs/missing-free-jobs-O1 tests/corpus/programs/missing-free-jobs-O2: tests/corpus/programs/missing-free-jobs.cc
tests/corpus/programs/missing-free-pending-O1 tests/corpus/programs/missing-free-pending-O2: tests/corpus/programs/missing-free-pending.cc
tests/corpus/programs/queue-deque-O1 tests/corpus/programs/queue-deque-O2: tests/corpus/programs/queue-deque.cc
tests/corpus/programs/queue-priority-O1 tests/corpus/programs/queue-priority-O2: tests/corpus/programs/queue-priority.cc
tests/corpus/programs/queue-producers-O1 tests/corpus/programs/queue-producers-O2: tests/corpus/programs/queue-producers.cc
tests/corpus/programs/queue-std-list-O1 tests/corpus/programs/queue-std-list-O2: tests/corpus/programs/queue-std-list.cc
