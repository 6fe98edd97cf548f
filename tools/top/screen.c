/* screen.c -- gcprof top on a terminal.
 *
 * In:   keys; samples, by top_sample().
 * Out:  the screen: figures and a table, or a page of text over it (one site, findings,
 *       help).  The terminal is as before at the end, also by a signal.
 * Not here: what a line says (view.h), samples (top/live_client.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "top/top.h"

#ifndef HAVE_NCURSES

#include <stdio.h>

int
screen_run(struct top *t)
{
	snprintf(t->error.text, sizeof(t->error.text),
		 "gcprof was built without ncurses (Debian: libncurses-dev); "
		 "--batch prints plain text");
	return -1;
}

#else

#include <curses.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/launch.h"
#include "util/text.h"

enum { TICK_MS = 100, BEAT_MS = 1000, MOST_LINES = 5000 };
enum { KEY_OF_ESCAPE = 27 };

/* A page of text over the table. */
struct page {
	const char *title; /* NULL: there is none */
	char *lines[MOST_LINES];
	enum view_line kinds[MOST_LINES];
	size_t n, first;
};

struct screen {
	struct top *top;
	struct page page;
	size_t first, selected; /* rows of the table */
	uint32_t node;          /* of the row that is selected */
	unsigned long long wanted_ms, beaten_ms;
	bool is_paused, is_done, has_ended;
	int y; /* where the next line goes */
	char message[256];
};

static volatile sig_atomic_t is_interrupted;

static void
on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

/* ---- lines ---- */

static int
attributes(enum view_line kind)
{
	switch (kind) {
	case VIEW_TITLE:
		return A_REVERSE;
	case VIEW_HEADING:
		return A_BOLD | A_UNDERLINE;
	case VIEW_GROWING_ROW:
		return has_colors() ? COLOR_PAIR(1) : A_BOLD;
	case VIEW_FIGURES:
		return has_colors() ? COLOR_PAIR(2) : A_NORMAL;
	default:
		return A_NORMAL;
	}
}

/* Bytes of the first characters of a line that fit. */
static size_t
fitting(const char *line, size_t columns)
{
	size_t at = 0;

	for (; line[at] && columns; columns--)
		do
			at++;
		while (((unsigned char)line[at] & 0xc0) == 0x80);
	return at;
}

static void
put_at(struct screen *s, int more, enum view_line kind, const char *line)
{
	if (s->y >= LINES)
		return;
	attrset(attributes(kind) | more);
	mvaddnstr(s->y, 0, line, (int)fitting(line, (size_t)COLS));
	if (kind == VIEW_TITLE || kind == VIEW_HEADING || more)
		for (int x = getcurx(stdscr);
		     x < COLS && getcury(stdscr) == s->y && x > 0; x++)
			addch(' ');
	attrset(A_NORMAL);
	s->y++;
}

static void
put_line(void *arg, enum view_line kind, const char *line)
{
	put_at(arg, 0, kind, line);
}

static void
put_selected(void *arg, enum view_line kind, const char *line)
{
	put_at(arg, A_REVERSE, kind, line);
}

/* ---- pages ---- */

static void
close_page(struct screen *s)
{
	for (size_t i = 0; i < s->page.n; i++)
		free(s->page.lines[i]);
	s->page.n = s->page.first = 0;
	s->page.title = NULL;
}

static void
add_line(void *arg, enum view_line kind, const char *line)
{
	struct page *p = &((struct screen *)arg)->page;

	if (p->n == MOST_LINES || !(p->lines[p->n] = strdup(line)))
		return;
	p->kinds[p->n++] = kind;
}

static void
open_page(struct screen *s, const char *title)
{
	close_page(s);
	s->page.title = title;
}

static void
open_help(struct screen *s)
{
	static const char *const lines[] = {
		"Up, Down, PgUp, PgDn, Home, End   choose a site, or scroll",
		"Enter   the site's stack",
		"s       sort by the next column: live, grown, grown/s, calls/s, age",
		"p       pause or resume",
		"r       sample an idle program, by signal",
		"f       take a snapshot, and show its findings",
		"h, ?    this page",
		"q       quit; from a page: back to the table",
		"",
		"LIVE, BLOCKS  allocated and not freed, by allocation site",
		"GROWN         since gcprof top began",
		"GROWN/s       between the last two samples, as is CALLS/s (allocations)",
		"AGE           of the oldest block, to within an epoch",
		"SITE          functions, innermost first, but those of the C library",
		"",
		"Each sample forks the program once; see gcprof(1).",
	};

	open_page(s, "Help");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		add_line(s, VIEW_TEXT, lines[i]);
}

static void
open_site(struct screen *s)
{
	if (s->selected >= view_n_sites(s->top->view))
		return;
	open_page(s, "Site");
	view_details(s->top->view, s->selected, (size_t)COLS, add_line, s);
}

/* ---- findings ---- */

static void draw(struct screen *s);

