// calm-library.cc -- streams, locales, time zones and names of hosts: what libraries keep
// for themselves.
//
// Innocent: the program frees what is its own.
//
// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <iomanip>
#include <iostream>
#include <locale>
#include <sstream>

#include <netdb.h>
#include <sys/socket.h>

namespace {

NOINLINE std::string
report(size_t number, numbers &n)
{
	std::ostringstream out;

	out << std::setw(8) << number << ' ' << std::fixed << std::setprecision(3)
	    << static_cast<double>(below(&n, 1000000)) / 7 << ' ' << std::hex
	    << next_number(&n);
	return out.str();
}

NOINLINE void
look_up(const char *host, const char *port)
{
	struct addrinfo hints = {}, *found = nullptr;

	hints.ai_flags = AI_NUMERICHOST;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, port, &hints, &found) == 0)
		freeaddrinfo(found);
}

} // namespace

int
main()
{
	numbers n = {87};
	char text[64];

	std::ios::sync_with_stdio(false);
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	try {
		std::locale::global(std::locale("C.UTF-8"));
	} catch (const std::exception &) {
		// not there: the classic one, then
	}
	for (size_t i = 0; i < 100000; i++) {
		time_t t = static_cast<time_t>(1000000000 + i * 1000);
		struct tm broken;

		result_sink = result_sink + report(i, n).size();
		localtime_r(&t, &broken);
		result_sink = result_sink + strftime(text, sizeof text, "%c", &broken);
		if (i % 1000 == 0)
			look_up("127.0.0.1", "80");
		request_noise(&n, 500);
	}
	std::cout << text << std::endl;
	return 0;
}
