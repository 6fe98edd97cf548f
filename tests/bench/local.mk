# tests/bench/local.mk -- what `make bench` runs; see run.sh.
#
# SPDX-License-Identifier: MIT

bench_programs = \
	tests/bench/cubes \
	tests/bench/cut \
	tests/bench/fraction \
	tests/bench/large \
	tests/bench/measure \
	tests/bench/parser \
	tests/bench/simple \
	tests/bench/threads
if HAVE_CXX
bench_programs += tests/bench/containers
endif
test_programs += $(bench_programs)

bench_cflags = $(GCP_C_FLAGS) $(GCP_WARN_FLAGS) -pthread

tests_bench_containers_SOURCES = tests/bench/containers.cc
tests_bench_containers_CXXFLAGS = -std=gnu++17
tests_bench_cubes_SOURCES = tests/bench/cubes.c
tests_bench_cubes_CFLAGS = $(bench_cflags)
tests_bench_cut_SOURCES = tests/bench/cut.c
tests_bench_cut_CFLAGS = $(bench_cflags)
tests_bench_fraction_SOURCES = tests/bench/fraction.c
tests_bench_fraction_CFLAGS = $(bench_cflags)
tests_bench_large_SOURCES = tests/bench/large.c
tests_bench_large_CFLAGS = $(bench_cflags)
tests_bench_measure_SOURCES = tests/bench/measure.c
tests_bench_measure_CFLAGS = $(bench_cflags)
tests_bench_parser_SOURCES = tests/bench/parser.c
tests_bench_parser_CFLAGS = $(bench_cflags)
tests_bench_simple_SOURCES = tests/bench/simple.c
tests_bench_simple_CFLAGS = $(bench_cflags)
tests_bench_threads_SOURCES = tests/bench/threads.c
tests_bench_threads_CFLAGS = $(bench_cflags)

EXTRA_DIST += \
	tests/bench/run.sh \
	tests/bench/compress.py \
	tests/bench/cut.sh \
	tests/bench/facts.py \
	tests/bench/dict.py \
	tests/bench/hash.pl \
	tests/bench/large.cc \
	tests/bench/sort.sql \
	tests/bench/table.py
