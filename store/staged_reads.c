/*
 * staged_reads - what work packages read, before it is recorded.
 *
 *   sets:   16: 3 reads from 0 | 17: 2 reads from 3 | ...
 *   items:  type 1 | status 7 | user 4 | type 1 | user 5 | ...
 *
 * Every document reads some ten things, and most sets are asked for nothing
 * but to be recorded, so they are lists and not rows.  Both lists only grow;
 * a set that is replaced stays, and counts no more.  Chains, the newest first,
 * lead to a work package's set, and to who reads a thing.
 */
#include "store/staged_reads.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/query.h"

#define CHAINS 16384 /* a power of two */

struct staged_set {
	int64_t work_package; /* 0: another set took its place */
	size_t first, n;      /* of the items */
	uint32_t next;        /* of the chain, counted from 1; 0: none */
};

struct staged_read {
	int64_t id;
	uint32_t kind;
	uint32_t set;
	uint32_t next;
};

static size_t chain_of(int64_t id, uint32_t kind)
{
	uint64_t mixed = ((uint64_t)id * 16 + kind) * 0x9e3779b97f4a7c15;

	return (size_t)(mixed >> 50); /* 14 bits */
}

static struct staged_set *find(
	const struct staged_reads *r, int64_t work_package)
{
	uint32_t at = 0;

	if (r->n_sets > 0)
		at = r->by_work_package[chain_of(work_package, 0)];
	while (at != 0 && r->sets[at - 1].work_package != work_package)
		at = r->sets[at - 1].next;
	return at != 0 ? &r->sets[at - 1] : NULL;
}

static void add_item(struct staged_reads *r, const struct read *read)
{
	uint32_t *chain = &r->by_thing[chain_of(read->id, read->kind)];

	r->items = grow(r->items, r->n, &r->cap, sizeof(*r->items));
	r->items[r->n++] = (struct staged_read){
		.id = read->id,
		.kind = read->kind,
		.set = (uint32_t)(r->n_sets - 1),
		.next = *chain,
	};
	*chain = (uint32_t)r->n;
}

void staged_reads_put(
	struct staged_reads *r, int64_t work_package, const struct reads *reads)
{
	uint32_t *chain;

	staged_reads_forget(r, work_package);
	if (r->by_thing == NULL) {
		r->by_thing = xcalloc(CHAINS, sizeof(*r->by_thing));
		r->by_work_package =
			xcalloc(CHAINS, sizeof(*r->by_work_package));
	}
	chain = &r->by_work_package[chain_of(work_package, 0)];
	r->sets = grow(r->sets, r->n_sets, &r->cap_sets, sizeof(*r->sets));
	r->sets[r->n_sets++] = (struct staged_set){
		.work_package = work_package,
		.first = r->n,
		.n = reads->n,
		.next = *chain,
	};
	*chain = (uint32_t)r->n_sets;
	for (size_t i = 0; i < reads->n; i++)
		add_item(r, &reads->items[i]);
}

void staged_reads_forget(struct staged_reads *r, int64_t work_package)
{
	struct staged_set *set = find(r, work_package);

	if (set != NULL)
		set->work_package = 0;
}

bool staged_reads_any(const struct staged_reads *r)
{
	for (size_t i = 0; i < r->n_sets; i++)
		if (r->sets[i].work_package != 0)
			return true;
	return false;
}

bool staged_reads_has(const struct staged_reads *r, int64_t work_package)
{
	return find(r, work_package) != NULL;
}

void staged_reads_readers(const struct staged_reads *r, enum read_kind kind,
	int64_t id, staged_reads_fn *fn, void *arg)
{
	uint32_t at = r->n > 0 ? r->by_thing[chain_of(id, kind)] : 0;

	for (; at != 0; at = r->items[at - 1].next) {
		const struct staged_read *item = &r->items[at - 1];
		int64_t reader = r->sets[item->set].work_package;

		if (item->kind == kind && item->id == id && reader != 0)
			fn(arg, reader);
	}
}

void staged_reads_things(const struct staged_reads *r, enum read_kind kind,
	staged_reads_fn *fn, void *arg)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].kind == kind &&
			r->sets[r->items[i].set].work_package != 0)
			fn(arg, r->items[i].id);
}

/*
 * One statement for several rows takes less than one for each, if it need not
 * be undone by itself: OR FAIL, since all is undone then.
 */
static int insert(const struct staged_read *items, size_t n, size_t *done,
	int64_t work_package, struct state *s, struct err *e)
{
#define ROWS_1(a, b) "(?1, ?" #a ", ?" #b ")"
#define ROWS_2 ROWS_1(2, 3) ", " ROWS_1(4, 5)
#define ROWS_4 ROWS_2 ", " ROWS_1(6, 7) ", " ROWS_1(8, 9)
#define ROWS_8                                                                 \
	ROWS_4 ", " ROWS_1(10, 11) ", " ROWS_1(12, 13) ", " ROWS_1(            \
		14, 15) ", " ROWS_1(16, 17)
#define INSERT "INSERT OR FAIL INTO read (work_package, kind, id) VALUES "
	static const struct {
		size_t n;
		const char *sql;
	} inserts[] = {
		{8, INSERT ROWS_8},
		{4, INSERT ROWS_4},
		{2, INSERT ROWS_2},
		{1, INSERT ROWS_1(2, 3)},
	};
	struct query q;
	size_t i = 0;

	while (inserts[i].n > n)
		i++;
	q = query_open(s, inserts[i].sql);
	bind_int(&q, work_package);
	for (size_t k = 0; k < inserts[i].n; k++) {
		bind_int(&q, items[k].kind);
		bind_int(&q, items[k].id);
	}
	*done += inserts[i].n;
	return query_run(&q, e);
}

static int record(const struct staged_reads *r, const struct staged_set *set,
	struct state *s, struct err *e)
{
	struct query q =
		query_open(s, "DELETE FROM read WHERE work_package = ?");
	size_t done = 0;
	int code;

	bind_int(&q, set->work_package);
	code = query_run(&q, e);
	while (code == 0 && done < set->n)
		code = insert(&r->items[set->first + done], set->n - done,
			&done, set->work_package, s, e);
	return code;
}

int staged_reads_apply(
	const struct staged_reads *r, struct state *s, struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < r->n_sets; i++)
		if (r->sets[i].work_package != 0)
			code = record(r, &r->sets[i], s, e);
	return code;
}

void staged_reads_clear(struct staged_reads *r)
{
	free(r->sets);
	free(r->items);
	free(r->by_work_package);
	free(r->by_thing);
	*r = (struct staged_reads){0};
}
