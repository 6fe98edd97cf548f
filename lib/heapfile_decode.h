/* heapfile_decode.h -- what the decoder's two files share, and nobody else.
 *
 * In/Out: the state of one decoding; who fails, and how.
 * Not here: what users of the decoder see (heapfile_read.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAPFILE_DECODE_H
#define GCPROF_HEAPFILE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapfile_read.h"

enum {
	DECODE_N_TYPES = HEAPFILE_WASTE + 1,
	/* BOUND: a name that comes twice is noticed among the first so many; no
	 * writer has more, and comparing all would cost a square. */
	DECODE_MAX_NAMES = 128,
};

/* State of one decoding.  p and end lie in the section that `error->section`
 * names, or in nothing. */
struct decoder {
	const uint8_t *file;
	const uint8_t *p;
	const uint8_t *end;
	size_t n;
	unsigned options;
	const struct hf_sink *sink;
	struct hf_error *error;
	const uint8_t *table;
	uint64_t counts[DECODE_N_TYPES]; /* records of each type: the limit of references
					  */
	bool is_later; /* a later minor: what we do not know is ignored */
	struct hf_text names[DECODE_MAX_NAMES]; /* INFO's so far */
	/* What the record before has left, for delta coding. */
	uint64_t number;     /* of this record, from 1 */
	uint64_t last_epoch; /* BIRTHS */
	uint64_t next;       /* EPOCHS: first epoch not yet told; BLOCKS, MAPPINGS: end */
	uint64_t ordinal; /* EDGES, OBJECT_WORDS, CONTENTS: block of the record before */
};

/* heapfile_records.c: decode one record of a type at d->p. */
extern bool (*const decode_getters[DECODE_N_TYPES])(struct decoder *d);

/* heapfile_read.c: fill in *d->error; false for the convenience of the caller,
 * who fails too.  A record of the section at hand is wrong at `at`. */
void decode_note_bad(struct decoder *d, const uint8_t *at, const char *message);
static inline bool
decode_bad(struct decoder *d, const uint8_t *at, const char *message)
{
	decode_note_bad(d, at, message);
	return false;
}

/* It names a record of another section that does not exist. */
void decode_note_bad_reference(struct decoder *d, const uint8_t *at,
			       enum heapfile_type type);
static inline bool
decode_bad_reference(struct decoder *d, const uint8_t *at, enum heapfile_type type)
{
	decode_note_bad_reference(d, at, type);
	return false;
}

/* The sink said stop, which is no fault of the file. */
bool decode_stopped(struct decoder *d);

#endif
