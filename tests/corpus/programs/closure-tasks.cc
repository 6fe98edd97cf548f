// closure-tasks.cc -- functions to be called when the program is idle, which it never is.
//
// Planted: std::function objects with two words captured, which fit into the objects
// themselves, in the nodes of a std::list.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <list>

namespace
{

struct Loop {
	std::list<std::function<void()>> when_idle;
	size_t n_done = 0;
};

Loop *loop;

NOINLINE void
idle_add(std::function<void()> f)
{
	loop->when_idle.push_back(std::move(f));
}

NOINLINE void
request_handle(numbers &n)
{
	size_t number = below(&n, 1000);

	request_noise(&n, 1000);
	idle_add([number]() { loop->n_done += number; });
}

} // namespace

int
main()
{
	numbers n = {307};

	loop = new Loop;
	settings_load(50);
	for (int i = 0; i < 80000; i++)
		request_handle(n);
	printf("%zu waiting\n", loop->when_idle.size());
	return 0;
}
