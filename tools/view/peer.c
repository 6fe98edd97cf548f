/* peer.c -- see peer.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view/peer.h"

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

/* "1: 0100007F:A0C4 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 1000 0 ...": local
 * and remote end, both in hexadecimal, and the user.  Source: proc(5), /proc/net/tcp. */
static bool
read_line(const char *line, unsigned *ret_local, unsigned *ret_remote, unsigned *ret_user)
{
	return sscanf(line, "%*d: %*x:%x %*x:%x %*x %*x:%*x %*x:%*x %*x %u", ret_local,
		      ret_remote, ret_user) == 3;
}

bool
peer_is_stranger(uint16_t from, uint16_t to)
{
	FILE *f = fopen("/proc/self/net/tcp", "re");
	unsigned local, remote, user;
	bool is_stranger = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (read_line(line, &local, &remote, &user) && local == from && remote == to)
			is_stranger = user != geteuid() && user != 0;
	if (f)
		(void)fclose(f);
	return is_stranger;
}
