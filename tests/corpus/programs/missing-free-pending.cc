/* missing-free-pending.cc -- a client that keeps each request under its number until its answer is there.
 *
 * Planted: an answer that tells of an error is logged, and its request stays in
 * the map.  One in twelve is such.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <map>
#include <memory>
#include <string>

struct Request {
	std::string method, arguments;
	char trace[80] = {};
};

static std::map<std::uint64_t, std::unique_ptr<Request>> pending;

static NOINLINE void
request_send(std::uint64_t id)
{
	auto r = std::make_unique<Request>();

	r->method = "inventory.look_up_what_is_there";
	r->arguments = "{\"item\": " + std::to_string(id) + ", \"what\": \"all\"}";
	pending.emplace(id, std::move(r));
}

static void
answer_take(std::uint64_t id, bool is_error)
{
	if (is_error) {
		result_sink += id;
		return;
	}
	pending.erase(id);
}

int
main()
{
	struct numbers n = {45};

	settings_load(300);
	for (std::uint64_t i = 0; i < 90000; i++) {
		request_send(i);
		request_noise(&n, 1000);
		if (i >= 40)
			answer_take(i - 40, below(&n, 12) == 0);
	}
	std::printf("%zu pending\n", pending.size());
	std::exit(0);
}
