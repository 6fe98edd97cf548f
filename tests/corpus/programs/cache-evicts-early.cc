// cache-evicts-early.cc -- a resolver's answers, in a std::unordered_map that is given enough
// room at last.
//
// Planted: while it is small, the map is emptied when it is full; an administrator then
// turns the limit off.  Its table is rehashed again and again.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace
{

struct Answer {
	std::vector<uint32_t> addresses;
	unsigned ttl;
};

std::unordered_map<std::string, Answer> *answers;

NOINLINE void
answer_keep(const std::string &name, numbers &n)
{
	Answer a;

	a.addresses.assign(2 + below(&n, 4), 0x7f000001);
	a.ttl = 300;
	answers->emplace(name, std::move(a));
}

} // namespace

int
main()
{
	numbers n = {308};

	answers = new std::unordered_map<std::string, Answer>;
	settings_load(50);
	for (size_t i = 0; i < 50000; i++) {
		std::string name = "host-" + std::to_string(i) + ".some.domain.example";

		if (i < 2000 && answers->size() >= 400)
			answers->clear();
		if (answers->find(name) == answers->end())
			answer_keep(name, n);
		request_noise(&n, 900);
	}
	printf("%zu answers\n", answers->size());
	return 0;
}
