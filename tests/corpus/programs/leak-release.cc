// leak-release.cc -- buffers passed from a unique_ptr to a function that takes a plain
// pointer.
//
// Planted: the receiver keeps a copy and forgets the original that was
// released to it, for one kind of buffer in eight.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <vector>

namespace {

struct Buffer {
	int kind;
	std::vector<char> bytes;
};

std::vector<char> *latest;

NOINLINE std::unique_ptr<Buffer>
buffer_new(numbers &n)
{
	auto b = std::make_unique<Buffer>();

	b->kind = static_cast<int>(below(&n, 8));
	b->bytes.assign(64 + below(&n, 512), 'b');
	return b;
}

NOINLINE void
consume(Buffer *b)
{
	if (b->kind == 3) {
		*latest = b->bytes;
		return;
	}
	latest->swap(b->bytes);
	delete b;
}

} // namespace

int
main()
{
	numbers n = {57};

	latest = new std::vector<char>;
	for (int i = 0; i < 100000; i++) {
		consume(buffer_new(n).release());
		request_noise(&n, 1200);
	}
	printf("%zu\n", latest->size());
	return 0;
}
