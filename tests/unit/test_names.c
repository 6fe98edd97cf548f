/* test_names.c -- what names of functions say: plain names, whose code, containers, starts.
 *
 * In:   stacks made by hand.
 * Out:  nothing but tests.
 * Not here: how names are found (test_symbolize.c), most containers (test_holders.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "madeheap.h"
#include "model/heap.h"
#include "names/function_names.h"
#include "names/runtime.h"

enum { PROGRAM = 1, LIBC, LIBRARY };

static struct heap *
load_modules(void)
{
	struct maker m = {.n_sections = 0};

	maker_number(&m, "pid", 1);
	maker_number(&m, "complete", 1);
	maker_module(&m, 0x1000, 0x1000, 0x1000, "", "/opt/program");
	maker_module(&m, 0x3000, 0x1000, 0x3000, "", "/lib/libc.so.6");
	maker_module(&m, 0x5000, 0x1000, 0x5000, "", "/lib/libglib-2.0.so.0");
	return made_heap(&m);
}

/* ---- plain names ---- */

static void
a_plain_name_has_no_types_in_it(void **state)
{
	static const struct {
		const char *name, *plain;
	} rows[] = {
		{"main", "main"},
		{"void std::vector<int>::push_back(int&&)", "std::vector::push_back"},
		{"Session::~Session()", "Session::~Session"},
		{"std::map<int, std::vector<A<B> > >::operator[](int const&)",
		 "std::map::operator[]"},
		{"A::operator()(int)", "A::operator()"},
		{"A::operator()(int) const", "A::operator()"},
		{"int A::operator()<int>(int) const", "A::operator()"},
		{"bool operator> <int>(A<int> const&)", "operator>"},
		{"my_operator(int) const", "my_operator"},
		{"bool operator<(A const&, B const&)", "operator<"},
		{"std::ostream& std::operator<< <char>(std::ostream&, char)",
		 "std::operator<<"},
		{"A::operator->() const", "A::operator->"},
		{"A& A::operator+=(int)", "A::operator+="},
		{"operator()", "operator()"},
		{"operator new(unsigned long)", "operator new"},
		{"Text::operator std::string() const", "Text::operator std::string"},
		{"(anonymous namespace)::parse(char*)", "parse"},
		{"app::(anonymous namespace)::parse(char*)", "app::parse"},
		{"int (anonymous namespace)::Parser<int>::next()", "Parser::next"},
		{"main::{lambda(int)#1}::operator()(int)", "main::{lambda}::operator()"},
		{"pool::get(int) [clone .part.0]", "pool::get"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char plain[256];

		assert_ptr_equal(names_plain(rows[i].name, plain, sizeof(plain)), plain);
		print_message("# %s -> %s\n", rows[i].name, plain);
		assert_string_equal(plain, rows[i].plain);
	}
}

static void
a_plain_name_fits_its_buffer(void **state)
{
	char plain[8];

	(void)state;
	memset(plain, 'x', sizeof(plain));
	names_plain("abcdefghijkl", plain, 5);
	assert_memory_equal(plain, "abcd\0xxx", 8);
}

/* ---- whose code ---- */

/* A stack of functions, innermost first, ended by NULL; "?" has no name. */
static struct stack
make_stack(struct stack_frame *frames, const char *const *functions, uint32_t module)
{
	struct stack s = {frames, 0};

	for (; functions[s.n]; s.n++)
		frames[s.n] = (struct stack_frame){
			.function = strcmp(functions[s.n], "?") ? functions[s.n] : NULL,
			.module = module,
		};
	return s;
}

static void
what_allocates_for_others_is_inside(void **state)
{
	static const struct {
		const char *function, *file;
		bool is_inside;
	} rows[] = {
		{"malloc", NULL, true},
		{"malloc_pool_init", NULL, false},
		{"strdup_all(char**)", NULL, false},
		{"operator new(unsigned long)", NULL, true},
		{"std::vector<int>::push_back(int)", NULL, true},
		{"__gnu_cxx::new_allocator<int>::allocate(unsigned long)", NULL, true},
		{"Pool<int>::allocate(unsigned long)", NULL, true},
		{"allocate", NULL, false},
		{"allocate_session", NULL, false},
		{"g_hash_table_insert", NULL, true},
		{"g_malloc0", NULL, true},
		{"g_application_run", NULL, false},
		{"serve", NULL, false},
		{"serve", "/usr/include/c++/12/bits/stl_vector.h", true},
		{"serve", "/src/include/serve.h", false},
		{"Session::std()", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stack_frame f = {.function = rows[i].function, .file = rows[i].file};
		struct stack s = {&f, 1};

		print_message("# %s\n", rows[i].function);
		assert_int_equal(names_is_inside(&s, 0), rows[i].is_inside);
	}
}

static void
unnamed_frames_belong_to_the_next_name_of_their_module(void **state)
{
	struct stack_frame frames[4] = {0};
	struct stack s = make_stack(
		frames, (const char *const[]){"?", "?", "g_list_append", NULL}, LIBRARY);

	(void)state;
	assert_true(names_is_library(&s, 0));
	assert_true(names_is_inside(&s, 0));
	frames[1].module = PROGRAM;
	assert_false(names_is_library(&s, 0));
	assert_false(names_is_library(&s, 1));
	assert_true(names_is_library(&s, 2));
	frames[1].module = LIBRARY;
	frames[2].function = NULL; /* no name at all */
	assert_false(names_is_library(&s, 0));
	assert_false(names_is_inside(&s, 2));
}

static void
the_function_of_the_program_is_found(void **state)
{
	static const struct {
		const char *functions[5];
		size_t frame;
		bool is_own;
	} rows[] = {
		{{"malloc", "serve", "main"}, 1, true},
		{{"malloc", "zmalloc", "serve", "main"}, 2, true},
		{{"calloc", "Perl_SafeSysCalloc", "parse"}, 2, true},
		{{"operator new(unsigned long)", "std::list<int>::push_back(int const&)",
		  "Session::open()"},
		 2,
		 true},
		{{"?", "serve"}, 1, true},
		{{"~<lambda>", "std::vector<int>::~vector()", "unsubscribe"}, 2, true},
		{{"malloc", "xmalloc"}, 1, false},              /* only a wrapper */
		{{"malloc", "xmalloc", "my_strdup"}, 1, false}, /* the first of two */
		{{"malloc", "strdup"}, 0, false},               /* only the C library */
		{{"?", "?"}, 2, false},                         /* nothing is known */
	};
	struct heap *h = load_modules();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stack_frame frames[5] = {0};
		struct stack s = make_stack(frames, rows[i].functions, PROGRAM);
		const char *wanted;
		bool is_own;

		print_message("# row %zu\n", i);
		assert_int_equal(names_find_own(h, &s, &is_own), rows[i].frame);
		assert_int_equal(is_own, rows[i].is_own);
		assert_int_equal(names_frame(h, &s), rows[i].frame);
		wanted = rows[i].frame < s.n ? rows[i].functions[rows[i].frame] : NULL;
		assert_ptr_equal(names_function(h, &s), wanted);
	}
	heap_free(h);
}

static void
code_of_the_c_library_is_nobodys_own(void **state)
{
	struct stack_frame frames[3] = {0};
	struct stack s = make_stack(
		frames, (const char *const[]){"getline", "read_all", NULL}, LIBC);
	struct heap *h = load_modules();
	bool is_own;

	(void)state;
	frames[1].module = PROGRAM;
	assert_int_equal(names_find_own(h, &s, &is_own), 1);
	assert_true(is_own);
	frames[1].module = LIBC;
	assert_int_equal(names_find_own(h, &s, &is_own), 0);
	assert_false(is_own);
	heap_free(h);
}

/* ---- containers ---- */

static void
a_container_is_known_by_its_header_where_functions_have_short_names(void **state)
{
	struct stack_frame frames[2] = {
		{.function = "_M_create", .file = "/usr/include/c++/12/bits/std_function.h"},
		{.function = "subscribe"},
	};
	struct stack s = {frames, 2};

	(void)state;
	assert_string_equal(names_container(&s), "std::function");
	frames[0].file = "/usr/include/c++/12/bits/stl_vector.h";
	assert_string_equal(names_container(&s), "std::vector");
	frames[0].file = "/usr/include/c++/12/bits/stl_vector.h.orig";
	assert_null(names_container(&s));
	/* A full name says by itself what it is of. */
	frames[0].file = "/usr/include/c++/12/bits/stl_vector.h";
	frames[0].function = "std::locale::classic()";
	assert_null(names_container(&s));
}

static void
a_hash_tables_own_function_says_more_than_its_allocator(void **state)
{
	struct stack_frame frames[3] = {
		{.function = "std::__detail::_Hashtable_alloc<x>::_M_allocate_node()"},
		{.function = "std::_Hashtable<int, std::pair<int const, int>, y, "
			     "std::__detail::_Select1st>::_M_insert()"},
		{.function = "lookup"},
	};
	struct stack s = {frames, 3};

	(void)state;
	assert_string_equal(names_container(&s), "std::unordered_map");
	frames[1].function = "lookup";
	assert_string_equal(names_container(&s), "std::unordered_set");
	frames[0].function = "std::__detail::_Hashtable_alloc<std::pair<int const, int> "
			     ">::_M_allocate_node()";
	assert_string_equal(names_container(&s), "std::unordered_map");
	/* What lies beyond the library is not the container's. */
	frames[0].function = "lookup";
	frames[1].function = "std::vector<int>::push_back(int)";
	assert_null(names_container(&s));
}

/* ---- runtimes ---- */

static void
runtime_libraries_are_known_by_the_names_of_their_files(void **state)
{
	static const char *const yes[] = {
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/lib/libc-2.31.so",
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-2.31.so",
		"/lib/libpthread.so.0",
		"/lib/libdl.so.2",
		"/lib/libm.so.6",
		"/lib/libgcc_s.so.1",
		"/usr/lib/libstdc++.so.6.0.30",
		"libc++abi.so.1",
	};
	static const char *const no[] = {
		"/opt/libc.so.d/server",  "/usr/lib/libcurl.so.4",
		"/usr/lib/libmagic.so.1", "/usr/bin/ld",
		"/opt/libcache.so",       "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!runtime_is_library(yes[i]))
			fail_msg("%s is a runtime library", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (runtime_is_library(no[i]))
			fail_msg("%s is no runtime library", no[i]);
}

static void
starts_are_known_by_their_whole_names(void **state)
{
	static const struct {
		const char *function;
		bool is_start, is_outside;
	} rows[] = {
		{"__libc_start_main", true, true},
		{"__libc_start_call_main", true, true},
		{"__libc_start_main@@GLIBC_2.34", true, true},
		{"_start", true, false},
		{"start_thread", true, false},
		{"clone", true, true},
		{"__clone", true, true},
		{"clone3", true, true},
		{"__clone3", true, true},
		{"main", false, false},
		{"clone_tree", false, false},
		{"start_threads", false, false},
		{"_start_server", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		print_message("# %s\n", rows[i].function);
		assert_int_equal(runtime_is_start(rows[i].function), rows[i].is_start);
		assert_int_equal(runtime_is_outside(rows[i].function), rows[i].is_outside);
	}
	assert_true(runtime_is_main("main"));
	assert_false(runtime_is_main("main_loop"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_name_has_no_types_in_it),
		cmocka_unit_test(a_plain_name_fits_its_buffer),
		cmocka_unit_test(what_allocates_for_others_is_inside),
		cmocka_unit_test(unnamed_frames_belong_to_the_next_name_of_their_module),
		cmocka_unit_test(the_function_of_the_program_is_found),
		cmocka_unit_test(code_of_the_c_library_is_nobodys_own),
		cmocka_unit_test(
			a_container_is_known_by_its_header_where_functions_have_short_names),
		cmocka_unit_test(a_hash_tables_own_function_says_more_than_its_allocator),
		cmocka_unit_test(runtime_libraries_are_known_by_the_names_of_their_files),
		cmocka_unit_test(starts_are_known_by_their_whole_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
