// endings.cc -- containers that grow for the life of a program, and end with it.
//
//     endings SHAPE
//
//     dict        a chained table of interned strings, freed bucket by bucket in main()
//     dict-atexit the same by a function of atexit()
//     map         a std::map in a global, gone with its static destructor
//     hash        a std::unordered_map
//     deque       a std::deque of raw pointers, filled faster than it is emptied: its
//                 destructor leaves what it pointed to
//     list, vector, by-number, array
//                 the same by a std::list, std::vector and std::map, and by a ring that a
//                 function of atexit() frees
//     chain       jobs that are linked themselves; a function of atexit() forgets the first
//                 and frees a dict
//     xor         the same by one link, the exclusive or of two
//     local-map, local-deque
//                 map and deque in a local variable of a function that main() calls
//     functions   a std::list of std::function
//     ring        a std::deque of raw pointers that holds a thousand at most
//     once        a std::map that is filled before the work begins
//
// Tells on descriptor 3 "ends NANOSECONDS", since 1970, when it begins to clean up.
//
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <time.h>
#include <unordered_map>
#include <vector>

#define NOINLINE __attribute__((noinline, noclone))

namespace
{
enum { ITEMS = 30000, BUCKETS = 4096, BOUND = 1000 };

struct entry {
	entry *next;
	char *name;
};
struct job {
	int number;
	job *next; /* of a chain; the exclusive or of both neighbours of an xor */
	char text[100];
};

entry *names[BUCKETS];
std::map<std::string, std::string> sessions;
std::unordered_map<int, std::string> answers;
std::deque<job *> jobs;
std::list<job *> jobs_listed;
std::vector<job *> jobs_in_row;
std::map<int, job *> jobs_by_number;
job **ring, *first_job, *last_job;
int n_taken;
std::list<std::function<int()>> listeners;

NOINLINE void
intern(int i)
{
	char text[160];
	entry **bucket = &names[(unsigned)i * 2654435761u % BUCKETS];
	entry *e = (entry *)malloc(sizeof(*e));

	snprintf(text, sizeof(text), "a name that is number %0100d", i);
	e->name = strdup(text);
	e->next = *bucket;
	*bucket = e;
}

void
free_names()
{
	for (entry *&bucket : names)
		while (bucket) {
			entry *e = bucket;

			bucket = e->next;
			free(e->name);
			free(e);
		}
}

NOINLINE void
open_session(std::map<std::string, std::string> &all, int i)
{
	/* The order of keys is not that of birth. */
	all[std::to_string((unsigned)i * 2654435761u)] = std::string(80, 's');
}

NOINLINE void
keep_answer(int i)
{
	answers[(int)((unsigned)i * 2654435761u)] = std::string(80, 'a');
}

NOINLINE job *
post_job(int i)
{
	job *j = new job();

	j->number = i;
	return j;
}

void
link_xor(job *j, job *other)
{
	if (j)
		j->next = (job *)((uintptr_t)j->next ^ (uintptr_t)other);
}

/* Into the container of that name. */
void
put(const char *shape, job *j)
{
	if (strcmp(shape, "list") == 0) {
		jobs_listed.push_back(j);
	} else if (strcmp(shape, "vector") == 0) {
		jobs_in_row.push_back(j);
	} else if (strcmp(shape, "by-number") == 0) {
		jobs_by_number[j->number] = j;
	} else if (strcmp(shape, "array") == 0) {
		ring[j->number] = j;
	} else if (strcmp(shape, "chain") == 0 || strcmp(shape, "xor") == 0) {
		if (!last_job)
			first_job = j;
		else if (strcmp(shape, "xor") == 0)
			link_xor(last_job, j), link_xor(j, last_job);
		else
			last_job->next = j;
		last_job = j;
	} else {
		jobs.push_back(j);
	}
}

/* The oldest. */
job *
take(const char *shape)
{
	job *j = first_job;

	n_taken++;
	if (strcmp(shape, "list") == 0) {
		j = jobs_listed.front();
		jobs_listed.pop_front();
	} else if (strcmp(shape, "vector") == 0) {
		j = jobs_in_row.front();
		jobs_in_row.erase(jobs_in_row.begin());
	} else if (strcmp(shape, "by-number") == 0) {
		j = jobs_by_number.begin()->second;
		jobs_by_number.erase(jobs_by_number.begin());
	} else if (strcmp(shape, "array") == 0) {
		j = ring[n_taken - 1];
		ring[n_taken - 1] = nullptr;
	} else if (strcmp(shape, "chain") == 0 || strcmp(shape, "xor") == 0) {
		first_job = j->next;
		if (strcmp(shape, "xor") == 0)
			link_xor(first_job, j);
		last_job = first_job ? last_job : nullptr;
	} else {
		j = jobs.front();
		jobs.pop_front();
	}
	return j;
}

void
forget_jobs()
{
	free_names();
	free(ring);
	ring = nullptr;
	first_job = last_job = nullptr;
}

NOINLINE void
add_listener(int i)
{
	char context[64] = {(char)i};

	listeners.push_back([context] { return context[0]; });
}

/* What comes and goes: the work of a program. */
NOINLINE void
work(int i)
{
	void *volatile p = malloc(600);

	memset(p, i, 600);
	free(p);
	if (i % 100 == 0) {
		struct timespec t = {0, 2000000};

		nanosleep(&t, nullptr);
	}
}

void
tell_end()
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	dprintf(3, "ends %lld\n", (long long)t.tv_sec * 1000000000 + t.tv_nsec);
}