/* A line, in pieces that fit, all as far to the right as the first. */
static void
add_wrapped(struct screen *s, char *line)
{
	size_t indent = strspn(line, " "),
	       room = (size_t)COLS > indent + 20 ? (size_t)COLS - indent : 20;
	char *at = line + indent, piece[1024];

	do {
		size_t n = fitting(at, room), cut = n;

		while (at[n] && cut && at[cut] != ' ')
			cut--;
		n = cut ? cut : n;
		snprintf(piece, sizeof(piece), "%*s%.*s", (int)indent, "", (int)n, at);
		add_line(s, VIEW_TEXT, piece);
		at += n + strspn(at + n, " ");
	} while (*at);
}

/* One line of the analyzer's, which may show names of the program's. */
static void
add_output(struct screen *s, const char *line)
{
	char *safe = text_utf8(line, strcspn(line, "\n"), true);

	if (safe)
		add_wrapped(s, safe);
	free(safe);
}

static void
read_output(struct screen *s, int fd)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	if (!f) {
		close(fd);
		return;
	}
	while (getline(&line, &room, f) > 0)
		add_output(s, line);
	free(line);
	fclose(f);
}

/* What gcprof-analyze says of a snapshot, as a page. */
static void
analyze(struct screen *s, const char *snapshot)
{
	char path[PATH_MAX];
	int ends[2], status = 0;
	pid_t pid;

	if (launch_find_tool("gcprof-analyze", path) < 0 || pipe(ends) < 0) {
		snprintf(s->message, sizeof(s->message), "cannot run gcprof-analyze");
		return;
	}
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], 1);
		(void)dup2(ends[1], 2);
		(void)close_range(3, ~0u, 0);
		execl(path, "gcprof-analyze", "--findings-only", snapshot, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	open_page(s, "Findings");
	read_output(s, ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (s->page.n == 0)
		add_line(s, VIEW_TEXT,
			 status == 0 ? "No findings." : "gcprof-analyze failed.");
	add_line(s, VIEW_TEXT, "");
	add_line(s, VIEW_TEXT, "The snapshot is kept, for gcprof-analyze:");
	add_line(s, VIEW_TEXT, snapshot);
}

static void
open_findings(struct screen *s)
{
	struct ask_options o = s->top->ask;
	char name[PATH_MAX];
	struct ask_error error;

	o.timeout_ms = 30000;
	snprintf(s->message, sizeof(s->message), "taking and analyzing a snapshot ...");
	draw(s);
	s->message[0] = '\0';
	if (ask_snapshot(s->top->pid, &o, name, &error) < 0)
		snprintf(s->message, sizeof(s->message), "%.250s", error.text);
	else
		analyze(s, name);
}

/* ---- drawing ---- */

static size_t
n_rows_shown(void)
{
	return LINES > VIEW_HEAD_LINES + 1 ? (size_t)(LINES - VIEW_HEAD_LINES - 1) : 1;
}

static void
scroll_to_selected(struct screen *s)
{
	size_t n = view_n_sites(s->top->view), shown = n_rows_shown();

	if (s->selected >= n)
		s->selected = n ? n - 1 : 0;
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->selected >= s->first + shown)
		s->first = s->selected - shown + 1;
}

static void
draw_table(struct screen *s)
{
	struct view *v = s->top->view;
	size_t n = view_n_sites(v);

	scroll_to_selected(s);
	for (size_t i = s->first; i < n && s->y < LINES - 1; i++)
		view_row(v, i, (size_t)COLS, i == s->selected ? put_selected : put_line, s);
}

static void
draw_page(struct screen *s)
{
	const struct page *p = &s->page;

	for (size_t i = p->first; i < p->n && s->y < LINES - 1; i++)
		put_at(s, 0, p->kinds[i], p->lines[i]);
}

static void
draw_foot(struct screen *s)
{
	char line[512];
	const char *keys =
		s->page.title
			? "q back  Up/Down scroll"
			: "q quit  s sort  p pause  Enter stack  f findings  h help";

	s->y = LINES - 1;
	if (s->message[0])
		snprintf(line, sizeof(line), "%.*s", COLS - 1, s->message);
	else
		snprintf(line, sizeof(line), "%.*s", COLS - 1, keys);
	attrset(s->message[0] ? A_BOLD : A_DIM);
	mvaddstr(s->y, 0, line);
	attrset(A_NORMAL);
}

static void
draw(struct screen *s)
{
	struct top *t = s->top;
	char state[200];

	erase();
	s->y = 0;
	snprintf(state, sizeof(state), "%s%s",
		 s->is_paused && !s->has_ended ? "paused, " : "",
		 t->state[0] ? t->state : "waiting for the first sample");
	if (s->page.title) {
		char title[300];

		snprintf(title, sizeof(title), "gcprof top - %s", s->page.title);
		put_line(s, VIEW_TITLE, title);
		draw_page(s);
	} else {
		view_head(t->view, state, (size_t)COLS, put_line, s);
		draw_table(s);
	}
	draw_foot(s);
	refresh();
}

/* ---- keys ---- */

