/* containers.c -- what the memory of a container is called.
 *
 * In:   frames of a stack as text.
 * Out:  texts.
 * Not here: which container it is (function_names.c).
 *
 * All of this reads names as libiberty writes them; a name that is not understood
 * gives a shorter answer, never a wrong one.
 *
 * Source  names: libstdc++ of GCC 4.9 to 14, GLib 2.58 to 2.80.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"

/* ---- text ---- */

/* A part of somebody else's string. */
struct part {
	const char *at;
	size_t n;
};

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
part_begins(struct part p, const char *with)
{
	return p.n >= strlen(with) && begins(p.at, with);
}

/* From an opening bracket to after the one that closes it, or NULL. */
static const char *
skip_brackets(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		depth += *p == '<' || *p == '(' || *p == '{' || *p == '[';
		depth -= *p == '>' || *p == ')' || *p == '}' || *p == ']';
		if (depth == 0)
			return p + 1;
	}
	return NULL;
}

/* Arguments that nobody writes. */
static const char *const defaults[] = {
	", std::allocator<",
	", std::less<",
	", std::hash<",
	", std::equal_to<",
	", std::char_traits<",
	", std::default_delete<",
	", std::pmr::polymorphic_allocator<",
};

/* One step of tidy(): write what stands at `p` as people do; returns what is next. */
static const char *
tidy_step(const char *p, FILE *f)
{
	static const char string[] = "std::basic_string<char>";
	static const char cxx11[] = "std::__cxx11::";

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		if (begins(p, defaults[i])) {
			const char *end = skip_brackets(p + strlen(defaults[i]) - 1);

			if (end)
				return end;
		}
	if (begins(p, cxx11)) {
		fputs("std::", f);
		return p + sizeof(cxx11) - 1;
	}
	if (begins(p, string)) {
		fputs("std::string", f);
		return p + sizeof(string) - 1;
	}
	if (begins(p, " >"))
		p++;
	putc(*p, f);
	return p + 1;
}

