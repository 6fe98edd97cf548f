// closure-observers.cc -- a model with observers, objects with a virtual method.
//
// Planted: each query attaches an observer of its own and forgets to detach
// it.  Short: some 20 thousand allocations.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <string>
#include <vector>

namespace {

struct Observer {
	virtual ~Observer() = default;
	virtual void changed(int what) = 0;
};

class Model {
public:
	void attach(std::unique_ptr<Observer> observer)
	{
		observers.push_back(std::move(observer));
	}
	void change(int what)
	{
		for (auto &o : observers)
			o->changed(what);
	}
	size_t size() const
	{
		return observers.size();
	}

private:
	std::vector<std::unique_ptr<Observer>> observers;
};

class QueryObserver : public Observer {
public:
	QueryObserver(std::string q, size_t rows) : query(std::move(q)), seen(rows) {}
	void changed(int what) override
	{
		seen[static_cast<size_t>(what) % seen.size()]++;
	}

private:
	std::string query;
	std::vector<int> seen;
};

Model *model;

NOINLINE void
query_observe(numbers &n)
{
	model->attach(std::make_unique<QueryObserver>(
		"select * from orders where number = " + std::to_string(below(&n, 1000)),
		60));
}

} // namespace

int
main()
{
	numbers n = {46};

	model = new Model;
	for (int i = 0; i < 4000; i++) {
		query_observe(n);
		if (i % 4 == 0)
			request_noise(&n, 300);
		if (i % 1000 == 0)
			model->change(i);
	}
	printf("%zu observers\n", model->size());
	return 0;
}
