/* frag-workers.cc -- workers import batches of records; of some a session is opened, between
 * the strings of the batch, which are freed when it is done.
 *
 * Planted: fragmentation/pinned at session_open().  Each worker's part of the heap is left
 * with a session in nearly every page, and little else; the sessions are as many as they are
 * from the first import on: no growth.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

enum { N_WORKERS = 4, N_SESSIONS = 2500, N_FIELDS = 40 };

struct session {
	size_t id;
	char user[100];
};

/* Not destroyed at the end. */
static auto *sessions = new std::vector<std::unique_ptr<session>>[N_WORKERS];

static NOINLINE std::unique_ptr<session>
session_open(size_t id)
{
	auto s = std::make_unique<session>();

	s->id = id;
	snprintf(s->user, sizeof(s->user), "user %zu", id);
	return s;
}

static void
import(size_t worker)
{
	std::vector<std::string> fields;
	size_t sum = 0;

	sessions[worker].reserve(N_SESSIONS);
	fields.reserve(N_SESSIONS * N_FIELDS);
	for (size_t i = 0; i < N_SESSIONS; i++) {
		for (size_t k = 0; k < N_FIELDS; k++)
			fields.emplace_back(100, 'a' + k % 26);
		sessions[worker].push_back(session_open(i));
	}
	for (const std::string &f : fields)
		sum += f.size();
	__atomic_add_fetch(&result_sink, sum, __ATOMIC_RELAXED);
}

int
main()
{
	std::vector<std::thread> workers;
	struct numbers n = {499};

	settings_load(100);
	for (size_t i = 0; i < N_WORKERS; i++)
		workers.emplace_back(import, i);
	for (std::thread &w : workers)
		w.join();
	for (size_t i = 0; i < 100000; i++) {
		request_noise(&n, 2000);
		result_sink += sessions[i % N_WORKERS][below(&n, N_SESSIONS)]->id;
	}
	printf("%d sessions\n", N_WORKERS * N_SESSIONS);
	return 0;
}
