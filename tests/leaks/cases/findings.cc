// findings.cc -- leaks that are one finding each, however many sites, copies or cycles.
//
// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#define NOINLINE __attribute__((noinline))

namespace {

void *volatile sink;

NOINLINE void
wipe()
{
	volatile char frame[8192];

	for (unsigned i = 0; i < sizeof frame; i++)
		frame[i] = 0;
}

// ---- a cycle of three sites ----

struct Channel;

struct Session {
	std::shared_ptr<Channel> channel;
	char name[70];
};

struct Channel {
	std::function<void()> on_message;
	char name[20];
};

// Junk before each, so that addresses come in no order.
void
scatter(unsigned seed)
{
	std::vector<void *> junk;

	for (int i = 0; i < 20; i++)
		junk.push_back(malloc(16 + rand_r(&seed) % 200));
	for (void *p : junk)
		free(p);
}

NOINLINE std::shared_ptr<Session>
session_open()
{
	return std::make_shared<Session>();
}

NOINLINE std::shared_ptr<Channel>
channel_open()
{
	return std::make_shared<Channel>();
}

NOINLINE void
listen(const std::shared_ptr<Session> &session)
{
	session->channel->on_message = [session] { session->name[0]++; };
}

void
connect(unsigned seed)
{
	scatter(seed);
	auto session = session_open();
	scatter(seed + 1);
	session->channel = channel_open();
	scatter(seed + 2);
	listen(session);
}

void
cycles()
{
	for (unsigned i = 0; i < 200; i++)
		std::thread(connect, i * 7919 + unsigned(reinterpret_cast<size_t>(&i) >> 4)).join();
}

// ---- cycles of two sites, of which now this one has the lower address and now that one ----

struct Link {
	Link *other;
	char name[40];
};

NOINLINE Link *
make_left()
{
	return static_cast<Link *>(calloc(1, sizeof(Link)));
}

NOINLINE Link *
make_right()
{
	return static_cast<Link *>(calloc(1, sizeof(Link)));
}

NOINLINE void
pair(int first)
{
	static Link *(*const volatile makers[])() = {make_left, make_right};
	Link *links[2];

#pragma GCC unroll 1
	for (int i = 0; i < 2; i++)
		links[i ^ first] = makers[i ^ first]();
	links[0]->other = links[1];
	links[1]->other = links[0];
	sink = links[0];
}

void
pairs()
{
	for (int i = 0; i < 100; i++)
		pair(i % 2);
	sink = nullptr;
	wipe();
}

// ---- one line ----

template <class T>
NOINLINE T *
make()
{
	return static_cast<T *>(calloc(1, sizeof(T) + 64));
}

template <class T>
NOINLINE void
lose()
{
	sink = make<T>();
}

NOINLINE void
lose_unrolled()
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		sink = malloc(100);
}

NOINLINE void
lose_apart()
{
	sink = malloc(30);
	sink = malloc(31);
}

void
lines()
{
	lose_unrolled();
	lose<int>();
	lose<double>();
	lose<char>();
	lose_apart();
	sink = nullptr;
	wipe();
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "cycles") == 0)
		cycles();
	else if (argc == 2 && strcmp(argv[1], "pairs") == 0)
		pairs();
	else if (argc == 2 && strcmp(argv[1], "lines") == 0)
		lines();
	else
		return 2;
	return 0;
}
