/*
 * reads - what documents read, under which names, and which are stale.
 *
 *   a thing changes --> who read it is marked as stale, with the change, in
 *   one commit --> rendered again, and the mark taken off with the next
 *
 * So that a kill in between leaves the mark.
 */
#include "store/store.h"

#include "base/util.h"
#include "store/parts.h"

/* For functions without a result: store_commit() will give the failure. */
static void note(struct store *s, int code, const struct err *e)
{
	if (code != 0 && s->broken.code == 0)
		s->broken = *e;
}

static void run(struct store *s, struct query *q)
{
	struct err e = {0};

	note(s, query_run(q, &e), &e);
}

/* Is this what is recorded of it? */
static bool as_recorded(
	struct store *s, int64_t work_package, const struct reads *reads)
{
	struct query q = query_open(s->state,
		"SELECT kind, id FROM read WHERE work_package = ?"
		" ORDER BY kind, id");
	struct err e = {0};
	bool same = true;
	size_t n = 0;

	bind_int(&q, work_package);
	while (query_next(&q)) {
		int64_t kind = column_int(&q);
		int64_t id = column_int(&q);

		same = same && n < reads->n &&
		       reads->items[n].kind == (enum read_kind)kind &&
		       reads->items[n].id == id;
		n++;
	}
	note(s, query_close(&q, &e), &e);
	return same && n == reads->n;
}

static void stage_read(
	struct store *s, int64_t work_package, int64_t kind, int64_t id)
{
	struct query q = query_open(s->state,
		"INSERT INTO staged_read (work_package, kind, id)"
		" VALUES (?, ?, ?)");

	bind_int(&q, work_package);
	bind_int(&q, kind);
	bind_int(&q, id);
	run(s, &q);
}

int store_in_use(struct store *s, struct store_use *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT EXISTS (SELECT 1 FROM read WHERE kind IN (?1, ?2)),"
		" EXISTS (SELECT 1 FROM read WHERE kind = ?3),"
		" EXISTS (SELECT 1 FROM unique_value)");

	bind_int(&q, READ_WORK_PACKAGE);
	bind_int(&q, READ_CHILDREN);
	bind_int(&q, READ_RELATIONS);
	if (query_next(&q)) {
		out->neighbours = column_int(&q) != 0;
		out->relations = column_int(&q) != 0;
		out->values = column_int(&q) != 0;
	}
	return query_close(&q, e);
}

void store_put_reads(struct store *s, int64_t work_package, bool fresh,
	const struct reads *reads)
{
	struct query q = query_open(
		s->state, "DELETE FROM staged_read WHERE work_package = ?");

	bind_int(&q, work_package);
	run(s, &q);
	if (!fresh && as_recorded(s, work_package, reads))
		return;
	stage_read(s, work_package, 0, 0);
	for (size_t i = 0; i < reads->n; i++)
		stage_read(s, work_package, reads->items[i].kind,
			reads->items[i].id);
}

void store_put_stale(
	struct store *s, int64_t work_package, enum store_stale stale)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_stale (work_package, stale)"
		" VALUES (?, ?)");

	bind_int(&q, work_package);
	bind_int(&q, stale);
	run(s, &q);
}

/* Is there a mark to be taken off? */
void store_put_fresh(struct store *s, int64_t work_package)
{
	struct query q = query_open(s->state,
		"SELECT EXISTS (SELECT 1 FROM stale WHERE work_package = ?1)"
		" OR EXISTS (SELECT 1 FROM staged_stale"
		" WHERE work_package = ?1)");
	struct err e = {0};
	bool marked;

	bind_int(&q, work_package);
	marked = query_next(&q) && column_int(&q) != 0;
	note(s, query_close(&q, &e), &e);
	if (marked)
		store_put_stale(s, work_package, STORE_FRESH);
}

#define READERS                                                                \
	"(SELECT work_package FROM staged_read WHERE kind = ?1 AND id = ?2"    \
	" UNION SELECT work_package FROM read o"                               \
	" WHERE kind = ?1 AND id = ?2 AND NOT EXISTS"                          \
	" (SELECT 1 FROM staged_read n WHERE kind = 0"                         \
	" AND n.work_package = o.work_package))"

int store_is_read(struct store *s, enum read_kind kind, int64_t id, bool *read,
	struct err *e)
{
	struct query q =
		query_open(s->state, "SELECT 1 FROM " READERS " LIMIT 1");

