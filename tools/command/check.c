/* check.c -- run a program, then say what it leaked, by the exit status too.
 *
 * In:   a command; options of the library, and of gcprof-analyze.
 * Out:  the command's effects, untouched; a report on standard error or in
 *       files; an exit status.
 * Not here: what a leak is (gcprof-analyze, which is run), starting a program
 *       (launch.c).
 *
 * The program writes its snapshots into a directory of our own, under names
 * that tell process and number.  So there is no doubt about whose they are, and
 * those that are to be kept get their names afterwards.
 *
 * SIGNAL  From before the directory is made until after it is removed, the
 * signals that people send to a program are blocked and taken from sigwaitinfo:
 * there is no moment at which one of them leaves the directory behind.  Each is
 * passed on to whichever process we wait for.  What the terminal sends reaches
 * that process without us, and is not sent twice.
 *
 * BOUND  What still runs when the command has ended is not waited for: it is
 * named, and is not in the report.  But for the process that writes a Go program's
 * snapshot after its end.  Processes that have ended and left no snapshot are named too, as
 * far as they could enter themselves in the census (lib/census.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check.h"
#include "command/census.h"
#include "command/launch.h"
#include "sleeper.h"
#include "util/complain.h"
#include "util/option_table.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ABORT_AT "1000" /* wrong frees */

enum { ANALYZER_FINDINGS = 1, ANALYZER_FAILED = 2 };

#define SNAPSHOT_NAME "%e.%p.%n.heap"
#define DEFAULT_OUTPUT "gcprof." SNAPSHOT_NAME /* as in options.def */

/* ---- lists of words ---- */

struct words {
	char **list; /* ends with NULL once there is one */
	size_t n;
};

/* There is nothing to fall back to: a word left out is another command line. */
static void *
or_die(void *p)
{
	if (!p) {
		complain("out of memory");
		_exit(EXIT_NOT_RUN);
	}
	return p;
}

/* word is taken over. */
static void
add(struct words *w, char *word)
{
	w->list = or_die(reallocarray(w->list, w->n + 2, sizeof(*w->list)));
	w->list[w->n++] = word;
	w->list[w->n] = NULL;
}

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *
text(const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	return or_die(n < 0 ? NULL : s);
}

static void
add_all(struct words *w, const struct words *from)
{
	for (size_t i = 0; i < from->n; i++)
		add(w, text("%s", from->list[i]));
}

static void
clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){NULL, 0};
}

/* ---- options ---- */

struct check {
	char **command;
	const char *given[N_SETTINGS]; /* options of the library; NULL: not given */
	struct words options;          /* of the analyzer */
	struct words once;             /* those for one call of it, on all snapshots */
	struct words formats;          /* FORMAT[:FILE]; one is without file */
	const char *report;            /* -o: that one's file; NULL: standard error */
	const char *fail_on;
	const char *output; /* pattern of the snapshots that are kept, or NULL */
	int findings_status;
	bool may_be_missing; /* a command without a snapshot is no failure */
	char analyzer[PATH_MAX];
	char library[PATH_MAX];
	char outer[PATH_MAX], dir[PATH_MAX]; /* what is removed; where snapshots go */
	sigset_t watched, program_mask;
	struct sigaction program_sigchld, program_sigpipe;
};

enum check_code {
	CHECK_BEFORE = OPTION_FIRST - 1,
#define CHECK_OPTION(id, letter, name, argument, values, dflt, help) CHECK_##id,
#include "command/commands.def"
/* Those of the analyzer that are handed on to it. */
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ANALYZER_##id,
#include "analyze/options.def"
};

