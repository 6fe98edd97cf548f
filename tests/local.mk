# tests/local.mk -- what `make check` runs.  See tests/README.
#
# To add a test: a unit test needs its name in unit_tests and its _SOURCES
# below; a script needs one line in its list.  A program that a script runs
# goes into test_programs with its _SOURCES.
#
# SPDX-License-Identifier: MIT

# ---------------------------------------------------------------- lists

# cmocka programs.  Those of libgcprof_core link $(core_test_libs), those of
# the analyzer $(analyze_test_libs).
unit_tests = \
	tests/unit/test_blocks \
	tests/unit/test_epochs \
	tests/unit/test_modules \
	tests/unit/test_programs \
	tests/unit/test_publish \
	tests/unit/test_rules \
	tests/unit/test_sandbox \
	tests/unit/test_sites \
	tests/unit/test_distinct \
	tests/unit/test_unwind \
	tests/unit/test_heapfile_read \
	tests/unit/test_hash_index \
	tests/unit/test_heap \
	tests/unit/test_graph \
	tests/unit/test_dominators \
	tests/unit/test_holders \
	tests/unit/test_detect \
	tests/unit/test_leaks \
	tests/unit/test_findings \
	tests/unit/test_churn \
	tests/unit/test_fragmentation \
	tests/unit/test_growth \
	tests/unit/test_several \
	tests/unit/test_formats \
	tests/unit/test_options \
	tests/unit/test_symbolize \
	tests/unit/test_suppress \
	tests/unit/test_text \
	tests/unit/test_values \
	tests/unit/test_trend \
	tests/unit/test_types \
	tests/unit/test_vec \
	tests/unit/test_layout \
	tests/unit/test_names \
	tests/unit/test_json_stream \
	tests/unit/test_containment \
	tests/unit/test_outline \
	tests/unit/test_alarms

# TAP scripts, run by bash with the variables of AM_TESTS_ENVIRONMENT.
fuzz_tests = \
	tests/fuzz/replay.sh \
	tests/fuzz/sanitized.sh

# The core's unit tests under ThreadSanitizer.
race_tests = \
	tests/unit/races.sh

cli_tests = \
	tests/cli/check.sh \
	tests/cli/completion.sh \
	tests/cli/exports.sh \
	tests/cli/gcprof.sh \
	tests/cli/heapsnapshot.sh \
	tests/cli/hostile.sh \
	tests/cli/installed.sh \
	tests/cli/programs.sh \
	tests/cli/recipes.sh

analyze_tests = \
	tests/cli/analyze.sh \
	tests/cli/terminal.sh

lint_tests = \
	tests/lint/exports.sh \
	tests/lint/symbols.sh \
	tests/lint/format.sh \
	tests/lint/includes.sh \
	tests/lint/seams.sh \
	tests/lint/man.sh \
	tests/lint/shell.sh

e2e_tests =

real_tests =

# Only in `make check-long`.
long_tests =

# Programs for scripts to run; examples/demo is one of them.
test_programs = \
	examples/demo

# What end-to-end tests, tests with real programs and benchmarks bring along.
include tests/e2e/local.mk
include tests/html/local.mk
include tests/corpus/local.mk
include tests/leaks/local.mk
include tests/real/local.mk
include tests/bench/local.mk

# ---------------------------------------------------------- unit tests

core_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(ZLIB_CFLAGS)
core_test_libs = lib/libgcprof_core.la $(CMOCKA_LIBS) $(ZLIB_LIBS)
analyze_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(analyze_cflags)
analyze_test_libs = tools/libanalyze.a $(CMOCKA_LIBS) $(analyze_libs)

# Files of the library by themselves; tests/unit/races.sh has the same lists.
alone_sources = tests/unit/alone.c tests/unit/together.h lib/forking.c lib/mem.c lib/peek.c lib/sys.c
alone_test_libs = $(CMOCKA_LIBS) -lpthread -lm

tests_unit_test_blocks_SOURCES = tests/unit/test_blocks.c lib/blocks.c lib/index.c $(alone_sources)
tests_unit_test_blocks_CFLAGS = $(core_test_cflags)
tests_unit_test_blocks_LDADD = $(alone_test_libs)

tests_unit_test_epochs_SOURCES = tests/unit/test_epochs.c lib/epochs.c lib/books.c lib/sites.c $(alone_sources)
tests_unit_test_epochs_CFLAGS = $(core_test_cflags)
tests_unit_test_epochs_LDADD = $(alone_test_libs)

