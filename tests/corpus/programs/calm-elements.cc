// calm-elements.cc -- reads a document into a tree of elements, sums it, frees it, ends.
//
// Innocent: one document.  The arrays of children are outgrown one after the other, in
// order of birth, but nothing is taken out of them.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <string>
#include <vector>

namespace {

struct Element {
	std::string tag;
	std::vector<std::unique_ptr<Element>> children;
};

NOINLINE std::unique_ptr<Element>
element_parse(unsigned depth, unsigned &n_left)
{
	auto e = std::make_unique<Element>();

	e->tag = "element-with-a-long-tag-" + std::to_string(n_left);
	while (depth && n_left && e->children.size() < 8) {
		n_left--;
		e->children.push_back(element_parse(depth - 1, n_left));
	}
	return e;
}

size_t
sum(const Element &e)
{
	size_t n = e.tag.size();

	for (const auto &c : e.children)
		n += sum(*c);
	return n;
}

} // namespace

int
main()
{
	unsigned n = 300000;
	auto document = element_parse(8, n);

	return sum(*document) == 0;
}