#define ROW_HANDED(id, letter, name, argument, dflt, help)                               \
	{ANALYZER_##id, letter, name, argument, dflt, help},
#define ROW_HANDED_ONCE ROW_HANDED
#define ROW_NOT_HANDED(id, letter, name, argument, dflt, help)

static const struct option_row rows[] = {
#define CHECK_OPTION(id, letter, name, argument, values, dflt, help)                     \
	{CHECK_##id, letter, name, argument, dflt, help},
#include "command/commands.def"
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ROW_##handed(id, letter, name, argument, dflt, help)
#include "analyze/options.def"
#define OPTION SETTING_ROW
#include "options.def"
#undef OPTION
	OPTION_HELP_ROW,
};

void
check_list_options(FILE *f)
{
	option_table_write(rows, N_ROWS(rows) - N_SETTINGS - 1, f);
}

/* Does it write what is not to be written by each call of the analyzer? */
static bool
is_once(int code)
{
	enum { NOT_HANDED, HANDED, HANDED_ONCE };

	switch (code) {
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	case ANALYZER_##id:                                                              \
		return handed == HANDED_ONCE;
#include "analyze/options.def"
	default:
		return false;
	}
}

static int
take_analyzer_option(struct check *c, int code)
{
	const struct option_row *row = option_table_find(rows, N_ROWS(rows), code);

	if (code == ANALYZER_FAIL_ON)
		c->fail_on = optarg;
	add(is_once(code) ? &c->once : &c->options,
	    text("--%s%s%s", row->name, optarg ? "=" : "", optarg ? optarg : ""));
	return 0;
}

/* The analyzer would print its list, and no report. */
static int
take_format(struct check *c)
{
	if (strcmp(optarg, "help") == 0) {
		complain("--format: unknown format 'help'; gcprof-analyze "
			 "--format=help lists them");
		return CHECK_WRONG_USAGE;
	}
	add(&c->formats, text("%s", optarg));
	return 0;
}

static int
take_exitcode(struct check *c)
{
	char *end;
	long n = strtol(optarg, &end, 10);

	if (end == optarg || *end || n < 0 || n > 255) {
		complain("--error-exitcode: invalid exit status '%s'; 0 to 255", optarg);
		return CHECK_WRONG_USAGE;
	}
	c->findings_status = (int)n;
	return 0;
}

static int
take_option(struct check *c, int code)
{
	switch (code) {
	case OPTION_HELP:
		return CHECK_WANTS_HELP;
	case '?':
		return CHECK_WRONG_USAGE;
	case CHECK_FORMAT:
		return take_format(c);
	case CHECK_REPORT:
		c->report = optarg;
		return 0;
	case CHECK_EXITCODE:
		return take_exitcode(c);
	case CHECK_ALLOW_MISSING:
		c->may_be_missing = true;
		return 0;
	case CHECK_KEEP:
		if (!c->output)
			c->output = DEFAULT_OUTPUT;
		return 0;
	default:
		break;
	}
	if (code < SETTING_FIRST)
		return take_analyzer_option(c, code);
	if (code == SETTING_OUTPUT)
		c->output = optarg;
	else
		c->given[code - SETTING_FIRST] = optarg ? optarg : "1";
	return 0;
}

/* One report is for people, wherever others go: without :FILE. */
static int
settle_formats(struct check *c)
{
	size_t n_unnamed = 0;

	for (size_t i = 0; i < c->formats.n; i++)
		n_unnamed += strchr(c->formats.list[i], ':') == NULL;
	if (n_unnamed == 0)
		add(&c->formats, text("text"));
	if (n_unnamed <= 1)
		return 0;
	complain("--format: only one may be without :FILE");
	return CHECK_WRONG_USAGE;
}

static int
parse(struct check *c, int argc, char **argv)
{
	int code, r = 0;

	while (r == 0 &&
	       (code = option_table_next(rows, N_ROWS(rows), true, argc, argv)) != -1)
		r = take_option(c, code);
	if (r == 0 && optind == argc) {
		complain("check: no command given");
		r = CHECK_WRONG_USAGE;
	}
	c->command = argv + optind;
	return r ? r : settle_formats(c);
}

/* ---- signals and processes ---- */

static void
watch_signals(struct check *c)
{
	static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,
					SIGTERM, SIGUSR1, SIGUSR2};
	const struct sigaction usual = {.sa_handler = SIG_DFL},
			       ignored = {.sa_handler = SIG_IGN};

	(void)sigemptyset(&c->watched);
	(void)sigaddset(&c->watched, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&c->watched, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &c->watched, &c->program_mask);
	/* Ignored, it would take the statuses of children with it. */
	(void)sigaction(SIGCHLD, &usual, &c->program_sigchld);
	/* A reader of standard error that has seen enough must not end us. */
	(void)sigaction(SIGPIPE, &ignored, &c->program_sigpipe);
}

/* In a child: what was found is the program's again. */
static void
unwatch_signals(const struct check *c)
{
	(void)sigaction(SIGCHLD, &c->program_sigchld, NULL);
	(void)sigaction(SIGPIPE, &c->program_sigpipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &c->program_mask, NULL);
}

/* Wait for a child, and pass on to it what others send us.  Returns its status
 * as wait has it. */
static int
attend(const struct check *c, pid_t pid)
{
	siginfo_t info;
	int status;

	for (;;) {
		int number = sigwaitinfo(&c->watched, &info);

		if (number == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
			return status;
		/* Of a process, not of the terminal, which sends to all in front of it. */
		if (number > 0 && number != SIGCHLD && info.si_code <= 0)
			(void)kill(pid, number);
	}
}

/* As a shell has it. */
static int
exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- the directory ---- */

/* A % in its name is none of ours. */
static void
set_output(const char *dir)
{
	char name[(size_t)2 * PATH_MAX + sizeof(SNAPSHOT_NAME)], *to = name;

	for (; *dir; dir++) {
		if (*dir == '%')
			*to++ = '%';
		*to++ = *dir;
	}
	strcpy(to, "/" SNAPSHOT_NAME);
	(void)setenv("GCPROF_OUTPUT", name, 1);
}

/* Where the directory is made: among the snapshots that are kept, so that these
 * only change their names; else where temporary files go. */
static void
choose_place(const struct check *c, char *ret, size_t bytes)
{
	const char *tmp = getenv("TMPDIR");

	if (c->output) {
		size_t n = strcspn(c->output, "%");

		while (n > 0 && c->output[n - 1] != '/')
			n--;
		(void)snprintf(ret, bytes, "%.*s", n ? (int)n : 1, n ? c->output : ".");
	} else {
		(void)snprintf(ret, bytes, "%s", tmp && *tmp ? tmp : "/tmp");
	}
}

/* A program that root starts may go on as somebody else, who has to be able to
 * write there: into a directory that nobody else can find, since the one around
 * it cannot be listed. */
static int
open_to_others(struct check *c)
{
	if (chmod(c->outer, 0711) < 0)
		return -1;
	if ((size_t)snprintf(c->dir, sizeof(c->dir), "%s/XXXXXX", c->outer) >=
	    sizeof(c->dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!mkdtemp(c->dir))
		return -1;
	return chmod(c->dir, 01733);
}

static int
make_directory(struct check *c)
{
	char place[PATH_MAX], absolute[PATH_MAX];

	choose_place(c, place, sizeof(place));
	/* The program may change its working directory. */
	if (!realpath(place, absolute))
		goto failed;
	if ((size_t)snprintf(c->outer, sizeof(c->outer), "%s/%sgcprof-check.XXXXXX",
			     absolute, c->output ? "." : "") >= sizeof(c->outer)) {
		errno = ENAMETOOLONG;
		goto failed;
	}
	if (!mkdtemp(c->outer)) {
		c->outer[0] = '\0';
		goto failed;
	}
	strcpy(c->dir, c->outer);
	if (geteuid() != 0 || open_to_others(c) == 0)
		return 0;
failed:
	complain("cannot make a temporary directory in '%s': %s", place, strerror(errno));
	return EXIT_NOT_RUN;
}

static void
remove_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		(void)closedir(d);
}

static void
remove_directory(const struct check *c)
{
	bool is_double = strcmp(c->dir, c->outer) != 0;
	int tries = 3; /* against what still runs, and writes */

	if (!c->outer[0])
		return;
	do {
		remove_files(c->dir);
		if ((!is_double || rmdir(c->dir) == 0 || errno == ENOENT) &&
		    rmdir(c->outer) == 0)
			return;
	} while (--tries);
	complain("cannot remove '%s': %s", c->outer, strerror(errno));
}

/* ---- snapshots ---- */

struct snapshot {
	char *path;
	char *program;
	pid_t pid;
	unsigned long number;
};

struct snapshots {
	struct snapshot *list;
	size_t n;
	size_t n_cut_short; /* files that were not written to their end */
	size_t n_unread;    /* left out, as the analyzer does not take them */
	pid_t first;        /* the command's own process */
};

/* The part of a name behind its last dot, as a number; cuts it off. */
static int
cut_number(char *name, unsigned long *ret)
{
	char *dot = strrchr(name, '.'), *end;

	if (!dot)
		return -1;
	*ret = strtoul(dot + 1, &end, 10);
	if (end == dot + 1 || *end)
		return -1;
	*dot = '\0';
	return 0;
}

static void
note_file(struct snapshots *s, const char *dir, const char *name)
{
	static const char suffix[] = ".heap";
	size_t n = strlen(name), n_suffix = sizeof(suffix) - 1;
	struct snapshot x = {0};
	unsigned long pid;

	if (n <= n_suffix || strcmp(name + n - n_suffix, suffix) != 0) {
		s->n_cut_short += name[0] != '.';
		return;
	}
	x.program = or_die(strndup(name, n - n_suffix));
	if (cut_number(x.program, &x.number) < 0 || cut_number(x.program, &pid) < 0) {
		free(x.program);
		return;
	}
	x.pid = (pid_t)pid;
	x.path = text("%s/%s", dir, name);
	s->list = or_die(reallocarray(s->list, s->n + 1, sizeof(*s->list)));
	s->list[s->n++] = x;
}

static int
compare(const void *a, const void *b, void *with)
{
	const struct snapshot *x = a, *y = b;
	pid_t first = *(const pid_t *)with;
	int r = (y->pid == first) - (x->pid == first);

	if (r == 0)
		r = (x->pid > y->pid) - (x->pid < y->pid);
	if (r == 0)
		r = strcmp(x->program, y->program);
	return r ? r : (x->number > y->number) - (x->number < y->number);
}

/* All there are, those of the command's own process first. */
static void
find_snapshots(struct snapshots *s, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		note_file(s, dir, e->d_name);
	if (d)
		(void)closedir(d);
	if (s->n)
		qsort_r(s->list, s->n, sizeof(*s->list), compare, &s->first);
}

/* The name that the library would have given it. */
static void
expand(const struct snapshot *x, const char *pattern, FILE *f)
{
	struct stat st = {0};

	for (; *pattern; pattern++) {
		if (*pattern != '%' || !pattern[1]) {
			(void)putc(*pattern, f);
			continue;
		}
		switch (*++pattern) {
		case 'e':
			(void)fputs(x->program, f);
			break;
		case 'p':
			(void)fprintf(f, "%d", (int)x->pid);
			break;
		case 'n':
			(void)fprintf(f, "%lu", x->number);
			break;
		case 't':
			(void)stat(x->path, &st);
			(void)fprintf(f, "%lld", (long long)st.st_mtime);
			break;
		default:
			(void)putc(*pattern, f);
			break;
		}
	}
}

static void
keep_snapshot(struct snapshot *x, const char *pattern)
{
	char *name = NULL;
	size_t n;
	FILE *f = or_die(open_memstream(&name, &n));

	expand(x, pattern, f);
	if (fclose(f) != 0)
		or_die(NULL);
	if (rename(x->path, name) < 0) {
		complain("cannot keep a snapshot as '%s': %s", name, strerror(errno));
		free(name);
		return;
	}
	free(x->path);
	x->path = name;
}

/* Of each program in each process the last one, which knows the most. */
static void
drop_earlier(struct snapshots *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct snapshot *x = &s->list[i], *next = x + 1;

		if (i + 1 < s->n && next->pid == x->pid &&
		    strcmp(next->program, x->program) == 0) {
			free(x->path);
			free(x->program);
		} else {
			s->list[n++] = *x;
		}
	}
	s->n = n;
}

static void
free_snapshots(struct snapshots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].path);
		free(s->list[i].program);
	}
	free(s->list);
}

