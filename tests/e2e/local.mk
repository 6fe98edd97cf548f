# tests/e2e/local.mk -- scripts that run programs under the preloaded library.
#
# A script sources init.sh; what it runs is in targets/.  A target of its own
# needs a line in e2e_targets and its _SOURCES; one that is compiled in a way of
# its own (CFLAGS of the user would come last and win) has a rule at the end.
#
# SPDX-License-Identifier: MIT

e2e_tests += \
	tests/e2e/agreement.sh \
	tests/e2e/aliases.sh \
	tests/e2e/allocator-system.sh \
	tests/e2e/api.sh \
	tests/e2e/audit.sh \
	tests/e2e/asking.sh \
	tests/e2e/asking-exec.sh \
	tests/e2e/before.sh \
	tests/e2e/books.sh \
	tests/e2e/churn.sh \
	tests/e2e/code.sh \
	tests/e2e/commands.sh \
	tests/e2e/compare.sh \
	tests/e2e/cut.sh \
	tests/e2e/deepbind.sh \
	tests/e2e/dontfork.sh \
	tests/e2e/endings.sh \
	tests/e2e/entry-points.sh \
	tests/e2e/epochs.sh \
	tests/e2e/exec.sh \
	tests/e2e/fatal.sh \
	tests/e2e/fragmentation.sh \
	tests/e2e/frames.sh \
	tests/e2e/holds.sh \
	tests/e2e/ids.sh \
	tests/e2e/inspect.sh \
	tests/e2e/mallctl.sh \
	tests/e2e/no-fde.sh \
	tests/e2e/landlock.sh \
	tests/e2e/large.sh \
	tests/e2e/lastfree.sh \
	tests/e2e/mappings.sh \
	tests/e2e/memory.sh \
	tests/e2e/missing-names.sh \
	tests/e2e/operators.sh \
	tests/e2e/order.sh \
	tests/e2e/output.sh \
	tests/e2e/brief.sh \
	tests/e2e/owners.sh \
	tests/e2e/peak.sh \
	tests/e2e/waste.sh \
	tests/e2e/places.sh \
	tests/e2e/plugins.sh \
	tests/e2e/refused.sh \
	tests/e2e/residence.sh \
	tests/e2e/returned.sh \
	tests/e2e/processes.sh \
	tests/e2e/sampling.sh \
	tests/e2e/sanitizers.sh \
	tests/e2e/secure.sh \
	tests/e2e/sandbox.sh \
	tests/e2e/sandbox-each.sh \
	tests/e2e/several.sh \
	tests/e2e/signals.sh \
	tests/e2e/sleeping.sh \
	tests/e2e/smallstacks.sh \
	tests/e2e/small-stacks.sh \
	tests/e2e/sparse.sh \
	tests/e2e/stacks.sh \
	tests/e2e/stand-ins.sh \
	tests/e2e/threads.sh \
	tests/e2e/top.sh \
	tests/e2e/tree.sh \
	tests/e2e/torn.sh \
	tests/e2e/types.sh \
	tests/e2e/endless.sh \
	tests/e2e/stress.sh \
	tests/e2e/unreadable.sh \
	tests/e2e/unseen.sh \
	tests/e2e/verify.sh \
	tests/e2e/view.sh \
	tests/e2e/watch.sh \
	tests/e2e/wrong-frees.sh

EXTRA_DIST += \
	tests/e2e/init.sh \
	tests/e2e/ledger.awk \
	tests/e2e/mappings.awk \
	tests/e2e/targets/plugin.h \
	tests/e2e/targets/stacks-main.c \
	tests/e2e/targets/stacks.c \
	tests/e2e/targets/tls.c \
	tests/e2e/targets/stand-ins.c \
	tests/e2e/targets/pairs.c \
	tests/e2e/targets/throwing.cc \
	tests/e2e/targets/stress-plugin.c \
	tests/e2e/targets/verify-plugin.c \
	tests/e2e/targets/deep.c \
	tests/e2e/targets/hops.c \
	tests/e2e/targets/mallctl.c \
	tests/e2e/targets/verify.c

