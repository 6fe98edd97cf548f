// calm-documents.cc -- parses some hundred documents into a map by name, prints a sum, frees
// them all by going out of scope.
//
// Innocent: it is for what the program reads; the documents are in the order of their
// names, and so are they freed.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace
{

struct Node {
	std::string name;
	std::vector<std::unique_ptr<Node>> children;
	std::vector<std::pair<std::string, std::string>> attributes;
};

NOINLINE void
attributes_parse(Node &node, numbers &n)
{
	for (size_t i = below(&n, 3); i > 0; i--)
		node.attributes.emplace_back("attribute-number-" + std::to_string(i),
					     "a value that is not so short");
}

NOINLINE std::unique_ptr<Node>
element_parse(numbers &n, int depth)
{
	auto node = std::make_unique<Node>();

	node->name = "element-at-depth-" + std::to_string(depth);
	attributes_parse(*node, n);
	for (size_t i = depth > 0 ? 1 + below(&n, 4) : 0; i > 0; i--)
		node->children.push_back(element_parse(n, depth - 1));
	return node;
}

NOINLINE std::unique_ptr<Node>
document_parse(numbers &n)
{
	auto root = std::make_unique<Node>();

	root->name = "document";
	root->children.push_back(element_parse(n, 4));
	for (int i = 0; i < 20; i++)
		request_noise(&n, 400);
	return root;
}

size_t
count(const Node &node)
{
	size_t sum = 1 + node.attributes.size();

	for (auto &child : node.children)
		sum += count(*child);
	return sum;
}

} // namespace

int
main()
{
	numbers n = {312};
	std::map<std::string, std::unique_ptr<Node>> documents;
	size_t sum = 0;

	for (size_t i = 0; i < 600; i++)
		documents["file-" + std::to_string(next_number(&n) % 100000)] =
			document_parse(n);
	for (auto &[name, document] : documents)
		sum += count(*document);
	printf("%zu\n", sum);
	return 0;
}
