/* assign.cc -- the state of a service in a YAML::Node, written over and over, or made anew each time.
 *
 *     assign one|each TIMES
 *
 * An assignment joins the memory of the node assigned to with that of the new
 * one, which keeps all nodes of either for as long as one is alive: what was
 * written over is still held.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <yaml-cpp/yaml.h>

static __attribute__((noinline)) void
state_write(YAML::Node &state, int i)
{
	state["position"] = i;
	state["track"] = "the song that is the " + std::to_string(i) + "th";
}

int
main(int argc, char **argv)
{
	bool each = argc > 1 && std::strcmp(argv[1], "each") == 0;
	int n = argc > 2 ? std::atoi(argv[2]) : 1000;
	std::size_t sum = 0;
	YAML::Node state;

	for (int i = 0; i < n; i++) {
		if (each)
			state.reset(YAML::Node());
		state_write(state, i);
		if (i % 100 == 0)
			sum += YAML::Dump(state).size();
	}
	std::printf("%zu bytes written\n", sum);
	return sum == 0;
}