# A program under test must call what its source says, from the frame that the
# source says.
e2e_flags = -g -Wall -Wextra -fno-builtin -fno-optimize-sibling-calls -pthread
e2e_cflags = $(GCP_C_FLAGS) $(e2e_flags)
e2e_cxxflags = -std=gnu++17 $(e2e_flags)

e2e_targets = \
	tests/e2e/heapdump \
	tests/e2e/targets/aliases \
	tests/e2e/targets/aliases-strong \
	tests/e2e/targets/aliases-weak \
	tests/e2e/held \
	tests/e2e/targets/api \
	tests/e2e/targets/asking \
	tests/e2e/targets/badfree \
	tests/e2e/targets/sandboxed \
	tests/e2e/targets/landlocked \
	tests/e2e/targets/books \
	tests/e2e/targets/code \
	tests/e2e/targets/cut \
	tests/e2e/targets/dontfork \
	tests/e2e/targets/early \
	tests/e2e/targets/entry \
	tests/e2e/targets/depth \
	tests/e2e/targets/epochs \
	tests/e2e/targets/execs \
	tests/e2e/targets/fatal \
	tests/e2e/targets/forks \
	tests/e2e/targets/fragmentation \
	tests/e2e/targets/order \
	tests/e2e/targets/peak \
	tests/e2e/targets/waste \
	tests/e2e/targets/residence \
	tests/e2e/targets/frames \
	tests/e2e/targets/guess \
	tests/e2e/targets/holds \
	tests/e2e/targets/wrapped \
	tests/e2e/targets/ids \
	tests/e2e/targets/inspected \
	tests/e2e/targets/jit \
	tests/e2e/targets/large \
	tests/e2e/targets/lastfree \
	tests/e2e/targets/mappings \
	tests/e2e/targets/memory \
	tests/e2e/targets/privileged \
	tests/e2e/targets/needy \
	tests/e2e/targets/quiet \
	tests/e2e/targets/churn \
	tests/e2e/targets/no-fde \
	tests/e2e/targets/recursion \
	tests/e2e/targets/refuse \
	tests/e2e/targets/returned \
	tests/e2e/targets/sampling \
	tests/e2e/targets/several \
	tests/e2e/targets/signals \
	tests/e2e/targets/sleeping \
	tests/e2e/targets/smallstacks \
	tests/e2e/targets/small \
	tests/e2e/targets/sparse \
	tests/e2e/targets/stress \
	tests/e2e/targets/threads \
	tests/e2e/targets/torn \
	tests/e2e/targets/left_behind \
	tests/e2e/targets/newborn \
	tests/e2e/targets/retained \
	tests/e2e/targets/routing \
	tests/e2e/targets/cancel \
	tests/e2e/targets/unloading \
	tests/e2e/targets/unreadable \
	tests/e2e/targets/watch

if HAVE_CXX
e2e_targets += \
	tests/e2e/targets/brief \
	tests/e2e/targets/cleanup \
	tests/e2e/targets/cxx \
	tests/e2e/targets/endings \
	tests/e2e/targets/holds-cxx \
	tests/e2e/targets/owned \
	tests/e2e/targets/shared-helper \
	tests/e2e/targets/host \
	tests/e2e/targets/life \
	tests/e2e/targets/mismatch \
	tests/e2e/targets/shelf \
	tests/e2e/targets/temporaries
endif

tests_e2e_heapdump_SOURCES = tests/e2e/heapdump.c lib/heapfile.h
tests_e2e_heapdump_CFLAGS = $(GCP_C_FLAGS) $(GCP_WARN_FLAGS)

tests_e2e_targets_aliases_SOURCES = tests/e2e/targets/aliases.c tests/e2e/targets/truth.h
tests_e2e_targets_aliases_CFLAGS = $(e2e_cflags)
tests_e2e_targets_aliases_strong_SOURCES = tests/e2e/targets/aliases.c tests/e2e/targets/truth.h
tests_e2e_targets_aliases_strong_CFLAGS = $(e2e_cflags) -DOWN_MALLOC
tests_e2e_targets_aliases_weak_SOURCES = tests/e2e/targets/aliases.c tests/e2e/targets/truth.h
tests_e2e_targets_aliases_weak_CFLAGS = $(e2e_cflags) -DOWN_MALLOC -DWEAK
tests_e2e_held_SOURCES = tests/e2e/held.c
tests_e2e_held_CFLAGS = $(AM_CFLAGS) $(analyze_cflags)
tests_e2e_held_LDADD = tools/libanalyze.a $(analyze_libs)

