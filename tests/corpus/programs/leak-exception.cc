// leak-exception.cc -- an importer that throws at a bad field.
//
// Planted: the field's buffer is a plain pointer, lost when the exception
// passes; one record in twenty is bad.  Short.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <stdexcept>
#include <string>

namespace {

struct Field {
	char text[120];
	int value;
};

NOINLINE Field *
field_new()
{
	return new Field();
}

int
field_value(const std::string &text)
{
	if (text.find('?') != std::string::npos)
		throw std::runtime_error("a bad field: " + text);
	return static_cast<int>(text.size());
}

NOINLINE int
import(const std::string &text)
{
	Field *field = field_new();
	int value;

	text.copy(field->text, sizeof field->text - 1);
	field->value = field_value(text);
	value = field->value;
	delete field;
	return value;
}

} // namespace

int
main()
{
	numbers n = {54};
	size_t n_bad = 0;

	for (size_t i = 0; i < 6000; i++) {
		std::string text = "the text of field " + std::to_string(i);

		if (below(&n, 20) == 0)
			text += '?';
		try {
			result_sink = result_sink + static_cast<uint64_t>(import(text));
		} catch (const std::exception &e) {
			n_bad++;
		}
	}
	printf("%zu bad fields\n", n_bad);
	return 0;
}
