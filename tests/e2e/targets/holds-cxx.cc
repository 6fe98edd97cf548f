/* holds-cxx.cc -- blocks held by containers of the C++ library.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#define ALONE __attribute__((noinline, noclone))

enum { N = 300 };

struct shape {
	virtual ~shape() = default;
	int filler[10] = {0};
};
struct circle : shape {
	long radius = 1;
};

/* Its sessions pile up in a map that is a member. */
class registry
{
	std::unordered_map<int, std::unique_ptr<shape>> sessions;

public:
	static registry &
	get()
	{
		static registry *const one = make();
		return *one;
	}
	ALONE static registry *
	make()
	{
		return new registry;
	}
	ALONE void
	open_session(int key)
	{
		sessions[key] = std::unique_ptr<shape>(make_circle());
	}
	ALONE static circle *
	make_circle()
	{
		return new circle;
	}
};

struct job {
	long filler[6];
};
struct ordered_job : job {
	long more[2];
};
struct listed_job : job {
	long more[4];
};

static std::deque<job *> jobs;
static std::vector<std::function<long()>> listeners;
static std::map<int, ordered_job *> ordered;
static std::list<listed_job *> listed;

ALONE static job *
make_job()
{
	return new job{};
}

ALONE static ordered_job *
make_ordered()
{
	return new ordered_job{};
}

ALONE static listed_job *
make_listed()
{
	return new listed_job{};
}

ALONE static void
listen(long n)
{
	struct captured {
		long values[8];
	} c = {{n}};

	listeners.emplace_back([c] { return c.values[0]; });
}

int
main()
{
	for (int i = 0; i < N; i++) {
		registry::get().open_session(i);
		jobs.push_back(make_job());
		listen(i);
		ordered[i * 7 % N] = make_ordered();
		listed.push_back(make_listed());
	}
	/* Before what is static is destroyed. */
	std::quick_exit(0);
}