tests_e2e_targets_asking_SOURCES = tests/e2e/targets/asking.c tests/e2e/targets/truth.h
tests_e2e_targets_asking_CFLAGS = $(e2e_cflags)
tests_e2e_targets_api_SOURCES = tests/e2e/targets/api.c tests/e2e/targets/truth.h
tests_e2e_targets_api_CFLAGS = $(e2e_cflags)
tests_e2e_targets_sandboxed_SOURCES = tests/e2e/targets/sandboxed.c
tests_e2e_targets_sandboxed_CFLAGS = $(e2e_cflags)
tests_e2e_targets_landlocked_SOURCES = tests/e2e/targets/landlocked.c
tests_e2e_targets_landlocked_CFLAGS = $(e2e_cflags)
tests_e2e_targets_badfree_SOURCES = tests/e2e/targets/badfree.c
tests_e2e_targets_badfree_CFLAGS = $(e2e_cflags)
tests_e2e_targets_books_SOURCES = tests/e2e/targets/books.c tests/e2e/targets/truth.h
tests_e2e_targets_books_CFLAGS = $(e2e_cflags)
tests_e2e_targets_code_SOURCES = tests/e2e/targets/code.c tests/e2e/targets/truth.h
tests_e2e_targets_code_CFLAGS = $(e2e_cflags)
tests_e2e_targets_cut_SOURCES = tests/e2e/targets/cut.c tests/e2e/targets/truth.h
tests_e2e_targets_cut_CFLAGS = $(e2e_cflags)
tests_e2e_targets_dontfork_SOURCES = tests/e2e/targets/dontfork.c tests/e2e/targets/truth.h
tests_e2e_targets_dontfork_CFLAGS = $(e2e_cflags)
tests_e2e_targets_early_SOURCES = tests/e2e/targets/early.c tests/e2e/targets/truth.h
tests_e2e_targets_early_CFLAGS = $(e2e_cflags)
tests_e2e_targets_entry_SOURCES = tests/e2e/targets/entry.c
tests_e2e_targets_entry_CFLAGS = $(e2e_cflags)
tests_e2e_targets_entry_LDADD = -ldl
tests_e2e_targets_depth_SOURCES = tests/e2e/targets/depth.c
tests_e2e_targets_depth_CFLAGS = $(e2e_cflags)
tests_e2e_targets_epochs_SOURCES = tests/e2e/targets/epochs.c
tests_e2e_targets_epochs_CFLAGS = $(e2e_cflags)
tests_e2e_targets_execs_SOURCES = tests/e2e/targets/execs.c
tests_e2e_targets_execs_CFLAGS = $(e2e_cflags)
tests_e2e_targets_fatal_SOURCES = tests/e2e/targets/fatal.c tests/e2e/targets/truth.h
tests_e2e_targets_fatal_CFLAGS = $(e2e_cflags)
tests_e2e_targets_forks_SOURCES = tests/e2e/targets/forks.c
tests_e2e_targets_forks_CFLAGS = $(e2e_cflags)
tests_e2e_targets_residence_SOURCES = tests/e2e/targets/residence.c tests/e2e/targets/truth.h
tests_e2e_targets_residence_CFLAGS = $(e2e_cflags)
tests_e2e_targets_order_SOURCES = tests/e2e/targets/order.c tests/e2e/targets/truth.h
tests_e2e_targets_order_CFLAGS = $(e2e_cflags)
tests_e2e_targets_peak_SOURCES = tests/e2e/targets/peak.c
tests_e2e_targets_waste_SOURCES = tests/e2e/targets/waste.c tests/e2e/targets/truth.h
tests_e2e_targets_peak_CFLAGS = $(e2e_cflags)
tests_e2e_targets_fragmentation_SOURCES = tests/e2e/targets/fragmentation.c tests/e2e/targets/truth.h
tests_e2e_targets_fragmentation_CFLAGS = $(e2e_cflags)
tests_e2e_targets_frames_SOURCES = tests/e2e/targets/frames.c tests/e2e/targets/truth.h
tests_e2e_targets_frames_CFLAGS = $(e2e_cflags)
tests_e2e_targets_guess_SOURCES = tests/e2e/targets/guess.c
tests_e2e_targets_guess_CFLAGS = $(e2e_cflags)
tests_e2e_targets_holds_SOURCES = tests/e2e/targets/holds.c
tests_e2e_targets_wrapped_SOURCES = tests/e2e/targets/wrapped.c
tests_e2e_targets_wrapped_CFLAGS = $(e2e_cflags)
tests_e2e_targets_inspected_SOURCES = tests/e2e/targets/inspected.c
tests_e2e_targets_holds_CFLAGS = $(e2e_cflags)
tests_e2e_targets_holds_LDADD = -ldl
tests_e2e_targets_jit_SOURCES = tests/e2e/targets/jit.c
tests_e2e_targets_jit_CFLAGS = $(e2e_cflags)
tests_e2e_targets_large_SOURCES = tests/e2e/targets/large.c tests/e2e/targets/truth.h
tests_e2e_targets_large_CFLAGS = $(e2e_cflags)
tests_e2e_targets_lastfree_SOURCES = tests/e2e/targets/lastfree.c
tests_e2e_targets_lastfree_CFLAGS = $(e2e_cflags)
tests_e2e_targets_large_LDADD = -ldl
tests_e2e_targets_mappings_SOURCES = tests/e2e/targets/mappings.c
tests_e2e_targets_mappings_CFLAGS = $(e2e_cflags)
tests_e2e_targets_memory_SOURCES = tests/e2e/targets/memory.c
tests_e2e_targets_memory_CFLAGS = $(e2e_cflags)
tests_e2e_targets_ids_SOURCES = tests/e2e/targets/ids.c
tests_e2e_targets_ids_CFLAGS = $(e2e_cflags)
tests_e2e_targets_privileged_SOURCES = tests/e2e/targets/privileged.c
tests_e2e_targets_privileged_CFLAGS = $(e2e_cflags)
tests_e2e_targets_needy_SOURCES = tests/e2e/targets/needy.c
tests_e2e_targets_needy_CFLAGS = $(e2e_cflags)
tests_e2e_targets_quiet_SOURCES = tests/e2e/targets/quiet.c
tests_e2e_targets_quiet_CFLAGS = $(e2e_cflags)
tests_e2e_targets_no_fde_SOURCES = tests/e2e/targets/no-fde.c
tests_e2e_targets_no_fde_CFLAGS = $(e2e_cflags)
tests_e2e_targets_recursion_SOURCES = tests/e2e/targets/recursion.c
tests_e2e_targets_recursion_CFLAGS = $(e2e_cflags)
tests_e2e_targets_refuse_SOURCES = tests/e2e/targets/refuse.c
tests_e2e_targets_refuse_CFLAGS = $(e2e_cflags)
tests_e2e_targets_returned_SOURCES = tests/e2e/targets/returned.c tests/e2e/targets/truth.h
tests_e2e_targets_returned_CFLAGS = $(e2e_cflags)
tests_e2e_targets_sampling_SOURCES = tests/e2e/targets/sampling.c tests/e2e/targets/truth.h
tests_e2e_targets_sampling_CFLAGS = $(e2e_cflags)
tests_e2e_targets_several_SOURCES = tests/e2e/targets/several.c tests/e2e/targets/truth.h
tests_e2e_targets_several_CFLAGS = $(e2e_cflags)
tests_e2e_targets_sleeping_SOURCES = tests/e2e/targets/sleeping.c
tests_e2e_targets_sleeping_CFLAGS = $(e2e_cflags)
tests_e2e_targets_smallstacks_SOURCES = tests/e2e/targets/smallstacks.c
tests_e2e_targets_smallstacks_CFLAGS = $(e2e_cflags)
tests_e2e_targets_signals_SOURCES = tests/e2e/targets/signals.c
tests_e2e_targets_signals_CFLAGS = $(e2e_cflags)
tests_e2e_targets_small_SOURCES = tests/e2e/targets/small.c
tests_e2e_targets_small_CFLAGS = $(e2e_cflags)
tests_e2e_targets_churn_SOURCES = tests/e2e/targets/churn.c tests/e2e/targets/truth.h
tests_e2e_targets_churn_CFLAGS = $(e2e_cflags)
tests_e2e_targets_sparse_SOURCES = tests/e2e/targets/sparse.c
tests_e2e_targets_sparse_CFLAGS = $(e2e_cflags)
tests_e2e_targets_stress_SOURCES = tests/e2e/targets/stress.c tests/e2e/targets/truth.h
tests_e2e_targets_stress_CFLAGS = $(e2e_cflags)
tests_e2e_targets_threads_SOURCES = tests/e2e/targets/threads.c
tests_e2e_targets_threads_CFLAGS = $(e2e_cflags)
tests_e2e_targets_newborn_SOURCES = tests/e2e/targets/newborn.c tests/e2e/targets/truth.h
tests_e2e_targets_newborn_CFLAGS = $(e2e_cflags)
tests_e2e_targets_retained_SOURCES = tests/e2e/targets/retained.c tests/e2e/targets/truth.h
tests_e2e_targets_retained_CFLAGS = $(e2e_cflags)
tests_e2e_targets_routing_SOURCES = tests/e2e/targets/routing.c tests/e2e/targets/truth.h
tests_e2e_targets_routing_CFLAGS = $(e2e_cflags)
tests_e2e_targets_cancel_SOURCES = tests/e2e/targets/cancel.c tests/e2e/targets/truth.h
tests_e2e_targets_cancel_CFLAGS = $(e2e_cflags)
tests_e2e_targets_left_behind_SOURCES = tests/e2e/targets/left_behind.c tests/e2e/targets/truth.h
tests_e2e_targets_left_behind_CFLAGS = $(e2e_cflags)
tests_e2e_targets_torn_SOURCES = tests/e2e/targets/torn.c tests/e2e/targets/truth.h
tests_e2e_targets_torn_CFLAGS = $(e2e_cflags)
tests_e2e_targets_unloading_SOURCES = tests/e2e/targets/unloading.c tests/e2e/targets/truth.h
tests_e2e_targets_unloading_CFLAGS = $(e2e_cflags)
tests_e2e_targets_unloading_LDADD = -ldl
tests_e2e_targets_unreadable_SOURCES = tests/e2e/targets/unreadable.c tests/e2e/targets/truth.h
tests_e2e_targets_unreadable_CFLAGS = $(e2e_cflags)
tests_e2e_targets_watch_SOURCES = tests/e2e/targets/watch.c tests/e2e/targets/truth.h
tests_e2e_targets_watch_CFLAGS = $(e2e_cflags)

