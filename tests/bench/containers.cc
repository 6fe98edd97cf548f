// containers.cc -- maps, strings, vectors, shared pointers, and exceptions now and then.
//
//     containers [ROUNDS]
//
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{
std::uint32_t state = 13;

std::uint32_t
rnd(std::uint32_t n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

struct item {
	std::string name;
	std::vector<int> numbers;
	std::shared_ptr<item> next;
};

class catalogue
{
	std::map<std::string, std::shared_ptr<item>> by_name;
	std::unordered_map<int, std::list<std::string>> by_number;

public:
	void add(int i)
	{
		auto it = std::make_shared<item>();
		it->name = "an item of a name that is not short " + std::to_string(rnd(3000));
		for (int j = i % 7; j > 0; j--)
			it->numbers.push_back(j);
		auto &slot = by_name[it->name];
		it->next = slot && rnd(4) ? slot->next : nullptr;
		slot = it;
		auto &names = by_number[static_cast<int>(rnd(500))];
		names.push_back(it->name);
		if (names.size() > 20)
			names.pop_front();
	}
	std::size_t look_up(const std::string &name) const
	{
		auto found = by_name.find(name);
		if (found == by_name.end())
			throw std::out_of_range("nothing is called " + name);
		return found->second->numbers.size();
	}
	std::size_t transform(const std::function<std::string(const std::string &)> &f) const
	{
		std::size_t sum = 0;
		std::vector<std::string> results;
		for (const auto &entry : by_number) {
			if (entry.first % 50)
				continue;
			for (const std::string &name : entry.second)
				results.push_back(f(name));
		}
		for (const std::string &r : results)
			sum += r.size();
		return sum;
	}
};
} // namespace

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? std::atoi(argv[1]) : 2000000;
	catalogue c;
	std::size_t sum = 0;
	for (int i = 0; i < rounds; i++) {
		c.add(i);
		if (i % 50 == 0) {
			try {
				sum += c.look_up("an item of a name that is not short " + std::to_string(rnd(6000)));
			} catch (const std::out_of_range &e) {
				sum += std::string(e.what()).size();
			}
		}
		if (i % 1000 == 0) {
			std::string suffix = " and a suffix " + std::to_string(i);
			sum += c.transform([&suffix](const std::string &s) { return s + suffix; });
		}
	}
	std::printf("%zu\n", sum);
	return 0;
}
