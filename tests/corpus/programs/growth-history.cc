// growth-history.cc -- an editor that keeps every state for undoing, in a std::vector.
//
// Planted: the history has no limit.  Short: about 15 thousand allocations.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <string>
#include <vector>

namespace {

struct State {
	std::string text;
	std::vector<unsigned> line_starts;
};

std::vector<State> *history;

NOINLINE void
state_save(const std::string &text)
{
	State s;

	s.text = text;
	for (size_t i = 0; i < text.size(); i += 40)
		s.line_starts.push_back(static_cast<unsigned>(i));
	history->push_back(std::move(s));
}

} // namespace

int
main()
{
	numbers n = {64};
	std::string text(400, ' ');

	history = new std::vector<State>;
	for (int i = 0; i < 2000; i++) {
		text[below(&n, text.size())] = static_cast<char>('a' + below(&n, 26));
		state_save(text);
		if (i % 20 == 0)
			request_noise(&n, 500);
	}
	printf("%zu states\n", history->size());
	return 0;
}