tests_e2e_targets_cleanup_SOURCES = tests/e2e/targets/cleanup.cc
tests_e2e_targets_cleanup_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_cxx_SOURCES = tests/e2e/targets/cxx.cc
tests_e2e_targets_cxx_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_endings_SOURCES = tests/e2e/targets/endings.cc
tests_e2e_targets_endings_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_brief_SOURCES = tests/e2e/targets/brief.cc
tests_e2e_targets_brief_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_shared_helper_SOURCES = tests/e2e/targets/shared-helper.cc
tests_e2e_targets_shared_helper_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_owned_SOURCES = tests/e2e/targets/owned.cc
tests_e2e_targets_owned_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_holds_cxx_SOURCES = tests/e2e/targets/holds-cxx.cc
tests_e2e_targets_holds_cxx_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_shelf_SOURCES = tests/e2e/targets/shelf.cc
tests_e2e_targets_shelf_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_temporaries_SOURCES = tests/e2e/targets/temporaries.cc tests/e2e/targets/truth.h
tests_e2e_targets_temporaries_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_host_SOURCES = tests/e2e/targets/host.cc
tests_e2e_targets_host_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_host_LDADD = -ldl
tests_e2e_targets_life_SOURCES = tests/e2e/targets/life.cc
tests_e2e_targets_life_CXXFLAGS = $(e2e_cxxflags)
tests_e2e_targets_mismatch_SOURCES = tests/e2e/targets/mismatch.cc
tests_e2e_targets_mismatch_CXXFLAGS = $(e2e_cxxflags)

