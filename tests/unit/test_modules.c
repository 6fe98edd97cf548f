/* test_modules.c -- loaded objects: which holds an address, what is kept of it.
 *
 * Held against the loader's own lists, and build-ids against readelf's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/epochs.h"
#include "lib/modules.h"
#include "tests/unit/together.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* Of the C library, and used by debuggers only. */
#define PLUGIN "libthread_db.so.1"

/* What the loader says of the object with an address. */
struct told {
	uintptr_t address, start, end, bias;
	int n_headers;
};

static int
ask_loader(struct dl_phdr_info *object, size_t bytes, void *with)
{
	struct told *t = with;
	uintptr_t start = UINTPTR_MAX, end = 0;

	(void)bytes;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &object->dlpi_phdr[i];

		if (ph->p_type != PT_LOAD)
			continue;
		if (object->dlpi_addr + ph->p_vaddr < start)
			start = object->dlpi_addr + ph->p_vaddr;
		if (object->dlpi_addr + ph->p_vaddr + ph->p_memsz > end)
			end = object->dlpi_addr + ph->p_vaddr + ph->p_memsz;
	}
	if (t->address < start || t->address >= end)
		return 0;
	t->start = start;
	t->end = end;
	t->bias = object->dlpi_addr;
	t->n_headers = object->dlpi_phnum;
	return 1;
}

static struct told
told_of(const void *address)
{
	struct told t = {.address = (uintptr_t)address};

	assert_int_equal(dl_iterate_phdr(ask_loader, &t), 1);
	return t;
}

static const struct module *
found(const void *address, module_no *ret)
{
	struct module_find m;

	assert_true(modules_find((uintptr_t)address, &m));
	assert_true(m.module != 0);
	assert_in_range((uintptr_t)address, m.start, m.end - 1);
	if (ret)
		*ret = m.module;
	return modules_get(m.module);
}

static void
is_as_the_loader_says(const void *address)
{
	struct told t = told_of(address);
	const struct module *m = found(address, NULL);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	assert_int_equal(m->start & ~(page - 1), t.start & ~(page - 1));
	assert_int_equal((m->start + m->bytes + page - 1) & ~(page - 1),
			 (t.end + page - 1) & ~(page - 1));
	assert_int_equal(m->bias, t.bias);
	assert_int_equal(m->unloaded, 0);
	assert_int_equal(m->loaded, epochs_current());
}

static void
the_program_is_one_object_from_its_first_segment_to_its_last(void **state)
{
	char path[PATH_MAX] = "";

	(void)state;
	is_as_the_loader_says((const void *)is_as_the_loader_says);
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	assert_string_equal(found((const void *)is_as_the_loader_says, NULL)->path, path);
}

static void
a_library_is_where_the_loader_has_it(void **state)
{
	const void *f = dlsym(RTLD_DEFAULT, "qsort");
	Dl_info info;

	(void)state;
	is_as_the_loader_says(f);
	assert_true(dladdr(f, &info));
	assert_string_equal(found(f, NULL)->path, info.dli_fname);
}

/* The build-id of a file, in hexadecimal, by readelf. */
static void
read_build_id(const char *path, char *ret, size_t bytes)
{
	char command[PATH_MAX + 128];
	FILE *f;

	snprintf(command, sizeof(command),
		 "readelf -n '%s' 2>&1 | sed -n 's/.*Build ID: //p'", path);
	f = popen(command, "r");
	assert_non_null(f);
	if (!fgets(ret, (int)bytes, f))
		*ret = '\0';
	assert_int_equal(pclose(f), 0);
	ret[strcspn(ret, "\n")] = '\0';
}

static void
a_build_id_is_that_of_the_file(void **state)
{
	const struct module *m = found(dlsym(RTLD_DEFAULT, "qsort"), NULL);
	char want[128], got[2 * sizeof(m->build_id) + 1] = "";

	(void)state;
	read_build_id(m->path, want, sizeof(want));
	for (uint32_t i = 0; i < m->n_build_id; i++)
		snprintf(got + (size_t)2 * i, 3, "%02x", m->build_id[i]);
	assert_int_equal(strlen(want), 40);
	assert_string_equal(got, want);
}

static void
an_object_has_one_number_and_numbers_have_no_gap(void **state)
{
	module_no program, again, library;

	(void)state;
	(void)found((const void *)found, &program);
	(void)found((const void *)read_build_id, &again);
	(void)found(dlsym(RTLD_DEFAULT, "qsort"), &library);
	assert_int_equal(program, again);
	assert_int_not_equal(program, library);
	for (module_no n = 1; n < modules_end(); n++)
		assert_non_null(modules_get(n));
	assert_null(modules_get(modules_end()));
	assert_null(modules_get(0));
	assert_null(modules_get(MODULES_MAX));
}

