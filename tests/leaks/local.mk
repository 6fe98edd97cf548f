# tests/leaks/local.mk -- what is lost and what is not, held against the truth and memcheck.
#
# A script is a family; its cases are in a table of cases/.
#
# SPDX-License-Identifier: MIT

leaks_tests = \
	tests/leaks/byhand.sh \
	tests/leaks/cxx.sh \
	tests/leaks/findings.sh \
	tests/leaks/glib.sh \
	tests/leaks/healthy.sh \
	tests/leaks/held.sh \
	tests/leaks/lost.sh \
	tests/leaks/pairs.sh \
	tests/leaks/wrappers.sh

EXTRA_DIST += \
	$(leaks_tests) \
	tests/leaks/leaks.sh \
	tests/leaks/memcheck.supp \
	tests/leaks/cases/byhand.c \
	tests/leaks/cases/case.h \
	tests/leaks/cases/cxx.cc \
	tests/leaks/cases/findings.cc \
	tests/leaks/cases/glib.c \
	tests/leaks/cases/held.c \
	tests/leaks/cases/lost.c \
	tests/leaks/cases/lsan.c \
	tests/leaks/cases/pairs.c \
	tests/leaks/cases/plugin.c \
	tests/leaks/cases/wrappers.c

# The flags of the one who builds come first, so that frames and registers are
# what the sources say.
leaks_source = $(srcdir)/tests/leaks/cases
leaks_cc = $(AM_V_CCLD)$(MKDIR_P) tests/leaks/cases/.libs && \
	$(CC) -O2 $(e2e_cflags) -D_GNU_SOURCE -I$(leaks_source) -o $@
leaks_cxx = $(AM_V_CXXLD)$(MKDIR_P) tests/leaks/cases && \
	$(CXX) -O1 $(e2e_cxxflags) -D_GNU_SOURCE -I$(leaks_source) -o $@

leaks_cases = \
	tests/leaks/cases/byhand \
	tests/leaks/cases/held \
	tests/leaks/cases/lost \
	tests/leaks/cases/lsan \
	tests/leaks/cases/pairs \
	tests/leaks/cases/wrappers \
	tests/leaks/cases/.libs/plugin.so \
	tests/leaks/cases/.libs/plugin-ie.so
if HAVE_CXX
leaks_cases += tests/leaks/cases/cxx tests/leaks/cases/findings
endif
if HAVE_GLIB
leaks_cases += tests/leaks/cases/glib
endif

check_DATA += $(leaks_cases)
CLEANFILES += $(leaks_cases)

tests/leaks/cases/byhand: tests/leaks/cases/byhand.c tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cc) $(leaks_source)/byhand.c
tests/leaks/cases/cxx: tests/leaks/cases/cxx.cc tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cxx) $(leaks_source)/cxx.cc
tests/leaks/cases/findings: tests/leaks/cases/findings.cc
	$(leaks_cxx) $(leaks_source)/findings.cc -lpthread
tests/leaks/cases/glib: tests/leaks/cases/glib.c tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cc) $(GLIB_CFLAGS) $(leaks_source)/glib.c $(GLIB_LIBS)
tests/leaks/cases/held: tests/leaks/cases/held.c tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cc) $(leaks_source)/held.c -ldl
tests/leaks/cases/lost: tests/leaks/cases/lost.c tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cc) $(leaks_source)/lost.c -ldl
tests/leaks/cases/lsan: tests/leaks/cases/lsan.c
	$(leaks_cc) $(leaks_source)/lsan.c
tests/leaks/cases/pairs: tests/leaks/cases/pairs.c tests/leaks/cases/case.h lib/gcprof.h
	$(leaks_cc) $(leaks_source)/pairs.c
tests/leaks/cases/wrappers: tests/leaks/cases/wrappers.c
	$(leaks_cc) $(leaks_source)/wrappers.c
tests/leaks/cases/.libs/plugin.so: tests/leaks/cases/plugin.c
	$(leaks_cc) -shared -fPIC $(leaks_source)/plugin.c
tests/leaks/cases/.libs/plugin-ie.so: tests/leaks/cases/plugin.c
	$(leaks_cc) -shared -fPIC -ftls-model=initial-exec $(leaks_source)/plugin.c