tests_unit_test_modules_SOURCES = tests/unit/test_modules.c lib/modules.c lib/epochs.c lib/books.c lib/sites.c $(alone_sources)
tests_unit_test_modules_CFLAGS = $(core_test_cflags)
tests_unit_test_modules_LDADD = $(alone_test_libs)

# It includes publish.c.
tests_unit_test_publish_SOURCES = tests/unit/test_publish.c lib/options.c lib/option_values.c lib/secure.c lib/values.c $(alone_sources)
tests_unit_test_publish_CFLAGS = $(core_test_cflags)
tests_unit_test_publish_LDADD = $(alone_test_libs)

# It includes unwind_rules.c.
tests_unit_test_rules_SOURCES = tests/unit/test_rules.c $(alone_sources)
tests_unit_test_rules_CFLAGS = $(core_test_cflags)
tests_unit_test_rules_LDADD = $(alone_test_libs)

tests_unit_test_sandbox_SOURCES = tests/unit/test_sandbox.c lib/sandbox.c $(alone_sources)
tests_unit_test_sandbox_CFLAGS = $(core_test_cflags)
tests_unit_test_sandbox_LDADD = $(alone_test_libs)

tests_unit_test_distinct_SOURCES = tests/unit/test_distinct.c lib/distinct.c $(alone_sources)
tests_unit_test_distinct_CFLAGS = $(core_test_cflags)
tests_unit_test_distinct_LDADD = $(alone_test_libs)

tests_unit_test_sites_SOURCES = tests/unit/test_sites.c lib/sites.c lib/sample.c $(alone_sources)
tests_unit_test_sites_CFLAGS = $(core_test_cflags)
tests_unit_test_sites_LDADD = $(alone_test_libs)

# It unwinds its own stack, and asks the loader for its own tables.
tests_unit_test_unwind_SOURCES = tests/unit/test_unwind.c lib/unwind.c \
	lib/unwind_last.c lib/unwind_memo.c lib/unwind_rules.c lib/unwind_step.c lib/cfi.c lib/modules.c \
	lib/mappings.c lib/sites.c lib/epochs.c lib/books.c $(alone_sources)
tests_unit_test_unwind_CFLAGS = $(core_test_cflags) -fno-omit-frame-pointer
tests_unit_test_unwind_LDADD = $(alone_test_libs)

heapmaker_sources = tests/unit/heapmaker.c tests/unit/heapmaker.h tests/unit/madeheap.h

tests_unit_test_heapfile_read_SOURCES = tests/unit/test_heapfile_read.c $(heapmaker_sources)
tests_unit_test_heapfile_read_CFLAGS = $(analyze_test_cflags)
tests_unit_test_heapfile_read_LDADD = $(analyze_test_libs)

tests_unit_test_hash_index_SOURCES = tests/unit/test_hash_index.c
tests_unit_test_hash_index_CFLAGS = $(analyze_test_cflags)
tests_unit_test_hash_index_LDADD = $(analyze_test_libs)

tests_unit_test_vec_SOURCES = tests/unit/test_vec.c
tests_unit_test_vec_CFLAGS = $(analyze_test_cflags)
tests_unit_test_vec_LDADD = $(analyze_test_libs)

tests_unit_test_heap_SOURCES = tests/unit/test_heap.c $(heapmaker_sources)
tests_unit_test_heap_CFLAGS = $(analyze_test_cflags)
tests_unit_test_heap_LDADD = $(analyze_test_libs)

tests_unit_test_graph_SOURCES = tests/unit/test_graph.c $(heapmaker_sources)
tests_unit_test_graph_CFLAGS = $(analyze_test_cflags)
tests_unit_test_graph_LDADD = $(analyze_test_libs)

tests_unit_test_dominators_SOURCES = tests/unit/test_dominators.c $(heapmaker_sources)
tests_unit_test_dominators_CFLAGS = $(analyze_test_cflags)
tests_unit_test_dominators_LDADD = $(analyze_test_libs)

tests_unit_test_holders_SOURCES = tests/unit/test_holders.c $(heapmaker_sources)
tests_unit_test_holders_CFLAGS = $(analyze_test_cflags)
tests_unit_test_holders_LDADD = $(analyze_test_libs)

