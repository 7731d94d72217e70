/*
 * reads - what documents read, under which names, and which are stale.
 *
 *   a thing changes --> who read it is marked as stale, with the change, in
 *   one commit --> rendered again, and the mark taken off with the next
 *
 * So that a kill in between leaves the mark.
 */
#include "store/store.h"

#include <stdlib.h>

#include "store/ids.h"
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

int store_in_use(struct store *s, struct store_use *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT EXISTS (SELECT 1 FROM read WHERE kind IN (?1, ?2)),"
		" EXISTS (SELECT 1 FROM read WHERE kind = ?3),"
		" EXISTS (SELECT 1 FROM relations),"
		" EXISTS (SELECT 1 FROM unique_value)");

	bind_int(&q, READ_WORK_PACKAGE);
	bind_int(&q, READ_CHILDREN);
	bind_int(&q, READ_RELATIONS);
	if (query_next(&q)) {
		out->neighbours = column_int(&q) != 0;
		out->relations = column_int(&q) != 0;
		out->related = column_int(&q) != 0;
		out->values = column_int(&q) != 0;
	}
	return query_close(&q, e);
}

void store_put_reads(struct store *s, int64_t work_package, bool fresh,
	const struct reads *reads)
{
	if (!fresh && as_recorded(s, work_package, reads))
		staged_reads_forget(&s->reads, work_package);
	else
		staged_reads_put(&s->reads, work_package, reads);
}

static void take_off(struct store *s, int64_t work_package)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_stale (work_package, stale)"
		" VALUES (?, ?)");

	bind_int(&q, work_package);
	bind_int(&q, STORE_FRESH);
	run(s, &q);
}

/* Is there a mark to be taken off? */
void store_put_fresh(
	struct store *s, int64_t work_package, enum store_stale most)
{
	struct query q = query_open(s->state,
		"SELECT coalesce((SELECT stale FROM staged_stale"
		" WHERE work_package = ?1), (SELECT stale FROM stale"
		" WHERE work_package = ?1), 0)");
	struct err e = {0};
	int64_t mark;

	bind_int(&q, work_package);
	note(s, query_one(&q, STORE_FRESH, &mark, &e), &e);
	if (mark != STORE_FRESH && mark <= (int64_t)most)
		take_off(s, work_package);
}

/* Who reads a thing, with what is staged in place. */
static int find_readers(struct store *s, enum read_kind kind, int64_t id,
	struct ids *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT work_package FROM read WHERE kind = ? AND id = ?");

	bind_int(&q, kind);
	bind_int(&q, id);
	while (query_next(&q)) {
		int64_t reader = column_int(&q);

		if (!staged_reads_has(&s->reads, reader))
			ids_add(out, reader);
	}
	staged_reads_readers(&s->reads, kind, id, ids_add, out);
	return query_close(&q, e);
}

int store_is_read(struct store *s, enum read_kind kind, int64_t id, bool *read,
	struct err *e)
{
	struct ids readers = {0};
	int code = find_readers(s, kind, id, &readers, e);

	*read = readers.n > 0;
	free(readers.items);
	return code;
}

/* It stays what it is already, if that is more. */
static int put_stale(struct store *s, int64_t work_package,
	enum store_stale stale, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT INTO staged_stale (work_package, stale)"
		" VALUES (?1, max(?2, coalesce((SELECT stale FROM stale"
		" WHERE work_package = ?1), 0)))"
		" ON CONFLICT DO UPDATE"
		" SET stale = max(stale, ?2)");

	bind_int(&q, work_package);
	bind_int(&q, stale);
	return query_run(&q, e);
}

void store_put_stale(
	struct store *s, int64_t work_package, enum store_stale stale)
{
	struct err e = {0};

	note(s, put_stale(s, work_package, stale, &e), &e);
}

int store_put_readers_stale(struct store *s, enum read_kind kind, int64_t id,
	enum store_stale stale, bool *any, struct err *e)
{
	struct ids readers = {0};
	int code = find_readers(s, kind, id, &readers, e);

	for (size_t i = 0; code == 0 && i < readers.n; i++)
		code = put_stale(s, readers.items[i], stale, e);
	if (code == 0 && any != NULL)
		*any = readers.n > 0;
	free(readers.items);
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
		"INSERT INTO stale (work_package, stale)"
		" SELECT id, ?3 FROM work_package WHERE project_id = ?1"
		" AND (?2 = 0 OR type_id = ?2)"
		" ON CONFLICT DO UPDATE"
		" SET stale = max(stale, excluded.stale)");

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

	bind_int(&q, work_package);
	while (query_next(&q)) {
		int64_t kind = column_int(&q);
		int64_t id = column_int(&q);

		if (!has_read(reads, kind, id))
			query_take(
				&q, fn(arg, (enum read_kind)kind, id, &q.err));
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

static int forget_relations(struct store *s, struct err *e)
{
	struct query q = query_open(s->state,
		"DELETE FROM relations WHERE NOT EXISTS (SELECT 1 FROM read r"
		" WHERE r.kind = ? AND r.id = relations.work_package)");

	bind_int(&q, READ_RELATIONS);
	return query_run(&q, e);
}

int store_forget_unread(struct store *s, struct err *e)
{
	struct query q = query_open(s->state,
		"DELETE FROM name WHERE kind NOT IN (?1, ?2, ?3)"
		" AND NOT EXISTS (SELECT 1 FROM read r"
		" WHERE r.kind = name.kind AND r.id = name.id)"
		" AND NOT EXISTS (SELECT 1 FROM renamed r"
		" WHERE r.kind = name.kind AND r.id = name.id)");
	int code;

	bind_int(&q, READ_PROJECT);
	bind_int(&q, READ_TYPE);
	bind_int(&q, READ_STATUS);
	code = query_run(&q, e);
	return code == 0 ? forget_relations(s, e) : code;
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
