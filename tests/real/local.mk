# tests/real/local.mk -- programs that others wrote, under the preloaded library.
#
# Each script is skipped, with its reason, where its program is not installed;
# GCPROF_TESTS_REQUIRE=1 makes that a failure.
#
# SPDX-License-Identifier: MIT

real_tests += \
	tests/real/asking.sh \
	tests/real/collector.sh \
	tests/real/compiler.sh \
	tests/real/faketime.sh \
	tests/real/git.sh \
	tests/real/go.sh \
	tests/real/growth.sh \
	tests/real/keepers.sh \
	tests/real/memcached.sh \
	tests/real/nginx.sh \
	tests/real/node.sh \
	tests/real/perl.sh \
	tests/real/php.sh \
	tests/real/sandbox.sh \
	tests/real/plugins.sh \
	tests/real/python.sh \
	tests/real/redis.sh \
	tests/real/runtimes.sh \
	tests/real/rust.sh \
	tests/real/sqlite.sh

EXTRA_DIST += tests/real/real.sh tests/real/count.c tests/real/verdicts.sh tests/real/fetched.list \
	tests/real/names.c tests/real/assign.cc tests/real/embed.c tests/real/keep.js

check_DATA += tests/real/count.so
CLEANFILES += tests/real/count.so

tests/real/count.so: tests/real/count.c
	$(AM_V_CCLD)$(MKDIR_P) tests/real && \
	$(CC) $(e2e_cflags) -D_GNU_SOURCE -O2 -shared -fPIC -o $@ $(srcdir)/tests/real/count.c