/* ---- processes that go on ---- */

/* Does a process write its snapshots into dir?  Its environment tells, if we may
 * see it. */
static bool
is_ours(const char *pid, const char *dir)
{
	char name[64], *environment = NULL;
	size_t room = 0, n_dir = strlen(dir);
	bool found = false;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/environ", pid);
	f = fopen(name, "re");
	while (f && !found && getdelim(&environment, &room, '\0', f) > 0)
		found = strncmp(environment, "GCPROF_OUTPUT=", 14) == 0 &&
			strncmp(environment + 14, dir, n_dir) == 0;
	free(environment);
	if (f)
		(void)fclose(f);
	return found;
}

/* Of the process that writes a Go program's snapshot, which has its memory and so its
 * environment (lib/sleeper.h): who made it, or now takes care of it; 0 if it is none. */
static long
sleeper_parent(const char *pid)
{
	char name[64], line[512], *end;
	long parent = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/stat", pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) != NULL &&
	    strlen(end) > 4) {
		*end = '\0';
		if (strchr(line, '(') && strcmp(strchr(line, '(') + 1, SLEEPER_NAME) == 0)
			parent = strtol(end + 4, NULL, 10);
	}
	(void)fclose(f);
	return parent;
}

/* Whether such a process still writes: its program is gone. */
static bool
is_written(const char *dir)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)) != NULL) {
		char parent[32];
		long number;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !is_ours(e->d_name, dir))
			continue;
		number = sleeper_parent(e->d_name);
		(void)snprintf(parent, sizeof(parent), "%ld", number);
		found = number != 0 && !is_ours(parent, dir);
	}
	if (d)
		(void)closedir(d);
	return found;
}

