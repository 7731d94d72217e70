/*
 * staged_rows - rows that are staged, and the state with them in place.
 */
#include "store/store.h"

#include "store/parts.h"
#include "store/rows.h"
#include "store/staging.h"

/* For functions without a result: store_commit() will give the failure. */
static void run(struct store *s, struct query *q)
{
	struct err e = {0};

	if (query_run(q, &e) != 0 && s->broken.code == 0)
		s->broken = e;
}

void store_put_work_package(
	struct store *s, const struct state_work_package *wp)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_work_package"
		" (" WORK_PACKAGE_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_work_package(&q, wp);
	run(s, &q);
	s->staged_bytes += wp->source.n + wp->attachments.n + wp->comments.n;
}

size_t store_staged_bytes(const struct store *s)
{
	return s->staged_bytes;
}

bool store_has_staged(struct store *s, int64_t id)
{
	struct query q = query_open(
		s->state, "SELECT 1 FROM staged_work_package WHERE id = ?");
	struct err e = {0};
	bool has;

	bind_int(&q, id);
	if (query_any(&q, &has, &e) != 0 && s->broken.code == 0)
		s->broken = e;
	return has;
}

void store_drop_work_package(struct store *s, int64_t id)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_work_package (id, dropped)"
		" VALUES (?, 1)");

	bind_int(&q, id);
	run(s, &q);
}

int store_work_package(struct store *s, int64_t id, bool *found,
	state_work_package_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT " WORK_PACKAGE_COLUMNS " FROM staged_work_package"
		" WHERE id = ?1 AND NOT dropped"
		" UNION ALL SELECT " WORK_PACKAGE_COLUMNS " FROM work_package"
		" WHERE id = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM staged_work_package WHERE id = ?1)");

	bind_int(&q, id);
	return query_work_packages(&q, found, fn, arg, e);
}

int store_head_of(struct store *s, int64_t id, bool *found,
	struct state_head *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT " HEAD_COLUMNS " FROM staged_work_package"
		" WHERE id = ?1 AND NOT dropped"
		" UNION ALL SELECT " HEAD_COLUMNS " FROM work_package"
		" WHERE id = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM staged_work_package WHERE id = ?1)");

	bind_int(&q, id);
	*found = query_head(&q, out);
	return query_close(&q, e);
}

int store_count_failed(
	struct store *s, struct str reason, int64_t *n, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT (SELECT count(*) FROM staged_work_package"
		" WHERE outcome = 3 AND reason = ?1 AND NOT dropped)"
		" + (SELECT count(*) FROM work_package w"
		" WHERE outcome = 3 AND reason = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM staged_work_package s WHERE s.id = w.id))");

	_Static_assert(OUTCOME_FAILED == 3, "as in the statement");
	bind_text(&q, reason);
	if (query_next(&q))
		*n = column_int(&q);
	return query_close(&q, e);
}

#define FILES_OF " f ON f.work_package = d.work_package AND f.entry = d.entry"
#define IN_PLACE(condition)                                                    \
	"SELECT * FROM (SELECT " DOCUMENT_FILE_COLUMNS                         \
	" FROM staged_document d JOIN staged_file" FILES_OF                    \
	" WHERE " condition " UNION ALL SELECT " DOCUMENT_FILE_COLUMNS         \
	" FROM document d JOIN file" FILES_OF " WHERE " condition              \
	" AND NOT EXISTS (SELECT 1 FROM staged_document s"                     \
	" WHERE s.work_package = d.work_package AND s.entry = d.entry)"        \
	" AND NOT (d.work_package = 0 AND EXISTS"                              \
	" (SELECT 1 FROM staged_file n WHERE n.path = f.path))"                \
	")" DOCUMENT_ORDER

int store_documents(struct store *s, int64_t work_package,
	state_document_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state, IN_PLACE("d.work_package = ?1"));

	bind_int(&q, work_package);
	return query_documents(&q, fn, arg, e);
}

/* What nobody claimed is named by its path, and gives way to who takes it. */
#define CLAIMS(column, condition)                                              \
	"SELECT " column " FROM staged_document"                               \
	" WHERE claim = ?1 AND NOT dropped AND work_package " condition        \
	" UNION ALL SELECT " column " FROM document d"                         \
	" WHERE claim = ?1 AND work_package " condition                        \
	" AND NOT EXISTS (SELECT 1 FROM staged_document s"                     \
	" WHERE s.work_package = d.work_package AND s.entry = d.entry)"        \
	" AND NOT (work_package = 0 AND EXISTS"                                \
	" (SELECT 1 FROM staged_file n WHERE n.path = d.entry)) ORDER BY 1"

/* Both parts come in order, so that this reads little however many they are. */
int store_first_claim(struct store *s, struct str claim, int64_t but,
	bool *found, int64_t *work_package, struct err *e)
{
	struct query q = query_open(
		s->state, CLAIMS("work_package", "<> ?2") " LIMIT 1");

	bind_text(&q, claim);
	bind_int(&q, but);
	*found = query_next(&q);
	if (*found)
		*work_package = column_int(&q);
	return query_close(&q, e);
}

