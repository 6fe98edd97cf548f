/* peer.h -- who is at the other end of a connection of this machine.
 *
 * In:   the port that it comes from, and the one that it goes to.
 * Out:  whether somebody else's process made it.
 *
 * A token stands on the browser's command line, and in its history: other users of the machine
 * may see it.  The kernel knows whose a connection is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PEER_H
#define GCPROF_PEER_H

#include <stdbool.h>
#include <stdint.h>

/* Both ends are 127.0.0.1.
 *
 * Returns  true if the table of connections says that another user's process, not root's, has
 *          the end at `from`.
 * BOUND    where there is no such table (no /proc), nobody is a stranger: the token remains.
 * Cost     the whole table is read. */
bool peer_is_stranger(uint16_t from, uint16_t to);

#endif
