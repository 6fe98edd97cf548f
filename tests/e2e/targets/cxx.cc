/* cxx.cc -- every form of operator new and delete.
 *
 *     cxx ledger      blocks of each form stay alive; fd 3 tells which
 *     cxx contract    what the C++ standard says, as points on fd 3
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <new>
#include <string>
#include <vector>

namespace
{
const std::size_t sizes[] = {0, 1, 8, 16, 17, 40, 100, 1000, 4096, 70000, 1 << 20, 3000000};
const std::size_t too_much[] = {SIZE_MAX, SIZE_MAX - 63, std::size_t(PTRDIFF_MAX) + 1, std::size_t(1) << 50};

constexpr std::align_val_t
al(std::size_t n)
{
	return std::align_val_t(n);
}

/* The compiler may leave out a pair of new and delete, but not through these. */
void *(*volatile new1)(std::size_t) = ::operator new;
void *(*volatile new1_array)(std::size_t) = ::operator new[];
void *(*volatile new_nothrow)(std::size_t, const std::nothrow_t &) noexcept = ::operator new;
void *(*volatile new_array_nothrow)(std::size_t, const std::nothrow_t &) noexcept = ::operator new[];
void *(*volatile new_aligned)(std::size_t, std::align_val_t) = ::operator new;
void *(*volatile new_array_aligned)(std::size_t, std::align_val_t) = ::operator new[];
void *(*volatile new_aligned_nothrow)(std::size_t, std::align_val_t, const std::nothrow_t &) noexcept =
	::operator new;
void *(*volatile new_array_aligned_nothrow)(std::size_t, std::align_val_t, const std::nothrow_t &) noexcept =
	::operator new[];

void (*volatile delete1)(void *) noexcept = ::operator delete;
void (*volatile delete1_array)(void *) noexcept = ::operator delete[];
void (*volatile delete_nothrow)(void *, const std::nothrow_t &) noexcept = ::operator delete;
void (*volatile delete_array_nothrow)(void *, const std::nothrow_t &) noexcept = ::operator delete[];
void (*volatile delete_sized)(void *, std::size_t) noexcept = ::operator delete;
void (*volatile delete_array_sized)(void *, std::size_t) noexcept = ::operator delete[];
void (*volatile delete_aligned)(void *, std::align_val_t) noexcept = ::operator delete;
void (*volatile delete_array_aligned)(void *, std::align_val_t) noexcept = ::operator delete[];
void (*volatile delete_aligned_nothrow)(void *, std::align_val_t, const std::nothrow_t &) noexcept =
	::operator delete;
void (*volatile delete_array_aligned_nothrow)(void *, std::align_val_t, const std::nothrow_t &) noexcept =
	::operator delete[];
void (*volatile delete_sized_aligned)(void *, std::size_t, std::align_val_t) noexcept = ::operator delete;
void (*volatile delete_array_sized_aligned)(void *, std::size_t, std::align_val_t) noexcept =
	::operator delete[];

const char one[] = "new";
const char array[] = "new[]";

int
ledger()
{
	for (std::size_t n : sizes) {
		for (int round = 0; round < 2; round++) {
			keep(new1(n), n, one);
			keep(new1_array(n), n, array);
			keep(new_nothrow(n, std::nothrow), n, one);
			keep(new_array_nothrow(n, std::nothrow), n, array);
			keep(new_aligned(n, al(64)), n, one);
			keep(new_array_aligned(n, al(32)), n, array);
			keep(new_aligned_nothrow(n, al(4096), std::nothrow), n, one);
			keep(new_array_aligned_nothrow(n, al(128), std::nothrow), n, array);
		}
		delete1(gone(keep(new1(n), n, one), n));
		delete1_array(gone(keep(new1_array(n), n, array), n));
		delete_nothrow(gone(keep(new_nothrow(n, std::nothrow), n, one), n), std::nothrow);
		delete_array_nothrow(gone(keep(new_array_nothrow(n, std::nothrow), n, array), n), std::nothrow);
		delete_sized(gone(keep(new1(n), n, one), n), n);
		delete_array_sized(gone(keep(new1_array(n), n, array), n), n);
		delete_aligned(gone(keep(new_aligned(n, al(64)), n, one), n), al(64));
		delete_array_aligned(gone(keep(new_array_aligned(n, al(64)), n, array), n), al(64));
		delete_aligned_nothrow(gone(keep(new_aligned_nothrow(n, al(64), std::nothrow), n, one), n), al(64),
			std::nothrow);
		delete_array_aligned_nothrow(
			gone(keep(new_array_aligned_nothrow(n, al(64), std::nothrow), n, array), n), al(64),
			std::nothrow);
		delete_sized_aligned(gone(keep(new_aligned(n, al(256)), n, one), n), n, al(256));
		delete_array_sized_aligned(gone(keep(new_array_aligned(n, al(256)), n, array), n), n, al(256));
	}
	return 0;
}

