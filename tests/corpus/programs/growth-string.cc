// growth-string.cc -- a job that collects its whole output in one std::string.
//
// Planted: the string is never written out or cut; one block that doubles.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>

namespace {

std::string *transcript;

NOINLINE void
transcript_add(const std::string &line)
{
	transcript->append(line);
	transcript->push_back('\n');
}

} // namespace

int
main()
{
	numbers n = {63};

	transcript = new std::string;
	settings_load(50);
	for (size_t i = 0; i < 200000; i++) {
		transcript_add("step " + std::to_string(i) + ": state is now " +
			       std::to_string(next_number(&n)) +
			       ", as it should be by the plan that was made");
		request_noise(&n, 1000);
	}
	printf("%zu bytes\n", transcript->size());
	return 0;
}