tests_unit_test_leaks_SOURCES = tests/unit/test_leaks.c $(heapmaker_sources)
tests_unit_test_leaks_CFLAGS = $(analyze_test_cflags)
tests_unit_test_leaks_LDADD = $(analyze_test_libs)

tests_unit_test_detect_SOURCES = tests/unit/test_detect.c $(heapmaker_sources)
tests_unit_test_detect_CFLAGS = $(analyze_test_cflags)
tests_unit_test_detect_LDADD = $(analyze_test_libs)

tests_unit_test_growth_SOURCES = tests/unit/test_growth.c $(heapmaker_sources)
tests_unit_test_growth_CFLAGS = $(analyze_test_cflags)
tests_unit_test_growth_LDADD = $(analyze_test_libs)

tests_unit_test_churn_SOURCES = tests/unit/test_churn.c $(heapmaker_sources)
tests_unit_test_churn_CFLAGS = $(analyze_test_cflags)
tests_unit_test_churn_LDADD = $(analyze_test_libs)

tests_unit_test_fragmentation_SOURCES = tests/unit/test_fragmentation.c $(heapmaker_sources)
tests_unit_test_fragmentation_CFLAGS = $(analyze_test_cflags)
tests_unit_test_fragmentation_LDADD = $(analyze_test_libs)

tests_unit_test_several_SOURCES = tests/unit/test_several.c $(heapmaker_sources)
tests_unit_test_several_CFLAGS = $(analyze_test_cflags)
tests_unit_test_several_LDADD = $(analyze_test_libs)

# What gcprof-analyze has beside its main.
report_test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(tools_libreport_a_CFLAGS)
report_test_libs = tools/libreport.a tools/libanalyze.a $(CMOCKA_LIBS) $(report_libs)

tests_unit_test_formats_SOURCES = tests/unit/test_formats.c tests/unit/spoken.h
tests_unit_test_formats_CFLAGS = $(report_test_cflags)
tests_unit_test_formats_LDADD = $(report_test_libs)

tests_unit_test_options_SOURCES = tests/unit/test_options.c tests/unit/spoken.h
tests_unit_test_options_CFLAGS = $(report_test_cflags)
tests_unit_test_options_LDADD = $(report_test_libs)

tests_unit_test_programs_SOURCES = tests/unit/test_programs.c lib/glob.c lib/system_programs.h
tests_unit_test_programs_CFLAGS = $(core_test_cflags)
tests_unit_test_programs_LDADD = $(CMOCKA_LIBS)

tests_unit_test_values_SOURCES = tests/unit/test_values.c lib/options.c lib/option_values.c lib/secure.c lib/values.c $(alone_sources)
tests_unit_test_values_CFLAGS = $(core_test_cflags)
tests_unit_test_values_LDADD = $(alone_test_libs)

tests_unit_test_suppress_SOURCES = tests/unit/test_suppress.c $(heapmaker_sources)
tests_unit_test_suppress_CFLAGS = $(analyze_test_cflags)
tests_unit_test_suppress_LDADD = $(analyze_test_libs)

tests_unit_test_findings_SOURCES = tests/unit/test_findings.c $(heapmaker_sources)
tests_unit_test_findings_CFLAGS = $(analyze_test_cflags)
tests_unit_test_findings_LDADD = $(analyze_test_libs)

tests_unit_test_json_stream_SOURCES = tests/unit/test_json_stream.c
tests_unit_test_json_stream_CFLAGS = $(analyze_test_cflags)
tests_unit_test_json_stream_LDADD = $(analyze_test_libs)

tests_unit_test_text_SOURCES = tests/unit/test_text.c
tests_unit_test_text_CFLAGS = $(analyze_test_cflags)
tests_unit_test_text_LDADD = $(analyze_test_libs)
tests_unit_test_trend_SOURCES = tests/unit/test_trend.c
tests_unit_test_trend_CFLAGS = $(analyze_test_cflags)
tests_unit_test_trend_LDADD = $(analyze_test_libs)

tests_unit_test_layout_SOURCES = tests/unit/test_layout.c $(heapmaker_sources)
tests_unit_test_layout_CFLAGS = $(analyze_test_cflags)
tests_unit_test_layout_LDADD = $(analyze_test_libs)

