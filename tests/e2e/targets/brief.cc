// brief.cc -- more leaks than a screen has room for, and a cache that grows all the time.
//
//     brief
//
// Ends before what is static is destroyed; brief.sh has the truth.
//
// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#define ALONE __attribute__((noinline, noclone))

enum { ROUNDS = 30000, LOST = 60000 };

static char *volatile lost;

// Each is a place of its own.
#define LOSE(n)                                                                               \
	ALONE static void lose_##n()                                                          \
	{                                                                                     \
		lost = new char[LOST + (n)*100];                                              \
		lost[0] = 1;                                                                  \
	}
LOSE(1)
LOSE(2)
LOSE(3)
LOSE(4)
LOSE(5)
LOSE(6)
LOSE(7)
LOSE(8)
LOSE(9)

namespace gw
{

struct quote {
	double bid, ask;
	char text[160];
};

class quote_cache
{
	std::map<int, std::shared_ptr<quote>> known;

public:
	ALONE quote *get(int key)
	{
		std::shared_ptr<quote> &q = known[key];

		if (!q)
			q = std::make_shared<quote>();
		return q.get();
	}
};

static quote_cache quotes;

} // namespace gw

int
main()
{
	for (int i = 0; i < ROUNDS; i++) {
		std::string page(1000, 'x');

		gw::quotes.get(i)->bid = page[i % 1000];
	}
	lose_1();
	lose_2();
	lose_3();
	lose_4();
	lose_5();
	lose_6();
	lose_7();
	lose_8();
	lose_9();
	lost = nullptr;
	quick_exit(0);
}
