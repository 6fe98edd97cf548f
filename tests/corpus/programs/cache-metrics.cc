// cache-metrics.cc -- metrics of a server, one series for each address it has ever seen, and
// a scrape that prints them all.
//
// Planted: the registry has no limit.  Scrapes are few and allocate most of all that is ever
// allocated, so that by volume the registry stands still for most of the time; the
// text of a scrape is freed.  All is freed at the end.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <memory>
#include <string>

namespace
{

struct Series {
	std::string labels;
	uint64_t n_requests = 0;
};

class Registry
{
      public:
	void count(const std::string &address)
	{
		auto found = series.find(address);

		(found == series.end() ? series_new(address) : *found->second).n_requests++;
	}
	NOINLINE std::string scrape() const
	{
		std::string text;

		for (auto &[address, s] : series) {
			std::string value = std::to_string(s->n_requests) +
					    " requests of all that were counted";

			text += "requests_total{client=\"" + s->labels + "\"} " + value +
				"\n";
		}
		return text;
	}

      private:
	NOINLINE Series &series_new(const std::string &address)
	{
		auto &s = series[address];

		s = std::make_unique<Series>();
		s->labels = address + ", some-host.in.some-domain.example";
		return *s;
	}

	std::map<std::string, std::unique_ptr<Series>> series;
};

} // namespace

int
main()
{
	static Registry registry;
	size_t sum = 0;

	for (size_t i = 1; i <= 20000; i++) {
		registry.count("address-of-client-" + std::to_string(i));
		if (i % 2000 == 0)
			sum += registry.scrape().size() + registry.scrape().size();
	}
	printf("%zu\n", sum);
	return 0;
}