tests_unit_test_names_SOURCES = tests/unit/test_names.c $(heapmaker_sources)
tests_unit_test_names_CFLAGS = $(analyze_test_cflags)
tests_unit_test_names_LDADD = $(analyze_test_libs)

tests_unit_test_symbolize_SOURCES = tests/unit/test_symbolize.c $(heapmaker_sources)
tests_unit_test_symbolize_CFLAGS = $(analyze_test_cflags)
tests_unit_test_symbolize_LDADD = $(analyze_test_libs)

tests_unit_test_types_SOURCES = tests/unit/test_types.c $(heapmaker_sources)
tests_unit_test_types_CFLAGS = $(analyze_test_cflags)
tests_unit_test_types_LDADD = $(analyze_test_libs)

tests_unit_test_containment_SOURCES = tests/unit/test_containment.c $(heapmaker_sources)
tests_unit_test_containment_CFLAGS = $(analyze_test_cflags)
tests_unit_test_containment_LDADD = $(analyze_test_libs)
tests_unit_test_outline_SOURCES = tests/unit/test_outline.c $(heapmaker_sources)
tests_unit_test_outline_CFLAGS = $(analyze_test_cflags)
tests_unit_test_outline_LDADD = $(analyze_test_libs)

tests_unit_test_alarms_SOURCES = tests/unit/test_alarms.c
tests_unit_test_alarms_CFLAGS = $(analyze_test_cflags)
tests_unit_test_alarms_LDADD = $(analyze_test_libs)

# --------------------------------------------------------------- fuzzing
# replay_heapfile feeds files to the fuzz target without a fuzzer; analyze_sanitized is
# gcprof-analyze with every format, html around a page without libraries.  Both are under
# the sanitizers, and so compile their own copy of the analyzer.

check_LIBRARIES = tests/fuzz/libsanitized.a
tests_fuzz_libsanitized_a_SOURCES = $(analyze_sources)
tests_fuzz_libsanitized_a_CFLAGS = $(AM_CFLAGS) $(analyze_cflags) $(GCP_REPLAY_FLAGS)

test_programs += tests/fuzz/replay_heapfile
tests_fuzz_replay_heapfile_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_heapfile.c
tests_fuzz_replay_heapfile_CFLAGS = $(AM_CFLAGS) $(analyze_cflags) $(GCP_REPLAY_FLAGS)
tests_fuzz_replay_heapfile_LDADD = tests/fuzz/libsanitized.a $(analyze_libs)

test_programs += tests/fuzz/analyze_sanitized
tests_fuzz_analyze_sanitized_SOURCES = tools/analyze/main.c $(tools_libreport_a_SOURCES)
tests_fuzz_analyze_sanitized_CFLAGS = $(tools_libreport_a_CFLAGS) $(GCP_REPLAY_FLAGS) \
	-DHAVE_HTML_PAGE=1 -DHTML_PAGE='"$(abs_srcdir)/tests/fuzz/page.html"'
tests_fuzz_analyze_sanitized_LDADD = tests/fuzz/libsanitized.a $(report_libs)
if HAVE_PROTOBUF_C
nodist_tests_fuzz_analyze_sanitized_SOURCES = $(nodist_tools_libreport_a_SOURCES)
endif
if !WITH_HTML
tests_fuzz_analyze_sanitized_SOURCES += $(page_sources)
endif
EXTRA_DIST += tests/fuzz/page.html
tools/report/tests_fuzz_analyze_sanitized-html.$(OBJEXT): tests/fuzz/page.html

test_programs += tests/fuzz/mutate
tests_fuzz_mutate_SOURCES = tests/fuzz/mutate.c $(heapmaker_sources)
tests_fuzz_mutate_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(GCP_REPLAY_FLAGS)
tests_fuzz_mutate_LDADD = $(ZLIB_LIBS)

if FUZZING
EXTRA_PROGRAMS += tests/fuzz/fuzz_heapfile
endif
tests_fuzz_fuzz_heapfile_SOURCES = tests/fuzz/fuzz_heapfile.c $(analyze_sources)
tests_fuzz_fuzz_heapfile_CFLAGS = $(AM_CFLAGS) $(analyze_cflags) $(GCP_FUZZ_FLAGS)
tests_fuzz_fuzz_heapfile_LDADD = $(analyze_libs)

