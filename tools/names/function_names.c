/* function_names.c -- what the names of functions say: whose code it is, what it allocates.
 *
 * In:   functions of a stack as libiberty writes them, and their files.
 * Out:  short names; whether a frame is of a library, an allocator, a container; the
 *       function of the program that a stack belongs to.
 * Not here: the C library and where threads begin (runtime.c), what the memory of a
 *           container is called (containers.c).
 *
 * BOUND  All of this goes by name: a class of the program's own in a namespace std, or a
 * function that begins with g_, counts as the library's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/function_names.h"

#include <string.h>

/* ---- plain names ---- */

/* Does a name that ends here end in the word operator? */
static bool
ends_in_operator(const char *name, size_t n)
{
	return n >= 8 && strncmp(&name[n - 8], "operator", 8) == 0 &&
	       (n == 8 || name[n - 9] == ':');
}

/* The bytes of an operator's sign: "()", "[]", "<<", "->"; 0: it has a name, as new has.  A
 * template's argument list is a blank away. */
static size_t
sign_length(const char *p)
{
	if (strncmp(p, "()", 2) == 0 || strncmp(p, "[]", 2) == 0)
		return 2;
	return strspn(p, "<>=!+-*/%^&|~,");
}

/* The bytes of "{lambda(int)#1}"; 0: it is none. */
static size_t
lambda_length(const char *p)
{
	size_t n = 0;
	int depth = 0;

	if (strncmp(p, "{lambda", 7) != 0)
		return 0;
	do {
		depth += p[n] == '{';
		depth -= p[n] == '}';
		n++;
	} while (depth > 0 && p[n]);
	return depth == 0 ? n : 0;
}

char *
names_plain(const char *function, char *buf, size_t n)
{
	static const char anonymous[] = "(anonymous namespace)::", lambda[] = "{lambda}";
	size_t at = 0, length;
	int depth = 0;

	for (const char *p = function; *p && at + 1 < n; p++) {
		bool is_operator = depth == 0 && ends_in_operator(buf, at);

		/* In the middle of a name it ends nothing. */
		if (depth == 0 && strncmp(p, anonymous, sizeof(anonymous) - 1) == 0) {
			p += sizeof(anonymous) - 2;
		} else if (depth == 0 && (length = lambda_length(p)) != 0 &&
			   at + sizeof(lambda) < n) {
			memcpy(&buf[at], lambda, sizeof(lambda) - 1);
			at += sizeof(lambda) - 1;
			p += length - 1;
		} else if (is_operator && (length = sign_length(p)) != 0 &&
			   at + length < n) {
			memcpy(&buf[at], p, length);
			at += length;
			p += length - 1;
			p += p[1] == ' ' && p[2] == '<';
		} else if (*p == '<' || *p == '(' || *p == '{' || *p == '[') {
			if (*p == '(' && depth == 0 && at > 0)
				break;
			depth++;
		} else if (*p == '>' || *p == ')' || *p == '}' || *p == ']') {
			depth -= depth > 0;
		} else if (depth == 0 && *p == ' ' && is_operator) {
			buf[at++] = *p;
		} else if (depth == 0 && *p == ' ') {
			at = 0;
		} else if (depth == 0) {
			buf[at++] = *p;
		}
	}
	buf[at] = '\0';
	/* Of an unnamed namespace. */
	if (strncmp(buf, "::", 2) == 0)
		memmove(buf, buf + 2, at - 1);
	return buf;
}

char *
names_callable(const char *function, char *buf, size_t n)
{
	static const char handler[] = "std::_Function_handler<";
	const char *start = strstr(function, handler), *p;
	int depth = 1;

	names_plain(function, buf, n);
	if (!start)
		return buf;
	/* Of the arguments of the template, the signature and the object, the last. */
	start = p = start + sizeof(handler) - 1;
	for (; *p && depth > 0; p++) {
		depth += *p == '<' || *p == '(' || *p == '{' || *p == '[';
		depth -= *p == '>' || *p == ')' || *p == '}' || *p == ']';
		if (*p == ',' && depth == 1)
			start = p + 1 + (p[1] == ' ');
	}
	if (depth == 0 && p > start + 1 && (size_t)(p - start) <= n) {
		memcpy(buf, start, (size_t)(p - start) - 1);
		buf[p - start - 1] = '\0';
	}
	return buf;
}

/* ---- containers ---- */

/* Functions that were made for a type without a name, as of a lambda, have short
 * names only: then the file says where they belong. */