static void
move_by(struct screen *s, long by)
{
	size_t *at = s->page.title ? &s->page.first : &s->selected;
	size_t n = s->page.title ? s->page.n : view_n_sites(s->top->view);
	size_t shown = s->page.title ? (size_t)(LINES > 2 ? LINES - 2 : 1) : 1;
	size_t last = n > shown ? n - shown : 0;

	if (by < 0)
		*at = *at > (size_t)-by ? *at - (size_t)-by : 0;
	else
		*at = *at + (size_t)by < last ? *at + (size_t)by : last;
	if (!s->page.title && *at < n)
		s->node = view_site(s->top->view, *at)->node;
}

static void
pause_or_go_on(struct screen *s)
{
	s->is_paused = !s->is_paused;
	s->wanted_ms = 0;
}

/* Of an idle program. */
static void
refresh_figures(struct screen *s)
{
	struct top *t = s->top;

	if (t->glance && !s->has_ended && !glance_insist(t->glance, &t->error))
		snprintf(s->message, sizeof(s->message), "%.250s", t->error.text);
}

static void
sort_next(struct screen *s)
{
	struct view *v = s->top->view;

	view_set_sort(v, (enum view_sort)((view_sort(v) + 1) % VIEW_N_SORTS));
	s->first = s->selected = 0;
}

static bool
scroll_key(struct screen *s, int key)
{
	long by = s->page.title ? LINES - 2 : (long)n_rows_shown();

	switch (key) {
	case KEY_UP:
		move_by(s, -1);
		return true;
	case KEY_DOWN:
		move_by(s, 1);
		return true;
	case KEY_PPAGE:
		move_by(s, -by);
		return true;
	case KEY_NPAGE:
		move_by(s, by);
		return true;
	case KEY_HOME:
		move_by(s, -LONG_MAX);
		return true;
	case KEY_END:
		move_by(s, LONG_MAX / 2);
		return true;
	default:
		return false;
	}
}

static void
obey_in_table(struct screen *s, int key)
{
	switch (key) {
	case 'q':
		s->is_done = true;
		break;
	case 's':
		sort_next(s);
		break;
	case 'p':
		pause_or_go_on(s);
		break;
	case 'r':
		refresh_figures(s);
		break;
	case 'f':
		open_findings(s);
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		open_site(s);
		break;
	default:
		break;
	}
}

static void
obey(struct screen *s, int key)
{
	s->message[0] = '\0';
	if (scroll_key(s, key))
		return;
	if (key == 'h' || key == '?')
		open_help(s);
	else if (!s->page.title)
		obey_in_table(s, key);
	else if (key == 'q' || key == KEY_OF_ESCAPE || key == '\n')
		close_page(s);
}

/* ---- the loop ---- */

/* The selected site stays selected where the table moves under it, unless it is the
 * first row, which stays the first. */
static void
follow_selected(struct screen *s)
{
	struct view *v = s->top->view;

	for (size_t i = 0; s->selected && i < view_n_sites(v); i++)
		if (view_site(v, i)->node == s->node) {
			s->selected = i;
			return;
		}
}

static void
take_sample(struct screen *s)
{
	struct top *t = s->top;
	unsigned long long now = top_now_ms();

	if (s->has_ended)
		return;
	if (t->glance && now - s->beaten_ms >= BEAT_MS) {
		glance_beat(t->glance);
		s->beaten_ms = now;
	}
	if (t->glance && !s->is_paused && now - s->wanted_ms >= t->interval_ms) {
		glance_want(t->glance);
		s->wanted_ms = now;
	}
	switch (top_sample(t)) {
	case GLANCE_NEW:
		follow_selected(s);
		break;
	case GLANCE_TROUBLE:
		snprintf(s->message, sizeof(s->message), "%.250s", t->error.text);
		break;
	case GLANCE_ENDED:
		s->has_ended = true;
		break;
	default:
		break;
	}
}

static void
catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction act = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		(void)sigaction(numbers[i], &act, NULL);
}

static SCREEN *
begin_screen(struct top *t)
{
	SCREEN *terminal = newterm(NULL, stdout, stdin);

	if (!terminal) {
		snprintf(t->error.text, sizeof(t->error.text),
			 "unknown terminal type (TERM=%.50s); --batch prints plain text",
			 getenv("TERM") ? getenv("TERM") : "");
		return NULL;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	timeout(TICK_MS);
	set_escdelay(50);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(1, COLOR_YELLOW, -1);
		init_pair(2, COLOR_CYAN, -1);
	}
	return terminal;
}

int
screen_run(struct top *t)
{
	struct screen *s = calloc(1, sizeof(*s));
	SCREEN *terminal = s ? begin_screen(t) : NULL;

	if (!terminal) {
		free(s);
		return -1;
	}
	s->top = t;
	catch_signals(); /* after curses has installed its own */
	while (!s->is_done && !is_interrupted) {
		int key;

		take_sample(s);
		draw(s);
		key = getch();
		if (key != ERR)
			obey(s, key);
	}
	endwin();
	delscreen(terminal);
	close_page(s);
	free(s);
	return 0;
}

#endif