	bind_int(&q, kind);
	bind_int(&q, id);
	*read = query_next(&q);
	return query_close(&q, e);
}

int store_put_readers_stale(struct store *s, enum read_kind kind, int64_t id,
	enum store_stale stale, bool *any, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT INTO staged_stale (work_package, stale)"
		" SELECT r.work_package, max(?3, coalesce((SELECT stale"
		" FROM stale s WHERE s.work_package = r.work_package), 0))"
		" FROM " READERS " r WHERE true"
		" ON CONFLICT DO UPDATE"
		" SET stale = max(stale, excluded.stale)");
	int code;

	bind_int(&q, kind);
	bind_int(&q, id);
	bind_int(&q, stale);
	code = query_run(&q, e);
	if (code == 0 && any != NULL)
		*any = sqlite3_changes(s->state->db) > 0;
	return code;
}

int store_mark_readers(
	struct store *s, enum read_kind kind, int64_t id, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT INTO stale (work_package, stale)"
		" SELECT work_package, ?3 FROM read WHERE kind = ?1 AND id = ?2"
		" ON CONFLICT DO UPDATE"
		" SET stale = max(stale, excluded.stale)");

	bind_int(&q, kind);
	bind_int(&q, id);
	bind_int(&q, STORE_STALE);
	return query_run(&q, e);
}

int store_mark_unread(
	struct store *s, int64_t project_id, int64_t type_id, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO stale (work_package, stale)"
		" SELECT id, ?3 FROM work_package WHERE project_id = ?1"
		" AND (?2 = 0 OR type_id = ?2)");

	bind_int(&q, project_id);
	bind_int(&q, type_id);
	bind_int(&q, STORE_UNREAD);
	return query_run(&q, e);
}

static bool has_read(const struct reads *reads, int64_t kind, int64_t id)
{
	for (size_t i = 0; i < reads->n; i++)
		if ((int64_t)reads->items[i].kind == kind &&
			reads->items[i].id == id)
			return true;
	return false;
}

int store_lost_reads(struct store *s, int64_t work_package,
	const struct reads *reads, store_read_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(
		s->state, "SELECT kind, id FROM read WHERE work_package = ?");
	struct err told = {0};

	bind_int(&q, work_package);
	while (query_next(&q)) {
		int64_t kind = column_int(&q);
		int64_t id = column_int(&q);
		int code = 0;

		if (!has_read(reads, kind, id))
			code = fn(arg, (enum read_kind)kind, id, &told);
		if (code < 0)
			query_fail(&q, code, &told);
	}
	return query_close(&q, e);
}

int store_stale(struct store *s, size_t limit, store_stale_fn *fn, void *arg,
	struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT work_package, stale FROM staged_stale"
		" WHERE stale <> 0"
		" UNION ALL SELECT work_package, stale FROM stale"
		" WHERE work_package NOT IN"
		" (SELECT work_package FROM staged_stale)"
		" ORDER BY 1 LIMIT ?");

	bind_int(&q, (int64_t)limit);
	while (query_next(&q)) {
		int64_t work_package = column_int(&q);

		fn(arg, work_package, (enum store_stale)column_int(&q));
	}
	return query_close(&q, e);
}

static int take_name(
	struct query *q, bool *found, struct buf *name, struct err *e)
{
	*found = query_next(q);
	buf_clear(name);
	if (*found)
		buf_add_str(name, column_text(q));
	return query_close(q, e);
}

int state_name(struct state *s, enum read_kind kind, int64_t id, bool *found,
	struct buf *name, struct err *e)
{
	struct query q = query_open(
		s, "SELECT name FROM name WHERE kind = ? AND id = ?");

	bind_int(&q, kind);
	bind_int(&q, id);
	return take_name(&q, found, name, e);
}

int store_name(struct store *s, enum read_kind kind, int64_t id, bool *found,
	struct buf *name, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT name FROM staged_name WHERE kind = ? AND id = ?");
	int code;

	bind_int(&q, kind);
	bind_int(&q, id);
	code = take_name(&q, found, name, e);
	if (code != 0 || *found)
		return code;
	return state_name(s->state, kind, id, found, name, e);
}

void store_put_name(
	struct store *s, enum read_kind kind, int64_t id, struct str name)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_name (kind, id, name)"
		" VALUES (?, ?, ?)");

	bind_int(&q, kind);
	bind_int(&q, id);
	bind_text(&q, name);
	run(s, &q);
}