test_programs += $(e2e_targets)

# -------------------------------------- compiled in ways of their own

e2e_variants = \
	tests/e2e/targets/api-plain \
	tests/e2e/targets/compare \
	tests/e2e/targets/compare-other \
	tests/e2e/targets/compare-stripped \
	tests/e2e/targets/verify-plain \
	tests/e2e/targets/verify-optimized \
	tests/e2e/targets/deep-plain \
	tests/e2e/targets/deep-optimized \
	tests/e2e/targets/hops-plain \
	tests/e2e/targets/hops-optimized \
	tests/e2e/targets/.libs/stress-plugin.so \
	tests/e2e/targets/.libs/verify-small.so \
	tests/e2e/targets/.libs/verify-large.so \
	tests/e2e/targets/types-plain \
	tests/e2e/targets/types-optimized \
	tests/e2e/targets/types-stripped
if HAVE_GLIB
e2e_variants += tests/e2e/targets/types-glib
endif
if HAVE_CXX
e2e_variants += \
	tests/e2e/targets/types-cxx-plain \
	tests/e2e/targets/types-cxx-optimized \
	tests/e2e/targets/types-cxx-stripped \
	tests/e2e/targets/.libs/plugin.so \
	tests/e2e/targets/throwing \
	tests/e2e/targets/throwing-plain
