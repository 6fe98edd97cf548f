// cache-lru-unlimited.cc -- an image cache: a list in order of use and an index into it.
//
// Planted: the limit is in bytes and its setting is missing, so that the
// eviction never happens.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Image {
	std::string url;
	std::vector<unsigned char> pixels;
};

class ImageCache {
public:
	explicit ImageCache(size_t bytes) : most(bytes) {}
	Image &get(const std::string &url, numbers &n)
	{
		auto found = index.find(url);

		if (found == index.end())
			return image_load(url, n);
		order.splice(order.begin(), order, found->second);
		return *found->second;
	}
	size_t size() const
	{
		return index.size();
	}

private:
	NOINLINE Image &image_load(const std::string &url, numbers &n)
	{
		order.push_front(
			{url, std::vector<unsigned char>(600 + below(&n, 600), 7)});
		index[url] = order.begin();
		used += order.front().pixels.size();
		while (most != 0 && used > most && order.size() > 1) {
			used -= order.back().pixels.size();
			index.erase(order.back().url);
			order.pop_back();
		}
		return order.front();
	}
	size_t most, used = 0;
	std::list<Image> order;
	std::unordered_map<std::string, std::list<Image>::iterator> index;
};

ImageCache *images;

} // namespace

int
main()
{
	numbers n = {24};
	const char *limit = getenv("CORPUS_IMAGE_CACHE_BYTES_UNSET");

	images = new ImageCache(limit ? strtoul(limit, nullptr, 10) : 0);
	for (size_t i = 0; i < 120000; i++) {
		std::string url = "/images/" +
				  std::to_string(i / 2 - below(&n, 1 + i / 4)) + ".png";

		result_sink = result_sink + images->get(url, n).pixels[5];
		request_noise(&n, 1500);
	}
	printf("%zu images\n", images->size());
	return 0;
}
