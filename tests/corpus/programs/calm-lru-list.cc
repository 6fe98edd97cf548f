// calm-lru-list.cc -- thumbnails in a cache of 3000, a std::list by use and a
// std::unordered_map into it.
//
// Innocent: the one that was not used for longest goes when there is one more.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace
{

struct Thumbnail {
	std::string path;
	std::unique_ptr<unsigned char[]> pixels;
};

class Thumbnails
{
      public:
	Thumbnail &get(const std::string &path, numbers &n)
	{
		auto found = by_path.find(path);

		if (found == by_path.end())
			return thumbnail_load(path, n);
		by_use.splice(by_use.begin(), by_use, found->second);
		return by_use.front();
	}
	size_t size() const
	{
		return by_path.size();
	}

      private:
	NOINLINE Thumbnail &thumbnail_load(const std::string &path, numbers &n)
	{
		by_use.push_front(
			{path, std::make_unique<unsigned char[]>(300 + below(&n, 400))});
		by_path[path] = by_use.begin();
		if (by_use.size() > 3000) {
			by_path.erase(by_use.back().path);
			by_use.pop_back();
		}
		return by_use.front();
	}

	std::list<Thumbnail> by_use;
	std::unordered_map<std::string, std::list<Thumbnail>::iterator> by_path;
};

Thumbnails *thumbnails;

} // namespace

int
main()
{
	numbers n = {317};

	thumbnails = new Thumbnails;
	for (size_t i = 0; i < 90000; i++) {
		size_t number = below(&n, 3) ? i / 3 : below(&n, i / 3 + 1);

		thumbnails->get("/pictures/of/somebody/" + std::to_string(number), n);
		request_noise(&n, 500);
	}
	printf("%zu thumbnails\n", thumbnails->size());
	return 0;
}
