// calm-log-ring.cc -- the last 8000 events in a std::deque, of three threads.
//
// Innocent: one goes out at the front for each that comes in at the back, in
// the order of births, once it is full.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex lock;
std::deque<std::string> *events;

NOINLINE void
event_log(std::string text)
{
	std::lock_guard<std::mutex> l(lock);

	events->push_back(std::move(text));
	if (events->size() > 8000)
		events->pop_front();
}

void
work(uint64_t number)
{
	numbers n = {number};

	for (size_t i = 0; i < 60000; i++) {
		event_log("worker " + std::to_string(number) + " has done " +
			  std::to_string(i) + " pieces of work");
		request_noise(&n, 1200);
	}
}

} // namespace

int
main()
{
	std::vector<std::thread> threads;

	events = new std::deque<std::string>;
	for (uint64_t i = 0; i < 3; i++)
		threads.emplace_back(work, 83 + i);
	for (auto &t : threads)
		t.join();
	printf("%zu events\n", events->size());
	return 0;
}
