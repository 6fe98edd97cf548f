/* sanitizers.c -- see sanitizers.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sanitizers.h"
#include "libc.h"
#include "sys.h"

#include <elf.h>
#include <string.h>

static const struct {
	const char *symbol, *name, *flag;
} sanitizers[] = {
	{"__tsan_init", "ThreadSanitizer", "thread"},
	{"__msan_init", "MemorySanitizer", "memory"},
	{"__asan_init", "AddressSanitizer", "address"},
	{"__hwasan_init", "HWAddressSanitizer", "hwaddress"},
};
enum { N_SANITIZERS = sizeof sanitizers / sizeof *sanitizers };

bool
sanitizers_unfollow(char **environment)
{
	char **v;

	for (v = environment; v && *v; v++) {
		char *at, *end;

		if (strncmp(*v, "LD_PRELOAD=", 11) != 0)
			continue;
		at = strstr(*v, "libgcprof");
		if (!at)
			return false;
		end = at + strcspn(at, ": ");
		while (at[-1] != '=' && at[-1] != ':' && at[-1] != ' ')
			at--;
		if (*end)
			end++;
		memmove(at, end, strlen(end) + 1);
		return true;
	}
	return false;
}

void
sanitizers_step_aside(uintptr_t *stack, bool is_verbose)
{
	const char *const *arguments = (const char *const *)(stack + 1);
	char **environment = (char **)(stack + 1 + *stack + 1), **v = environment;
	const char *program = NULL;
	bool has_loader = false;
	const Elf64_auxv_t *a;
	int i;

	for (i = 0; i < N_SANITIZERS && !libc_is_defined_in_any(sanitizers[i].symbol); i++)
		;
	if (i == N_SANITIZERS)
		return;
	while (*v)
		v++;
	for (a = (const void *)(v + 1); a->a_type != AT_NULL; a++) {
		if (a->a_type == AT_EXECFN)
			program = (const char *)a->a_un.a_val;
		if (a->a_type == AT_BASE) /* 0: the loader is what was run */
			has_loader = a->a_un.a_val != 0;
	}
	sys_log_init();
	if (program && has_loader && sanitizers_unfollow(environment)) {
		if (is_verbose)
			sys_log("the program uses %s: it is restarted without gcprof",
				sanitizers[i].name);
		(void)sys_exec(program, arguments, environment);
	}
	sys_log("the program uses %s, which does not work with gcprof; build "
		"it without -fsanitize=%s",
		sanitizers[i].name, sanitizers[i].flag);
}
