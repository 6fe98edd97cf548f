/* cache-lru-broken.cc -- thumbnails, the last used first, with a limit that stops to work.
 *
 * Planted: one that is shown is not to be evicted, and eviction stops at it.
 * A view that forgets to say that it is closed leaves one such for ever; when
 * it has come to the end of the list, nothing is evicted any more.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

struct Thumbnail {
	std::string path;
	std::vector<unsigned char> pixels;
	int n_shown;
};

static std::list<Thumbnail> order;
static std::unordered_map<std::string, std::list<Thumbnail>::iterator> index_of;
static const std::size_t MOST = 2000;

static NOINLINE Thumbnail &
thumbnail_get(const std::string &path, std::size_t size)
{
	auto known = index_of.find(path);

	if (known != index_of.end()) {
		order.splice(order.begin(), order, known->second);
		return order.front();
	}
	order.push_front({path, std::vector<unsigned char>(size, 2), 0});
	index_of[path] = order.begin();
	while (order.size() > MOST && order.back().n_shown == 0) {
		index_of.erase(order.back().path);
		order.pop_back();
	}
	return order.front();
}

int
main()
{
	struct numbers n = {44};

	settings_load(300);
	for (std::size_t i = 0; i < 60000; i++) {
		bool again = below(&n, 100) < 40;
		std::size_t which = again && i ? i - 1 - below(&n, i < 1500 ? i : 1500) : i;
		Thumbnail &t = thumbnail_get("/pictures/" + std::to_string(which) + ".png", 100 + below(&n, 200));

		t.n_shown++;
		request_noise(&n, 1000);
		if (i != 4000)
			t.n_shown--;
	}
	std::printf("%zu thumbnails\n", order.size());
	return 0;
}