static void
memory_that_is_no_object_has_none(void **state)
{
	struct module_find m;
	char on_stack = 0, *block = malloc(1);

	(void)state;
	assert_false(modules_find(0, &m));
	assert_false(modules_find((uintptr_t)&on_stack, &m));
	assert_false(modules_find((uintptr_t)block, &m));
	assert_false(modules_find(UINTPTR_MAX, &m));
	free(block);
}

static void *
plugin(void)
{
	void *handle = dlopen(PLUGIN, RTLD_LAZY | RTLD_LOCAL);

	assert_non_null(handle);
	return handle;
}

static void
an_object_that_is_gone_is_marked_once_and_another_has_its_own_number(void **state)
{
	void *handle = plugin();
	const void *f = dlsym(handle, "td_init");
	const struct module *m;
	module_no first, second;

	(void)state;
	m = found(f, &first);
	assert_false(modules_check_gone());
	assert_int_equal(dlclose(handle), 0);
	epochs_now += 3;
	assert_true(modules_check_gone());
	assert_int_equal(m->unloaded, epochs_current());
	assert_int_equal(m->loaded, epochs_current() - 3);
	assert_non_null(strstr(m->path, PLUGIN));
	assert_false(modules_check_gone());

	handle = plugin();
	(void)found(dlsym(handle, "td_init"), &second);
	assert_int_not_equal(first, second);
	assert_int_equal(modules_get(second)->unloaded, 0);
	assert_int_not_equal(modules_get(first)->unloaded, 0);
	assert_int_equal(dlclose(handle), 0);
	assert_true(modules_check_gone());
}

static void
headers_are_those_that_the_loader_uses(void **state)
{
	struct told t = told_of((const void *)told_of);
	const ElfW(Phdr) *headers = NULL;

	(void)state;
	assert_int_equal(modules_headers(t.start, t.end, &headers), t.n_headers);
	assert_int_equal((uintptr_t)headers, getauxval(AT_PHDR));
	/* Too short for a header, and for all that it says. */
	assert_int_equal(
		modules_headers(t.start, t.start + sizeof(ElfW(Ehdr)) - 1, &headers), 0);
	assert_int_equal(modules_headers(t.start, t.start + sizeof(ElfW(Ehdr)), &headers),
			 0);
	/* Not there, as after dlclose. */
	assert_int_equal(modules_headers((uintptr_t)1 << 20, (uintptr_t)1 << 21, &headers),
			 0);
}

static void
what_is_no_elf_header_is_refused(void **state)
{
	const ElfW(Ehdr) *own = (const void *)told_of((const void *)told_of).start;
	const size_t all = own->e_phoff + own->e_phnum * sizeof(ElfW(Phdr));
	ElfW(Ehdr) eh = *own;

	(void)state;
	assert_true(modules_is_header(&eh, all));
	assert_false(modules_is_header(&eh, all - 1));
	eh.e_ident[1] = 'e';
	assert_false(modules_is_header(&eh, all));
	eh = *own;
	eh.e_phentsize++;
	assert_false(modules_is_header(&eh, all));
	eh = *own;
	eh.e_phnum = 0;
	assert_false(modules_is_header(&eh, all));
	eh = *own;
	eh.e_phoff = all + 1;
	assert_false(modules_is_header(&eh, all));
	eh.e_phoff = UINT64_MAX;
	assert_false(modules_is_header(&eh, all));
}

static module_no numbers[TOGETHER];

static void
find_together(unsigned number)
{
	struct module_find m = {0};

	check(modules_find((uintptr_t)dlsym(RTLD_DEFAULT, "_assert_true"), &m));
	numbers[number] = m.module;
}

static void
threads_that_meet_an_object_at_once_agree_on_its_number(void **state)
{
	(void)state;
	together(find_together);
	for (unsigned i = 0; i < TOGETHER; i++)
		assert_int_equal(numbers[i], numbers[0]);
	assert_int_not_equal(numbers[0], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_program_is_one_object_from_its_first_segment_to_its_last),
		cmocka_unit_test(a_library_is_where_the_loader_has_it),
		cmocka_unit_test(a_build_id_is_that_of_the_file),
		cmocka_unit_test(an_object_has_one_number_and_numbers_have_no_gap),
		cmocka_unit_test(memory_that_is_no_object_has_none),
		cmocka_unit_test(
			an_object_that_is_gone_is_marked_once_and_another_has_its_own_number),
		cmocka_unit_test(headers_are_those_that_the_loader_uses),
		cmocka_unit_test(what_is_no_elf_header_is_refused),
		cmocka_unit_test(threads_that_meet_an_object_at_once_agree_on_its_number),
	};

	epochs_now = 5;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