/* Such a process is nobody's child that could be waited for. */
static void
wait_for_sleepers(const char *dir)
{
	const struct timespec nap = {.tv_nsec = 5000000};

	while (is_written(dir))
		(void)nanosleep(&nap, NULL);
}

static void
say_what_goes_on(const char *dir)
{
	DIR *d = opendir("/proc");
	unsigned long n = 0;
	char one[32] = "";
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    is_ours(e->d_name, dir) && !sleeper_parent(e->d_name)) {
			(void)snprintf(one, sizeof(one), "%.20s", e->d_name);
			n++;
		}
	if (d)
		(void)closedir(d);
	if (n == 1)
		complain("process %s is still running, and was not checked", one);
	else if (n)
		complain("%lu processes, %s among them, are still running, and were "
			 "not checked",
			 n, one);
}

/* ---- the analyzer ---- */

enum noise { LOUD, NO_OUTPUT, NO_WORD };

static void
redirect(int fd, int to)
{
	if (to >= 0)
		(void)dup2(to, fd);
}

/* Run it on words, which are used up.
 *
 * Returns  its exit status; 128+n if it was told to end by signal n;
 *          ANALYZER_FAILED, and it was said why, if it did not come so far.
 */
static int
run_analyzer(const struct check *c, struct words *w, enum noise noise)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	pid_t pid = fork();

	if (pid == 0) {
		unwatch_signals(c);
		(void)unsetenv("LD_PRELOAD"); /* maybe ours, of a check of this check */
		redirect(STDIN_FILENO, nowhere);
		redirect(STDOUT_FILENO, noise == LOUD ? STDERR_FILENO : nowhere);
		if (noise == NO_WORD)
			redirect(STDERR_FILENO, nowhere);
		(void)execvp(c->analyzer, w->list);
		complain("'%s': %s", c->analyzer, strerror(errno));
		_exit(ANALYZER_FAILED);
	}
	clear(w);
	if (nowhere >= 0)
		(void)close(nowhere);
	if (pid < 0) {
		complain("cannot start gcprof-analyze: %s", strerror(errno));
		return ANALYZER_FAILED;
	}
	status = attend(c, pid);
	if (WIFSIGNALED(status) && !sigismember(&c->watched, WTERMSIG(status))) {
		complain("gcprof-analyze was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
		return ANALYZER_FAILED;
	}
	return exit_status(status);
}

