// calm-sessions.cc -- sessions in a std::unordered_map, swept every 5000 requests.
//
// Innocent: a sweep drops what is older than 10000 requests; between two
// sweeps the table grows, a saw.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <string>
#include <unordered_map>

namespace {

struct Session {
	size_t last_seen;
	std::string user;
	std::string token;
};

std::unordered_map<size_t, std::unique_ptr<Session>> *sessions;

NOINLINE Session &
session_new(size_t id, size_t now)
{
	auto &slot = (*sessions)[id];

	slot = std::make_unique<Session>();
	slot->last_seen = now;
	slot->user = "the user with the number " + std::to_string(id);
	slot->token.assign(64, 't');
	return *slot;
}

void
sweep(size_t now)
{
	for (auto i = sessions->begin(); i != sessions->end();)
		if (i->second->last_seen + 10000 < now)
			i = sessions->erase(i);
		else
			++i;
}

} // namespace

int
main()
{
	numbers n = {95};

	sessions = new std::unordered_map<size_t, std::unique_ptr<Session>>;
	settings_load(100);
	for (size_t now = 0; now < 150000; now++) {
		size_t id = now / 2 - below(&n, 1 + std::min<size_t>(now / 2, 300));
		auto found = sessions->find(id);

		if (found == sessions->end())
			session_new(id, now);
		else
			found->second->last_seen = now;
		if (now % 5000 == 4999)
			sweep(now);
		request_noise(&n, 1600);
	}
	printf("%zu sessions\n", sessions->size());
	return 0;
}