bool
throws_bad_alloc(void *(*volatile form)(std::size_t))
{
	bool good = true;
	for (std::size_t n : too_much) {
		try {
			form(n);
			good = false;
		} catch (const std::bad_alloc &) {
		}
	}
	return good;
}

bool
throws_bad_alloc_aligned(void *(*volatile form)(std::size_t, std::align_val_t))
{
	bool good = true;
	for (std::size_t n : too_much) {
		try {
			form(n, al(64));
			good = false;
		} catch (const std::bad_alloc &) {
		}
	}
	return good;
}

int handler_calls;

void
handler_gives_up()
{
	if (++handler_calls == 3)
		std::set_new_handler(nullptr);
}

struct own_exception {
};

void
handler_throws_own()
{
	handler_calls++;
	throw own_exception();
}

void
handler_throws_bad_alloc()
{
	handler_calls++;
	throw std::bad_alloc();
}

void
contract_failure()
{
	point(throws_bad_alloc(new1), "new throws std::bad_alloc");
	point(throws_bad_alloc(new1_array), "new[] throws std::bad_alloc");
	point(throws_bad_alloc_aligned(new_aligned), "aligned new throws std::bad_alloc");
	point(throws_bad_alloc_aligned(new_array_aligned), "aligned new[] throws std::bad_alloc");
	bool good = true;
	for (std::size_t n : too_much)
		good = good && !new_nothrow(n, std::nothrow) && !new_array_nothrow(n, std::nothrow) &&
			!new_aligned_nothrow(n, al(64), std::nothrow) &&
			!new_array_aligned_nothrow(n, al(64), std::nothrow);
	point(good, "nothrow forms give a null pointer");
}

void
contract_handler()
{
	std::set_new_handler(handler_gives_up);
	handler_calls = 0;
	bool thrown = false;
	try {
		new1(std::size_t(1) << 50);
	} catch (const std::bad_alloc &) {
		thrown = true;
	}
	point(thrown && handler_calls == 3, "new calls the new handler again until there is none, then throws");

	std::set_new_handler(handler_throws_own);
	handler_calls = 0;
	thrown = false;
	try {
		new_array_aligned(std::size_t(1) << 50, al(64));
	} catch (const own_exception &) {
		thrown = true;
	}
	point(thrown && handler_calls == 1, "an exception of the new handler's own comes through");

	std::set_new_handler(handler_throws_bad_alloc);
	handler_calls = 0;
	point(new_nothrow(std::size_t(1) << 50, std::nothrow) == nullptr && handler_calls == 1,
		"nothrow new calls the new handler and turns its bad_alloc into a null pointer");
	handler_calls = 0;
	point(new_array_aligned_nothrow(std::size_t(1) << 50, al(64), std::nothrow) == nullptr &&
			handler_calls == 1,
		"so does aligned nothrow new[]");
	point(malloc(std::size_t(1) << 50) == nullptr && handler_calls == 1, "malloc does not call it");
	std::set_new_handler(nullptr);
}

struct alignas(128) wide {
	char bytes[256];
};

struct throws_in_constructor {
	char bytes[300];
	throws_in_constructor()
	{
		throw 17;
	}
};

void
contract_basics()
{
	bool good = true;
	for (std::size_t n : sizes) {
		for (std::size_t a = 1; a <= 65536; a *= 2) {
			void *p = new_aligned(n, al(a)), *q = new_array_aligned_nothrow(n, al(a), std::nothrow);
			good = good && p && q && p != q && (uintptr_t)p % a == 0 && (uintptr_t)q % a == 0;
			memset(p, 1, n);
			memset(q, 2, n);
			delete_sized_aligned(p, n, al(a));
			delete_array_aligned(q, al(a));
		}
		void *p = new1(n), *q = new1_array(n);
		good = good && p && q && p != q && (uintptr_t)p % 16 == 0 && (uintptr_t)q % 16 == 0;
		delete1(p);
		delete1_array(q);
	}
	point(good, "each form aligns as asked, and size zero gives pointers of their own");

	std::vector<wide> wides(5);
	good = true;
	for (const wide &w : wides)
		good = good && (uintptr_t)&w % 128 == 0;
	point(good, "over-aligned types lie right in a vector");

	int caught = 0;
	for (int i = 0; i < 100; i++) {
		try {
			delete new throws_in_constructor;
		} catch (int n) {
			caught += n;
		}
	}
	point(caught == 1700, "a constructor that throws gives its memory back");

	delete1(nullptr);
	delete1_array(nullptr);
	delete_sized(nullptr, 8);
	delete_aligned(nullptr, al(64));
	point(true, "delete of a null pointer does nothing");

	errno = EXDEV;
	delete1(new1(100));
	delete1_array(new1_array(1 << 21));
	delete_sized_aligned(new_aligned(300, al(64)), 300, al(64));
	point(errno == EXDEV, "new and delete keep errno");
}
} // namespace

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "ledger"))
		return ledger();
	contract_basics();
	contract_failure();
	contract_handler();
	return 0;
}
