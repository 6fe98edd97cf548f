// calm-sort.cc -- a batch program: reads lines, sorts them, prints a sum, ends.
//
// Innocent: half of the run is reading into one big vector; nothing is freed
// before the end.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <algorithm>
#include <string>
#include <vector>

namespace {

std::vector<std::string> *lines;

NOINLINE void
line_read(numbers &n)
{
	std::string line;

	for (size_t i = 10 + below(&n, 30); i; i--)
		line += static_cast<char>('a' + below(&n, 26));
	lines->push_back(line);
}

} // namespace

int
main()
{
	numbers n = {93};
	uint64_t sum = 0;

	lines = new std::vector<std::string>;
	for (size_t i = 0; i < 250000; i++)
		line_read(n);
	std::stable_sort(lines->begin(), lines->end());
	for (size_t i = 0; i < lines->size(); i += 10) {
		std::string upper = (*lines)[i] + (*lines)[i / 2];

		std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
		sum += static_cast<uint64_t>(upper[0]);
	}
	printf("%llu\n", static_cast<unsigned long long>(sum));
	return 0;
}
