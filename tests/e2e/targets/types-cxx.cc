/* types-cxx.cc -- one of each container of the C++ library, all held by globals.
 *
 * On descriptor 3, a line for each type: "type BLOCKS BYTES NAME".  The sizes are
 * those of nodes and buffers as libstdc++ lays them out, told by an allocator
 * that counts: each container is filled twice, once with std::allocator, whose
 * blocks the snapshot has, and once with the one that counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "truth.h"

#define ALONE __attribute__((noinline, noclone))

struct value {
	long a[3];
};

struct shape {
	virtual ~shape() = default;
	long filler[4] = {0};
};
struct circle : shape {
	long radius = 1;
};
struct plain {
	long filler[9] = {0};
};
struct shared {
	long filler[6] = {0};
};

/* ---- the allocator that counts ---- */

struct tally {
	long blocks, bytes;
};

/* What lives of each type it is asked for. */
template <class T> struct tallies {
	static tally live;
};
template <class T> tally tallies<T>::live;

template <class T> struct counting {
	using value_type = T;
	counting() = default;
	template <class U> counting(const counting<U> &)
	{
	}
	T *
	allocate(std::size_t n)
	{
		tallies<T>::live.blocks++;
		tallies<T>::live.bytes += long(n * sizeof(T));
		return static_cast<T *>(std::malloc(n * sizeof(T)));
	}
	void
	deallocate(T *p, std::size_t n)
	{
		tallies<T>::live.blocks--;
		tallies<T>::live.bytes -= long(n * sizeof(T));
		std::free(p);
	}
};
template <class T, class U>
bool
operator==(const counting<T> &, const counting<U> &)
{
	return true;
}
template <class T, class U>
bool
operator!=(const counting<T> &, const counting<U> &)
{
	return false;
}

static void
tell(const char *name, const tally &t)
{
	/* As many again of the container with std::allocator. */
	say("type %ld %ld %s", 2 * t.blocks, 2 * t.bytes, name);
}

/* ---- the containers ---- */

using text = std::basic_string<char, std::char_traits<char>, counting<char>>;
template <class T> using counted_pair = counting<std::pair<const int, T>>;

static std::map<int, value> a_map;
static std::set<long> a_set;
static std::unordered_map<int, value> a_hash;
static std::unordered_set<long> a_hash_set;
static std::list<value> a_list;
static std::forward_list<value> a_forward;
static std::deque<value> a_deque;
static std::vector<value> a_vector;
static std::vector<value *> values;
static std::vector<std::shared_ptr<shared>> pointers;
static std::vector<std::shared_ptr<shared>> made;
static std::vector<std::function<long()>> calls;
static std::vector<std::string> strings;
static std::vector<shape *> shapes;
static std::vector<std::unique_ptr<plain>> plains;
static std::vector<circle *> arrays;

enum { MAP = 311, SET = 131, HASH = 505, HASH_SET = 77, LIST = 211, FORWARD = 97, DEQUE = 501,
       VECTOR = 777, STRINGS = 401, SHARED = 61, MADE = 67, CALLS = 71, SHAPES = 83,
       PLAINS = 89, ARRAYS = 19, IN_ARRAY = 5, VALUES = 53 };

ALONE static void
fill_trees()
{
	static std::map<int, value, std::less<int>, counted_pair<value>> map;
	static std::set<long, std::less<long>, counting<long>> set;

	for (int i = 0; i < MAP; i++) {
		a_map[i * 7 % MAP] = value{{i}};
		map[i * 7 % MAP] = value{{i}};
	}
	for (int i = 0; i < SET; i++) {
		a_set.insert(i);
		set.insert(i);
	}
	tell("std::map<int, value> node",
	     tallies<std::_Rb_tree_node<std::pair<const int, value>>>::live);
	tell("std::set<long> node", tallies<std::_Rb_tree_node<long>>::live);
}

ALONE static void
fill_hashes()
{
	static std::unordered_map<int, value, std::hash<int>, std::equal_to<int>,
				  counted_pair<value>>
		map;
	tally *buckets = &tallies<std::__detail::_Hash_node_base *>::live, before;

	for (int i = 0; i < HASH; i++) {
		a_hash[i] = value{{i}};
		map[i] = value{{i}};
	}
	tell("std::unordered_map<int, value> node",
	     tallies<std::__detail::_Hash_node<std::pair<const int, value>, false>>::live);
	tell("std::unordered_map<int, value> buckets", *buckets);
	before = *buckets;
	static std::unordered_set<long, std::hash<long>, std::equal_to<long>, counting<long>> set;
	for (int i = 0; i < HASH_SET; i++) {
		a_hash_set.insert(i);
		set.insert(i);
	}
	tell("std::unordered_set<long> node",
	     tallies<std::__detail::_Hash_node<long, false>>::live);
	tell("std::unordered_set<long> buckets",
	     {buckets->blocks - before.blocks, buckets->bytes - before.bytes});
}

