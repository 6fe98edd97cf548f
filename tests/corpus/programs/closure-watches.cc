// closure-watches.cc -- watches on paths: a std::map of vectors of callbacks.
//
// Planted: one request in thirty adds a watch and the reply's end does not
// remove it; slow growth over a long run.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

using Callback = std::function<void(const std::string &)>;

std::map<std::string, std::vector<Callback>> *watches;
size_t n_watches;

NOINLINE void
watch_add(const std::string &path, numbers &n)
{
	std::string who = "the client with the number " + std::to_string(below(&n, 1000));
	std::vector<char> buffer(128, 'w');

	(*watches)[path].push_back([who, buffer](const std::string &changed) {
		result_sink = result_sink + who.size() + changed.size() + buffer.size();
	});
	n_watches++;
}

} // namespace

int
main()
{
	numbers n = {66};

	watches = new std::map<std::string, std::vector<Callback>>;
	settings_load(100);
	for (size_t i = 0; i < 900000; i++) {
		if (i % 30 == 0)
			watch_add("/etc/service/" + std::to_string(below(&n, 300)), n);
		request_noise(&n, 1600);
		if (i % 100000 == 0)
			for (auto &callback : watches->begin()->second)
				callback("changed");
	}
	printf("%zu watches\n", n_watches);
	return 0;
}
