/* sqlite.c -- the whole snapshot as a database, to be asked in SQL.
 *
 * In:   a report.
 * Out:  an SQLite 3 database: info, modules, threads, epochs, marks, frames, sites,
 *       stacks, blocks, roots, edges, findings; gcprof-analyze(1) tells what is in
 *       their columns.
 * Not here: which sites there are (report.c).
 *
 * The database is made in a temporary file, in $TMPDIR, and copied: it may be larger
 * than memory, and the output may be a pipe.  No journal stands beside it.
 *
 * Source: "The SQLite C/C++ Interface", sqlite3_prepare_v2() and sqlite3_step().
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "graph/graph.h"
#include "report/profile.h"
#include "report/writers.h"
#include "util/complain.h"
#include "util/outfile.h"
#include "util/text.h"

static const char schema[] =
	"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = "
	"-131072;"
	"CREATE TABLE info (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE modules (id INTEGER PRIMARY KEY, path TEXT, build_id TEXT,"
	" start INTEGER, bytes INTEGER, bias INTEGER);"
	"CREATE TABLE threads (id INTEGER PRIMARY KEY, tid INTEGER, name TEXT);"
	"CREATE TABLE epochs (first_epoch INTEGER, n_epochs INTEGER, time REAL,"
	" survived_bytes INTEGER, promoted_bytes INTEGER, rss INTEGER, heap_total "
	"INTEGER,"
	" heap_used INTEGER, external INTEGER);"
	"CREATE TABLE marks (epoch INTEGER, time REAL, label TEXT);"
	"CREATE TABLE frames (id INTEGER PRIMARY KEY, function TEXT, symbol TEXT, file "
	"TEXT,"
	" line INTEGER, module INTEGER, offset INTEGER, inlined INTEGER);"
	"CREATE TABLE sites (id INTEGER PRIMARY KEY, live_blocks INTEGER, live_bytes "
	"INTEGER,"
	" young_bytes INTEGER, old_bytes INTEGER, usable_bytes INTEGER, allocations "
	"INTEGER,"
	" allocated_bytes INTEGER, generation_count INTEGER, oldest_age INTEGER,"
	" newest_age INTEGER, retained_bytes INTEGER, estimated_live_blocks REAL,"
	" estimated_live_bytes REAL, estimated_allocations REAL,"
	" estimated_allocated_bytes REAL);"
	"CREATE TABLE stacks (site INTEGER, depth INTEGER, frame INTEGER,"
	" PRIMARY KEY (site, depth)) WITHOUT ROWID;"
	"CREATE TABLE blocks (id INTEGER PRIMARY KEY, address INTEGER, requested INTEGER,"
	" usable INTEGER, kind TEXT, site INTEGER, thread INTEGER, epoch INTEGER, age "
	"INTEGER,"
	" cohort TEXT);"
	"CREATE TABLE roots (id INTEGER PRIMARY KEY, kind TEXT, owner INTEGER,"
	" address INTEGER, bytes INTEGER);"
	"CREATE TABLE edges (block INTEGER, root INTEGER, offset INTEGER, target INTEGER,"
	" inside INTEGER);"
	"CREATE TABLE findings (id INTEGER PRIMARY KEY, kind TEXT, verdict TEXT, level "
	"TEXT,"
	" confidence REAL, site INTEGER, blocks INTEGER, bytes INTEGER, retained_bytes "
	"INTEGER,"
	" summary TEXT, evidence TEXT, fingerprint TEXT);"
	"CREATE VIEW functions AS SELECT function, sum(live_blocks) AS live_blocks,"
	" sum(live_bytes) AS live_bytes, sum(old_bytes) AS old_bytes,"
	" sum(allocations) AS allocations, sum(allocated_bytes) AS allocated_bytes"
	" FROM (SELECT DISTINCT site, function FROM stacks JOIN frames ON frames.id = "
	"frame)"
	" JOIN sites ON sites.id = site GROUP BY function;"
	"BEGIN;";

/* Indices pay off for what is asked most: what is where, who points at what. */
static const char finish[] = "COMMIT;"
			     "CREATE INDEX blocks_address ON blocks (address);"
			     "CREATE INDEX blocks_site ON blocks (site);"
			     "CREATE INDEX edges_target ON edges (target);"
			     "CREATE INDEX edges_block ON edges (block);";

/* ---- rows ---- */

struct writer {
	const struct report *r;
	sqlite3 *db;
	sqlite3_stmt *row; /* of the table that is being filled */
	int column;
	bool has_failed;
};

static void
begin_table(struct writer *w, const char *insert)
{
	sqlite3_finalize(w->row);
	w->row = NULL;
	w->column = 0;
	if (sqlite3_prepare_v2(w->db, insert, -1, &w->row, NULL) != SQLITE_OK)
		w->has_failed = true;
}