static char *
tidy_once(const char *name)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	while (*name)
		name = tidy_step(name, f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Twice, as what is left of a string's name is one only then. */
static char *
tidy(struct part p)
{
	char *whole = strndup(p.at, p.n);
	char *once = whole ? tidy_once(whole) : NULL;
	char *twice = once ? tidy_once(once) : NULL;

	free(whole);
	free(once);
	return twice;
}

/* ---- template arguments ---- */

/* What follows "NAME<" in a function's own name, where it stands last outside of
 * brackets: before it may be what the function returns.  NULL if nowhere. */
static const char *
arguments_of(const char *function, const char *name)
{
	const char *found = NULL;
	size_t n = strlen(name);

	for (const char *p = function; *p;) {
		if (strncmp(p, name, n) == 0 && p[n] == '<' &&
		    (p == function || p[-1] == ' '))
			found = p + n + 1;
		if (*p == '<' || *p == '(' || *p == '{' || *p == '[') {
			p = skip_brackets(p);
			if (!p)
				break;
		} else {
			p++;
		}
	}
	return found;
}

/* The argument with this number, from 0; n is 0 if there is none. */
static struct part
argument(const char *arguments, unsigned number)
{
	const char *start = arguments;
	int depth = 0;

	for (const char *p = arguments; *p; p++) {
		bool is_end = depth == 0 && (*p == ',' || *p == '>');

		if (is_end && number == 0) {
			while (*start == ' ')
				start++;
			while (p > start && p[-1] == ' ')
				p--;
			return (struct part){start, (size_t)(p - start)};
		}
		if (is_end && *p == '>')
			break;
		if (is_end) {
			number--;
			start = p + 1;
		}
		depth += *p == '<' || *p == '(' || *p == '{' || *p == '[';
		depth -= *p == '>' || *p == ')' || *p == '}' || *p == ']';
	}
	return (struct part){"", 0};
}

/* "Session" of "std::pair<int const, Session>". */
static struct part
second_of_pair(struct part p)
{
	return part_begins(p, "std::pair<") ? argument(p.at + strlen("std::pair<"), 1)
					    : (struct part){"", 0};
}

/* ---- containers ---- */

/* Whose arguments say what a container holds, innermost first. */
static const struct holds {
	const char *container, *name;
	bool is_pair; /* arguments are the key and a pair of key and value */
} holds[] = {
	{"std::map", "std::_Rb_tree", true},
	{"std::multimap", "std::multimap", false},
	{"std::set", "std::_Rb_tree", false},
	{"std::multiset", "std::multiset", false},
	{"std::unordered_map", "std::_Hashtable", true},
	{"std::unordered_map", "std::__detail::_Map_base", true},
	{"std::unordered_set", "std::_Hashtable", false},
	{"std::unordered_set", "std::unordered_set", false},
	{"std::deque", "std::_Deque_base", false},
	{"std::deque", "std::deque", false},
	{"std::list", "std::__cxx11::_List_base", false},
	{"std::list", "std::__cxx11::list", false},
	{"std::forward_list", "std::_Fwd_list_base", false},
	{"std::forward_list", "std::forward_list", false},
	{"std::vector", "std::_Vector_base", false},
	{"std::vector", "std::vector", false},
	{"std::shared_ptr", "std::__shared_ptr", false},
	{"std::shared_ptr", "std::shared_ptr", false},
	{"std::shared_ptr", "std::make_shared", false},
	/* As an inlined function is called where its class has no name outside. */
	{"std::shared_ptr", "make_shared", false},
};

/* "int, Session" as a text for free(3), or NULL. */
static char *
held_by(const char *function, const struct holds *h)
{
	const char *arguments = arguments_of(function, h->name);
	struct part value = {"", 0};
	char *first, *second, *text = NULL;

	if (!arguments || argument(arguments, 0).n == 0)
		return NULL;
	first = tidy(argument(arguments, 0));
	if (h->is_pair)
		value = second_of_pair(argument(arguments, 1));
	else if (strcmp(h->name, "std::multimap") == 0)
		value = argument(arguments, 1);
	if (!first || value.n == 0)
		return first;
	second = tidy(value);
	if (!second || asprintf(&text, "%s, %s", first, second) < 0)
		text = NULL;
	free(first);
	free(second);
	return text;
}

/* What a shared_ptr's block holds, of a function that has that block as an argument of
 * its template, or NULL. */
static char *
held_in_place(const char *function)
{
	static const char block[] = "_Sp_counted_ptr_inplace<";
	const char *at = strstr(function, block);
	struct part held = at ? argument(at + sizeof(block) - 1, 0) : (struct part){"", 0};

	return held.n ? tidy(held) : NULL;
}

/* Frames that are inside a library; the container's are among these. */
static size_t
n_inside(const struct stack *s)
{
	size_t n = 0;

	while (n < s->n && names_is_inside(s, n))
		n++;
	return n;
}

static char *
find_held(const struct stack *s, const char *container)
{
	size_t n = n_inside(s);
	char *in_place = NULL;

	for (size_t i = 0; i < n && !in_place; i++)
		if (s->frames[i].function && strcmp(container, "std::shared_ptr") == 0)
			in_place = held_in_place(s->frames[i].function);
	if (in_place)
		return in_place;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(holds) / sizeof(*holds); k++) {
			char *held = NULL;

			if (s->frames[i].function &&
			    strcmp(holds[k].container, container) == 0)
				held = held_by(s->frames[i].function, &holds[k]);
			if (held)
				return held;
		}
	return NULL;
}

/* Is there a frame inside the library with this in its name? */
static bool
has(const struct stack *s, const char *what)
{
	size_t n = n_inside(s);

	for (size_t i = 0; i < n; i++)
		if (s->frames[i].function && strstr(s->frames[i].function, what))
			return true;
	return false;
}

/* ---- roles ---- */

