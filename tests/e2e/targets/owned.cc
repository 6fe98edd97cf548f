// owned.cc -- things that grow, each held by one owner, and others that have pointers to them.
//
//     owned
//
// Ends before what is static is destroyed; owners.sh has the truth.
//
// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#define ALONE __attribute__((noinline, noclone))

enum { ROUNDS = 60000, RECENT = 16, BUCKETS = 1024 };

// ---- a list in a client; the last few of it in a ring, which has more in its popped slots ----

namespace gw
{

struct message {
	message *next, *before;
	char text[80];
};

struct outbox {
	message *head, *tail;
};

struct client {
	int id;
	outbox *out;
};

struct tenant {
	std::map<int, client *> clients;
};

static std::deque<message *> recent;
static std::map<int, tenant *> tenants;

ALONE static message *
message_new()
{
	return new message{};
}

ALONE static void
post(client *c)
{
	message *m = message_new();

	m->before = c->out->tail;
	if (c->out->tail)
		c->out->tail->next = m;
	else
		c->out->head = m;
	c->out->tail = m;
	recent.push_back(m);
	if (recent.size() > RECENT)
		recent.pop_front();
}

} // namespace gw

// ---- a table, of which a ring holds all that are new ----

struct session {
	char user[72];
};

static std::unordered_map<int, session *> sessions;
static session *last_sessions[512];

ALONE static session *
session_new()
{
	return new session{};
}

// ---- a table in a member of a member ----

struct entry {
	entry *next;
	long key;
};

static struct {
	long started;
	struct {
		long n;
		entry *buckets[BUCKETS];
	} cache;
} server;

ALONE static entry *
entry_new(long key)
{
	return new entry{nullptr, key};
}

ALONE static void
remember(long key)
{
	entry *e = entry_new(key), **bucket = &server.cache.buckets[key * 7 % BUCKETS];

	e->next = *bucket;
	*bucket = e;
	server.cache.n++;
}

// ---- callbacks ----

static std::vector<std::function<long()>> callbacks;

ALONE static void
listen(long n)
{
	struct captured {
		long values[6];
	} c = {{n}};

	callbacks.emplace_back([c] { return c.values[0]; });
}

// ---- a queue, of pieces with 64 places each; of three that come one is taken ----

struct job {
	long number, due;
};

static std::deque<job *> jobs;

ALONE static job *
job_new(long number)
{
	return new job{number, 2 * number};
}

ALONE static void
enqueue(long number)
{
	jobs.push_back(job_new(number));
	if (number % 3 == 0) {
		delete jobs.front();
		jobs.pop_front();
	}
}

// ---- in a local variable ----

struct item {
	char name[40];
};

ALONE static item *
item_new()
{
	return new item{};
}

ALONE static void
run(std::map<int, item *> &items)
{
	char *text = static_cast<char *>(malloc(1000));
	gw::client *c = new gw::client{7, new gw::outbox{}};

	gw::tenants[1] = new gw::tenant;
	gw::tenants[1]->clients[7] = c;
	for (int i = 0; i < ROUNDS; i++) {
		gw::post(c);
		sessions[i] = last_sessions[i % 512] = session_new();
		remember(i);
		enqueue(i);
		if (i % 4 == 0)
			listen(i);
		items[i * 7 % ROUNDS] = item_new();
		memset(text, i, 1000);
	}
	free(text);
}

// Has no frame of its own.
[[gnu::always_inline]] static inline void
leave()
{
	std::quick_exit(0);
}

int
main()
{
	std::map<int, item *> items;

	run(items);
	leave();
}