static void
put_number(struct writer *w, uint64_t v)
{
	/* SQLite's integers are signed; what is beyond them keeps its bits. */
	sqlite3_bind_int64(w->row, ++w->column, (sqlite3_int64)v);
}

static void
put_real(struct writer *w, double v)
{
	sqlite3_bind_double(w->row, ++w->column, v);
}

static void
put_null(struct writer *w)
{
	sqlite3_bind_null(w->row, ++w->column);
}

static void
put_text(struct writer *w, const char *s)
{
	w->column++;
	if (s)
		sqlite3_bind_text(w->row, w->column, s, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(w->row, w->column);
}

static void
put_heap_text(struct writer *w, const struct heap_text *t)
{
	char *valid = text_utf8(t->bytes, t->n, false);

	put_text(w, valid);
	free(valid);
}

static void
end_row(struct writer *w)
{
	if (sqlite3_step(w->row) != SQLITE_DONE)
		w->has_failed = true;
	sqlite3_reset(w->row);
	w->column = 0;
}

/* ---- tables ---- */

static void
fill_info(struct writer *w)
{
	const struct heap_info *i = &w->r->heap->info;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"pid", i->pid},
		{"epoch", i->epoch},
		{"young_bytes", i->young_bytes},
		{"promote", i->promote},
		{"sample_bytes", i->sample_bytes},
		{"rss", i->rss},
		{"heap_total", i->heap_total},
		{"heap_used", i->heap_used},
		{"external", i->external},
		{"total_memory", i->total_memory},
		{"free_memory", i->free_memory},
		{"profiler_bytes", i->profiler_bytes},
		{"rss_file", i->rss_file},
		{"heap_resident", i->heap_resident},
		{"live_resident", i->live_resident},
		{"external_resident", i->external_resident},
		{"allocations", i->allocations},
		{"allocated_bytes", i->allocated_bytes},
		{"frees", i->frees},
		{"live_blocks", i->live_blocks},
		{"live_bytes", i->live_bytes},
		{"complete", w->r->heap->is_complete},
	};
	const struct {
		const char *name;
		const struct heap_text *value;
	} texts[] = {
		{"executable", &i->executable}, {"reason", &i->reason},
		{"allocator", &i->allocator},   {"version", &i->version},
		{"machine", &i->machine},
	};

	char *command = text_command(i->command.bytes, i->command.n);

	begin_table(w, "INSERT INTO info VALUES (?,?)");
	put_text(w, "command");
	put_text(w, command);
	end_row(w);
	free(command);
	for (size_t j = 0; j < sizeof(numbers) / sizeof(*numbers); j++) {
		put_text(w, numbers[j].name);
		put_number(w, numbers[j].value);
		end_row(w);
	}
	for (size_t j = 0; j < sizeof(texts) / sizeof(*texts); j++) {
		put_text(w, texts[j].name);
		put_heap_text(w, texts[j].value);
		end_row(w);
	}
	put_text(w, "snapshot_time");
	put_real(w, (double)i->snapshot_time_ns / 1e9);
	end_row(w);
	put_text(w, "uptime_seconds");
	put_real(w, (double)i->uptime_ns / 1e9);
	end_row(w);
}

static void
fill_modules(struct writer *w)
{
	const struct heap *h = w->r->heap;

	begin_table(w, "INSERT INTO modules VALUES (?,?,?,?,?,?)");
	for (uint32_t i = 1; i <= h->n_modules && !w->has_failed; i++) {
		const struct heap_module *m = &h->modules[i];
		char id[2 * 64 + 1] = "";

		for (size_t j = 0; j < m->build_id.n && j < 64; j++)
			snprintf(id + 2 * j, 3, "%02x",
				 (unsigned char)m->build_id.bytes[j]);
		put_number(w, i);
		put_heap_text(w, &m->path);
		put_text(w, id);
		put_number(w, m->start);
		put_number(w, m->bytes);
		put_number(w, m->bias);
		end_row(w);
	}
}

