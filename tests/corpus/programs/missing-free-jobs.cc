// missing-free-jobs.cc -- jobs in flight in a std::map by number.
//
// Planted: a job that is done is erased; of one that times out only the count
// is corrected, one job in fifty stays in the map.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <string>
#include <vector>

namespace {

struct Job {
	std::string name;
	std::vector<char> input;
};

std::map<size_t, Job> *in_flight;
size_t n_running;

NOINLINE void
job_start(size_t number, numbers &n)
{
	Job &job = (*in_flight)[number];

	job.name = "convert the picture with number " + std::to_string(number);
	job.input.assign(200 + below(&n, 300), 'i');
	n_running++;
}

void
job_end(size_t number, numbers &n)
{
	auto found = in_flight->find(number);

	if (found == in_flight->end())
		return;
	if (below(&n, 50) == 0) { // timed out
		n_running--;
		return;
	}
	result_sink = result_sink + found->second.input.size();
	in_flight->erase(found);
	n_running--;
}

} // namespace

int
main()
{
	numbers n = {58};

	in_flight = new std::map<size_t, Job>;
	settings_load(100);
	for (size_t i = 0; i < 200000; i++) {
		job_start(i, n);
		if (i >= 64)
			job_end(i - 64, n);
		request_noise(&n, 1200);
	}
	printf("%zu in the map, %zu running\n", in_flight->size(), n_running);
	return 0;
}
