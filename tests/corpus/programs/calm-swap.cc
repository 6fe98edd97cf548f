/* calm-swap.cc -- a routing table that is made anew now and then, and swapped for the one in use.
 *
 * Innocent: readers hold the old table for as long as they use it, and it goes
 * with the last of them.  Tables are about as large as one another.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

using Table = std::unordered_map<std::string, std::string>;

static std::shared_ptr<const Table> in_use;

static NOINLINE void
table_make(struct numbers &n)
{
	auto t = std::make_shared<Table>();
	std::size_t n_routes = 3000 + below(&n, 300);

	for (std::size_t i = 0; i < n_routes; i++)
		t->emplace("10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24, by the usual way",
			   "the gateway with the number " + std::to_string(below(&n, 20)));
	in_use = std::move(t);
}

int
main()
{
	struct numbers n = {51};
	std::deque<std::shared_ptr<const Table>> readers;

	settings_load(300);
	for (int i = 0; i < 60000; i++) {
		if (i % 1000 == 0)
			table_make(n);
		readers.push_back(in_use);
		if (readers.size() > 50)
			readers.pop_front();
		request_noise(&n, 1000);
	}
	std::printf("%zu routes\n", in_use->size());
	std::exit(0);
}
