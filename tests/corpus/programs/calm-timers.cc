// calm-timers.cc -- closures in a multimap by the time when they are due; they fire and
// go.
//
// Innocent: each is due within 3000 ticks; as many fire as are set.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <array>
#include <functional>
#include <map>

namespace {

std::multimap<uint64_t, std::function<void()>> *timers;

NOINLINE void
timer_set(uint64_t due)
{
	std::array<uint64_t, 12> captured = {};

	captured[3] = due;
	timers->emplace(due, [captured] { result_sink = result_sink + captured[3]; });
}

} // namespace

int
main()
{
	numbers n = {91};

	timers = new std::multimap<uint64_t, std::function<void()>>;
	settings_load(100);
	for (uint64_t now = 0; now < 200000; now++) {
		timer_set(now + 1 + below(&n, 3000));
		while (!timers->empty() && timers->begin()->first <= now) {
			timers->begin()->second();
			timers->erase(timers->begin());
		}
		request_noise(&n, 1200);
	}
	printf("%zu timers\n", timers->size());
	return 0;
}
