// calm-undo.cc -- an editor that keeps the last 200 states for undoing.
//
// Innocent: the oldest state goes when there are more.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <string>
#include <vector>

namespace {

struct State {
	std::string text;
	std::vector<unsigned> line_starts;
};

std::vector<std::shared_ptr<State>> *history;

NOINLINE void
state_save(const std::string &text)
{
	auto s = std::make_shared<State>();

	s->text = text;
	for (size_t i = 0; i < text.size(); i += 40)
		s->line_starts.push_back(static_cast<unsigned>(i));
	history->push_back(std::move(s));
	if (history->size() > 200)
		history->erase(history->begin());
}

} // namespace

int
main()
{
	numbers n = {101};
	std::string text(2000, ' ');

	history = new std::vector<std::shared_ptr<State>>;
	for (int i = 0; i < 40000; i++) {
		text[below(&n, text.size())] = static_cast<char>('a' + below(&n, 26));
		state_save(text);
		request_noise(&n, 2500);
	}
	printf("%zu states\n", history->size());
	return 0;
}
