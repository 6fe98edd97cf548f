// queue-priority.cc -- tasks in a std::priority_queue, the most urgent first.
//
// Planted: there is always something urgent; what is not is never served and
// collects at the low end.  Frees are not in the order of births.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <queue>
#include <string>
#include <vector>

namespace {

struct Task {
	unsigned priority;
	std::string what;
};

struct Less {
	bool operator()(const Task *a, const Task *b) const
	{
		return a->priority < b->priority;
	}
};

std::priority_queue<Task *, std::vector<Task *>, Less> *tasks;

NOINLINE Task *
task_new(numbers &n)
{
	return new Task{static_cast<unsigned>(below(&n, 1000)),
			std::string(40 + below(&n, 200), 't')};
}

NOINLINE void
task_push(Task *t)
{
	tasks->push(t);
}

void
serve_one()
{
	Task *t = tasks->top();

	tasks->pop();
	result_sink = result_sink + t->priority + t->what.size();
	delete t;
}

} // namespace

int
main()
{
	numbers n = {32};

	tasks = new std::priority_queue<Task *, std::vector<Task *>, Less>;
	settings_load(100);
	for (size_t i = 0; i < 200000; i++) {
		task_push(task_new(n));
		if (i % 3 != 0)
			serve_one();
		request_noise(&n, 1200);
	}
	printf("%zu tasks wait\n", tasks->size());
	return 0;
}
