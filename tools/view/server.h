/* server.h -- pages for the browser of one person on this machine.
 *
 * In:   who answers; requests.
 * Out:  an address; answers to whom they are for.
 * Not here: what is answered (answers.h).
 *
 * What is served shows a program's memory, so nobody else may ask for it:
 *
 *   other machines     it listens at 127.0.0.1 only
 *   other users        a random token in each address, compared in constant time; and the
 *                      kernel says whose a connection is (peer.h)
 *   other pages        of the same browser do not know the token, and hear nothing: no answer
 *                      lets other origins read it, a Host header with another name (DNS
 *                      rebinding) is refused, and nothing refers to the address
 *
 * It only takes GET, and stores nothing.
 *
 * A page keeps one request waiting, "alive", for as long as it is open: its connection ends with
 * it, however it ends, which a browser that puts timers to sleep could not tell by calls.  When
 * the last one is gone, and none comes within some seconds, as does one that is loaded
 * again, the work is done.
 *
 * One thread does all: who answers needs no locks.  While it does, requests wait.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SERVER_H
#define GCPROF_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_question {
	const char *name; /* what is behind the token; "" is the page */
	void *request;    /* the server's own */
};

/* The value of "name?key=value", without its escapes; NULL: there is none. */
const char *server_argument(const struct server_question *q, const char *key);

struct server_answer {
	unsigned status;    /* as HTTP has it */
	const char *type;   /* of its contents */
	const char *policy; /* Content-Security-Policy; NULL = nothing is allowed */
	char *bytes;        /* for free(3) unless is_kept; NULL = no memory */
	size_t n;
	bool is_kept; /* bytes live longer than the server */
};

typedef void server_answers(void *with, const struct server_question *q,
			    struct server_answer *ret);

struct server;

/* Begin to listen.
 *
 * port     0 = any that is free.
 * Returns  a server for server_close(), or NULL with the reason in errno. */
struct server *server_open(uint16_t port, server_answers *answer, void *with);

/* "http://127.0.0.1:PORT/TOKEN/" */
const char *server_address(const struct server *s);

/* Answer until all pages have been closed for so long.  Returns 0, or -1 with errno set. */
int server_run(struct server *s, uint64_t stay_ms);

void server_close(struct server *s);

#endif
