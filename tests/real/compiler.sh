#!/usr/bin/env bash
# compiler.sh -- g++ with its children: cc1plus, as, collect2, ld.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require g++
cat >"$T/heavy.cc" <<'END'
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct chain {
	using type = std::variant<int, std::string, std::map<int, std::vector<std::string>>>;
	static int run(type v) { return chain<N - 1>::run(std::move(v)) + N; }
};
template <> struct chain<0> {
	template <typename T> static int run(T v) { return static_cast<int>(v.index()); }
};

int main()
{
	std::map<std::string, std::vector<int>> m;
	for (int i = 0; i < 1000; i++)
		m[std::to_string(i % 37)].push_back(i);
	std::regex r("([0-9])\\1");
	int n = 0;
	for (auto &p : m)
		n += std::regex_search(p.first, r) ? std::accumulate(p.second.begin(), p.second.end(), 0) : 1;
	std::unordered_map<int, std::function<int(int)>> f;
	f[1] = [&](int x) { return x + n; };
	std::cout << f[1](chain<40>::run(std::string("x"))) << "\n";
	return 7;
}
END
cd "$T" || exit 99
g++ -std=c++17 -O1 -o plain heavy.cc || exit 99
may_be_silent=yes same compile g++ -std=c++17 -O1 -o heavy heavy.cc
whole compile 4
ok "the program that comes out is the same, byte for byte" cmp plain heavy
programs=$(heaps compile | while read -r file; do
	info "$file" executable | sed 's,.*/,,; s/.*-\(as\|ld\|ld.bfd\|g++\).*/\1/'
done | sort -u | tr '\n' ' ')
for program in cc1plus as collect2 ld; do
	ok "$program was followed and left its own file" grep -q "$program" <<<"$programs"
done
diag "files of: $programs"
g++ -std=c++17 -O1 -E -o heavy.ii heavy.cc
may_be_silent=yes counted cc1plus "$(g++ -print-prog-name=cc1plus)" -quiet -fpreprocessed -std=c++17 -O1 -o heavy.s heavy.ii
done_testing
