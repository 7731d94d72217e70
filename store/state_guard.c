/*
 * state_guard - what is held, what was released, what was withdrawn.
 */
#include "store/state_guard.h"

#include "base/stamp.h"
#include "base/util.h"
#include "store/query.h"
#include "store/rows.h"
#include "store/store.h"

#define HELD_COLUMNS                                                           \
	"kind, work_package, entry, project_id, path, reason, gone,"           \
	" released, since"
#define THERE                                                                  \
	"EXISTS (SELECT 1 FROM document d"                                     \
	" WHERE d.work_package = held.work_package AND d.entry = held.entry)"

int state_held_put(
	struct state *s, const struct state_held *held, struct err *e)
{
	struct query q =
		query_open(s, "INSERT OR REPLACE INTO held (" HELD_COLUMNS ")"
			      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_int(&q, held->kind);
	bind_int(&q, held->work_package);
	bind_text(&q, held->entry);
	bind_int(&q, held->project_id);
	bind_text(&q, held->path);
	bind_text(&q, held->reason);
	bind_int(&q, held->gone);
	bind_int(&q, held->released);
	bind_int(&q, held->since);
	return query_run(&q, e);
}

int state_held_delete(struct state *s, enum state_held_kind kind,
	int64_t work_package, struct str entry, struct err *e)
{
	struct query q = query_open(s,
		"DELETE FROM held WHERE kind = ? AND work_package = ?"
		" AND entry = ?");

	bind_int(&q, kind);
	bind_int(&q, work_package);
	bind_text(&q, entry);
	return query_run(&q, e);
}

int state_held_tidy(struct state *s, struct err *e)
{
	struct query q = query_open(s, "DELETE FROM held WHERE NOT " THERE);

	return query_run(&q, e);
}

static int query_held(
	struct query *q, state_held_fn *fn, void *arg, struct err *e)
{
	while (query_next(q)) {
		struct state_held held = {0};

		held.kind = (enum state_held_kind)column_int(q);
		held.work_package = column_int(q);
		held.entry = column_text(q);
		held.project_id = column_int(q);
		held.path = column_text(q);
		held.reason = column_text(q);
		held.gone = column_int(q) != 0;
		held.released = column_int(q) != 0;
		held.since = column_int(q);
		query_take(q, fn(arg, &held, &q->err));
	}
	return query_close(q, e);
}

int state_held(struct state *s, enum state_held_kind kind, state_held_fn *fn,
	void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT " HELD_COLUMNS " FROM held WHERE kind = ? AND " THERE
		" ORDER BY work_package, entry");

	bind_int(&q, kind);
	return query_held(&q, fn, arg, e);
}

int state_held_count(struct state *s, int64_t *out, struct err *e)
{
	struct query q = query_open(s,
		"SELECT count(*) FROM (SELECT DISTINCT work_package, entry"
		" FROM held WHERE NOT released AND " THERE ")");

	return query_one(&q, 0, out, e);
}

int state_held_release(struct state *s, enum state_held_kind kind,
	int64_t project_id, int64_t work_package, struct err *e)
{
	struct query q = query_open(s,
		"UPDATE held SET released = 1 WHERE kind = ?1"
		" AND NOT released AND (?2 = 0 OR project_id = ?2)"
		" AND (?3 = 0 OR work_package = ?3)");

	bind_int(&q, kind);
	bind_int(&q, project_id);
	bind_int(&q, work_package);
	return query_run(&q, e);
}

static const char *set_key(enum state_held_kind kind)
{
	return kind == HELD_REMOVAL ? "held.removals" : "held.changes";
}

int state_held_set(
	struct state *s, enum state_held_kind kind, int64_t *out, struct err *e)
{
	*out = 0;
	return state_get_int(s, set_key(kind), NULL, out, e);
}

int state_held_grown(
	struct state *s, enum state_held_kind kind, int64_t *out, struct err *e)
{
	int64_t removals = 0;
	int64_t changes = 0;
	int code = state_get_int(s, set_key(HELD_REMOVAL), NULL, &removals, e);

	if (code == 0)
		code = state_get_int(
			s, set_key(HELD_CHANGE), NULL, &changes, e);
	if (code != 0)
		return code;
	*out = (removals > changes ? removals : changes) + 1;
	return state_put_int(s, set_key(kind), *out, e);
}

int state_removal_prune(
	struct state *s, int64_t before, int64_t now, struct err *e)
{
	struct query q = query_open(s, "DELETE FROM removal WHERE at < ?");
	int code;

	bind_int(&q, before);
	code = query_run(&q, e);
	if (code != 0)
		return code;
	q = query_open(s, "UPDATE removal SET at = ?1 WHERE at > ?1");
	bind_int(&q, now);
	return query_run(&q, e);
}

int state_weights(struct state *s, int64_t since, state_weight_fn *fn,
	void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT project, sum(documents), sum(removed), sum(held) FROM ("
		"SELECT coalesce(w.project_id, 0) AS project,"
		" sum(d.n) AS documents, 0 AS removed, 0 AS held"
		" FROM (SELECT work_package, count(*) AS n FROM document"
		" GROUP BY work_package) d LEFT JOIN work_package w"
		" ON w.id = d.work_package GROUP BY 1"
		" UNION ALL SELECT project_id, 0, count(*), 0 FROM removal"
		" WHERE at >= ?1 GROUP BY 1"
		" UNION ALL SELECT project_id, 0, 0, count(*) FROM held"
		" WHERE kind = ?2 AND NOT released GROUP BY 1"
		") GROUP BY 1 ORDER BY 1");

	bind_int(&q, since);
	bind_int(&q, HELD_REMOVAL);
	while (query_next(&q)) {
		struct state_weight w = {0};

		w.project_id = column_int(&q);
		w.documents = column_int(&q);
		w.removed = column_int(&q);
		w.held = column_int(&q);
		query_take(&q, fn(arg, &w, &q.err));
	}
	return query_close(&q, e);
}

