// calm-memo.cc -- binomial coefficients, memoised, of a hundred by a hundred.
//
// Innocent: there are no more arguments than that; full after a third.
// Short: some 25 thousand allocations.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <memory>
#include <utility>

namespace {

std::map<std::pair<size_t, size_t>, std::unique_ptr<double>> *known;

double binomial(size_t n, size_t k);

NOINLINE double
memo_insert(size_t n, size_t k)
{
	double value = binomial(n - 1, k - 1) + binomial(n - 1, k);

	(*known)[{n, k}] = std::make_unique<double>(value);
	return value;
}

double
binomial(size_t n, size_t k)
{
	if (k == 0 || k == n)
		return 1;
	auto found = known->find({n, k});
	return found == known->end() ? memo_insert(n, k) : *found->second;
}

} // namespace

int
main()
{
	numbers n = {96};
	double sum = 0;

	known = new std::map<std::pair<size_t, size_t>, std::unique_ptr<double>>;
	for (size_t i = 0; i < 3000; i++) {
		size_t of = 2 + below(&n, 2 + std::min<size_t>(i / 10, 97));

		sum += binomial(of, 1 + below(&n, of - 1));
		request_noise(&n, 100);
	}
	result_sink = result_sink + static_cast<uint64_t>(sum);
	printf("%zu known\n", known->size());
	return 0;
}
