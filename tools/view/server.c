/* server.c -- see server.h.
 *
 * HTTP is libmicrohttpd's, without a thread of its own: it is run when its descriptor has
 * something.  A request that waits is suspended, and its socket watched here, as the library
 * does not look at it meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "view/peer.h"

enum {
	TOKEN_BYTES = 16,
	TOKEN_LETTERS = 2 * TOKEN_BYTES,
	MOST_CONNECTIONS = 64,
	IDLE_SECONDS = 300,
	/* A browser has six connections to one address, whatever the number of pages: some have to
	 * be left for questions.  A page that is not kept waiting asks again. */
	MOST_WAITING = 3,
	HTTP_PORT = 80,
};

struct request {
	struct MHD_Connection *connection;
	bool is_over; /* it was waiting, and is to be answered now */
};

struct server {
	struct MHD_Daemon *daemon;
	server_answers *answer;
	void *with;
	uint16_t port;
	char token[TOKEN_LETTERS + 1], host[32], address[128];
	struct request *waiting[MOST_WAITING];
	size_t n_waiting, n_requests; /* all of them, with those that wait */
	bool had_page;
	uint64_t last_ms; /* when a request ended */
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- who may ask ---- */

static enum MHD_Result
accept_peer(void *with, const struct sockaddr *peer, socklen_t n)
{
	const struct server *s = with;
	struct sockaddr_in from = {.sin_family = AF_UNSPEC};

	if (n >= sizeof(from))
		memcpy(&from, peer, sizeof(from));
	return from.sin_family == AF_INET &&
			       !peer_is_stranger(ntohs(from.sin_port), s->port)
		       ? MHD_YES
		       : MHD_NO;
}

/* What is behind "/TOKEN/", or NULL.  How long it takes does not depend on how much of the token
 * is right. */
static const char *
behind_token(const struct server *s, const char *path)
{
	char given[TOKEN_LETTERS + 2] = "";
	unsigned differ = *path != '/';

	if (!differ)
		(void)snprintf(given, sizeof(given), "%s", path + 1);
	for (size_t i = 0; i < TOKEN_LETTERS; i++)
		differ |= (unsigned char)given[i] ^ (unsigned char)s->token[i];
	differ |= given[TOKEN_LETTERS] != '/';
	return differ ? NULL : path + TOKEN_LETTERS + 2;
}

static bool
is_our_host(const struct server *s, const char *host)
{
	return host && (strcmp(host, s->host) == 0 ||
			(s->port == HTTP_PORT && strcmp(host, "127.0.0.1") == 0));
}

/* ---- answers ---- */

static enum MHD_Result
send_answer(struct MHD_Connection *connection, struct server_answer *a)
{
	static const struct {
		const char *name, *value;
	} headers[] = {
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
	};
	static char nothing[1];
	struct MHD_Response *r = MHD_create_response_from_buffer(
		a->bytes ? a->n : 0, a->bytes ? a->bytes : nothing,
		a->is_kept || !a->bytes ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!r) {
		if (!a->is_kept)
			free(a->bytes);
		return MHD_NO;
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		(void)MHD_add_response_header(r, headers[i].name, headers[i].value);
	(void)MHD_add_response_header(
		r, "Content-Security-Policy",
		a->policy ? a->policy : "default-src 'none'; frame-ancestors 'none'");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW,
					      MHD_HTTP_METHOD_GET);
	if (a->type)
		(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	result = MHD_queue_response(connection, a->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
send_words(struct MHD_Connection *connection, unsigned status, const char *words)
{
	struct server_answer a = {.status = status,
				  .type = "text/plain; charset=utf-8",
				  .bytes = strdup(words),
				  .n = strlen(words)};

	return send_answer(connection, &a);
}

const char *
server_argument(const struct server_question *q, const char *key)
{
	const struct request *r = q->request;

	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, key);
}

/* ---- pages that are open ---- */

static int
socket_of(const struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static enum MHD_Result
wait_with(struct server *s, struct request *r)
{
	struct server_answer none = {.status = MHD_HTTP_NO_CONTENT};

	s->had_page = true;
	if (r->is_over || s->n_waiting == MOST_WAITING)
		return send_answer(r->connection, &none);
	s->waiting[s->n_waiting++] = r;
	MHD_suspend_connection(r->connection);
	return MHD_YES;
}

/* It is answered, to nobody, and so comes to its end. */
static void
let_go(struct server *s, size_t i)
{
	struct request *r = s->waiting[i];

	s->waiting[i] = s->waiting[--s->n_waiting];
	r->is_over = true;
	MHD_resume_connection(r->connection);
}

/* ---- requests ---- */

static enum MHD_Result
answer(struct server *s, struct request *r, const char *path, const char *method)
{
	struct server_question q = {behind_token(s, path), r};
	struct server_answer a = {.status = MHD_HTTP_OK};

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return send_words(r->connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				  "only GET is answered\n");
	if (!is_our_host(s, MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_HOST)))
		return send_words(r->connection, MHD_HTTP_FORBIDDEN,
				  "wrong Host: use the address that gcprof view has "
				  "printed\n");
	if (!q.name)
		return send_words(r->connection, MHD_HTTP_FORBIDDEN,
				  "wrong token: use the address that gcprof view has "
				  "printed\n");
	if (strcmp(q.name, "alive") == 0)
		return wait_with(s, r);
	s->answer(s->with, &q, &a);
	if (!a.bytes)
		return send_words(r->connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				  "out of memory\n");
	return send_answer(r->connection, &a);
}

/* Called when the head of a request is there, then for its body, then at its end. */
static enum MHD_Result
on_request(void *with, struct MHD_Connection *connection, const char *path,
	   const char *method, const char *version, const char *body, size_t *n_body,
	   void **request)
{
	struct server *s = with;
	struct request *r = *request;

	(void)version, (void)body;
	if (!r) {
		r = *request = calloc(1, sizeof(*r));
		if (!r)
			return MHD_NO;
		r->connection = connection;
		s->n_requests++;
		/* Whoever sends more than a head hears so at once. */
		if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
			return MHD_YES;
	}
	if (*n_body) {
		*n_body = 0;
		return MHD_YES;
	}
	return answer(s, r, path, method);
}

static void
on_end(void *with, struct MHD_Connection *connection, void **request,
       enum MHD_RequestTerminationCode code)
{
	struct server *s = with;

	(void)connection, (void)code;
	if (!*request)
		return;
	free(*request);
	*request = NULL;
	s->n_requests--;
	s->last_ms = now_ms();
}

/* ---- its life ---- */

static int
make_names(struct server *s)
{
	unsigned char bytes[TOKEN_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -1;
	for (size_t i = 0; i < TOKEN_BYTES; i++)
		(void)snprintf(s->token + 2 * i, 3, "%02x", bytes[i]);
	(void)snprintf(s->host, sizeof(s->host), "127.0.0.1:%u", s->port);
	(void)snprintf(s->address, sizeof(s->address), "http://%s/%s/", s->host, s->token);
	return 0;
}

/* Returns a socket that listens, or -1. */
static int
listen_at(struct server *s, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

	if (fd < 0)
		return -1;
	/* The port of one that has just ended can be had again. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, MOST_CONNECTIONS) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0) {
		int error = errno;

		(void)close(fd);
		errno = error;
		return -1;
	}
	s->port = ntohs(at.sin_port);
	return fd;
}

struct server *
server_open(uint16_t port, server_answers *answer_to, void *with)
{
	struct server *s = calloc(1, sizeof(*s));
	int fd = s ? listen_at(s, port) : -1;

	if (fd >= 0 && make_names(s) == 0) {
		s->answer = answer_to;
		s->with = with;
		errno = ENOMEM;
		s->daemon = MHD_start_daemon(
			MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, s->port, accept_peer, s,
			on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
			MHD_OPTION_NOTIFY_COMPLETED, on_end, s, MHD_OPTION_END);
	}
	if (!s || !s->daemon) {
		int error = errno;

		if (fd >= 0)
			(void)close(fd);
		free(s);
		errno = error;
		return NULL;
	}
	return s;
}

const char *
server_address(const struct server *s)
{
	return s->address;
}

static bool
is_alone(const struct server *s)
{
	return s->had_page && s->n_requests == 0;
}

/* In milliseconds, at most that long. */
static int
time_to_wait(struct server *s, uint64_t stay_ms)
{
	MHD_UNSIGNED_LONG_LONG library;
	uint64_t longest = INT32_MAX, passed = now_ms() - s->last_ms;

	if (MHD_get_timeout(s->daemon, &library) == MHD_YES && library < longest)
		longest = library;
	if (is_alone(s) && passed + longest > stay_ms)
		longest = passed < stay_ms ? stay_ms - passed : 0;
	return (int)longest;
}

int
server_run(struct server *s, uint64_t stay_ms)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[1 + MOST_WAITING] = {
		{.fd = info ? info->epoll_fd : -1, .events = POLLIN}};

	while (!is_alone(s) || now_ms() - s->last_ms < stay_ms) {
		size_t n = s->n_waiting;

		for (size_t i = 0; i < n; i++)
			fds[1 + i] = (struct pollfd){.fd = socket_of(s->waiting[i]),
						     .events = POLLRDHUP};
		if (poll(fds, 1 + n, time_to_wait(s, stay_ms)) < 0 && errno != EINTR)
			return -1;
		/* The last one takes the place of one that goes. */
		for (size_t i = n; i-- > 0;)
			if (fds[1 + i].revents)
				let_go(s, i);
		if (MHD_run(s->daemon) != MHD_YES)
			return -1;
	}
	return 0;
}

void
server_close(struct server *s)
{
	if (!s)
		return;
	while (s->n_waiting)
		let_go(s, 0);
	MHD_stop_daemon(s->daemon);
	free(s);
}
