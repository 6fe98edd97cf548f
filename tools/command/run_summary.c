/* run_summary.c -- what `gcprof run` says when its program has ended.
 *
 * In:   the census: who wrote which snapshot, and its figures; how the program ended.
 * Out:  two lines on standard error, or one that says why nothing was written.
 *
 * Snapshots are not read for that, but for the worst finding, if gcprof-analyze has it before
 * anybody would notice: of a large heap, or with much debug information, it has not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command/census.h"
#include "command/launch.h"
#include "command/running.h"
#include "lib/census.h"
#include "util/complain.h"
#include "util/text.h"

enum {
	FINDING_MS = 200,
	MOST_FILES = 3, /* that are named one by one */
};

/* ---- who wrote what ---- */

struct processes {
	struct run_process *list;
	size_t n;
};

static struct run_process *
process_of(struct processes *all, const struct census_snapshot *s)
{
	struct run_process *p;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].pid == s->pid)
			return &all->list[i];
	all->list = words_need(reallocarray(all->list, all->n + 1, sizeof(*all->list)));
	p = &all->list[all->n++];
	*p = (struct run_process){.pid = s->pid};
	return p;
}

/* As seen from here. */
static const char *
relative(const char *file, const char *directory)
{
	size_t n = strlen(directory);

	return n && strncmp(file, directory, n) == 0 && file[n] == '/' && file[n + 1]
		       ? file + n + 1
		       : file;
}

/* A name without %n is written again and again. */
static void
add_file(struct run_process *p, const char *file)
{
	for (size_t i = 0; i < p->files.n; i++)
		if (strcmp(p->files.list[i], file) == 0)
			return;
	words_add(&p->files, words_text("%s", file));
}

static void
note(const struct census_snapshot *s, void *with)
{
	struct processes *all = with;
	struct run_process *p = process_of(all, s);
	char directory[PATH_MAX];

	if (!getcwd(directory, sizeof(directory)))
		directory[0] = '\0';
	p->live_bytes = s->live_bytes;
	if (s->peak_bytes > p->peak_bytes)
		p->peak_bytes = s->peak_bytes;
	(void)snprintf(p->program, sizeof(p->program), "%s", s->program);
	if (*s->file)
		add_file(p, relative(s->file, directory));
}

/* Without those that the process has removed itself, of a peak that was none in the end.  If
 * none is there, their names are of another root. */
static void
forget_removed(struct run_process *p)
{
	struct words there = {0};

	for (size_t i = 0; i < p->files.n; i++)
		if (access(p->files.list[i], F_OK) == 0)
			words_add(&there, words_text("%s", p->files.list[i]));
	if (there.n == 0)
		return;
	words_clear(&p->files);
	p->files = there;
}

/* The one that is worth reading: with the most memory at its end, rather the program. */
static struct run_process *
largest(struct processes *all, pid_t program)
{
	struct run_process *best = NULL;

	for (size_t i = 0; i < all->n; i++) {
		struct run_process *p = &all->list[i];

		if (!best || p->live_bytes > best->live_bytes ||
		    (p->live_bytes == best->live_bytes && p->pid == program))
			best = p;
	}
	return best;
}

/* ---- a command line to be copied ---- */

static bool
is_plain(const char *s)
{
	return *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789_./,=+:@%^-") == strlen(s);
}

/* For a shell; n bytes. */
static void
put_quoted(FILE *f, const char *s, size_t n)
{
	char *part = words_text("%.*s", (int)n, s);

	if (n == 0 || is_plain(part)) {
		(void)fputs(part, f);
	} else {
		(void)putc('\'', f);
		for (const char *at = part; *at; at++)
			if (*at == '\'')
				(void)fputs("'\\''", f);
			else
				(void)putc(*at, f);
		(void)putc('\'', f);
	}
	free(part);
}

/* What all names begin with, and end with behind that. */
static void
common_ends(const struct words *names, size_t *ret_head, size_t *ret_tail)
{
	const char *first = names->list[0];
	size_t head = strlen(first), tail = head;

	for (size_t i = 1; i < names->n; i++) {
		const char *name = names->list[i];
		size_t n = strlen(name), k = 0;

		while (k < head && name[k] == first[k])
			k++;
		head = k;
		for (k = 0; k < tail && k < n &&
			    name[n - 1 - k] == first[strlen(first) - 1 - k];)
			k++;
		tail = k;
	}
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->list[i]) - head < tail)
			tail = strlen(names->list[i]) - head;
	*ret_head = head;
	*ret_tail = tail;
}

