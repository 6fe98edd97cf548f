// calm-plateau.cc -- user profiles, made at a user's first visit, of 12000 users.
//
// Innocent: the working set grows over the first third of the run, ever more
// slowly, then all users are known.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <string>
#include <vector>

namespace {

struct Profile {
	std::string name;
	std::vector<int> interests;
	size_t visits = 0;
};

std::map<size_t, Profile> *profiles;

NOINLINE Profile &
profile_new(size_t user, numbers &n)
{
	Profile &p = (*profiles)[user];

	p.name = "somebody with the number " + std::to_string(user);
	p.interests.assign(8 + below(&n, 8), 3);
	return p;
}

} // namespace

int
main()
{
	numbers n = {73};

	profiles = new std::map<size_t, Profile>;
	settings_load(100);
	for (size_t i = 0; i < 300000; i++) {
		size_t user = below(&n, 12000);
		auto found = profiles->find(user);

		(found == profiles->end() ? profile_new(user, n) : found->second)
			.visits++;
		request_noise(&n, 1200);
	}
	printf("%zu profiles\n", profiles->size());
	return 0;
}
