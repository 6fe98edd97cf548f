// calm-scrape.cc -- a fixed set of 4000 metrics whose values get longer, printed into one string
// that is freed again.
//
// Innocent: the string is temporary, though it is longer each time, and large.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>
#include <vector>

namespace
{

NOINLINE std::string
scrape(const std::vector<uint64_t> &values, size_t digits)
{
	std::string text;

	for (size_t i = 0; i < values.size(); i++) {
		text += "metric_" + std::to_string(i) + " ";
		text.append(digits, static_cast<char>('0' + values[i] % 10));
		text += '\n';
	}
	return text;
}

} // namespace

int
main()
{
	numbers n = {320};
	std::vector<uint64_t> values(4000);
	size_t sum = 0;

	for (size_t i = 0; i < 400; i++) {
		for (int k = 0; k < 50; k++)
			values[below(&n, values.size())]++;
		sum += scrape(values, 1 + i / 2).size();
	}
	printf("%zu\n", sum);
	return 0;
}