static void
fill_times(struct writer *w)
{
	const struct heap *h = w->r->heap;

	begin_table(w, "INSERT INTO threads VALUES (?,?,?)");
	for (uint32_t i = 1; i <= h->n_threads && !w->has_failed; i++) {
		put_number(w, i);
		put_number(w, h->threads[i].tid);
		put_heap_text(w, &h->threads[i].name);
		end_row(w);
	}
	begin_table(w, "INSERT INTO epochs VALUES (?,?,?,?,?,?,?,?,?)");
	for (size_t i = 0; i < h->n_epochs && !w->has_failed; i++) {
		const struct hf_epochs *e = &h->epochs[i];

		put_number(w, e->first_epoch);
		put_number(w, e->n_epochs);
		put_real(w, (double)e->end_ns / 1e9);
		put_number(w, e->survived_bytes);
		put_number(w, e->promoted_bytes);
		put_number(w, e->rss);
		put_number(w, e->heap_total);
		put_number(w, e->heap_used);
		put_number(w, e->external);
		end_row(w);
	}
	begin_table(w, "INSERT INTO marks VALUES (?,?,?)");
	for (size_t i = 0; i < h->n_marks && !w->has_failed; i++) {
		put_number(w, h->marks[i].epoch);
		put_real(w, (double)h->marks[i].time_ns / 1e9);
		put_heap_text(w, &h->marks[i].label);
		end_row(w);
	}
}

static void
fill_frames(struct writer *w, const struct profile *p)
{
	begin_table(w, "INSERT INTO frames VALUES (?,?,?,?,?,?,?,?)");
	for (size_t i = 0; i < p->n_frames && !w->has_failed; i++) {
		const struct profile_frame *x = &p->frames[i];

		put_number(w, i + 1);
		put_text(w, x->name);
		put_text(w, x->symbol);
		put_text(w, x->file);
		if (x->line)
			put_number(w, x->line);
		else
			put_null(w);
		put_number(w, x->module);
		put_number(w, x->offset);
		put_number(w, x->is_inlined);
		end_row(w);
	}
}

/* NULL for what is not known, or is known exactly. */
static void
put_estimates(struct writer *w, uint32_t node)
{
	const struct heap *h = w->r->heap;
	const struct heap_site *s = &w->r->sites[node];
	bool is_told = h->info.sample_bytes && !heap_is_unsampled(h, node);
	struct heap_estimate all;
	const double values[] = {s->estimated_blocks, s->estimated_bytes};

	for (int i = 0; i < 2; i++)
		if (is_told)
			put_real(w, values[i]);
		else
			put_null(w);
	if (is_told && heap_estimate(h, node, &all)) {
		put_real(w, all.allocations);
		put_real(w, all.bytes);
	} else {
		put_null(w);
		put_null(w);
	}
}

static void
fill_sites(struct writer *w, struct profile *p)
{
	const struct report *r = w->r;

	begin_table(w, "INSERT INTO sites VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	for (size_t i = 0; i < p->n_rows && !w->has_failed; i++) {
		uint32_t node = p->rows[i];
		const struct heap_site *s = &r->sites[node];

		put_number(w, node);
		put_number(w, s->live.blocks);
		put_number(w, s->live.bytes);
		put_number(w, s->young.bytes);
		put_number(w, s->old.bytes);
		put_number(w, s->usable_bytes);
		put_number(w, r->heap->nodes[node].allocations);
		put_number(w, r->heap->nodes[node].allocated_bytes);
		put_number(w, s->generation_count);
		if (s->generation_count) {
			put_number(w, s->oldest_age);
			put_number(w, s->newest_age);
		} else {
			put_null(w);
			put_null(w);
		}
		if (r->findings->retained)
			put_number(w, r->findings->retained[node].bytes);
		else
			put_null(w);
		put_estimates(w, node);
		end_row(w);
	}
	begin_table(w, "INSERT INTO stacks VALUES (?,?,?)");
	for (size_t i = 0; i < p->n_rows && !w->has_failed; i++) {
		const uint32_t *stack;
		size_t n = profile_stack(p, p->rows[i], &stack);

		for (size_t j = 0; j < n; j++) {
			put_number(w, p->rows[i]);
			put_number(w, j);
			put_number(w, stack[j] + 1);
			end_row(w);
		}
	}
}

static void
fill_blocks(struct writer *w)
{
	const struct heap *h = w->r->heap;

	begin_table(w, "INSERT INTO blocks VALUES (?,?,?,?,?,?,?,?,?,?)");
	for (uint32_t i = 0; i < h->n_blocks && !w->has_failed; i++) {
		const struct heap_block *b = &h->blocks[i];
		const struct heap_birth *birth = &h->births[b->birth];

		if (!heap_filter_passes(h, &w->r->options.filter, b->birth))
			continue;
		put_number(w, (uint64_t)i + 1);
		put_number(w, heap_block_address(b));
		put_number(w, heap_block_requested(b));
		put_number(w, heap_block_usable(h, i));
		put_text(w, text_kind_name(heap_block_kind(b)));
		put_number(w, b->site);
		put_number(w, birth->thread);
		if (birth->is_known) {
			put_number(w, birth->epoch);
			put_number(w, birth->age);
			put_text(w, birth->is_old ? "old" : "young");
		} else {
			for (int j = 0; j < 3; j++)
				put_null(w);
		}
		end_row(w);
	}
}

