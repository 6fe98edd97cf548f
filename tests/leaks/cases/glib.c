/* glib.c -- a program that uses GLib as most do, and frees all it should; or but for one thing.
 *
 * What GLib keeps for good (types, quarks, interned strings, the main context,
 * its worker threads) is not the program's to free.
 *
 * SPDX-License-Identifier: MIT
 */
#include <gio/gio.h>

#include "case.h"

#define NAMED_TYPE_THING (named_thing_get_type())
G_DECLARE_FINAL_TYPE(NamedThing, named_thing, NAMED, THING, GObject)

struct _NamedThing {
	GObject parent_instance;
	char *name;
};

enum { PROPERTY_NAME = 1, N_PROPERTIES };
static GParamSpec *properties[N_PROPERTIES];
static guint renamed;

G_DEFINE_TYPE(NamedThing, named_thing, G_TYPE_OBJECT)

static void
named_thing_finalize(GObject *object)
{
	g_free(NAMED_THING(object)->name);
	G_OBJECT_CLASS(named_thing_parent_class)->finalize(object);
}

static void
named_thing_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	NamedThing *thing = NAMED_THING(object);

	if (id != PROPERTY_NAME) {
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
		return;
	}
	g_free(thing->name);
	thing->name = g_value_dup_string(value);
	g_signal_emit(thing, renamed, 0);
}

static void
named_thing_class_init(NamedThingClass *class)
{
	GObjectClass *object_class = G_OBJECT_CLASS(class);

	object_class->finalize = named_thing_finalize;
	object_class->set_property = named_thing_set_property;
	properties[PROPERTY_NAME] = g_param_spec_string("name", "name", "what it is called", NULL,
		G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
	g_object_class_install_properties(object_class, N_PROPERTIES, properties);
	renamed = g_signal_new("renamed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
		G_TYPE_NONE, 0);
}

static void
named_thing_init(NamedThing *thing)
{
	thing->name = g_strdup("nameless");
}

/* ---- what a program does with it ---- */

static void
containers(void)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GArray *array = g_array_new(FALSE, TRUE, sizeof(int));
	GPtrArray *pointers = g_ptr_array_new_with_free_func(g_free);
	GString *text = g_string_new("text");
	GList *list = NULL;
	GQueue *queue = g_queue_new();
	GVariant *variant;
	int i;

	for (i = 0; i < 100; i++) {
		g_hash_table_insert(table, g_strdup_printf("key %d", i), g_strdup("value"));
		g_array_append_val(array, i);
		g_ptr_array_add(pointers, g_strdup("element"));
		g_string_append_printf(text, " %d", i);
		list = g_list_prepend(list, g_strdup("data"));
		g_queue_push_tail(queue, GINT_TO_POINTER(i));
	}
	variant = g_variant_ref_sink(g_variant_new("(si)", "text", 7));
	g_variant_unref(variant);
	g_slice_free1(100, g_slice_alloc(100));
	g_queue_free(queue);
	g_list_free_full(list, g_free);
	g_string_free(text, TRUE);
	g_ptr_array_free(pointers, TRUE);
	g_array_free(array, TRUE);
	g_hash_table_destroy(table);
}

static gboolean
count_down(gpointer with)
{
	int *n = with;

	return --*n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
quit(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void
main_loop(void)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	int n = 3;

	g_idle_add(count_down, &n);
	g_timeout_add(1, count_down, &n);
	g_timeout_add(20, quit, loop);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
}

static void
work(gpointer data, gpointer with)
{
	g_atomic_int_add((int *)with, GPOINTER_TO_INT(data));
	g_free(g_malloc(200));
}

static void
in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	(void)source, (void)cancellable;
	g_task_return_pointer(task, g_strdup(data), g_free);
}

static void
threads(void)
{
	int sum = 0, i;
	GThreadPool *pool = g_thread_pool_new(work, &sum, 4, FALSE, NULL);
	GTask *task = g_task_new(NULL, NULL, NULL, NULL);

	for (i = 1; i < 100; i++)
		g_thread_pool_push(pool, GINT_TO_POINTER(i), NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	g_task_set_task_data(task, g_strdup("task data"), g_free);
	g_task_run_in_thread_sync(task, in_thread);
	g_free(g_task_propagate_pointer(task, NULL));
	g_object_unref(task);
}

static void
on_renamed(NamedThing *thing, gpointer with)
{
	(void)thing;
	++*(int *)with;
}

static void
objects(void)
{
	NamedThing *thing = g_object_new(NAMED_TYPE_THING, "name", "first", NULL);
	int n = 0;
	gulong id = g_signal_connect(thing, "renamed", G_CALLBACK(on_renamed), &n);

	g_object_set(thing, "name", "second", NULL);
	g_object_set_data_full(G_OBJECT(thing), "data", g_strdup("attached"), g_free);
	g_signal_handler_disconnect(thing, id);
	g_object_unref(thing);
}

static void
files(void)
{
	GFile *file = g_file_new_for_path("/"), *child = g_file_get_child(file, "no such file");
	GFileInfo *info = g_file_query_info(file, "standard::*", G_FILE_QUERY_INFO_NONE, NULL, NULL);
	GError *error = NULL;
	GInputStream *stream;
	char *path = g_file_get_path(child);

	if (!g_file_read(child, NULL, &error))
		g_clear_error(&error);
	stream = g_memory_input_stream_new_from_data(g_strdup("bytes"), 5, g_free);
	g_object_unref(stream);
	g_free(path);
	g_clear_object(&info);
	g_object_unref(child);
	g_object_unref(file);
}

static void
all_of_it(void)
{
	GQuark quark = g_quark_from_string("a quark");
	const char *interned = g_intern_string("an interned string");

	if (!quark || !interned)
		abort();
	containers();
	main_loop();
	threads();
	objects();
	files();
}

static void
clean(void *volatile *frame)
{
	(void)frame;
	all_of_it();
}

static void
block(void *volatile *frame)
{
	char *p;

	(void)frame;
	all_of_it();
	p = g_malloc(70);
	p[0] = 1;
}

static void
node(void *volatile *frame)
{
	GList *l;

	(void)frame;
	all_of_it();
	l = g_list_append(NULL, GINT_TO_POINTER(1));
	l->data = NULL;
}

static void
object(void *volatile *frame)
{
	NamedThing *thing;

	(void)frame;
	all_of_it();
	thing = g_object_new(NAMED_TYPE_THING, "name", "forgotten", NULL);
	g_assert_nonnull(thing->name);
}

static void
key(void *volatile *frame)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	(void)frame;
	all_of_it();
	g_hash_table_insert(table, g_strdup("never freed"), NULL);
	g_hash_table_destroy(table);
}

static const struct leak_case cases[] = {
	{"clean", clean, NOTHING, "-"},
	{"block", block, "1/70 0/0 0/0", "-"},
	{"node", node, "1/24 0/0 0/0", "-"},
	{"object", object, "1/32 1/10 0/0", "-"},
	{"key", key, "1/12 0/0 0/0", "-"},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {0};

	return run_case(cases, argc, argv, frame);
}