int store_claims(struct store *s, struct str claim, int64_t work_package,
	store_claim_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state, CLAIMS("entry", "= ?2"));

	bind_text(&q, claim);
	bind_int(&q, work_package);
	while (query_next(&q))
		fn(arg, column_text(&q));
	return query_close(&q, e);
}

/* It failed; or no entry makes it any more, and it is kept. */
#define STUCK                                                                  \
	" CASE coalesce("                                                      \
	"(SELECT outcome FROM staged_work_package WHERE id = d.work_package)," \
	"(SELECT outcome FROM work_package WHERE id = d.work_package))"        \
	" WHEN 3 THEN 1 WHEN 2 THEN d.keep_when_gone ELSE 0 END"
#define STUCK_AT(condition)                                                    \
	"EXISTS (SELECT 1 FROM document d JOIN file f"                         \
	" ON f.work_package = d.work_package AND f.entry = d.entry"            \
	" AND f.attachment_id = 0"                                             \
	" WHERE d.work_package NOT IN (0, ?3) AND " condition " AND" STUCK     \
	" AND NOT EXISTS (SELECT 1 FROM staged_document s"                     \
	" WHERE s.work_package = d.work_package AND s.entry = d.entry))"

int store_stuck_at(struct store *s, struct str path, struct str claim,
	int64_t but, bool *stuck, struct err *e)
{
	static const char sql[] =
		"SELECT " STUCK_AT("f.path = ?1") " OR " STUCK_AT(
			"d.claim = ?2 AND f.path = d.natural_path");
	struct query q = query_open(s->state, sql);

	_Static_assert(OUTCOME_FAILED == 3 && OUTCOME_UNMATCHED == 2,
		"as in the statement");
	bind_text(&q, path);
	bind_text(&q, claim);
	bind_int(&q, but);
	return query_any(&q, stuck, e);
}

void store_staged_fini(struct store_staged *s)
{
	buf_fini(&s->entry);
	buf_fini(&s->claim);
}

int store_staged_at(struct store *s, struct str path, struct store_staged *out,
	struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT work_package, attachment_id, entry, claim,"
		" (SELECT work_package FROM file WHERE path = ?1)"
		" FROM staged_file"
		" JOIN staged_document USING (work_package, entry)"
		" WHERE path = ?1");

	*out = (struct store_staged){0};
	bind_text(&q, path);
	if (query_next(&q)) {
		out->work_package = column_int(&q);
		out->beside = column_int(&q) != 0;
		buf_add_str(&out->entry, column_text(&q));
		buf_add_str(&out->claim, column_text(&q));
		out->owner = column_int(&q);
	}
	return query_close(&q, e);
}

int store_holder_of(struct store *s, struct str path, int64_t but,
	int64_t *work_package, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT coalesce((SELECT work_package FROM " KEPT_FILE
		" AND work_package NOT IN (0, ?2)),"
		" (SELECT work_package FROM staged_file WHERE path = ?1"
		" AND work_package <> ?2), 0)");

	bind_text(&q, path);
	bind_int(&q, but);
	return query_one(&q, 0, work_package, e);
}

void store_put_value(struct store *s, const char *key, struct str value)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_value (key, value)"
		" VALUES (?, ?)");

	bind_text(&q, str_of(key));
	bind_text(&q, value);
	run(s, &q);
}

void store_delete_value(struct store *s, const char *key)
{
	store_put_value(s, key, STR_NONE);
}

void store_put_removal(struct store *s, int64_t at, int64_t project_id)
{
	struct query q = query_open(s->state,
		"INSERT INTO staged_removal (at, project_id) VALUES (?, ?)");

	bind_int(&q, at);
	bind_int(&q, project_id);
	run(s, &q);
}

void store_put_event(struct store *s, const struct state_event *event)
{
	struct query q = query_open(s->state,
		"INSERT INTO staged_event (" EVENT_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	bind_event(&q, event);
	run(s, &q);
}

int staging_put_attachment(
	struct state *s, const struct state_attachment *a, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR REPLACE INTO staged_attachment"
		" (" ATTACHMENT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	bind_attachment(&q, a);
	return query_run(&q, e);
}

int staging_attachment(struct state *s, int64_t id, bool *found,
	state_attachment_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT " ATTACHMENT_COLUMNS " FROM staged_attachment"
		" WHERE id = ?");
	int code;

	bind_int(&q, id);
	code = query_attachments(&q, found, fn, arg, e);
	if (code != 0 || *found)
		return code;
	return state_attachment(s, id, found, fn, arg, e);
}

int staging_twin(struct state *s, struct str oid, bool *found, int64_t *id,
	struct err *e)
{
	/* Any will do: those before were compared, so all are equal. */
	struct query q = query_open(s,
		"SELECT * FROM (SELECT id FROM staged_attachment"
		" WHERE oid = ?1 LIMIT 1) UNION ALL SELECT * FROM"
		" (SELECT id FROM attachment WHERE oid = ?1 LIMIT 1)");

	bind_text(&q, oid);
	*found = query_next(&q);
	if (*found)
		*id = column_int(&q);
	return query_close(&q, e);
}