static const struct header {
	const char *file, *name;
} headers[] = {
	{"/bits/std_function.h", "std::function"},
	{"/bits/stl_vector.h", "std::vector"},
	{"/bits/vector.tcc", "std::vector"},
	{"/bits/stl_deque.h", "std::deque"},
	{"/bits/deque.tcc", "std::deque"},
	{"/bits/stl_list.h", "std::list"},
	{"/bits/list.tcc", "std::list"},
	{"/bits/stl_map.h", "std::map"},
	{"/bits/stl_set.h", "std::set"},
	{"/bits/unordered_map.h", "std::unordered_map"},
	{"/bits/unordered_set.h", "std::unordered_set"},
	{"/bits/shared_ptr.h", "std::shared_ptr"},
	{"/bits/shared_ptr_base.h", "std::shared_ptr"},
};

static const char *
container_of_file(const char *file)
{
	for (size_t i = 0; file && i < sizeof(headers) / sizeof(*headers); i++) {
		const char *at = strstr(file, headers[i].file);

		if (at && strlen(at) == strlen(headers[i].file))
			return headers[i].name;
	}
	return NULL;
}

static bool
begins(const char *s, const char *with)
{
	/* Asked of every frame and dozens of prefixes: mostly the first letter decides. */
	return *s == *with && strncmp(s, with, strlen(with)) == 0;
}

/* What a function is of, and what must be in its name besides. */
static const struct family {
	const char *prefix, *with, *name;
} families[] = {
	{"std::unordered_map::", NULL, "std::unordered_map"},
	{"std::unordered_set::", NULL, "std::unordered_set"},
	{"std::_Hashtable::", "_Select1st", "std::unordered_map"},
	{"std::_Hashtable::", "_Identity", "std::unordered_set"},
	{"std::__detail::_Map_base::", NULL, "std::unordered_map"},
	{"std::_Rb_tree::", "_Select1st", "std::map"},
	{"std::_Rb_tree::", "_Identity", "std::set"},
	{"std::map::", NULL, "std::map"},
	{"std::set::", NULL, "std::set"},
	{"std::multimap::", NULL, "std::multimap"},
	{"std::multiset::", NULL, "std::multiset"},
	{"std::deque::", NULL, "std::deque"},
	{"std::_Deque_base::", NULL, "std::deque"},
	{"std::list::", NULL, "std::list"},
	{"std::_List_base::", NULL, "std::list"},
	{"std::__cxx11::list::", NULL, "std::list"},
	{"std::__cxx11::_List_base::", NULL, "std::list"},
	{"std::forward_list::", NULL, "std::forward_list"},
	{"std::_Fwd_list_base::", NULL, "std::forward_list"},
	{"std::vector::", NULL, "std::vector"},
	{"std::_Vector_base::", NULL, "std::vector"},
	{"std::__cxx11::basic_string::", NULL, "std::string"},
	{"std::basic_string::", NULL, "std::string"},
	{"std::__shared_count::", NULL, "std::shared_ptr"},
	{"std::__shared_ptr::", NULL, "std::shared_ptr"},
	{"std::shared_ptr::", NULL, "std::shared_ptr"},
	{"std::allocate_shared", NULL, "std::shared_ptr"},
	{"std::make_shared", NULL, "std::shared_ptr"},
	{"std::__detail::_Hashtable_alloc::", "std::pair<", "std::unordered_map"},
	{"std::__detail::_Hashtable_alloc::", NULL, "std::unordered_set"},
	{"std::_Function_base::", NULL, "std::function"},
	{"std::function::", NULL, "std::function"},
	{"g_hash_table_", NULL, "GHashTable"},
	{"g_list_", NULL, "GList"},
	{"g_slist_", NULL, "GSList"},
	{"g_queue_", NULL, "GQueue"},
	{"g_ptr_array_", NULL, "GPtrArray"},
	{"g_array_", NULL, "GArray"},
	{"g_byte_array_", NULL, "GByteArray"},
	{"g_tree_", NULL, "GTree"},
	{"g_string_", NULL, "GString"},
};

static const struct family *
family_of(const char *plain, const char *function)
{
	for (size_t k = 0; k < sizeof(families) / sizeof(*families); k++)
		if (begins(plain, families[k].prefix) &&
		    (!families[k].with || strstr(function, families[k].with)))
			return &families[k];
	return NULL;
}

/* The allocator of a hash table's nodes knows only what is in them: whether that is a
 * pair of a map or an element of a set is said further out. */
static bool
is_guess(const struct family *f)
{
	return begins(f->prefix, "std::__detail::_Hashtable_alloc");
}

/* ---- libraries and allocators ---- */

