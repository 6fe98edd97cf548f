/* types-glib.c -- containers of GLib, all held by globals.
 *
 * On descriptor 3, a line for each type: "N NAME", blocks besides those that GLib has
 * for itself.  What they weigh is its own affair.
 *
 * SPDX-License-Identifier: MIT
 */
#include <glib.h>
#include <stdlib.h>

#include "truth.h"

enum { ENTRIES = 300, LIST = 120, QUEUE = 40, STRINGS = 25 };

static GHashTable *table;
static GList *list;
static GSList *single;
static GQueue *queue;
static GPtrArray *pointers;
static GArray *numbers;
static GString *strings[STRINGS];

NOINLINE static void
fill(void)
{
	table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (int i = 0; i < ENTRIES; i++)
		g_hash_table_insert(table, g_strdup_printf("key %d", i), g_strdup("value"));
	for (int i = 0; i < LIST; i++) {
		list = g_list_append(list, table);
		single = g_slist_prepend(single, table);
	}
	queue = g_queue_new();
	for (int i = 0; i < QUEUE; i++)
		g_queue_push_tail(queue, table);
	pointers = g_ptr_array_new();
	numbers = g_array_new(FALSE, FALSE, sizeof(int));
	for (int i = 0; i < LIST; i++) {
		g_ptr_array_add(pointers, table);
		g_array_append_val(numbers, i);
	}
	for (int i = 0; i < STRINGS; i++) {
		strings[i] = g_string_new("some text");
		g_string_append(strings[i], ", and more of it, so that the buffer grows");
	}
}

/* With an argument it fills nothing: what GLib has for itself. */
int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	fill();
	say("1 GHashTable header");
	/* Keys, values, hashes. */
	say("3 GHashTable storage");
	say("%d GList node", LIST + QUEUE);
	say("%d GSList node", LIST);
	say("1 GQueue header");
	say("1 GPtrArray header");
	say("1 GPtrArray storage");
	say("1 GArray header");
	say("1 GArray storage");
	say("%d GString header", STRINGS);
	say("%d GString buffer", STRINGS);
	return 0;
}