FUZZ_SECONDS = 300
fuzz: tests/fuzz/fuzz_heapfile$(EXEEXT)
	@test -n '$(GCP_FUZZ_FLAGS)' || { echo 'configure with CC=clang --enable-fuzzing first' >&2; exit 1; }
	$(MKDIR_P) fuzz-found
	tests/fuzz/fuzz_heapfile$(EXEEXT) -max_total_time=$(FUZZ_SECONDS) fuzz-found $(srcdir)/tests/fuzz/corpus/heapfile

# ------------------------------------------------------------ machinery

TESTS = $(fuzz_tests) $(race_tests) $(analyze_tests) $(lint_tests)
check_PROGRAMS += $(test_programs)
if HAVE_CMOCKA
TESTS += $(unit_tests)
check_PROGRAMS += $(unit_tests)
endif
if WITH_PRELOAD
TESTS += $(cli_tests) $(e2e_tests) $(leaks_tests) $(corpus_tests) $(real_tests)
endif
EXTRA_DIST += $(fuzz_tests) $(race_tests) $(analyze_tests) $(lint_tests) $(cli_tests) $(e2e_tests) $(real_tests) $(long_tests) \
	tests/unit/run.sh tests/cli/points.sh tests/lint/tap.sh tests/lint/allowed-symbols \
	tests/fuzz/corpus tests/golden tests/README

TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(SHELL) $(srcdir)/tests/unit/run.sh
SH_LOG_COMPILER = $(BASH_PROGRAM)

# What every test may rely on, besides srcdir.
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	top_builddir='$(top_builddir)'; export top_builddir; \
	GCPROF_LIB='$(abs_top_builddir)/lib/.libs/libgcprof.so'; export GCPROF_LIB; \
	GCPROF_CMD='$(abs_top_builddir)/tools/gcprof'; export GCPROF_CMD; \
	GCPROF_ANALYZE='$(abs_top_builddir)/tools/gcprof-analyze'; export GCPROF_ANALYZE; \
	GCPROF_TARGETS='$(abs_top_builddir)/tests/e2e/targets'; export GCPROF_TARGETS; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; \
	NM='$(NM_BINUTILS)'; export NM; \
	ASAN_OPTIONS=abort_on_error=0:detect_leaks=1; export ASAN_OPTIONS;

# check-TESTS would build all of them.
no_other_programs = check_PROGRAMS= check_LIBRARIES= check_DATA=

check-core: all
	$(MAKE) $(AM_MAKEFLAGS) $(unit_tests)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(unit_tests)' $(no_other_programs)

check-long: all
	GCPROF_TESTS_LONG=1; export GCPROF_TESTS_LONG; \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(race_tests) $(fuzz_tests) $(analyze_tests) $(cli_tests) $(e2e_tests) $(long_tests)'

lint: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(lint_tests)' $(no_other_programs)

bench: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) $(BASH_PROGRAM) $(srcdir)/tests/bench/run.sh $(BENCH_ARGS)
	@[ -n "$(BENCH_ARGS)$$BENCH_ONLY" ] || $(AM_TESTS_ENVIRONMENT) $(BASH_PROGRAM) $(srcdir)/tests/bench/cut.sh

# Other people's test suites; by hand, as they take an hour.
check-suites: all
	@$(AM_TESTS_ENVIRONMENT) $(BASH_PROGRAM) $(srcdir)/tests/suites/suites.sh
EXTRA_DIST += tests/suites/suites.sh

# Other builds and static analyzers; BUILDS=NAMES chooses.
check-builds: all
	@$(AM_TESTS_ENVIRONMENT) $(BASH_PROGRAM) $(srcdir)/tests/builds/run.sh $(BUILDS)
EXTRA_DIST += tests/builds/run.sh tests/builds/cppcheck.suppressions

# The installed library in an installed program's place: preload, snapshot,
# analyze, all from the prefix.
installcheck-local:
	@$(MAKE) $(AM_MAKEFLAGS) examples/demo$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) \
	bindir='$(DESTDIR)$(bindir)'; export bindir; \
	libdir='$(DESTDIR)$(libdir)'; export libdir; \
	includedir='$(DESTDIR)$(includedir)'; export includedir; \
	$(BASH_PROGRAM) $(srcdir)/tests/installcheck.sh
EXTRA_DIST += tests/installcheck.sh

distclean-local:
	rm -rf fuzz-found _build/builds _build/sarif _build/tsan _build/html

.PHONY: bench check-builds check-core check-long check-suites fuzz lint
