// calm-free-list.cc -- nodes of a grid's open list from a pool in slabs, for one search
// after another.
//
// Innocent: slabs are kept for the next search; the widest search is among
// the first.  Ends by exit().
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <vector>

namespace {

struct Node {
	Node *next;
	int x, y, cost;
};

class Pool {
public:
	Node *get()
	{
		if (!unused)
			slab_add();
		Node *node = unused;
		unused = node->next;
		return node;
	}
	void put(Node *node)
	{
		node->next = unused;
		unused = node;
	}
	size_t size() const
	{
		return slabs.size();
	}

private:
	NOINLINE void slab_add()
	{
		slabs.push_back(std::make_unique<Node[]>(256));
		for (int i = 0; i < 256; i++)
			put(&slabs.back()[i]);
	}
	std::vector<std::unique_ptr<Node[]>> slabs;
	Node *unused = nullptr;
};

Pool *pool;

void
search(numbers &n, size_t width)
{
	Node *open = nullptr;

	for (size_t i = 0; i < width; i++) {
		Node *node = pool->get();

		node->x = static_cast<int>(below(&n, 100));
		node->next = open;
		open = node;
	}
	while (open) {
		Node *next = open->next;

		result_sink = result_sink + static_cast<uint64_t>(open->x);
		pool->put(open);
		open = next;
	}
}

} // namespace

int
main()
{
	numbers n = {97};

	pool = new Pool;
	settings_load(100);
	for (int i = 0; i < 3000; i++) {
		search(n,
		       i < 100 ? 20000 * static_cast<size_t>(i) / 100 : below(&n, 20000));
		for (int j = 0; j < 20; j++)
			request_noise(&n, 2000);
	}
	printf("%zu slabs\n", pool->size());
	exit(0);
}