static void
begin_words(const struct check *c, struct words *w)
{
	add(w, text("gcprof-analyze"));
	add(w, text("--findings-only"));
	add(w, text("--no-pager"));
	add(w, text("--fail-on=%s", c->fail_on));
	add_all(w, &c->options);
}

/* JSON and HTML tell of one process. */
static bool
is_whole(const char *format)
{
	return (strncmp(format, "json", 4) == 0 || strncmp(format, "html", 4) == 0) &&
	       (format[4] == '\0' || format[4] == ':');
}

/* A name for the output about the i-th snapshot: x.json, x.2.json, ... */
static char *
numbered(const char *name, size_t i)
{
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
	int n = (int)(dot ? (size_t)(dot - name) : strlen(name));

	return i ? text("%.*s.%zu%s", n, name, i + 1, name + n) : text("%s", name);
}

/* One call on all snapshots; what takes a call for each is left out. */
static int
analyze_together(const struct check *c, const struct snapshots *s)
{
	struct words w = {0};
	bool has_unnamed = false;

	begin_words(c, &w);
	add_all(&w, &c->once);
	for (size_t i = 0; i < c->formats.n; i++) {
		const char *format = c->formats.list[i];

		if (s->n > 1 && is_whole(format))
			continue;
		has_unnamed |= strchr(format, ':') == NULL;
		add(&w, text("--format=%s", format));
	}
	if (!has_unnamed)
		add(&w, text("--format=text:/dev/null"));
	else if (c->report)
		add(&w, text("--output=%s", c->report));
	add(&w, text("--"));
	for (size_t i = 0; i < s->n; i++)
		add(&w, text("%s", s->list[i].path));
	return run_analyzer(c, &w, LOUD);
}

