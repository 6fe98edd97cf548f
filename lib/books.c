/* books.c -- see books.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "books.h"
#include "forking.h"
#include "mem.h"
#include "sites.h"

enum {
	MAX_BOOKS = 8192,
	CHUNK = 64 /* books */
};

uint32_t books_volume, books_shift;

static struct {
	uint64_t start_ns;
	uint64_t weight; /* atomic: volume in bytes */
	int is_turning;  /* atomic flag: somebody ends a period */
	uint32_t n_periods;
	struct books_period periods[BOOKS_PERIODS];
	uint32_t n_books; /* atomic; may pass MAX_BOOKS */
	uint64_t n_unbooked;
	struct book *chunks[MAX_BOOKS / CHUNK];
} s;

void
books_init(uint64_t start_ns)
{
	s.start_ns = start_ns;
}

/* ---- periods ------------------------------------------------------------- */

static struct book *
book_at(uint32_t i)
{
	struct book *chunk;

	GCP_ASSERT(i < MAX_BOOKS);
	chunk = acquire_load(&s.chunks[i / CHUNK]);
	return chunk ? &chunk[i % CHUNK] : NULL;
}

#define MOVE(array, from, to)                                                            \
	(void)atomic_add(&(array)[to],                                                   \
			 __atomic_exchange_n(&(array)[from], 0, __ATOMIC_RELAXED))

static void
join_pages(void)
{
	uint32_t n = books_n(), i, p;

	for (i = 0; i < n; i++) {
		struct book *b = book_at(i);

		if (b)
			relaxed_store(&b->newest, relaxed_load(&b->newest) / 2);
		for (p = 1; b && p < BOOKS_PERIODS; p++) {
			MOVE(b->born, p, p / 2);
			MOVE(b->died, p, p / 2);
			MOVE(b->newest_born, p, p / 2);
			MOVE(b->born_bytes, p, p / 2);
			MOVE(b->died_bytes, p, p / 2);
		}
	}
}

/* Two neighbours become one. */
static void
join_periods(void)
{
	uint32_t i;

	GCP_ASSERT(s.n_periods == BOOKS_PERIODS);
	relaxed_store(&books_shift, books_shift + 1);
	join_pages();
	for (i = 0; i < BOOKS_PERIODS / 2; i++)
		s.periods[i] = s.periods[2 * i + 1];
	relaxed_store(&s.n_periods, s.n_periods / 2);
}

/* End all periods that the volume has passed. */
static void
turn(uint32_t volume, uint64_t now_ns, void (*sum)(struct epochs_counts *))
{
	struct epochs_counts c;
	struct books_period end;

	sum(&c);
	end = (struct books_period){.end_ns = now_ns - s.start_ns,
				    .allocations = c.allocations,
				    .allocated_bytes = c.allocated_bytes,
				    .live_blocks = c.allocations - c.frees,
				    .live_bytes = c.allocated_bytes - c.freed_bytes};
	GCP_ASSERT(relaxed_load(&s.is_turning));
	while (s.n_periods < volume >> books_shift) {
		GCP_ASSERT(s.n_periods < BOOKS_PERIODS);
		s.periods[s.n_periods] = end;
		relaxed_store(&s.n_periods, s.n_periods + 1);
		if (s.n_periods == BOOKS_PERIODS)
			join_periods();
	}
}

