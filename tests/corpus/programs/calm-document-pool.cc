// calm-document-pool.cc -- parses documents one after the other, as a test suite of a parser
// does; each has its nodes in a pool of its own, in chunks, which goes with the document.  The
// last one is the largest by far.
//
// Innocent: all chunks of a document go at once, and those that live are of one document.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <vector>

namespace
{

struct Chunk {
	char items[4000];
};

class Pool
{
	std::vector<Chunk *> chunks;
	size_t used = sizeof(Chunk::items);

public:
	Pool() = default;
	Pool(const Pool &) = delete;
	~Pool()
	{
		for (Chunk *chunk : chunks)
			delete chunk;
	}

	NOINLINE void *
	chunk_new()
	{
		chunks.push_back(new Chunk);
		used = 0;
		return chunks.back();
	}

	void *
	get(size_t bytes)
	{
		if (used + bytes > sizeof(Chunk::items))
			chunk_new();
		used += bytes;
		return chunks.back()->items + used - bytes;
	}
};

struct Node {
	Node *next;
	size_t length;
	char text[84];
};

class Document
{
	Pool pool;
	Node *first = nullptr;
	size_t sum = 0;

public:
	NOINLINE void
	parse(numbers &n, size_t n_nodes)
	{
		for (size_t i = 0; i < n_nodes; i++) {
			Node *node = static_cast<Node *>(pool.get(sizeof(Node)));

			node->next = first;
			node->length = below(&n, sizeof(node->text));
			memset(node->text, 'x', node->length);
			first = node;
			request_noise(&n, 3000);
		}
		for (Node *node = first; node; node = node->next)
			sum += node->length;
	}

	size_t
	length() const
	{
		return sum;
	}
};

} // namespace

int
main()
{
	static const size_t sizes[] = {20, 30, 10, 60, 25, 15, 40, 200, 30, 20, 10, 3000};
	numbers n = {87};
	size_t sum = 0;

	for (size_t size : sizes) {
		auto document = std::make_unique<Document>();

		document->parse(n, size);
		sum += document->length();
	}
	printf("%zu\n", sum);
	return 0;
}
