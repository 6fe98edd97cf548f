// calm-join.cc -- a hash join: one table is read into a hash, the rows of another look
// into it.
//
// Innocent: a quarter of the run builds; then it is only read, and the result
// is kept as a number.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Customer {
	std::string name;
	std::vector<uint32_t> orders;
};

std::unordered_map<uint64_t, Customer> *customers;

NOINLINE void
customer_add(uint64_t key, numbers &n)
{
	Customer c;

	c.name = "customer with the number " + std::to_string(key);
	for (size_t i = below(&n, 5); i; i--)
		c.orders.push_back(static_cast<uint32_t>(below(&n, 1000)));
	customers->emplace(key, std::move(c));
}

} // namespace

int
main()
{
	numbers n = {94};
	size_t matches = 0;

	customers = new std::unordered_map<uint64_t, Customer>;
	for (uint64_t i = 0; i < 100000; i++) {
		customer_add(i, n);
		if (i % 2)
			request_noise(&n, 600);
	}
	for (size_t i = 0; i < 200000; i++) {
		auto found = customers->find(below(&n, 150000));

		request_noise(&n, 1200);
		if (found != customers->end()) {
			std::vector<uint32_t> row(found->second.orders);

			matches += row.size() + found->second.name.size();
		}
	}
	printf("%zu\n", matches);
	return 0;
}
