/* answers.h -- what a page that is served may ask for.
 *
 * In:   a snapshot that has been analysed; questions.
 * Out:  the page, and JSON:
 *
 *     blocks?site=N|type=N|finding=N[&order=ORDER]
 *         of a site; of a type, or the sites of a finding, by their place in the page's lists.
 *         {"blocks", "bytes", "order", "rows": [BLOCK ...]}, the first 1,000 in the order, one of
 *         inspect_order_names; of a leak those that are lost as it says
 *     block?address=0x...
 *         the BLOCK around it, with "inside" (bytes from its start), "frames" as JSON's sites
 *         have them, "path" as findings have "retained_by", null if there is none, and, if
 *         the snapshot has pointers, "state", "retained_blocks", "retained_bytes"
 *     source?file=PATH&line=N
 *         {"file", "line", "first", "lines": [text ...], "is_newer"}: what is around it; is_newer:
 *         than the snapshot.  Only files that debug information names for a frame of the
 *         snapshot
 *
 * A BLOCK is {"address": "0x...", "bytes", "usable_bytes", "kind", "epoch", "age", "cohort",
 * "thread", "site", "type", "content"}; epoch, age, thread (a place in "threads") and type are
 * null if they are not known, content if the snapshot does not have it.
 * Where there is no answer: {"error": sentence}.
 *
 * Not here: who may ask (server.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ANSWERS_H
#define GCPROF_ANSWERS_H

#include "analyze/analysis.h"
#include "view/server.h"

struct answers;

/* Write the page, and keep what questions take.
 *
 * s, a     must live as long as the answers.
 * Returns  answers for answers_free(), or NULL: no memory. */
struct answers *answers_new(const struct settings *s, const struct analysis *a);

void answers_free(struct answers *x);

/* with: the answers. */
server_answers answers_give;

#endif