/* Documents that are staged to change, as they are recorded. */
#define CHANGING                                                               \
	"staged_document s CROSS JOIN document d"                              \
	" ON d.work_package = s.work_package AND d.entry = s.was"              \
	" AND s.change <> 0 AND NOT s.dropped"                                 \
	" JOIN work_package w ON w.id = d.work_package"

int state_changing(struct state *s, int64_t *n, int64_t *n_held, struct err *e)
{
	struct query q = query_open(s,
		"SELECT count(*), count(h.entry) FROM " CHANGING
		" LEFT JOIN held h ON h.kind = ?"
		" AND h.work_package = d.work_package AND h.entry = d.entry");

	bind_int(&q, HELD_CHANGE);
	if (query_next(&q)) {
		*n = column_int(&q);
		*n_held = column_int(&q);
	}
	return query_close(&q, e);
}

int state_hold_changes(
	struct state *s, bool anew, struct str reason, struct err *e)
{
	struct query q = query_open(s,
		"DELETE FROM held WHERE kind = ?1 AND (?2"
		" OR (work_package, entry) NOT IN"
		" (SELECT d.work_package, d.entry FROM " CHANGING "))");
	int code;

	bind_int(&q, HELD_CHANGE);
	bind_int(&q, anew);
	code = query_run(&q, e);
	if (code != 0)
		return code;
	q = query_open(s,
		"INSERT INTO held (" HELD_COLUMNS ")"
		" SELECT ?1, d.work_package, d.entry, w.project_id, f.path,"
		" ?2, 0, 0, ?3 FROM " CHANGING
		" LEFT JOIN file f ON f.work_package = d.work_package"
		" AND f.entry = d.entry AND f.attachment_id = 0 WHERE true"
		" ON CONFLICT DO UPDATE SET project_id = excluded.project_id,"
		" path = excluded.path, reason = excluded.reason, released = "
		"0");
	bind_int(&q, HELD_CHANGE);
	bind_text(&q, reason);
	bind_int(&q, stamp_now());
	return query_run(&q, e);
}

int state_withdraw(struct state *s, int64_t id, struct err *e)
{
	struct query q = query_open(
		s, "INSERT OR IGNORE INTO withdrawn (work_package) VALUES (?)");

	bind_int(&q, id);
	return query_run(&q, e);
}

int state_unclaimed(struct state *s, int64_t id, int64_t *n, struct err *e)
{
	struct query q = query_open(s,
		"SELECT count(*) FROM document WHERE work_package = 0"
		" AND keep_when_gone <> 1 AND NOT EXISTS"
		" (SELECT 1 FROM document WHERE work_package = ?)");

	bind_int(&q, id);
	return query_one(&q, 0, n, e);
}

int state_publish(struct state *s, int64_t id, bool *was, struct err *e)
{
	struct query q =
		query_open(s, "DELETE FROM withdrawn WHERE work_package = ?");
	int code;

	bind_int(&q, id);
	code = query_run(&q, e);
	*was = sqlite3_changes(s->db) > 0;
	if (code != 0)
		return code;
	q = query_open(s, "INSERT INTO stale (work_package, stale)"
			  " VALUES (?, ?) ON CONFLICT DO UPDATE"
			  " SET stale = max(stale, excluded.stale)");
	bind_int(&q, id);
	bind_int(&q, STORE_UNREAD);
	return query_run(&q, e);
}

int state_withdrawn(struct state *s, state_id_fn *fn, void *arg, struct err *e)
{
	struct query q =
		query_open(s, "SELECT work_package FROM withdrawn ORDER BY 1");

	while (query_next(&q))
		query_take(&q, fn(arg, column_int(&q), &q.err));
	return query_close(&q, e);
}

int state_renamed_add(struct state *s, int64_t kind, int64_t id, struct str was,
	struct err *e)
{
	struct query q = query_open(s, "INSERT OR IGNORE INTO renamed"
				       " (kind, id, was) VALUES (?, ?, ?)");

	bind_int(&q, kind);
	bind_int(&q, id);
	bind_text(&q, was);
	return query_run(&q, e);
}

int state_gone(struct state *s, int64_t work_package, struct err *e)
{
	struct query q = query_open(s,
		"UPDATE work_package SET outcome = ?1, reason = NULL,"
		" hash = zeroblob(32) WHERE id = ?2 AND outcome <> ?1");

	_Static_assert(SHA256_SIZE == 32, "as in the statement");
	bind_int(&q, OUTCOME_GONE);
	bind_int(&q, work_package);
	return query_run(&q, e);
}

int state_keep_unproven(struct state *s, struct err *e)
{
	_Static_assert(HELD_REMOVAL == 1 && KEEP_UNPROVEN == 2,
		"as in the statements");
	return state_exec(s,
		"DELETE FROM held WHERE kind = 1 AND work_package = 0 AND entry"
		" IN (SELECT entry FROM document WHERE work_package = 0"
		" AND keep_when_gone = 2);"
		"UPDATE document SET keep_when_gone = 1"
		" WHERE work_package = 0 AND keep_when_gone = 2",
		e);
}

int state_renamed(
	struct state *s, state_renamed_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(
		s, "SELECT kind, id, was FROM renamed ORDER BY 1, 2, 3");

	while (query_next(&q)) {
		int64_t kind = column_int(&q);
		int64_t id = column_int(&q);

		query_take(&q, fn(arg, kind, id, column_text(&q), &q.err));
	}
	return query_close(&q, e);
}