endif
if HAVE_LIBUNWIND
e2e_variants += \
	tests/e2e/targets/stacks-plain \
	tests/e2e/targets/stacks-optimized \
	tests/e2e/targets/stacks-fp \
	tests/e2e/targets/stacks-dso
endif
check_DATA = $(e2e_variants)
CLEANFILES += $(e2e_variants) tests/e2e/targets/libstacks.so

e2e_source = $(srcdir)/tests/e2e/targets
e2e_variant_cc = $(AM_V_CCLD)$(MKDIR_P) tests/e2e/targets/.libs && $(CC) $(e2e_cflags) -D_GNU_SOURCE -o $@
e2e_variant_cxx = $(AM_V_CXXLD)$(MKDIR_P) tests/e2e/targets/.libs && $(CXX) $(e2e_cxxflags) -o $@
stacks_libs = $(LIBUNWIND_LIBS)

tests/e2e/targets/api-plain: tests/e2e/targets/api.c tests/e2e/targets/truth.h lib/gcprof.h
	$(e2e_variant_cc) -O0 $(e2e_source)/api.c
tests/e2e/targets/.libs/plugin.so: tests/e2e/targets/plugin.cc tests/e2e/targets/plugin.h
	$(e2e_variant_cxx) -O2 -shared -fPIC $(e2e_source)/plugin.cc
EXTRA_DIST += tests/e2e/targets/plugin.cc

tests/e2e/targets/verify-plain: tests/e2e/targets/verify.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O0 $(e2e_source)/verify.c
tests/e2e/targets/verify-optimized: tests/e2e/targets/verify.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -fomit-frame-pointer $(e2e_source)/verify.c
tests/e2e/targets/deep-plain: tests/e2e/targets/deep.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O0 $(e2e_source)/deep.c
tests/e2e/targets/deep-optimized: tests/e2e/targets/deep.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -fomit-frame-pointer $(e2e_source)/deep.c
tests/e2e/targets/hops-plain: tests/e2e/targets/hops.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O0 $(e2e_source)/hops.c
tests/e2e/targets/hops-optimized: tests/e2e/targets/hops.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -fomit-frame-pointer $(e2e_source)/hops.c
tests/e2e/targets/.libs/stress-plugin.so: tests/e2e/targets/stress-plugin.c
	$(e2e_variant_cc) -O2 -shared -fPIC $(e2e_source)/stress-plugin.c
