/* births.c -- see births.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "births.h"
#include "blocks.h"
#include "epochs.h"
#include "mappings.h"
#include "thread.h"

static int
see_block(const struct block *b, void *with)
{
	(void)with;
	epochs_birth_see(b->birth);
	return 0;
}

static int
see_mapping(const struct mapping *m, void *with)
{
	(void)with;
	epochs_birth_see(m->birth);
	return 0;
}

void
births_tidy(void)
{
	struct thread *t = NULL;

	GCP_ASSERT(thread_tls.guard);
	if (!epochs_births_begin())
		return;
	while ((t = thread_next(t)) != NULL)
		epochs_birth_see(relaxed_load(&t->birth));
	(void)blocks_walk(see_block, NULL);
	epochs_births_finish(mappings_try_walk(see_mapping, NULL));
}