static int
analyze_one(const struct check *c, const struct snapshots *s, size_t i, const char *format)
{
	const char *file = strchr(format, ':');
	struct words w = {0};

	begin_words(c, &w);
	add(&w, text("--format=%.4s", format));
	file = file ? file + 1 : c->report;
	if (file) {
		char *name = numbered(file, i);

		add(&w, text("--output=%s", name));
		free(name);
	}
	add(&w, text("--"));
	add(&w, text("%s", s->list[i].path));
	return run_analyzer(c, &w, LOUD);
}

static int
analyze(const struct check *c, const struct snapshots *s)
{
	int worst = analyze_together(c, s);

	for (size_t f = 0; s->n > 1 && f < c->formats.n; f++)
		for (size_t i = 0; i < s->n && is_whole(c->formats.list[f]); i++) {
			int status = analyze_one(c, s, i, c->formats.list[f]);

			worst = status > worst ? status : worst;
		}
	return worst;
}

/* Whether the analyzer takes it, without a word. */
static bool
can_be_read(const struct check *c, const char *path)
{
	struct words w = {0};

	add(&w, text("gcprof-analyze"));
	add(&w, text("--no-symbols"));
	add(&w, text("--format=csv:/dev/null"));
	add(&w, text("--"));
	add(&w, text("%s", path));
	return run_analyzer(c, &w, NO_WORD) == 0;
}

/* The analysis of some failed, and it was said why; the others are in the report.  Leave
 * the former out, so that they do not hide what was found in the latter.
 *
 * Returns  the result for the others; ANALYZER_FAILED if there are none, or if all can be
 *          read and it was something else. */
