/* plugin.cc -- a C++ plugin that allocates and throws.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plugin.h"
#include <map>
#include <string>
#include <vector>

namespace
{
class chatty : public plugin_error
{
	std::string text;

public:
	explicit chatty(int n) : text("from the plugin: " + std::string(static_cast<std::size_t>(n % 200), 'x'))
	{
	}
	const char *
	what() const noexcept override
	{
		return text.c_str();
	}
};

struct holds_memory {
	std::vector<std::string> strings;
	explicit holds_memory(int n)
	{
		for (int i = 0; i < n % 20; i++)
			strings.emplace_back(static_cast<std::size_t>(i * 10), 'p');
	}
};

int
throws_at(int depth, int n)
{
	holds_memory here(n);
	std::map<int, std::string> more{{n, "one"}, {depth, "two"}};
	if (depth == 0)
		throw chatty(n);
	return throws_at(depth - 1, n) + static_cast<int>(more.size());
}
} // namespace

extern "C" __attribute__((noinline)) void *
plugin_allocates(std::size_t n)
{
	void *p = ::operator new(n);
	__asm__ volatile("" : "+r"(p));
	return p;
}

extern "C" int
plugin_throws(int depth, int n)
{
	return throws_at(depth, n);
}

/* Calls back; what the callback throws passes through the plugin. */
extern "C" int
plugin_calls(int (*callback)(int), int n)
{
	holds_memory here(n);
	return callback(n) + 1;
}

extern "C" int
plugin_catches(int depth, int n)
{
	try {
		return throws_at(depth, n);
	} catch (const chatty &e) {
		return static_cast<int>(std::string(e.what()).size());
	}
}
