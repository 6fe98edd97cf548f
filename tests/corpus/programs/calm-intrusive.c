/* calm-intrusive.c -- things of several kinds in lists that are linked by a member of each,
 * which stands elsewhere in every kind.
 *
 * Innocent: drivers, their devices and files are registered at the start and stay.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <stddef.h>

enum { N_DRIVERS = 12, N_DEVICES = 40, N_NODES = 6 };

struct link {
	struct link *next, *previous;
};

#define CONTAINER(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

struct node {
	uint64_t flags;
	char name[40];
	struct link of_device;
};

struct device {
	char name[24];
	uint64_t number;
	struct link of_driver;
	struct link nodes;
	struct link all;
};

struct driver {
	uint64_t version;
	struct link devices;
	char name[32];
	struct link all;
};

static struct link drivers = {&drivers, &drivers}, devices = {&devices, &devices};

static void
link_add(struct link *list, struct link *x)
{
	x->next = list;
	x->previous = list->previous;
	list->previous->next = x;
	list->previous = x;
}

static NOINLINE struct driver *
driver_register(unsigned number)
{
	struct driver *d = calloc(1, sizeof *d);

	snprintf(d->name, sizeof d->name, "driver %u", number);
	d->devices.next = d->devices.previous = &d->devices;
	link_add(&drivers, &d->all);
	return d;
}

static NOINLINE struct device *
device_register(struct driver *driver, unsigned number)
{
	struct device *d = calloc(1, sizeof *d + 8 * (number % 5));

	d->number = number;
	d->nodes.next = d->nodes.previous = &d->nodes;
	link_add(&driver->devices, &d->of_driver);
	link_add(&devices, &d->all);
	return d;
}

static NOINLINE void
node_register(struct device *device, unsigned number)
{
	struct node *n = calloc(1, sizeof *n);

	snprintf(n->name, sizeof n->name, "node %u of %u", number, (unsigned)device->number);
	link_add(&device->nodes, &n->of_device);
}

static uint64_t
walk(void)
{
	uint64_t sum = 0;

	for (struct link *at = devices.next; at != &devices; at = at->next) {
		struct device *d = CONTAINER(at, struct device, all);

		for (struct link *n = d->nodes.next; n != &d->nodes; n = n->next)
			sum += (uint64_t)CONTAINER(n, struct node, of_device)->name[0] + d->number;
	}
	return sum;
}

int
main(void)
{
	struct numbers n = {92};
	unsigned i, k, j;

	for (i = 0; i < N_DRIVERS; i++) {
		struct driver *driver = driver_register(i);

		for (k = 0; k < N_DEVICES; k++) {
			struct device *device = device_register(driver, k);

			for (j = 0; j < N_NODES; j++)
				node_register(device, j);
		}
	}
	for (i = 0; i < 40000; i++) {
		if (i % 100 == 0)
			result_sink += walk();
		request_noise(&n, 900);
	}
	return 0;
}
