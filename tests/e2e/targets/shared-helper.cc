// shared-helper.cc -- two caches, whose entries one helper allocates.
//
//     shared-helper
//
// Ends before what is static is destroyed.
//
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#define ALONE __attribute__((noinline, noclone))

enum { USERS = 40000 };

struct entry {
	char text[64];
};

std::map<int, entry *> users, orders;

ALONE static entry *
entry_format(const char *format, int n)
{
	auto *e = static_cast<entry *>(malloc(sizeof(entry)));

	if (!e)
		_Exit(3);
	snprintf(e->text, sizeof(e->text), format, n);
	return e;
}

ALONE static void
user_add(int n)
{
	users[n] = entry_format("user %d", n);
}

ALONE static void
order_add(int n)
{
	orders[n] = entry_format("order %d", n);
}

int
main()
{
	for (int i = 0; i < USERS; i++) {
		for (int k = 0; k < 20; k++)
			free(malloc(100));
		user_add(i);
		if (i % 2)
			order_add(i);
	}
	_Exit(0);
}
