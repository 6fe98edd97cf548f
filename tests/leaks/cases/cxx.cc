/* cxx.cc -- what C++ keeps pointers to: seldom the start of a block.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GLIBCXX_USE_CXX11_ABI 0 /* strings that share their text */
#include "case.h"

#include <exception>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

struct Thing {
	Thing() : value(1) {}
	~Thing() { value = 0; }
	volatile int value;
	char more[20];
};

struct Left {
	virtual ~Left() {}
	long l[3];
};

struct Right {
	virtual ~Right() {}
	long r[3];
};

struct Both : Left, Right {
	long b[2];
};

void *volatile global;

NOINLINE void
held_array(void *volatile *)
{
	global = new Thing[7];
}

NOINLINE void
held_empty_array(void *volatile *)
{
	volatile int none = 0;

	global = new Thing[none];
}

NOINLINE void
held_second_base(void *volatile *)
{
	global = static_cast<Right *>(new Both);
}

NOINLINE void
held_string(void *volatile *)
{
	alignas(std::string) static char place[sizeof(std::string)];

	new (place) std::string(100, 'x');
	*(void *volatile *)place = *(void **)place;
}

NOINLINE void
held_container(void *volatile *)
{
	static std::map<int, std::vector<int>> *m;

	m = new std::map<int, std::vector<int>>;
	for (int i = 0; i < 20; i++)
		(*m)[i].resize(i + 1);
}

NOINLINE void
held_unique(void *volatile *)
{
	static std::unique_ptr<Thing> p;

	p.reset(new Thing);
}

/* The thrown object stands behind a head of the runtime library's own. */
NOINLINE void
held_exception(void *volatile *)
{
	static std::exception_ptr p;

	try {
		throw std::string(50, 'y');
	} catch (...) {
		p = std::current_exception();
	}
	cut();
	_exit(0);
}

NOINLINE void
lost_array(void *volatile *)
{
	global = new Thing[9];
	global = nullptr;
	wipe();
}

NOINLINE void
lost_ring_of_shared(void *volatile *)
{
	struct Node {
		std::shared_ptr<Node> next;
	};
	auto a = std::make_shared<Node>(), b = std::make_shared<Node>();

	a->next = b;
	b->next = a;
}

NOINLINE void
lost_by_exception(void *volatile *)
{
	try {
		Thing *volatile p = new Thing;

		if (p->value)
			throw 5;
		delete p;
	} catch (int) {
	}
	wipe();
}

struct Base {
	~Base() {} /* not virtual */
	long x = 0;
};

struct Derived : Base {
	std::vector<int> v;
};

NOINLINE void
lost_without_virtual(void *volatile *)
{
	auto *d = new Derived;

	d->v.resize(25);
	Base *volatile b = d;
	b->~Base();
	::operator delete(b);
	b = nullptr;
	wipe();
}

NOINLINE void
lost_strings(void *volatile *)
{
	std::string *volatile s = new std::string[3];

	for (int i = 0; i < 3; i++)
		s[i] = std::string(60, 'a' + i);
	s = nullptr;
	wipe();
}

const leak_case cases[] = {
	{"array", held_array, NOTHING, "-"},
	{"empty-array", held_empty_array, NOTHING, "-"},
	{"second-base", held_second_base, NOTHING, "-"},
	{"string", held_string, NOTHING, "-"},
	{"containers", held_container, NOTHING, "-"},
	{"unique", held_unique, NOTHING, "-"},
	{"exception", held_exception, "0/0 0/0 2/211", "-"},
	{"lost-array", lost_array, "1/224 0/0 0/0", "-"},
	{"ring-of-shared", lost_ring_of_shared, "1/32 1/32 0/0", "-"},
	{"by-exception", lost_by_exception, "1/24 0/0 0/0", "-"},
	{"without-virtual", lost_without_virtual, "1/100 0/0 0/0", "-"},
	{"lost-strings", lost_strings, "1/32 3/255 0/0", "-"},
	{nullptr, nullptr, nullptr, nullptr},
};

} // namespace

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {};

	return run_case(cases, argc, argv, frame);
}