void
step(const char *shape, int i)
{
	if (strncmp(shape, "dict", 4) == 0)
		intern(i);
	else if (strcmp(shape, "map") == 0)
		open_session(sessions, i);
	else if (strcmp(shape, "hash") == 0)
		keep_answer(i);
	else if (strcmp(shape, "functions") == 0)
		add_listener(i);
	else if (strcmp(shape, "once") != 0) {
		put(shape, post_job(i));
		if (strcmp(shape, "ring") == 0 ? jobs.size() > BOUND : i % 3 == 0)
			delete take(shape);
	}
}

NOINLINE void
run_local_map()
{
	std::map<std::string, std::string> opened;

	for (int i = 0; i < ITEMS; i++) {
		open_session(opened, i);
		work(i);
	}
}

NOINLINE void
run_local_deque()
{
	std::deque<job *> waiting;

	for (int i = 0; i < ITEMS; i++) {
		waiting.push_back(post_job(i));
		if (i % 3 == 0) {
			delete waiting.front();
			waiting.pop_front();
		}
		work(i);
	}
}
} // namespace

int
main(int argc, char **argv)
{
	const char *shape = argc > 1 ? argv[1] : "dict";

	if (strcmp(shape, "local-map") == 0)
		return run_local_map(), 0;
	if (strcmp(shape, "local-deque") == 0)
		return run_local_deque(), 0;
	if (strcmp(shape, "dict-atexit") == 0)
		atexit(free_names);
	if (strcmp(shape, "array") == 0)
		ring = (job **)calloc(ITEMS, sizeof(*ring));
	if (strcmp(shape, "array") == 0 || strcmp(shape, "chain") == 0 ||
	    strcmp(shape, "xor") == 0)
		atexit(forget_jobs);
	for (int i = 0;
	     i < ITEMS / 10 && (strcmp(shape, "chain") == 0 || strcmp(shape, "xor") == 0);
	     i++)
		intern(i);
	for (int i = 0; i < ITEMS && strcmp(shape, "once") == 0; i++)
		open_session(sessions, i);
	for (int i = 0; i < ITEMS; i++) {
		step(shape, i);
		work(i);
	}
	tell_end();
	if (strcmp(shape, "dict") == 0)
		free_names();
	return 0;
}
