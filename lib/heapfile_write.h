/* heapfile_write.h -- encoder of .heap files.
 *
 * In:   records, section by section, in any order of sections.
 * Out:  a file that is valid or is not there.
 * Not here: what is recorded (snapshot.c), what the bytes mean (heapfile.h), how a file
 *       comes to its name (newfile.h).
 *
 * Context  no allocation, no lock, no libc state: runs in the child of a fork
 *          of a threaded program.  One writer at a time in a process.
 * Memory   one buffer of 64 KiB.
 *
 * Once an operation fails the rest do nothing; heapfile_finish tells.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAPFILE_WRITE_H
#define GCPROF_HEAPFILE_WRITE_H

#include "base.h"
#include "heapfile.h"

/* Begin a file that will be called `name`; as newfile_begin has it. */
void heapfile_begin(const char *name, int mode, bool is_lasting);

void heapfile_section(enum heapfile_type type);
/* Each record is counted by the call that starts it. */
void heapfile_record(void);
void heapfile_put(uint64_t v);       /* varint */
void heapfile_put_zigzag(int64_t v); /* zigzag */
void heapfile_put_byte(uint8_t v);
void heapfile_put_text(const void *bytes, size_t n);

/* All that a descriptor gives, as it is; what cannot be read is left out. */
void heapfile_put_file(int fd);

/* Complete the file and give it its name.  Returns 0 or -errno; on failure
 * nothing is left under either name. */
int heapfile_finish(void);
/* Nothing is to be left of it. */
void heapfile_abandon(void);

#endif
