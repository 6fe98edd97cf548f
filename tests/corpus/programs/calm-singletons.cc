// calm-singletons.cc -- services made when they are first used, over half of the run.
//
// Innocent: each of forty-one is made once, with a table of its own; nothing
// frees them.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace {

struct Service {
	std::unordered_map<std::string, int> table;
	NOINLINE explicit Service(int number)
	{
		for (int i = 0; i < 60; i++)
			table["entry " + std::to_string(i) + " of service " +
			      std::to_string(number)] = i;
	}
};

template <int Number>
Service &
service()
{
	static Service *s = new Service(Number);

	return *s;
}

template <int Number>
size_t
use(int number)
{
	if constexpr (Number > 0)
		return number == Number ? service<Number>().table.size()
					: use<Number - 1>(number);
	else
		return service<0>().table.size();
}

} // namespace

int
main()
{
	numbers n = {86};

	for (size_t i = 0; i < 200000; i++) {
		int most = static_cast<int>(i / 2500) + 1;

		result_sink = result_sink +
			      use<40>(static_cast<int>(below(
				      &n, static_cast<size_t>(std::min(most, 41)))));
		request_noise(&n, 1000);
	}
	return 0;
}