static int
analyze_rest(const struct check *c, struct snapshots *s)
{
	size_t n = 0, n_before = s->n;
	struct words w = {0};

	for (size_t i = 0; i < n_before; i++) {
		if (can_be_read(c, s->list[i].path)) {
			s->list[n++] = s->list[i];
			continue;
		}
		complain("cannot read the snapshot of process %ld: it was not checked%s",
			 (long)s->list[i].pid, c->output ? "" : "; --keep keeps it");
		free(s->list[i].path);
	}
	s->n = n;
	s->n_unread = n_before - n;
	if (!n || n == n_before)
		return ANALYZER_FAILED;
	begin_words(c, &w);
	add(&w, text("--format=text:/dev/null"));
	add(&w, text("--"));
	for (size_t i = 0; i < n; i++)
		add(&w, text("%s", s->list[i].path));
	return run_analyzer(c, &w, NO_WORD);
}

/* Before the program runs, for hours maybe: is there an analyzer, and does it
 * take these options?  It reads them in order, and --help ends that. */
static int
try_analyzer(struct check *c)
{
	const struct words *all[] = {&c->options, &c->once};
	struct words w = {0};

	if (launch_find_analyzer(c->analyzer) < 0)
		return ANALYZER_FAILED;
	begin_words(c, &w);
	for (size_t i = 0; i < 2; i++)
		add_all(&w, all[i]);
	for (size_t i = 0; i < c->formats.n; i++)
		add(&w, text("--format=%s", c->formats.list[i]));
	add(&w, text("--help"));
	return run_analyzer(c, &w, NO_OUTPUT);
}

/* ---- what is said ---- */

/* What --snapshot says, or NULL. */
static const char *
given_snapshot(const struct check *c)
{
	return c->given[SETTING_SNAPSHOT - SETTING_FIRST];
}

