// calm-vector.cc -- points collected in a std::vector that doubles, then used.
//
// Innocent: the first fifth of the run fills it; its size does not change any more.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <vector>

namespace {

struct Point {
	double x, y;
	std::unique_ptr<int> mark;
};

std::vector<Point> *points;

NOINLINE void
point_add(numbers &n)
{
	points->push_back({static_cast<double>(below(&n, 100)), 1.0, nullptr});
	if (below(&n, 4) == 0)
		points->back().mark = std::make_unique<int>(4);
}

} // namespace

int
main()
{
	numbers n = {82};
	double sum = 0;

	points = new std::vector<Point>;
	for (size_t i = 0; i < 250000; i++) {
		if (i < 50000)
			for (int j = 0; j < 4; j++)
				point_add(n);
		sum += (*points)[below(&n, points->size())].x;
		request_noise(&n, 900);
	}
	result_sink = result_sink + static_cast<uint64_t>(sum);
	printf("%zu points\n", points->size());
	return 0;
}
