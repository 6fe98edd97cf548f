/* calm-request-arena.cc -- a server that takes what a request needs from an arena of its own.
 *
 * Innocent: the arena is released with the request; a few requests are large, and
 * the last one is being served when the program ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <map>
#include <memory_resource>
#include <string>

struct Context {
	std::pmr::monotonic_buffer_resource arena{2048};
	std::pmr::map<int, std::pmr::string> fields{&arena};
};

static Context *current;

static NOINLINE void
request_serve(struct numbers &n)
{
	std::size_t n_fields = below(&n, 200) == 0 ? 2000 : 5 + below(&n, 20);

	for (std::size_t i = 0; i < n_fields; i++)
		current->fields.emplace((int)i, "the value of some field of the request that is served now");
	result_sink += current->fields.size();
	request_noise(&n, 700);
}

int
main()
{
	struct numbers n = {47};

	settings_load(300);
	for (int i = 0; i < 40000; i++) {
		delete current;
		current = new Context;
		request_serve(n);
	}
	std::printf("%zu fields in the last\n", current->fields.size());
	std::exit(0);
}
