// cache-linear.cc -- a validator that keeps each schema it compiled, in a vector.
//
// Planted: the vector is looked through from its end, and schemas that differ
// in their version only are kept beside each other for ever.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Rule {
	std::string field;
	int most;
};

struct Schema {
	std::string name;
	std::vector<Rule> rules;
};

std::vector<std::unique_ptr<Schema>> *schemas;

NOINLINE Schema *
schema_compile(const std::string &name, numbers &n)
{
	auto schema = std::make_unique<Schema>();

	schema->name = name;
	for (size_t i = 0; i < 4 + below(&n, 6); i++)
		schema->rules.push_back(
			{"the-field-with-number-" + std::to_string(i), 10});
	schemas->push_back(std::move(schema));
	return schemas->back().get();
}

Schema *
schema_get(const std::string &name, numbers &n)
{
	auto end = schemas->size() < 64 ? schemas->rend() : schemas->rbegin() + 64;
	auto found = std::find_if(schemas->rbegin(), end,
				  [&](auto &s) { return s->name == name; });

	return found == end ? schema_compile(name, n) : found->get();
}

} // namespace

int
main()
{
	numbers n = {27};

	schemas = new std::vector<std::unique_ptr<Schema>>;
	for (size_t i = 0; i < 100000; i++) {
		std::string name = "schema-of-something-v" + std::to_string(i / 8);

		result_sink = result_sink + schema_get(name, n)->rules.size();
		request_noise(&n, 2000);
	}
	printf("%zu schemas\n", schemas->size());
	return 0;
}
