// calm-limitable-map.cc -- a map of at most 5000 entries; the oldest goes first.
//
// Innocent: after it is full, each insertion drops an entry.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <list>
#include <string>
#include <unordered_map>

namespace {

template <class K, class V> class LimitableMap {
public:
	explicit LimitableMap(size_t most) : limit(most) {}
	V *get(const K &key)
	{
		auto found = map.find(key);

		return found == map.end() ? nullptr : &found->second;
	}
	NOINLINE void set(const K &key, V value)
	{
		if (map.emplace(key, std::move(value)).second)
			keys.push_back(key);
		if (map.size() > limit) {
			map.erase(keys.front());
			keys.pop_front();
		}
	}
	size_t size() const
	{
		return map.size();
	}

private:
	size_t limit;
	std::unordered_map<K, V> map;
	std::list<K> keys;
};

LimitableMap<std::string, std::string> *sources;

} // namespace

int
main()
{
	numbers n = {14};

	sources = new LimitableMap<std::string, std::string>(5000);
	settings_load(200);
	for (size_t i = 0; i < 150000; i++) {
		std::string path = "/usr/lib/module/number/" +
				   std::to_string(i - below(&n, 1 + i / 4));

		if (!sources->get(path))
			sources->set(path, std::string(200 + below(&n, 300), 's'));
		request_noise(&n, 1000);
	}
	printf("%zu sources\n", sources->size());
	return 0;
}
