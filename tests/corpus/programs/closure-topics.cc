// closure-topics.cc -- an event emitter with 40 topics, each with a std::vector of functions.
//
// Planted: each request adds a function to a topic, and none is ever removed.  What they
// capture fits into the std::function objects, so that nothing grows but the vectors.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace
{

using Listener = std::function<void(int)>;

std::map<std::string, std::vector<Listener>> *topics;
size_t sum;

NOINLINE void
topic_on(const std::string &topic, size_t number)
{
	(*topics)[topic].push_back([number](int by) { sum += number + (size_t)by; });
}

} // namespace

int
main()
{
	numbers n = {323};

	topics = new std::map<std::string, std::vector<Listener>>;
	for (size_t i = 0; i < 100000; i++) {
		topic_on("topic" + std::to_string(below(&n, 40)), i);
		request_noise(&n, 300);
	}
	for (auto &listener : topics->begin()->second)
		listener(1);
	printf("%zu\n", sum);
	return 0;
}