void
books_spend(uint64_t weight, uint64_t now_ns, void (*sum)(struct epochs_counts *))
{
	uint64_t total = atomic_add(&s.weight, weight) + weight;
	uint32_t volume = (uint32_t)(total >> BOOKS_UNIT_BITS);
	int idle = 0;

	if (volume > relaxed_load(&books_volume))
		relaxed_store(&books_volume, volume); /* may lag by another's reading */
	if (volume >> relaxed_load(&books_shift) <= relaxed_load(&s.n_periods) ||
	    !__atomic_compare_exchange_n(&s.is_turning, &idle, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	forking_change_begin();
	turn(volume, now_ns, sum);
	forking_change_end();
	release_store(&s.is_turning, 0);
}

uint32_t
books_room(void)
{
	uint32_t unit = 1u << relaxed_load(&books_shift);

	GCP_ASSERT(relaxed_load(&books_shift) < 32);
	return unit - (relaxed_load(&books_volume) & (unit - 1));
}

/* ---- pages --------------------------------------------------------------- */

/* struct site's `book`: deaths so far, while there is no page; NO_PAGE; or
 * FIRST_PAGE and the page's number. */
enum { FIRST_PAGE = 256 };
#define NO_PAGE UINT32_MAX

/* Deaths until a site has a page; but at once for a large block.  A page is a KiB:
 * where many sites have one, more has to die for another. */
static ALWAYS_INLINE uint32_t
min_deaths(void)
{
	uint32_t n = relaxed_load(&s.n_books);

	return n < MAX_BOOKS / 8   ? 4
	       : n < MAX_BOOKS / 4 ? 16
	       : n < MAX_BOOKS / 2 ? 64
				   : FIRST_PAGE;
}

/* A new page's number, or NO_PAGE. */
static uint32_t
page_new(void)
{
	struct book **slot, *none = NULL, *fresh;
	uint32_t i;

	if (relaxed_load(&s.n_books) >= MAX_BOOKS)
		return NO_PAGE;
	i = atomic_add(&s.n_books, 1);
	if (i >= MAX_BOOKS)
		return NO_PAGE;
	slot = &s.chunks[i / CHUNK];
	if (!acquire_load(slot)) {
		fresh = mem_map(CHUNK * sizeof *fresh);
		if (!fresh)
			return NO_PAGE;
		(void)__atomic_compare_exchange_n(slot, &none, fresh, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	}
	return i;
}

/* The page of a site; NULL if it has none, and is to have none yet. */
static struct book *
page_of(site_id site, size_t bytes)
{
	uint32_t *of_site = sites_book(site), number, page;

	if (!of_site)
		return NULL;
	number = acquire_load(of_site);
	if (likely(number >= FIRST_PAGE)) {
		if (number != NO_PAGE)
			return book_at(number - FIRST_PAGE);
		(void)atomic_add(&s.n_unbooked, 1);
		return NULL;
	}
	if (bytes < BOOKS_LARGE && number + 1 < min_deaths()) {
		/* Two at once may count as one. */
		(void)__atomic_compare_exchange_n(of_site, &number, number + 1, false,
						  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		return NULL;
	}
	forking_change_begin();
	page = page_new();
	/* Of two that make one at once, one page stays unused. */
	if (!__atomic_compare_exchange_n(of_site, &number,
					 page == NO_PAGE ? NO_PAGE : page + FIRST_PAGE,
					 false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		page = NO_PAGE;
	else if (page != NO_PAGE)
		release_store(&book_at(page)->site, site);
	forking_change_end();
	return page == NO_PAGE ? NULL : book_at(page);
}

/* The first death of a period.  BOUND  One that another thread books at this moment
 * may be missing from the newest. */
static NOINLINE void
begin_newest(struct book *page, uint32_t period)
{
	uint32_t i;

	relaxed_store(&page->newest, period);
	relaxed_store(&page->newest_later, 0);
	relaxed_store(&page->newest_earlier, 0);
	relaxed_store(&page->newest_same, 0);
	for (i = 0; i < BOOKS_PERIODS; i++)
		relaxed_store(&page->newest_born[i], 0);
}

bool
books_death(struct books_pending *pending, const struct block *b, uint32_t born,
	    bool is_foreign)
{
	struct book *page = page_of(b->site, b->bytes);

	GCP_ASSERT(pending->n < BOOKS_PENDING);
	if (!page)
		return false;
	pending->deaths[pending->n] = (struct books_death){
		page, b->bytes, born, relaxed_load(&books_volume), is_foreign};
	signal_fence();
	pending->n++;
	if (likely(pending->n < BOOKS_PENDING))
		return unlikely(!relaxed_load(&page->freed_at));
	books_flush(pending);
	return true;
}

/* Deaths of one site in one period.  Of the arrays, only what the masks name is set. */
struct sums {
	uint32_t n, n_foreign, n_later, n_earlier, n_same;
	uint32_t ages_set, born_set;
	uint64_t bytes;
	uint32_t ages[BOOKS_AGES], born[BOOKS_PERIODS];
	uint64_t born_bytes[BOOKS_PERIODS];
};
_Static_assert((int)BOOKS_AGES <= 32 && (int)BOOKS_PERIODS <= 32, "bits of a mask");

static void
add_up(struct sums *sum, const struct books_death *d)
{
	uint32_t age = d->died > d->born ? d->died - d->born : 0;
	uint32_t class = age ? 32 - (uint32_t)__builtin_clz(age) : 0;
	uint32_t born = books_period_of(d->born);

	GCP_ASSERT(born < BOOKS_PERIODS);
	if (class >= BOOKS_AGES)
		class = BOOKS_AGES - 1;
	if (!(sum->ages_set >> class & 1))
		sum->ages[class] = 0;
	if (!(sum->born_set >> born & 1))
		sum->born[born] = 0, sum->born_bytes[born] = 0;
	sum->ages_set |= 1u << class;
	sum->born_set |= 1u << born;
	sum->ages[class]++;
	sum->born[born]++;
	sum->born_bytes[born] += d->bytes;
	sum->n++;
	sum->n_foreign += d->is_foreign;
	sum->bytes += d->bytes;
}

/* Sum up the first of these and all that are of the same site and period; they are
 * done then, and have no page any more. */
static void
sum_up(struct books_death *d, const struct books_death *end, struct sums *sum)
{
	const struct books_death *first = d;
	struct book *page = d->page;
	uint32_t died = books_period_of(d->died), last = relaxed_load(&page->last_born);

	sum->n = sum->n_foreign = sum->n_later = sum->n_earlier = sum->n_same = 0;
	sum->ages_set = sum->born_set = 0;
	sum->bytes = 0;
	for (; d < end; d++) {
		/* The first in any case: another thread may join periods now, and its death
		 * would be in none. */
		if (d->page != page || (d != first && books_period_of(d->died) != died))
			continue;
		sum->n_later += d->born > last;
		sum->n_earlier += d->born < last;
		sum->n_same += d->born == last;
		last = d->born;
		add_up(sum, d);
		d->page = NULL;
	}
	GCP_ASSERT(sum->n && sum->n == sum->n_later + sum->n_earlier + sum->n_same);
	GCP_ASSERT(sum->n_foreign <= sum->n);
	GCP_ASSERT(sum->ages_set && sum->born_set);
	relaxed_store(&page->last_born, last);
}

static void
book_newest(struct book *page, const struct sums *sum, uint32_t died)
{
	uint32_t newest = relaxed_load(&page->newest), set;

	if (newest < died)
		begin_newest(page, died);
	else if (newest > died) /* another thread is ahead of us */
		return;
	(void)atomic_add(&page->newest_later, sum->n_later);
	(void)atomic_add(&page->newest_earlier, sum->n_earlier);
	(void)atomic_add(&page->newest_same, sum->n_same);
	for (set = sum->born_set; set; set &= set - 1) {
		int i = __builtin_ctz(set);

		(void)atomic_add(&page->newest_born[i], sum->born[i]);
	}
}

static void
book(struct book *page, const struct sums *sum, uint32_t died)
{
	uint32_t set;

	/* page->site may still be 0: page_of publishes the number before it. */
	GCP_ASSERT(died < BOOKS_PERIODS);
	book_newest(page, sum, died);
	(void)atomic_add(&page->n_freed, sum->n);
	(void)atomic_add(&page->n_foreign, sum->n_foreign);
	(void)atomic_add(&page->n_later, sum->n_later);
	(void)atomic_add(&page->n_earlier, sum->n_earlier);
	(void)atomic_add(&page->n_same, sum->n_same);
	(void)atomic_add(&page->died[died], sum->n);
	(void)atomic_add(&page->died_bytes[died], sum->bytes);
	for (set = sum->ages_set; set; set &= set - 1) {
		int i = __builtin_ctz(set);

		(void)atomic_add(&page->ages[i], sum->ages[i]);
	}
	for (set = sum->born_set; set; set &= set - 1) {
		int i = __builtin_ctz(set);

		(void)atomic_add(&page->born[i], sum->born[i]);
		(void)atomic_add(&page->born_bytes[i], sum->born_bytes[i]);
	}
}

void
books_flush(struct books_pending *pending)
{
	struct books_death *d = pending->deaths, *end = d + pending->n;
	struct sums sum;

	GCP_ASSERT(pending->n <= BOOKS_PENDING);
	for (; d < end; d++) {
		struct book *page = d->page;
		uint32_t died = books_period_of(d->died);

		if (page) {
			sum_up(d, end, &sum);
			book(page, &sum, died);
		}
	}
	pending->n = 0;
}

void
books_grown(const struct block *b, size_t by)
{
	const uint32_t *of_site = sites_book(b->site);
	uint32_t number = of_site ? acquire_load(of_site) : NO_PAGE;
	struct book *page;

	/* It is no death, and must not count as one on the way to a page. */
	if (number == NO_PAGE || (number < FIRST_PAGE && b->bytes < BOOKS_LARGE))
		return;
	page = page_of(b->site, b->bytes);
	if (!page)
		return;
	(void)atomic_add(&page->n_grown, 1);
	(void)atomic_add(&page->grown_bytes, by);
}

void
books_freed_at(site_id site, size_t bytes, site_id where)
{
	struct book *page = page_of(site, bytes);

	if (page)
		relaxed_store(&page->freed_at, where);
}

/* ---- for the writer ------------------------------------------------------ */

uint64_t
books_unbooked(void)
{
	return relaxed_load(&s.n_unbooked);
}

uint32_t
books_n(void)
{
	uint32_t n = relaxed_load(&s.n_books);

	return n < MAX_BOOKS ? n : MAX_BOOKS;
}

const struct book *
books_get(uint32_t i)
{
	const struct book *b = book_at(i);

	return b && acquire_load(&b->site) ? b : NULL;
}

uint32_t
books_n_periods(void)
{
	return s.n_periods;
}

const struct books_period *
books_period_get(uint32_t i)
{
	GCP_ASSERT(i < BOOKS_PERIODS);
	return &s.periods[i];
}

void
books_after_fork(void)
{
	/* BOUND  If another thread was joining periods and fork could not wait for it
	 * (forking.h), some pages are joined and others are not: their early periods are
	 * wrong. */
	while (s.n_periods >= BOOKS_PERIODS)
		join_periods();
	s.is_turning = 0;
}
