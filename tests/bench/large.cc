// large.cc -- a source that makes a compiler allocate: heavy headers, many instances.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct tag {
	int value = N;
	bool operator<(const tag &other) const { return value < other.value; }
};

template <int N> int use();
template <>
int
use<0>()
{
	return 0;
}

template <int N>
int
use()
{
	std::map<tag<N>, std::vector<std::string>> names;
	names[tag<N>{}].push_back(std::to_string(N));
	std::function<int(int)> f = [&](int x) { return x + static_cast<int>(names.size()); };
	std::vector<std::pair<int, tag<N>>> pairs(3);
	std::sort(pairs.begin(), pairs.end());
	std::variant<int, tag<N>, std::string> v = tag<N>{};
	return f(static_cast<int>(v.index())) + use<N - 1>();
}

int
main()
{
	std::cout << use<4>() << "\n";
}
