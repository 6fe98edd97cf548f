// queue-deque.cc -- a std::deque with mutex and condition variable between two threads.
//
// Planted: the worker takes one job for every two that the producer makes; the
// deque of owned jobs grows.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace {

constexpr size_t N_JOBS = 120000;

struct Job {
	size_t number;
	std::string payload;
	virtual ~Job() = default;
	virtual size_t run()
	{
		return payload.size();
	}
};

std::mutex lock;
std::condition_variable arrived;
std::deque<std::unique_ptr<Job>> *jobs;
size_t n_made;

NOINLINE std::unique_ptr<Job>
job_new(size_t number, numbers &n)
{
	auto job = std::make_unique<Job>();

	job->number = number;
	job->payload.assign(80 + below(&n, 200), 'j');
	return job;
}

NOINLINE void
job_put(std::unique_ptr<Job> job)
{
	std::lock_guard<std::mutex> l(lock);

	jobs->push_back(std::move(job));
	n_made++;
}

void
work()
{
	for (size_t done = 0; done < N_JOBS / 2; done++) {
		std::unique_ptr<Job> job;
		{
			std::unique_lock<std::mutex> l(lock);

			// Half as fast as the producer, whatever the machine.
			arrived.wait(l, [&] { return n_made >= 2 * done + 2; });
			job = std::move(jobs->front());
			jobs->pop_front();
		}
		result_sink = result_sink + job->run();
	}
}

} // namespace

int
main()
{
	numbers n = {6};

	jobs = new std::deque<std::unique_ptr<Job>>;
	settings_load(100);
	std::thread worker(work);
	for (size_t i = 0; i < N_JOBS; i++) {
		auto job = job_new(i, n);

		request_noise(&n, 1200);
		job_put(std::move(job));
		if (i % 16 == 15)
			arrived.notify_one();
	}
	arrived.notify_one();
	worker.join();
	printf("%zu jobs wait\n", jobs->size());
	return 0;
}
