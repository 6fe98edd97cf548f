// calm-words.cc -- counts the words of a text in a std::map, prints them, ends.
//
// Innocent: a text has so many different words, and most are met early.  But only new
// words allocate, so that by volume allocated the map grows until it is whole.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <map>
#include <string>

namespace {

std::map<std::string, size_t> words;

NOINLINE void
word_count(const std::string &word)
{
	words[word]++;
}

} // namespace

int
main()
{
	numbers n = {322};

	for (size_t i = 0; i < 400000; i++)
		word_count("word" + std::to_string(below(&n, 20000)));
	for (auto &[word, count] : words)
		printf("%s %zu\n", word.c_str(), count);
	return 0;
}