/* block or root is 0 */
static void
fill_edges_of(struct writer *w, uint64_t block, uint64_t root, uint64_t first, uint64_t end)
{
	const struct edges *e = &w->r->heap->edges;

	for (uint64_t i = first; i < end && !w->has_failed; i++) {
		if (block)
			put_number(w, block);
		else
			put_null(w);
		if (root)
			put_number(w, root);
		else
			put_null(w);
		put_number(w, 8ull * edges_word(e, i));
		put_number(w, (uint64_t)e->targets[i] + 1);
		put_number(w, edges_offset(e, i));
		end_row(w);
	}
}

static void
fill_graph(struct writer *w)
{
	const struct heap *h = w->r->heap;

	if (!h->has_roots)
		return;
	begin_table(w, "INSERT INTO roots VALUES (?,?,?,?,?)");
	for (size_t i = 0; i < h->n_roots && !w->has_failed; i++) {
		put_number(w, i + 1);
		put_text(w, graph_root_name(h->roots[i].kind));
		put_number(w, h->roots[i].owner);
		put_number(w, h->roots[i].address);
		put_number(w, h->roots[i].bytes);
		end_row(w);
	}
	begin_table(w, "INSERT INTO edges VALUES (?,?,?,?,?)");
	for (uint32_t i = 0; i < h->n_blocks; i++)
		fill_edges_of(w, (uint64_t)i + 1, 0, h->edges.first[i],
			      h->edges.first[i + 1]);
	for (size_t i = 0; i < h->n_roots; i++)
		fill_edges_of(w, 0, i + 1, h->roots[i].first_edge,
			      h->roots[i].first_edge + h->roots[i].n_edges);
}

static void
fill_findings(struct writer *w)
{
	const struct findings *all = w->r->findings;

	begin_table(w, "INSERT INTO findings VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
	for (size_t i = 0; i < all->n && !w->has_failed; i++) {
		const struct finding *x = &all->list[i];
		char *evidence = NULL;
		size_t n;
		FILE *memory = open_memstream(&evidence, &n);

		for (size_t j = 0; memory && j < x->n_evidence; j++)
			fprintf(memory, "%s%s", j ? "\n" : "", x->evidence[j]);
		if (memory)
			fclose(memory);
		put_number(w, i + 1);
		put_text(w, x->kind);
		put_text(w, x->verdict);
		put_text(w, finding_level_name(x->level));
		put_real(w, x->confidence);
		put_number(w, x->site);
		put_number(w, finding_whole(x).blocks);
		put_number(w, finding_whole(x).bytes);
		put_number(w, x->retained.bytes);
		put_text(w, x->summary);
		put_text(w, evidence);
		put_text(w, x->fingerprint);
		end_row(w);
		free(evidence);
	}
}

/* ---- the whole ---- */

static void
fill(struct writer *w, struct profile *p)
{
	fill_info(w);
	fill_modules(w);
	fill_times(w);
	fill_frames(w, p);
	fill_sites(w, p);
	fill_blocks(w);
	fill_graph(w);
	fill_findings(w);
	sqlite3_finalize(w->row);
	w->row = NULL;
}

static void
copy(int fd, FILE *f)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, f);
}

int
report_write_sqlite(const struct report *r, FILE *f)
{
	const char *directory = getenv("TMPDIR");
	char path[4096];
	struct writer w = {.r = r};
	struct profile *p;
	bool is_told;
	int fd;

	snprintf(path, sizeof(path), "%s/gcprof-analyze.XXXXXX",
		 directory && *directory ? directory : "/tmp");
	fd = outfile_temporary(path);
	if (fd < 0) {
		complain("'%s': %s; TMPDIR may name another directory", path,
			 strerror(errno));
		return 1;
	}
	p = profile_new(r);
	w.has_failed = !p || sqlite3_open(path, &w.db) != SQLITE_OK ||
		       sqlite3_exec(w.db, schema, NULL, NULL, NULL) != SQLITE_OK;
	if (!w.has_failed)
		fill(&w, p);
	if (!w.has_failed && sqlite3_exec(w.db, finish, NULL, NULL, NULL) != SQLITE_OK)
		w.has_failed = true;
	is_told = w.has_failed && w.db;
	if (is_told)
		complain("'%s': %s", path, sqlite3_errmsg(w.db));
	sqlite3_close(w.db);
	if (!w.has_failed)
		copy(fd, f);
	close(fd);
	unlink(path);
	outfile_forget(path);
	profile_free(p);
	return is_told ? 1 : w.has_failed ? -1 : 0;
}