tests/e2e/targets/.libs/verify-small.so: tests/e2e/targets/verify-plugin.c
	$(e2e_variant_cc) -O2 -shared -fPIC -DFRAME_BYTES=40 $(e2e_source)/verify-plugin.c
tests/e2e/targets/.libs/verify-large.so: tests/e2e/targets/verify-plugin.c
	$(e2e_variant_cc) -O2 -shared -fPIC -DFRAME_BYTES=4000 $(e2e_source)/verify-plugin.c

tests/e2e/targets/throwing: tests/e2e/targets/throwing.cc tests/e2e/targets/truth.h
	$(e2e_variant_cxx) -O2 -fomit-frame-pointer $(e2e_source)/throwing.cc
tests/e2e/targets/throwing-plain: tests/e2e/targets/throwing.cc tests/e2e/targets/truth.h
	$(e2e_variant_cxx) -O0 $(e2e_source)/throwing.cc

tests/e2e/targets/stacks-plain: tests/e2e/targets/stacks.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O0 $(e2e_source)/stacks.c $(stacks_libs)
tests/e2e/targets/stacks-optimized: tests/e2e/targets/stacks.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -fomit-frame-pointer $(e2e_source)/stacks.c $(stacks_libs)
tests/e2e/targets/stacks-fp: tests/e2e/targets/stacks.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -fno-omit-frame-pointer $(e2e_source)/stacks.c $(stacks_libs)
tests/e2e/targets/libstacks.so: tests/e2e/targets/stacks.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O3 -shared -fPIC -Wl,-z,lazy -Wl,-soname,libstacks.so -DDIRECT_CALLS -Dmain=stacks_main $(e2e_source)/stacks.c $(stacks_libs)
tests/e2e/targets/stacks-dso: tests/e2e/targets/stacks-main.c tests/e2e/targets/libstacks.so
	$(e2e_variant_cc) -O2 -Wl,-z,lazy $(e2e_source)/stacks-main.c tests/e2e/targets/libstacks.so -Wl,-rpath,'$$ORIGIN'

# Stripped of all that the loader does not need.
tests/e2e/targets/types-plain: tests/e2e/targets/types.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O0 $(e2e_source)/types.c
tests/e2e/targets/types-optimized: tests/e2e/targets/types.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 $(e2e_source)/types.c
tests/e2e/targets/types-stripped: tests/e2e/targets/types.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 -s $(e2e_source)/types.c
tests/e2e/targets/types-glib: tests/e2e/targets/types-glib.c tests/e2e/targets/truth.h
	$(e2e_variant_cc) -O2 $(GLIB_CFLAGS) $(e2e_source)/types-glib.c $(GLIB_LIBS)
tests/e2e/targets/types-cxx-plain: tests/e2e/targets/types-cxx.cc tests/e2e/targets/truth.h
	$(e2e_variant_cxx) -O0 $(e2e_source)/types-cxx.cc
tests/e2e/targets/types-cxx-optimized: tests/e2e/targets/types-cxx.cc tests/e2e/targets/truth.h
	$(e2e_variant_cxx) -O2 $(e2e_source)/types-cxx.cc
tests/e2e/targets/types-cxx-stripped: tests/e2e/targets/types-cxx.cc tests/e2e/targets/truth.h
	$(e2e_variant_cxx) -O2 -s $(e2e_source)/types-cxx.cc
# One source, two builds.
tests/e2e/targets/compare: tests/e2e/targets/compare.c tests/e2e/targets/truth.h lib/gcprof.h
	$(e2e_variant_cc) -O0 $(e2e_source)/compare.c
tests/e2e/targets/compare-other: tests/e2e/targets/compare.c tests/e2e/targets/truth.h lib/gcprof.h
	$(e2e_variant_cc) -O2 -DOTHER_BUILD $(e2e_source)/compare.c
tests/e2e/targets/compare-stripped: tests/e2e/targets/compare.c tests/e2e/targets/truth.h lib/gcprof.h
	$(e2e_variant_cc) -O2 -s $(e2e_source)/compare.c
EXTRA_DIST += tests/e2e/targets/compare.c
EXTRA_DIST += tests/e2e/targets/types.c tests/e2e/targets/types-cxx.cc tests/e2e/targets/types-glib.c