ALONE static void
fill_sequences()
{
	static std::list<value, counting<value>> list;
	static std::forward_list<value, counting<value>> forward;
	static std::deque<value, counting<value>> deque;

	for (int i = 0; i < LIST; i++) {
		a_list.push_back(value{{i}});
		list.push_back(value{{i}});
	}
	for (int i = 0; i < FORWARD; i++) {
		a_forward.push_front(value{{i}});
		forward.push_front(value{{i}});
	}
	for (int i = 0; i < DEQUE; i++) {
		a_deque.push_back(value{{i}});
		deque.push_back(value{{i}});
	}
	tell("std::list<value> node", tallies<std::_List_node<value>>::live);
	tell("std::forward_list<value> node", tallies<std::_Fwd_list_node<value>>::live);
	tell("std::deque<value> chunk", tallies<value>::live);
	tell("std::deque<value> map", tallies<value *>::live);
}

ALONE static void
fill_vectors()
{
	static std::vector<value, counting<value>> vector;
	const tally before = tallies<value>::live;

	for (int i = 0; i < VECTOR; i++) {
		a_vector.push_back(value{{i}});
		vector.push_back(value{{i}});
	}
	tell("std::vector<value> storage", {tallies<value>::live.blocks - before.blocks,
					    tallies<value>::live.bytes - before.bytes});
}

ALONE static void
fill_strings()
{
	static std::vector<text> texts;

	strings.reserve(STRINGS);
	texts.reserve(STRINGS);
	for (int i = 0; i < STRINGS; i++) {
		strings.push_back(std::string(40, 'x'));
		texts.push_back(text(40, 'x'));
		strings.back() += "and more, so that it grows";
		texts.back() += "and more, so that it grows";
	}
	tell("std::string buffer", tallies<char>::live);
}

ALONE static void
share()
{
	pointers.reserve(SHARED);
	made.reserve(MADE);
	for (int i = 0; i < SHARED; i++)
		pointers.push_back(std::shared_ptr<shared>(new shared));
	for (int i = 0; i < MADE; i++)
		made.push_back(std::make_shared<shared>());
	/* A vtable and two counts; with the object in it. */
	say("type %d %d std::shared_ptr<shared> control block", SHARED, SHARED * 24);
	say("type %d %zu std::make_shared<shared> block", MADE, MADE * (16 + sizeof(shared)));
	say("type %d %zu unknown type, allocated in share", SHARED, SHARED * sizeof(shared));
}

ALONE static void
capture()
{
	calls.reserve(CALLS);
	for (int i = 0; i < CALLS; i++) {
		value v = {{i, 1, 2}};

		calls.emplace_back([v] { return v.a[0]; });
	}
	say("type %d %zu std::function closure", CALLS, CALLS * sizeof(value));
}

ALONE static void
draw()
{
	shapes.reserve(SHAPES);
	plains.reserve(PLAINS);
	arrays.reserve(ARRAYS);
	values.reserve(VALUES);
	for (int i = 0; i < SHAPES; i++)
		shapes.push_back(new circle);
	for (int i = 0; i < PLAINS; i++)
		plains.push_back(std::make_unique<plain>());
	for (int i = 0; i < ARRAYS; i++)
		arrays.push_back(new circle[IN_ARRAY]);
	for (int i = 0; i < VALUES; i++)
		values.push_back(new value);
	say("type %d %zu circle", SHAPES, SHAPES * sizeof(circle));
	say("type %d %zu plain", PLAINS, PLAINS * sizeof(plain));
	say("type %d %zu circle[]", ARRAYS, ARRAYS * (8 + IN_ARRAY * sizeof(circle)));
	say("type %d %zu unknown type, allocated in draw", VALUES, VALUES * sizeof(value));
}

/* A member's vtable is not the object's. */
struct holding {
	long number = 0;
	circle member;
};
static std::vector<holding *> held;

ALONE static void
hold()
{
	held.reserve(VALUES);
	for (int i = 0; i < VALUES; i++)
		held.push_back(new holding);
	say("type %d %zu unknown type, allocated in hold", VALUES, VALUES * sizeof(holding));
}

int
main()
{
	fill_trees();
	fill_hashes();
	fill_sequences();
	fill_vectors();
	fill_strings();
	share();
	capture();
	draw();
	hold();
	/* Before what is static is destroyed. */
	std::quick_exit(0);
}
