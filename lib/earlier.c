/* earlier.c -- see earlier.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "earlier.h"
#include "heapfile.h"
#include "process.h"
#include "sys.h"

#include <fcntl.h>
#include <string.h>

struct reader {
	const uint8_t *at, *end;
};

static bool
get_number(struct reader *r, uint64_t *ret)
{
	unsigned shift = 0;

	*ret = 0;
	while (r->at < r->end && shift < 64) {
		uint8_t byte = *r->at++;

		*ret |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
		shift += 7;
	}
	return false;
}

/* Begins INFO as facts_put does: with numbers, these two among the first? */
static bool
get_writer(struct reader r, uint64_t *ret_pid, uint64_t *ret_time)
{
	bool has_pid = false, has_time = false;

	while (!(has_pid && has_time)) {
		const char *name;
		size_t n;
		uint64_t v;

		if (r.end - r.at < 2 || r.at[0] != HEAPFILE_INFO_NUMBER ||
		    (size_t)(r.end - r.at) < 2 + (size_t)r.at[1])
			return false;
		n = r.at[1];
		name = (const char *)r.at + 2;
		r.at += 2 + n;
		if (!get_number(&r, &v))
			return false;
		if (n == 3 && memcmp(name, "pid", n) == 0) {
			*ret_pid = v;
			has_pid = true;
		} else if (n == 16 && memcmp(name, "snapshot_time_ns", n) == 0) {
			*ret_time = v;
			has_time = true;
		}
	}
	return true;
}

bool
earlier_is_anothers(int fd)
{
	struct heapfile_section s;
	struct heapfile_header h;
	uint8_t text[256];
	uint64_t pid = 0, time_ns = 0;
	uint32_t i;
	long n;

	if (sys_pread(fd, &h, sizeof h, 0) != (long)sizeof h ||
	    memcmp(h.magic, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES) != 0 ||
	    h.entry_bytes != sizeof s || h.n_sections > HEAPFILE_MAX_SECTIONS)
		return false;
	for (i = 0; i < h.n_sections; i++) {
		if (sys_pread(fd, &s, sizeof s, h.table_offset + i * sizeof s) !=
		    (long)sizeof s)
			return false;
		if (s.type == HEAPFILE_INFO)
			break;
	}
	if (i == h.n_sections)
		return false;
	n = sys_pread(fd, text, s.bytes < sizeof text ? s.bytes : sizeof text, s.offset);
	return n > 0 && get_writer((struct reader){text, text + n}, &pid, &time_ns) &&
	       pid != (uint64_t)process.pid && time_ns >= process.run_realtime_ns;
}

bool
earlier_stands(const char *name)
{
	int fd = sys_is_special_file(name)
			 ? -1
			 : sys_open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	bool stands;

	if (fd < 0)
		return false;
	stands = earlier_is_anothers(fd);
	(void)sys_close(fd);
	return stands;
}

bool
earlier_add_pid(char *name, size_t bytes)
{
	char pid[16];
	size_t n = strlen(name);
	size_t n_pid = (size_t)sys_format(pid, sizeof pid, ".%d", process.pid);
	char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	char *dot = strrchr(base, '.');
	char *at = dot && dot > base ? dot : name + n;

	if (n + n_pid >= bytes)
		return false;
	memmove(at + n_pid, at, (size_t)(name + n - at) + 1);
	memcpy(at, pid, n_pid);
	return true;
}