/* Whether a list of GCPROF_SNAPSHOT asks for a snapshot at the end. */
static bool
wants_exit(const char *list)
{
	static const char word[] = "exit";
	size_t n = sizeof(word) - 1;

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

static void
say_what_is_unknown(const struct check *c, const struct snapshots *s, int status)
{
	const char *what = s->n ? "the command left no snapshot, only its children did"
				: "no snapshot, nothing was checked";
	const char *when = given_snapshot(c);

	if (s->n_cut_short)
		complain("%s: it was incomplete, its writer was killed", what);
	else if (WIFSIGNALED(status))
		complain("%s: the program was killed by signal %d (%s)", what,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (when && !wants_exit(when))
		complain("%s: --snapshot=%s does not include 'exit'", what, when);
	else
		complain("%s: it bypassed exit(), could not write, or executed a "
			 "static or set-user-ID program",
			 what);
}

struct lost {
	const struct snapshots *s;
	unsigned n;
	pid_t pid; /* of one of them */
	char program[32];
};

static void
note_lost(pid_t pid, const char *program, void *with)
{
	struct lost *l = with;

	if (pid == l->s->first) /* said apart */
		return;
	for (size_t i = 0; i < l->s->n; i++)
		if (l->s->list[i].pid == pid)
			return;
	if (l->n++ == 0) {
		l->pid = pid;
		(void)snprintf(l->program, sizeof(l->program), "%s", program);
	}
}

/* Of those that the command started.  Returns whether there are any. */
static bool
say_who_is_lost(const struct snapshots *s)
{
	struct lost l = {.s = s};

	census_each(note_lost, &l);
	if (l.n == 1)
		complain("process %d (%s) left no snapshot, and was not checked",
			 (int)l.pid, l.program);
	else if (l.n)
		complain("%u processes, %d (%s) among them, left no snapshot, and "
			 "were not checked",
			 l.n, (int)l.pid, l.program);
	if (census_unlisted())
		complain("too many processes: %u more were not watched for snapshots",
			 census_unlisted());
	return l.n > 0;
}

static void
say_result(const struct check *c, const struct snapshots *s, int result, int status,
	   bool fails)
{
	const char *above = strcmp(c->fail_on, "error") == 0 ? "" : " or above";
	char processes[64], why[64] = "";

	if (fails && !status)
		(void)snprintf(why, sizeof(why), "; exit status %d (see --allow-missing)",
			       CHECK_MISSING);

	(void)snprintf(processes, sizeof(processes), "%zu process%s", s->n,
		       s->n == 1 ? "" : "es");
	if (result == ANALYZER_FAILED)
		complain("the analysis of %s failed", processes);
	else if (result > ANALYZER_FAILED)
		complain("the analysis of %s was interrupted", processes);
	else if (strcmp(c->fail_on, "never") == 0)
		complain("%s checked%s", processes, why);
	else if (result == 0)
		complain("%s checked: no findings of level %s%s%s", processes, c->fail_on,
			 above, why);
	else if (status)
		complain("%s checked: findings of level %s%s; the program's own exit "
			 "status is %d",
			 processes, c->fail_on, above, status);
	else
		complain("%s checked: findings of level %s%s; exit status %d", processes,
			 c->fail_on, above, c->findings_status);
}

/* ---- the whole ---- */

static int
report(const struct check *c, pid_t pid, int wait_status)
{
	struct snapshots s = {.first = pid};
	int status = exit_status(wait_status), result = 0;
	bool is_missing, is_lost, fails;

	wait_for_sleepers(c->dir);
	say_what_goes_on(c->dir);
	find_snapshots(&s, c->dir);
	is_missing = s.n == 0 || s.list[0].pid != pid;
	if (is_missing)
		say_what_is_unknown(c, &s, wait_status);
	else if (WIFSIGNALED(wait_status))
		complain("the program was killed by signal %d (%s); the report shows "
			 "the heap at that moment",
			 WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	is_lost = say_who_is_lost(&s);
	for (size_t i = 0; i < s.n && c->output; i++)
		keep_snapshot(&s.list[i], c->output);
	drop_earlier(&s);
	if (s.n) {
		result = analyze(c, &s);
		if (result == ANALYZER_FAILED && s.n > 1)
			result = analyze_rest(c, &s);
	}
	fails = result == 0 && !s.n_unread && (is_missing || is_lost) && !c->may_be_missing;
	if (s.n)
		say_result(c, &s, result, status, fails);
	free_snapshots(&s);
	if (status)
		return status;
	if (result == ANALYZER_FINDINGS)
		return c->findings_status;
	if (fails)
		return CHECK_MISSING;
	return s.n_unread ? ANALYZER_FAILED : result;
}

/* In the child: become the program, or say through the pipe why not. */
static void
start_program(const struct check *c, int pipe_end)
{
	int status;

	unwatch_signals(c);
	(void)setenv("GCPROF_SNAPSHOT", "exit,fatal", 1);
	(void)setenv("GCPROF_ABORT", ABORT_AT, 0); /* one that loops would not end */
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (c->given[i])
			(void)setenv(setting_variables[i], c->given[i], 1);
	set_output(c->dir);
	census_hand_on();
	status = launch(c->command, c->library);
	if (write(pipe_end, &status, sizeof(status)) < 0)
		status = EXIT_NOT_RUN;
	_exit(status);
}

static int
run_program(const struct check *c)
{
	int ends[2], not_run, wait_status;
	bool is_running;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			start_program(c, ends[1]);
	}
	if (pid < 0) {
		complain("cannot fork: %s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	(void)close(ends[1]);
	is_running = read(ends[0], &not_run, sizeof(not_run)) <= 0;
	(void)close(ends[0]);
	wait_status = attend(c, pid);
	return is_running ? report(c, pid, wait_status) : exit_status(wait_status);
}

int
check(int argc, char **argv)
{
	struct check c = {.fail_on = "error", .findings_status = CHECK_FINDINGS};
	int status = parse(&c, argc, argv);

	if (status == 0)
		status = launch_check(c.command[0], c.library);
	if (status == 0) {
		watch_signals(&c);
		status = try_analyzer(&c);
		if (status == 0)
			status = make_directory(&c);
		if (status == 0)
			census_open();
		if (status == 0)
			status = run_program(&c);
		remove_directory(&c);
	}
	clear(&c.options);
	clear(&c.once);
	clear(&c.formats);
	return status;
}
