/* waste-duplicates.c -- records that each keep a copy of one of few texts.
 *
 * Waste: the name of one of 60 departments is copied for each of 40000 people; the people
 * differ.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_PEOPLE = 40000, N_DEPARTMENTS = 60 };

struct person {
	uint64_t number, born, pay;
	char *department;
};

static struct person *people[N_PEOPLE];
static size_t n_people;

static NOINLINE char *
department_name(size_t which)
{
	char text[120];
	size_t length = (size_t)snprintf(text, sizeof text,
					 "department %zu of research, development and "
					 "all that has to do with it in building %zu",
					 which, which * 7);
	char *copy = malloc(length + 1);

	return memcpy(copy, text, length + 1);
}

static NOINLINE void
person_add(struct numbers *n)
{
	struct person *p = malloc(sizeof *p);

	p->number = next_number(n);
	p->born = next_number(n);
	p->pay = next_number(n);
	p->department = department_name(below(n, N_DEPARTMENTS));
	people[n_people++] = p;
}

int
main(void)
{
	struct numbers n = {31};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_PEOPLE; i++)
		person_add(&n);
	for (i = 0; i < 3000; i++)
		request_noise(&n, 1500);
	for (i = 0; i < n_people; i++)
		result_sink += people[i]->number + people[i]->born + people[i]->pay +
			       (unsigned char)people[i]->department[0];
	printf("%zu people\n", n_people);
	return 0;
}