/* Its files, as a shell takes them. */
static char *
files_text(const struct run_process *p)
{
	char *text = NULL;
	size_t n, head, tail;
	FILE *f = words_need(open_memstream(&text, &n));

	if (p->files.n > MOST_FILES) {
		const char *first = p->files.list[0];

		common_ends(&p->files, &head, &tail);
		if (*first == '-')
			(void)fputs("./", f);
		put_quoted(f, first, head);
		(void)putc('*', f);
		put_quoted(f, first + strlen(first) - tail, tail);
	} else {
		for (size_t i = 0; i < p->files.n; i++) {
			const char *name = p->files.list[i];

			(void)fputs(i ? " " : "", f);
			(void)fputs(*name == '-' ? "./" : "", f);
			put_quoted(f, name, strlen(name));
		}
	}
	if (fclose(f) != 0)
		words_need(NULL);
	return text;
}

/* ---- the worst finding ---- */

static long
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a process prints until it ends, as text for free(3); NULL if it does not end in time. */
static char *
read_in_time(int fd, long deadline)
{
	char *text = NULL, buffer[4096];
	size_t n_text;
	FILE *f = words_need(open_memstream(&text, &n_text));
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n = -1;
	long left;

	while ((left = deadline - now_ms()) > 0 && poll(&p, 1, (int)left) == 1 &&
	       (n = read(fd, buffer, sizeof(buffer))) > 0) {
		(void)fwrite(buffer, 1, (size_t)n, f);
		n = -1;
	}
	if (fclose(f) != 0)
		words_need(NULL);
	if (n == 0)
		return text;
	free(text);
	return NULL;
}

/* What gcprof-analyze says of these files for GitHub, a line for each finding; or NULL. */
static char *
ask_analyzer(const struct child_signals *s, const struct run_process *p)
{
	struct words w = {0};
	char *text = NULL;
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	words_add(&w, words_text("gcprof-analyze"));
	words_add(&w, words_text("--format=github"));
	words_add(&w, words_text("--"));
	words_add_all(&w, &p->files);
	pid = run_start_analyzer(s, &w, ends[1], true);
	(void)close(ends[1]);
	words_clear(&w);
	if (pid > 0) {
		text = read_in_time(ends[0], now_ms() + FINDING_MS);
		if (!text)
			(void)kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			free(text);
			text = NULL;
		}
	}
	(void)close(ends[0]);
	return text;
}

/* Undo what such a line escapes; ends at the first line break in it. */
static void
unescape(char *s)
{
	static const struct {
		const char *code;
		char c;
	} escapes[] = {{"%25", '%'}, {"%3A", ':'}, {"%2C", ','}};
	char *to = s;

	while (*s && *s != '\n' && strncmp(s, "%0A", 3) != 0) {
		char c = *s;
		size_t n = 1;

		for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
			if (strncmp(s, escapes[i].code, 3) == 0) {
				c = escapes[i].c;
				n = 3;
			}
		*to++ = c;
		s += n;
	}
	*to = '\0';
}

/* "::error file=F,line=N,title=T::WORDS" as a clause: "; error: WORDS (F:N)". */
static char *
clause_of(char *line, const char *level)
{
	char *file = strstr(line, " file="), *words = strstr(line + 2, "::"),
	     *where = NULL, *clause;
	long number = 0;

	if (!words)
		return NULL;
	*words = '\0';
	if (file) {
		char *at = strstr(file, ",line=");

		number = at ? strtol(at + 6, NULL, 10) : 0;
		file += strlen(" file=");
		file[strcspn(file, ",")] = '\0';
		unescape(file);
		where = words_text(" (%s:%ld)", text_basename(file), number);
	}
	words += 2;
	unescape(words);
	words[strcspn(words, "\n")] = '\0';
	if (*words && words[strlen(words) - 1] == '.')
		words[strlen(words) - 1] = '\0';
	clause = words_text("; %s: %s%s", level, words, where && number > 0 ? where : "");
	free(where);
	return clause;
}

/* For free(3); empty if there is none, or it is not known in time. */
static char *
worst_finding(const struct child_signals *s, const struct run_process *p)
{
	static const char *const levels[] = {"error", "warning"};
	char *clause = NULL, *text = NULL;

	if (p->files.n && p->files.n <= MOST_FILES)
		text = ask_analyzer(s, p);
	for (size_t i = 0; text && !clause && i < 2; i++) {
		char *mark = words_text("::%s ", levels[i]);
		char *line = strncmp(text, mark, strlen(mark)) == 0 ? text : NULL;
		char *later;

		if (!line) {
			char *broken = words_text("\n%s", mark);

			later = strstr(text, broken);
			line = later ? later + 1 : NULL;
			free(broken);
		}
		if (line)
			clause = clause_of(line, levels[i]);
		free(mark);
	}
	free(text);
	return clause ? clause : words_text("%s", "");
}

