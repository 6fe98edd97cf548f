// cache-unordered-map.cc -- a resolver that keeps every answer in a std::unordered_map.
//
// Planted: answers are never dropped, and names keep coming: a cache without
// eviction.  Single thread.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Answer {
	std::vector<uint32_t> addresses;
	std::string canonical;
	unsigned ttl;
};

class Resolver {
public:
	const Answer &resolve(const std::string &name, numbers &n)
	{
		auto found = answers.find(name);

		if (found != answers.end())
			return found->second;
		return remember(name, n);
	}
	size_t size() const
	{
		return answers.size();
	}

private:
	NOINLINE const Answer &remember(const std::string &name, numbers &n)
	{
		Answer a;

		for (size_t i = 0; i < 1 + below(&n, 4); i++)
			a.addresses.push_back(static_cast<uint32_t>(next_number(&n)));
		a.canonical = "canonical." + name;
		a.ttl = 300;
		return answers.emplace(name, std::move(a)).first->second;
	}
	std::unordered_map<std::string, Answer> answers;
};

Resolver *resolver;

} // namespace

int
main()
{
	numbers n = {2};

	resolver = new Resolver;
	settings_load(200);
	for (size_t i = 0; i < 200000; i++) {
		std::string name =
			"host" + std::to_string(below(&n, 1000 + i)) + ".example.org";
		std::string upper(name);

		for (char &c : upper)
			c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
		result_sink = result_sink + resolver->resolve(name, n).ttl + upper.size();
		request_noise(&n, 900);
	}
	printf("%zu answers\n", resolver->size());
	return 0;
}
