# tests/corpus/local.mk -- small programs whose truth is known, for `make check-corpus`.
#
# To add one: programs/NAME.c or programs/NAME.cc, its name in the list here
# and in its line at the end, and its truth in the manifest.
#
# SPDX-License-Identifier: MIT

corpus_c = \
	tests/corpus/programs/cache-chained \
	tests/corpus/programs/cache-sessions \
	tests/corpus/programs/calm-load-once \
	tests/corpus/programs/calm-lru \
	tests/corpus/programs/calm-ring \
	tests/corpus/programs/closure-listeners \
	tests/corpus/programs/growth-append \
	tests/corpus/programs/leak-early-return \
	tests/corpus/programs/leak-overwritten \
	tests/corpus/programs/missing-free-error \
	tests/corpus/programs/queue-list \
	tests/corpus/programs/queue-ring-grow

corpus_cxx = \
	tests/corpus/programs/cache-memo \
	tests/corpus/programs/cache-unordered-map \
	tests/corpus/programs/calm-limitable-map \
	tests/corpus/programs/closure-functions \
	tests/corpus/programs/queue-deque

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
CLEANFILES += $(corpus_programs)

# CORPUS_ARGS: options and names for run.sh.
check-corpus: all $(corpus_programs)
if WITH_PRELOAD
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)'; export srcdir; \
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
tests/corpus/programs/cache-sessions: tests/corpus/programs/cache-sessions.c
tests/corpus/programs/calm-load-once: tests/corpus/programs/calm-load-once.c
tests/corpus/programs/calm-lru: tests/corpus/programs/calm-lru.c
tests/corpus/programs/calm-ring: tests/corpus/programs/calm-ring.c
tests/corpus/programs/closure-listeners: tests/corpus/programs/closure-listeners.c
tests/corpus/programs/growth-append: tests/corpus/programs/growth-append.c
tests/corpus/programs/leak-early-return: tests/corpus/programs/leak-early-return.c
tests/corpus/programs/leak-overwritten: tests/corpus/programs/leak-overwritten.c
tests/corpus/programs/missing-free-error: tests/corpus/programs/missing-free-error.c
tests/corpus/programs/queue-list: tests/corpus/programs/queue-list.c
tests/corpus/programs/queue-ring-grow: tests/corpus/programs/queue-ring-grow.c
tests/corpus/programs/cache-memo: tests/corpus/programs/cache-memo.cc
tests/corpus/programs/cache-unordered-map: tests/corpus/programs/cache-unordered-map.cc
tests/corpus/programs/calm-limitable-map: tests/corpus/programs/calm-limitable-map.cc
tests/corpus/programs/closure-functions: tests/corpus/programs/closure-functions.cc
tests/corpus/programs/queue-deque: tests/corpus/programs/queue-deque.cc
