#!/usr/bin/env bash
# operators.sh -- operator new and delete that a library of the program's defines.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require "${CXX:-c++}"
cat >"$T/own.cc" <<'END'
#include <cstddef>
#include <cstdlib>
#include <new>
long own_made, own_gone;
void *operator new(std::size_t bytes) { own_made++; return std::malloc(bytes + 1); }
void operator delete(void *p) noexcept { own_gone += p != nullptr; std::free(p); }
void operator delete(void *p, std::size_t) noexcept { operator delete(p); }
END
cat >"$T/program.cc" <<'END'
#include <cstdio>
#include <new>
#include <string>
#include <vector>
extern long own_made, own_gone;
struct thing { int x; ~thing() {} };
struct alignas(64) wide { char c[64]; };
template <class T> T *opaque(T *p) { __asm__ volatile("" : "+r"(p)); return p; }
static std::string early(1000, 'x'); // before main
int main()
{
	delete opaque(new thing);
	delete[] opaque(new thing[10]);
	delete opaque(new (std::nothrow) thing);
	delete[] opaque(new (std::nothrow) thing[3]);
	delete opaque(new wide);
	operator delete(opaque(new int), std::nothrow);
	{ std::vector<int> v; for (int i = 0; i < 1000; i++) v.push_back(i); std::string s(100, 'x'); opaque(&s); }
	std::printf("%ld made, %ld gone\n", own_made, own_gone);
	return early.size() != 1000;
}
END
build() { # FILE ARGUMENT...
	"${CXX:-c++}" -std=c++17 -O1 -o "$T/$1" "${@:2}" 2>"$T/cxx.err" || diag_file "$T/cxx.err"
}
build libown.so -shared -fPIC "$T/own.cc"
build program "$T/program.cc" -L"$T" -lown -Wl,-rpath,"$T"
run_plain alone "$T/program"
is "alone the operators of the program's library are called" "$status $(grep -c '^[1-9].* made' "$T/alone.out")" "0 1"
for allocator in jemalloc system; do
	GCPROF_ALLOCATOR=$allocator run_gcprof "$allocator" "$T/program"
	is "allocator $allocator: as often as alone" "$status $(cat "$T/$allocator.out")" "0 $(cat "$T/alone.out")"
	is "allocator $allocator: nothing is said" "$(cat "$T/$allocator.err")" ""
	is "allocator $allocator: what they allocate by malloc is seen as that" \
		"$(records "$(heap "$allocator")" bad_free | wc -l)" 0
done

# An allocator in a library defines malloc as well: its blocks are ours to see.
cat >"$T/allocator.cc" <<'END'
#include <cstddef>
#include <new>
static char room[1 << 20];
static std::size_t used;
static void *take(std::size_t n) { void *p = room + used; used += (n + 63) & ~63ul; return p; }
extern "C" void *malloc(std::size_t n) { return take(n); }
extern "C" void free(void *) {}
extern "C" void *calloc(std::size_t n, std::size_t m) { return take(n * m); }
void *operator new(std::size_t n) { return take(n); }
void operator delete(void *) noexcept {}
long own_made, own_gone;
END
build liballocator.so -shared -fPIC "$T/allocator.cc"
build allocating "$T/program.cc" -L"$T" -lallocator -Wl,-rpath,"$T"
run_gcprof allocating "$T/allocating"
is "the operators of another allocator are ours, as its malloc is" \
	"$status $(records "$(heap allocating)" bad_free | wc -l) $(($(info "$(heap allocating)" allocations) > 15))" "0 0 1"
done_testing