/* The first that fits. */
static const struct role {
	const char *container, *with; /* a function inside; NULL: any */
	const char *name;
} roles[] = {
	{"std::map", NULL, "node"},
	{"std::multimap", NULL, "node"},
	{"std::set", NULL, "node"},
	{"std::multiset", NULL, "node"},
	{"std::unordered_map", "_M_allocate_buckets", "buckets"},
	{"std::unordered_map", "_M_rehash", "buckets"},
	{"std::unordered_map", NULL, "node"},
	{"std::unordered_set", "_M_allocate_buckets", "buckets"},
	{"std::unordered_set", "_M_rehash", "buckets"},
	{"std::unordered_set", NULL, "node"},
	{"std::deque", "_M_allocate_map", "map"},
	{"std::deque", "_M_reallocate_map", "map"},
	{"std::deque", "_M_allocate_node", "chunk"},
	{"std::deque", "_M_create_nodes", "chunk"},
	/* It makes both, and they look alike where these calls were inlined. */
	{"std::deque", "_M_initialize_map", "storage"},
	{"std::deque", "_Deque_base::_Deque_base", "storage"},
	{"std::deque", NULL, "chunk"},
	{"std::list", NULL, "node"},
	{"std::forward_list", NULL, "node"},
	{"std::vector", NULL, "storage"},
	{"std::string", NULL, "buffer"},
	{"std::shared_ptr", NULL, "control block"},
	{"std::function", NULL, "closure"},
	{"GList", NULL, "node"},
	{"GSList", NULL, "node"},
	{"GTree", "g_tree_new", "header"},
	{"GTree", NULL, "node"},
	{"GString", "g_slice_", "header"},
	{"GString", NULL, "buffer"},
	{"GQueue", NULL, "header"},
	{"GHashTable", "g_slice_", "header"},
	{"GHashTable", NULL, "storage"},
	{"GPtrArray", "g_slice_", "header"},
	{"GPtrArray", NULL, "storage"},
	{"GArray", "g_slice_", "header"},
	{"GArray", NULL, "storage"},
	{"GByteArray", "g_slice_", "header"},
	{"GByteArray", NULL, "storage"},
};

static const char *
role_of(const struct stack *s, const char *container)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(roles[i].container, container) == 0 &&
		    (!roles[i].with || has(s, roles[i].with)))
			return roles[i].name;
	return "memory";
}

static char *
role_text(const char *container, const char *held, const char *role)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s%s %s", container, held ? "<" : "", held ? held : "",
		     held ? ">" : "", role) < 0)
		return NULL;
	return text;
}

char *
containers_role(const struct stack *s, bool is_aligned)
{
	const char *container = names_container(s);
	char *held, *text;

	if (!container)
		return NULL;
	/* One slab is cut up for all that is small, whoever came first. */
	if (is_aligned && has(s, "g_slice_"))
		return strdup("GLib slices");
	held = find_held(s, container);
	text = has(s, "_Sp_counted_ptr_inplace<")
		       ? role_text("std::make_shared", held, "block")
		       : role_text(container, held, role_of(s, container));
	free(held);
	return text;
}

/* ---- types ---- */

char *
containers_class(const char *name, bool *ret_is_container)
{
	static const struct {
		const char *name, *container, *role;
	} counts[] = {
		{"std::_Sp_counted_ptr_inplace", "std::make_shared", "block"},
		{"std::_Sp_counted_ptr", "std::shared_ptr", "control block"},
		{"std::_Sp_counted_deleter", "std::shared_ptr", "control block"},
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const char *arguments = arguments_of(name, counts[i].name);
		struct part held = {"", 0};
		char *plain, *text;

		if (!arguments)
			continue;
		held = argument(arguments, 0);
		/* These two are of a pointer: T*. */
		if (i > 0 && held.n > 0 && held.at[held.n - 1] == '*')
			held.n--;
		plain = tidy(held);
		text = plain ? role_text(counts[i].container, plain, counts[i].role) : NULL;
		free(plain);
		*ret_is_container = true;
		return text;
	}
	return tidy((struct part){name, strlen(name)});
}

char *
containers_made(const struct stack *s)
{
	static const char *const makers[] = {
		"std::make_unique",
		"make_unique",
		"std::__new_allocator",
		"__gnu_cxx::new_allocator",
	};
	static const char operator_new[] = "::operator new";

	for (size_t i = 0; i < s->n && s->frames[i].function; i++) {
		const char *function = s->frames[i].function;
		const char *own = strstr(function, operator_new);

		for (size_t k = 0; k < sizeof(makers) / sizeof(*makers); k++) {
			const char *arguments = arguments_of(function, makers[k]);

			if (arguments && argument(arguments, 0).n)
				return tidy(argument(arguments, 0));
		}
		if (own && own > function)
			return tidy((struct part){function, (size_t)(own - function)});
		if (!names_is_inside(s, i))
			break;
	}
	return NULL;
}