/* ---- the lines ---- */

/* Who still runs, as a clause for free(3); empty if nobody does. */
static char *
running_text(void)
{
	char *mark = census_mark(), *text;
	struct running_one one;
	unsigned n = mark ? running_count(mark, &one) : 0;

	free(mark);
	if (n == 0)
		text = words_text("%s", "");
	else if (n == 1)
		text = words_text("process %d (%s) still runs", (int)one.pid, one.program);
	else
		text = words_text("%u processes still run, %d (%s) among them", n,
				  (int)one.pid, one.program);
	return text;
}

/* What ended the program, " when SIGTERM ended it", for free(3); empty if it ended by itself. */
static char *
ending_text(int wait_status)
{
	int number = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
	const char *name = number ? sigabbrev_np(number) : NULL;

	if (!number)
		return words_text("%s", "");
	return name ? words_text(" when SIG%s ended it", name)
		    : words_text(" when signal %d ended it", number);
}

/* Who left nothing as it had next to nothing, as a clause for free(3); empty: nobody. */
static char *
spared_text(void)
{
	char program[32] = "";
	unsigned n = census_n_spared(program, sizeof(program));

	if (n == 0)
		return words_text("%s", "");
	return n == 1 ? words_text("; %s held next to nothing, and left none", program)
		      : words_text("; %u wrappers, %s among them, held next to nothing, "
				   "and left none",
				   n, program);
}

static void
say_written(const struct child_signals *s, const struct processes *all,
	    const struct run_process *p, int wait_status)
{
	char live[32], peak[32], *files = files_text(p), *running = running_text();
	char *finding = worst_finding(s, p), *ending = ending_text(wait_status);
	char *spared = spared_text(), *what;
	size_t n = 0;
	const char *last = p->files.n ? p->files.list[p->files.n - 1]
				      : "a file whose name is too long to note";

	for (size_t i = 0; i < all->n; i++)
		n += all->list[i].files.n;
	if (all->n > 1)
		what = words_text("%zu snapshots of %zu processes; the largest, %s, "
				  "process %d, %s",
				  n, all->n, p->program, (int)p->pid, last);
	else if (p->files.n > 1)
		what = words_text("%zu snapshots, the last %s", n, last);
	else
		what = words_text("%s", last);
	complain("wrote %s%s: live %s, peak %s%s%s%s%s", what, ending,
		 text_size(p->live_bytes, live, sizeof(live)),
		 text_size(p->peak_bytes, peak, sizeof(peak)), finding, spared,
		 *running ? "; " : "", running);
	if (*files)
		complain("to read it: gcprof-analyze %s", files);
	free(what);
	free(ending);
	free(spared);
	free(finding);
	free(running);
	free(files);
}

static void
say_why_none(int wait_status)
{
	const char *when = getenv("GCPROF_SNAPSHOT");
	char *running = running_text();

	if (*running)
		complain("no snapshot so far: %s; gcprof snapshot PID asks for one",
			 running);
	else if (WIFSIGNALED(wait_status) && !(when && strcmp(when, "none") == 0))
		complain("no snapshot was written: the program was killed by signal %d "
			 "(%s)%s",
			 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)),
			 WTERMSIG(wait_status) == SIGKILL ||
					 (when && launch_wants(when, "fatal"))
				 ? ", at which none can be"
				 : "; --snapshot=exit,fatal leaves one then");
	else if (when && *when && !launch_wants(when, "exit") && !launch_wants(when, "peak"))
		complain("no snapshot was written: --snapshot=%s does not include "
			 "'exit'",
			 when);
	else
		complain("no snapshot was written: the program bypassed exit(), could "
			 "not write, or executed a static or set-user-ID program");
	free(running);
}

void
run_summary(const struct child_signals *s, pid_t pid, int wait_status,
	    struct words *ret_files)
{
	struct processes all = {0};
	struct run_process *p;

	census_each_snapshot(note, &all);
	for (size_t i = 0; i < all.n; i++)
		forget_removed(&all.list[i]);
	p = largest(&all, pid);
	if (p) {
		say_written(s, &all, p, wait_status);
		words_add_all(ret_files, &p->files);
	} else {
		say_why_none(wait_status);
	}
	for (size_t i = 0; i < all.n; i++)
		words_clear(&all.list[i].files);
	free(all.list);
}
