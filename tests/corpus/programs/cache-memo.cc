// cache-memo.cc -- distances between words, each result memoised in a std::map.
//
// Planted: the pairs asked for hardly repeat, and no result is ever dropped.
// Short: about 30 thousand allocations.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

using Pair = std::pair<std::string, std::string>;
std::map<Pair, unsigned> *results;

unsigned
distance(const std::string &a, const std::string &b)
{
	std::vector<unsigned> row(b.size() + 1);

	for (size_t j = 0; j < row.size(); j++)
		row[j] = static_cast<unsigned>(j);
	for (size_t i = 0; i < a.size(); i++) {
		unsigned diagonal = row[0];

		row[0]++;
		for (size_t j = 0; j < b.size(); j++) {
			unsigned best = std::min(
				{row[j] + 1, row[j + 1] + 1, diagonal + (a[i] != b[j])});

			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[b.size()];
}

NOINLINE unsigned
memo_insert(const Pair &key)
{
	return (*results)[key] = distance(key.first, key.second);
}

unsigned
memo_distance(const Pair &key)
{
	auto found = results->find(key);

	return found == results->end() ? memo_insert(key) : found->second;
}

std::string
word(numbers &n)
{
	std::string w;

	for (size_t i = 16 + below(&n, 12); i; i--)
		w += static_cast<char>('a' + below(&n, 26));
	return w;
}

} // namespace

int
main()
{
	numbers n = {4};
	std::vector<std::string> words;

	results = new std::map<Pair, unsigned>;
	for (int i = 0; i < 300; i++)
		words.push_back(word(n));
	for (int i = 0; i < 5000; i++)
		result_sink = result_sink + memo_distance({words[below(&n, 300)],
							   words[below(&n, 300)]});
	printf("%zu results\n", results->size());
	return 0;
}
