// calm-json.cc -- reads one JSON document, counts its values, ends.
//
// Innocent: functions that call themselves build a tree of what there is to read.  Each of
// its objects has a std::map of its own; none of these grows.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace
{

struct Value {
	std::string text;
	std::vector<std::unique_ptr<Value>> elements;
	std::map<std::string, std::unique_ptr<Value>> members;
};

std::unique_ptr<Value> value_parse(numbers &n, int depth);

NOINLINE std::unique_ptr<Value>
string_parse(numbers &n)
{
	auto value = std::make_unique<Value>();

	value->text = "a string, number " + std::to_string(below(&n, 1000));
	return value;
}

NOINLINE std::unique_ptr<Value>
array_parse(numbers &n, int depth)
{
	auto value = std::make_unique<Value>();

	for (size_t i = below(&n, 6); i > 0; i--)
		value->elements.push_back(value_parse(n, depth - 1));
	return value;
}

NOINLINE std::unique_ptr<Value>
object_parse(numbers &n, int depth)
{
	auto value = std::make_unique<Value>();

	for (size_t i = 1 + below(&n, 6); i > 0; i--)
		value->members["member-of-object-" + std::to_string(i)] =
			value_parse(n, depth - 1);
	return value;
}

std::unique_ptr<Value>
value_parse(numbers &n, int depth)
{
	switch (depth > 0 ? below(&n, 4) : 3) {
	case 0:
		return array_parse(n, depth);
	case 1:
	case 2:
		return object_parse(n, depth);
	default:
		return string_parse(n);
	}
}

size_t
count(const Value &value)
{
	size_t sum = 1;

	for (auto &element : value.elements)
		sum += count(*element);
	for (auto &[name, member] : value.members)
		sum += count(*member);
	return sum;
}

} // namespace

int
main()
{
	numbers n = {327};
	Value document;

	for (int i = 0; i < 1200; i++)
		document.elements.push_back(object_parse(n, 4));
	printf("%zu values\n", count(document));
	return 0;
}