/* Is it code that allocates for others?  An allocator of the program's own is. */
static bool
is_inside(const char *plain, const char *file)
{
	static const char allocate[] = "::allocate";
	static const char *const prefixes[] = {
		"std::",    "__gnu_cxx::", "operator new", "g_malloc", "g_realloc",
		"g_slice_", "g_try_",      "g_new",        "__libc_",
	};
	/* A function of the program may begin like one of these, as malloc_pool_init. */
	static const char *const names[] = {
		"malloc", "calloc",  "realloc",        "reallocarray",
		"strdup", "strndup", "posix_memalign", "aligned_alloc",
	};
	size_t n = strlen(plain), n_allocate = sizeof(allocate) - 1;

	if (file && strstr(file, "/include/c++/"))
		return true;
	/* Of a class, too. */
	if (strstr(plain, "::operator new"))
		return true;
	if (n > n_allocate && strcmp(plain + n - n_allocate, allocate) == 0)
		return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (begins(plain, prefixes[i]))
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(plain, names[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (begins(plain, families[i].prefix))
			return true;
	return false;
}

bool
names_is_inside(const struct stack *s, size_t i)
{
	char plain[256];

	/* A library without a symbol table has names for what it exports only. */
	if (!s->frames[i].function)
		return i + 1 < s->n && s->frames[i + 1].module == s->frames[i].module &&
		       names_is_library(s, i + 1);
	names_plain(s->frames[i].function, plain, sizeof(plain));
	return is_inside(plain, s->frames[i].file);
}

bool
names_is_library(const struct stack *s, size_t i)
{
	char plain[256];

	for (; i < s->n && !s->frames[i].function; i++)
		if (i + 1 == s->n || s->frames[i + 1].module != s->frames[i].module)
			return false;
	return i < s->n &&
	       begins(names_plain(s->frames[i].function, plain, sizeof(plain)), "g_");
}

const char *
names_container(const struct stack *s)
{
	const char *guess = NULL;

	for (size_t i = 0; i < s->n && names_is_inside(s, i); i++) {
		const char *function = s->frames[i].function;
		const struct family *f;
		char plain[256];

		if (!function)
			continue;
		names_plain(function, plain, sizeof(plain));
		f = family_of(plain, function);
		if (f && !is_guess(f))
			return f->name;
		if (f && !guess)
			guess = f->name;
		if (!strchr(plain, ':') && container_of_file(s->frames[i].file))
			return container_of_file(s->frames[i].file);
	}
	return guess;
}

/* ---- the function of the program ---- */

/* zmalloc, xrealloc, Perl_safesyscalloc, g_strdup: what a program calls in place of the
 * C library's function says nothing of what is allocated. */
static bool
is_wrapper(const char *plain)
{
	static const char *const words[] = {"malloc", "calloc", "realloc", "strdup",
					    "memdup"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasestr(plain, words[i]))
			return true;
	return false;
}

bool
names_is_allocator(const struct stack_frame *f)
{
	static const char *const names[] = {"operator new", "::allocate",
					    "memalign",     "g_slice_",
					    "g_new",        "aligned_alloc"};
	char plain[256];

	if (!f->function || f->is_wrapper)
		return f->is_wrapper;
	names_plain(f->function, plain, sizeof(plain));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(plain, names[i]))
			return true;
	return is_wrapper(plain) || strstr(plain, "strndup");
}

bool
names_is_wrapper(const struct stack_frame *f)
{
	char plain[256];

	if (!f->function || f->is_wrapper)
		return f->is_wrapper;
	return is_wrapper(names_plain(f->function, plain, sizeof(plain)));
}

/* Is it code of the program, and more than another name for malloc? */
static bool
is_own(const struct heap *h, const struct stack_frame *f, bool *ret_is_wrapper)
{
	char plain[256];

	names_plain(f->function, plain, sizeof(plain));
	*ret_is_wrapper = false;
	/* "~<lambda>", what a callback has captured: its owner is further out. */
	if (is_inside(plain, f->file) || stack_is_runtime(h, f) || strcmp(plain, "~") == 0)
		return false;
	*ret_is_wrapper = f->is_wrapper || is_wrapper(plain);
	return !*ret_is_wrapper;
}

size_t
names_frame(const struct heap *h, const struct stack *s)
{
	bool is_own;

	return names_find_own(h, s, &is_own);
}

size_t
names_find_own(const struct heap *h, const struct stack *s, bool *ret_is_own)
{
	size_t first = s->n, wrapper = s->n;

	*ret_is_own = true;
	for (size_t i = 0; i < s->n; i++) {
		bool is_one;

		if (!s->frames[i].function)
			continue;
		if (first == s->n)
			first = i;
		if (is_own(h, &s->frames[i], &is_one))
			return i;
		if (is_one && wrapper == s->n)
			wrapper = i;
	}
	*ret_is_own = false;
	return wrapper < s->n ? wrapper : first;
}

const char *
names_function(const struct heap *h, const struct stack *s)
{
	size_t i = names_frame(h, s);

	return i < s->n ? s->frames[i].function : NULL;
}

size_t
names_length_of_source(const char *name)
{
	static const char *const marks[] = {".constprop", ".isra", ".part",   ".cold",
					    ".lto_priv",  ".llvm", " [clone "};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *mark = strstr(name, marks[i]);

		if (mark && mark > name && (size_t)(mark - name) < n)
			n = (size_t)(mark - name);
	}
	return n;
}
