/*
 * staging_wait - staged documents that cannot be made: they wait, until they
 * are tried again or given up.
 */
#include "store/staging.h"

#include <stdlib.h>

#include "base/arena.h"
#include "store/query.h"
#include "store/rows.h"

/* Of one that another entry makes now both rows wait, or none. */
int staging_wait(struct state *s, int64_t work_package, struct str entry,
	const char *why, struct err *e)
{
	struct query q = query_open(s,
		"UPDATE staged_document SET why = ?3 WHERE work_package = ?1"
		" AND (entry = ?2 OR was = ?2 OR successor = ?2)");

	bind_int(&q, work_package);
	bind_text(&q, entry);
	bind_text(&q, str_of(why));
	return query_run(&q, e);
}

int staging_try_again(struct state *s, struct err *e)
{
	struct query q = query_open(s,
		"UPDATE staged_document SET why = NULL WHERE why IS NOT NULL");

	return query_run(&q, e);
}

/* Documents that wait, with texts in the arena. */
struct waiting {
	int64_t work_package;
	struct str entry;
	struct str why;
};

struct all_waiting {
	struct arena texts;
	size_t n, cap;
	struct waiting *items;
};

static int list_waiting(struct state *s, struct all_waiting *w, struct err *e)
{
	struct query q = query_open(s,
		"SELECT work_package, entry, why FROM staged_document"
		" WHERE why IS NOT NULL AND successor IS NULL");

	while (query_next(&q)) {
		struct waiting *one;

		w->items = grow(w->items, w->n, &w->cap, sizeof(*w->items));
		one = &w->items[w->n++];
		one->work_package = column_int(&q);
		one->entry = arena_str(&w->texts, column_text(&q));
		one->why = arena_str(&w->texts, column_text(&q));
	}
	return query_close(&q, e);
}

/* They may be taken from what is staged by that. */
static int tell_waiting(
	struct state *s, store_refused_fn *fn, void *arg, struct err *e)
{
	struct all_waiting w = {0};
	int code = list_waiting(s, &w, e);

	for (size_t i = 0; code == 0 && i < w.n; i++)
		fn(arg, w.items[i].work_package, w.items[i].entry,
			w.items[i].why.p);
	free(w.items);
	arena_fini(&w.texts);
	return code;
}

static const char rows[] =
	"INSERT OR IGNORE INTO staged_work_package"
	" (" WORK_PACKAGE_COLUMNS ") SELECT " WORK_PACKAGE_COLUMNS
	" FROM work_package WHERE outcome <> 3 AND id IN (SELECT work_package"
	" FROM staged_document WHERE why IS NOT NULL);"
	"UPDATE staged_work_package SET outcome = 3, reason = d.why,"
	" hash = zeroblob(32) FROM staged_document d"
	" WHERE d.work_package = id AND d.why IS NOT NULL";

static const char documents[] =
	"DELETE FROM staged_file WHERE (work_package, entry) IN"
	" (SELECT work_package, entry FROM staged_document"
	" WHERE why IS NOT NULL);"
	"DELETE FROM staged_unique_value WHERE (work_package, entry) IN"
	" (SELECT work_package, entry FROM staged_document"
	" WHERE why IS NOT NULL);"
	"DELETE FROM staged_document WHERE why IS NOT NULL";

int staging_refuse(
	struct state *s, store_refused_fn *fn, void *arg, struct err *e)
{
	int code = state_exec(s, rows, e);

	_Static_assert(OUTCOME_FAILED == 3 && SHA256_SIZE == 32,
		"as in the statement");
	if (code == 0 && fn != NULL)
		code = tell_waiting(s, fn, arg, e);
	return code == 0 ? state_exec(s, documents, e) : code;
}
