/*
 * staging - what is staged, in tables in memory beside those of the state.
 *
 *   staging_put(), … -> staged_x -> staging_apply() -> x, and staged_x empty
 *
 * They belong to the connection, so they take part in its transactions: if
 * the one that applies them fails, all is staged as before.  Tables rather
 * than lists, since what is asked of them (who has this path, who this claim,
 * what is the state with them in place) is asked of the state in the same
 * words.  Only what was read is a list (staged_reads.c).
 */
#include "store/staging.h"

#include "base/util.h"
#include "store/rows.h"
#include "store/state_guard.h"

static const char tables[] =
	"CREATE TEMP TABLE staged_work_package ("
	" id INTEGER PRIMARY KEY, project_id INTEGER, type_id INTEGER,"
	" updated_at INTEGER, generation INTEGER, outcome INTEGER, hash BLOB,"
	" reason TEXT, source TEXT, attachments TEXT, comments TEXT,"
	" checksum INTEGER,"
	" dropped INTEGER NOT NULL DEFAULT 0);"
	"CREATE TEMP TABLE staged_document ("
	" work_package INTEGER, entry TEXT, natural_path TEXT, claim TEXT,"
	" keep_when_gone INTEGER, change INTEGER NOT NULL,"
	" dropped INTEGER NOT NULL DEFAULT 0, why TEXT,"
	/* By which entry the state has it, if it does; and of one that is
	 * dropped: the entry that makes it now. */
	" was TEXT NOT NULL, successor TEXT,"
	" PRIMARY KEY (work_package, entry)) WITHOUT ROWID;"
	"CREATE INDEX temp.staged_document_claim ON staged_document (claim);"
	"CREATE TEMP TABLE staged_file ("
	" path TEXT PRIMARY KEY, oid TEXT, attachment_id INTEGER,"
	" work_package INTEGER, entry TEXT) WITHOUT ROWID;"
	"CREATE INDEX temp.staged_file_document"
	" ON staged_file (work_package, entry);"
	"CREATE TEMP TABLE staged_attachment ("
	" id INTEGER PRIMARY KEY, work_package INTEGER, size INTEGER,"
	" digest TEXT, oid TEXT, format TEXT, width INTEGER, height INTEGER);"
	"CREATE INDEX temp.staged_attachment_oid ON staged_attachment (oid);"
	"CREATE TEMP TABLE staged_unique_value ("
	" value TEXT, work_package INTEGER, entry TEXT, level INTEGER,"
	" PRIMARY KEY (value, work_package, entry, level)) WITHOUT ROWID;"
	"CREATE INDEX temp.staged_unique_value_document"
	" ON staged_unique_value (work_package, entry);"
	"CREATE TEMP TABLE staged_name ("
	" kind INTEGER, id INTEGER, name TEXT, PRIMARY KEY (kind, id)"
	") WITHOUT ROWID;"
	"CREATE TEMP TABLE staged_relations ("
	" work_package INTEGER PRIMARY KEY, source TEXT, checksum INTEGER);"
	"CREATE TEMP TABLE staged_stale ("
	" work_package INTEGER PRIMARY KEY, stale INTEGER NOT NULL);"
	/* Files of others that documents take over, as they are. */
	"CREATE TEMP TABLE staged_adopted ("
	" path TEXT PRIMARY KEY, oid TEXT) WITHOUT ROWID;"
	/* The files of documents that are not put for others in their way. */
	"CREATE TEMP TABLE staged_blocked (path TEXT PRIMARY KEY)"
	" WITHOUT ROWID;"
	/* Documents that are not in the store as recorded, by their files that
	 * are not, and files whose contents are gone (look.c). */
	"CREATE TEMP TABLE adrift (work_package INTEGER, entry TEXT, path TEXT,"
	" PRIMARY KEY (work_package, entry, path)) WITHOUT ROWID;"
	"CREATE TEMP TABLE gone (path TEXT PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TEMP TABLE staged_value (key TEXT PRIMARY KEY, value TEXT);"
	"CREATE TEMP TABLE staged_removal (at INTEGER, project_id INTEGER);"
	"CREATE TEMP TABLE staged_event ("
	" id INTEGER PRIMARY KEY, run INTEGER, at INTEGER, level INTEGER,"
	" kind TEXT, work_package INTEGER, path TEXT, text TEXT,"
	" project TEXT);";

int staging_init(struct state *s, struct err *e)
{
	return state_exec(s, tables, e);
}

int staging_rest(struct state *s, struct err *e)
{
	int code = state_exec(s, "PRAGMA temp.incremental_vacuum", e);

	sqlite3_db_release_memory(s->db);
	return code;
}

static int run_all(
	struct state *s, const char *const *sql, size_t n, struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < n; i++) {
		struct query q = query_open(s, sql[i]);

		code = query_run(&q, e);
	}
	return code;
}

static int run_for(struct state *s, const char *sql, int64_t work_package,
	struct str entry, struct err *e)
{
	struct query q = query_open(s, sql);

	bind_int(&q, work_package);
	bind_text(&q, entry);
	return query_run(&q, e);
}

/* Most often there is none, and so nothing else of it. */
int staging_forget(
	struct state *s, int64_t work_package, struct str entry, struct err *e)
{
	int code = run_for(s,
		"DELETE FROM staged_document"
		" WHERE work_package = ?1 AND (entry = ?2 OR successor = ?2)",
		work_package, entry, e);

	if (code != 0 || sqlite3_changes(s->db) == 0)
		return code;
	code = run_for(s,
		"UPDATE staged_document SET was = entry"
		" WHERE work_package = ? AND was = ?",
		work_package, entry, e);
	if (code != 0)
		return code;
	code = run_for(s,
		"DELETE FROM staged_file WHERE work_package = ? AND entry = ?",
		work_package, entry, e);
	if (code != 0)
		return code;
	return run_for(s,
		"DELETE FROM staged_unique_value"
		" WHERE work_package = ? AND entry = ?",
		work_package, entry, e);
}

#define TOLD                                                                   \
	"DELETE FROM staged_event WHERE work_package = ?1 AND kind IN"         \
	" ('added', 'changed', 'moved', 'unresolved', 'quarantined')"          \
	" AND path = "

int staging_untell(
	struct state *s, int64_t work_package, struct str entry, struct err *e)
{
	return run_for(s,
		TOLD "(SELECT path FROM staged_file WHERE work_package = ?1"
		     " AND entry = ?2 AND attachment_id = 0)",
		work_package, entry, e);
}

int staging_untell_at(
	struct state *s, int64_t work_package, struct str path, struct err *e)
{
	return run_for(s, TOLD "?2", work_package, path, e);
}

int staging_was(struct state *s, int64_t work_package, struct str entry,
	struct buf *out, struct err *e)
{
	struct query q = query_open(s, "SELECT was FROM staged_document"
				       " WHERE work_package = ? AND entry = ?");

	bind_int(&q, work_package);
	bind_text(&q, entry);
	buf_clear(out);
	buf_add_str(out, query_next(&q) ? column_text(&q) : entry);
	return query_close(&q, e);
}

/* Only one that the state knows need be dropped from it. */
static int drop(struct state *s, int64_t work_package, struct str entry,
	struct str successor, struct err *e)
{
	struct query q = query_open(s,
		"INSERT INTO staged_document (" DOCUMENT_COLUMNS
		", was, change, dropped, successor) SELECT " DOCUMENT_COLUMNS
		", entry, ?1, 1, ?2 FROM document"
		" WHERE work_package = ?3 AND entry = ?4");

	bind_int(&q, successor.p != NULL ? STORE_SAME : STORE_CHANGED);
	bind_text(&q, successor);
	bind_int(&q, work_package);
	bind_text(&q, entry);
	return query_run(&q, e);
}

int staging_put(struct state *s, const struct state_document *d, struct str was,
	enum store_change change, struct err *e)
{
	struct query q;
	int code = staging_forget(s, d->work_package, d->entry, e);

	if (code == 0 && !str_eq(was, d->entry)) {
		code = drop(s, d->work_package, was, d->entry, e);
		if (sqlite3_changes(s->db) == 0)
			was = d->entry;
	}
	if (code != 0)
		return code;
	q = query_open(s, "INSERT INTO staged_document (" DOCUMENT_COLUMNS
			  ", was, change) VALUES (?, ?, ?, ?, ?, ?, ?)");
	bind_document(&q, d);
	bind_text(&q, was);
	bind_int(&q, change);
	code = query_run(&q, e);
	for (size_t i = 0; code == 0 && i < d->n_files; i++) {
		q = query_open(s, "INSERT INTO staged_file (" FILE_COLUMNS ")"
				  " VALUES (?, ?, ?, ?, ?)");
		bind_file(&q, d, &d->files[i]);
		code = query_run(&q, e);
	}
	return code;
}

/* With what it has been by now. */
int staging_drop(
	struct state *s, int64_t work_package, struct str entry, struct err *e)
{
	int code = run_for(s,
		"UPDATE staged_document SET change = 2, successor = NULL"
		" WHERE work_package = ? AND successor = ?",
		work_package, entry, e);

	_Static_assert(STORE_CHANGED == 2, "as in the statement");
	if (code == 0)
		code = staging_forget(s, work_package, entry, e);
	return code == 0 ? drop(s, work_package, entry, STR_NONE, e) : code;
}

/* Who has a path on record, and keeps it as far as is known, is named. */
int staging_owner(struct state *s, struct str path,
	const struct state_document *self, struct str was,
	int64_t *work_package, struct err *e)
{
	struct query q = query_open(s,
		"SELECT coalesce((SELECT work_package FROM " KEPT_FILE
		" AND work_package NOT IN (0, ?2)), work_package)"
		" FROM staged_file WHERE path = ?1"
		" AND NOT (work_package = ?2 AND entry IN (?3, ?4))");

	bind_text(&q, path);
	bind_int(&q, self->work_package);
	bind_text(&q, self->entry);
	bind_text(&q, was);
	return query_one(&q, -1, work_package, e);
}

int staging_keeper(struct state *s, struct str path, int64_t self,
	int64_t *work_package, struct err *e)
{
	struct query q = query_open(s, "SELECT work_package FROM " KEPT_FILE
				       " AND work_package NOT IN (0, ?2)");

	bind_text(&q, path);
	bind_int(&q, self);
	return query_one(&q, -1, work_package, e);
}

int staging_any(struct state *s, bool *any, struct err *e)
{
	struct query q = query_open(s,
		"SELECT EXISTS (SELECT 1 FROM staged_work_package)"
		" OR EXISTS (SELECT 1 FROM staged_document)"
		" OR EXISTS (SELECT 1 FROM staged_attachment)"
		" OR EXISTS (SELECT 1 FROM staged_name)"
		" OR EXISTS (SELECT 1 FROM staged_relations)"
		" OR EXISTS (SELECT 1 FROM staged_stale)"
		" OR EXISTS (SELECT 1 FROM staged_value)"
		" OR EXISTS (SELECT 1 FROM staged_event)");

	return query_any(&q, any, e);
}

#define READY                                                                  \
	"(SELECT work_package, entry FROM staged_document WHERE why IS NULL)"
#define WAITING                                                                \
	"(SELECT work_package FROM staged_document WHERE why IS NOT NULL)"

static int any_waits(struct state *s, bool *any, struct err *e)
{
	struct query q =
		query_open(s, "SELECT EXISTS (SELECT 1 FROM staged_document"
			      " WHERE why IS NOT NULL)");

	return query_any(&q, any, e);
}

/* Whole tables are emptied several times as quickly as row by row. */
static int forget_documents(struct state *s, struct err *e)
{
	static const char *const steps[] = {
		"DELETE FROM staged_work_package",
		"DELETE FROM staged_file",
		"DELETE FROM staged_unique_value",
		"DELETE FROM staged_document",
	};

	return run_all(s, steps, ARRAY_LEN(steps), e);
}

static int forget_ready(struct state *s, struct err *e)
{
	static const char *const steps[] = {
		"DELETE FROM staged_work_package WHERE id NOT IN " WAITING,
		"DELETE FROM staged_file"
		" WHERE (work_package, entry) IN " READY,
		"DELETE FROM staged_unique_value"
		" WHERE (work_package, entry) IN " READY,
		"DELETE FROM staged_document WHERE why IS NULL",
	};

	return run_all(s, steps, ARRAY_LEN(steps), e);
}

static int forget_others(struct state *s, struct err *e)
{
	static const char *const steps[] = {
		"DELETE FROM staged_attachment",
		"DELETE FROM staged_adopted",
		"DELETE FROM staged_blocked",
		"DELETE FROM staged_name",
		"DELETE FROM staged_relations",
		"DELETE FROM staged_stale",
		"DELETE FROM staged_value",
		"DELETE FROM staged_removal",
		"DELETE FROM staged_event",
	};

	return run_all(s, steps, ARRAY_LEN(steps), e);
}

/*
 * In this order, what is ready goes from what is staged to what is known.  OR
 * FAIL: a step that fails does not take back its own rows, all of the
 * transaction is; so SQLite keeps no copy of the pages that it changes.
 */
static const char *const apply_steps[] = {
	/* What nobody claimed, if anything, gives way to who does. */
	"DELETE FROM document WHERE work_package = 0 AND +entry IN"
	" (SELECT path FROM staged_file"
	" WHERE (work_package, entry) IN " READY ")",
	"DELETE FROM file WHERE work_package = 0 AND path IN"
	" (SELECT path FROM staged_file"
	" WHERE (work_package, entry) IN " READY ")",
	"DELETE FROM adrift WHERE (work_package, entry) IN " READY,
	/* Should they come back with an older commit, it is known whose. */
	"INSERT OR REPLACE INTO withdrawn_file (path, work_package)"
	" SELECT path, work_package FROM file WHERE work_package IN"
	" (SELECT work_package FROM withdrawn)",
	"DELETE FROM file WHERE (work_package, entry) IN " READY
	" AND NOT EXISTS (SELECT 1 FROM staged_file s"
	" WHERE s.path = file.path AND s.work_package = file.work_package"
	" AND s.entry = file.entry)",
	/* A row says nothing of the text: most stay as they are. */
	"DELETE FROM document WHERE (work_package, entry) IN"
	" (SELECT work_package, entry FROM staged_document"
	" WHERE why IS NULL AND dropped)",
	"DELETE FROM unique_value WHERE (work_package, entry) "
	"IN " READY,
	"INSERT OR FAIL INTO unique_value (value, work_package, entry, level)"
	" SELECT value, work_package, entry, level"
	" FROM staged_unique_value"
	" WHERE (work_package, entry) IN " READY,
	"INSERT INTO document (" DOCUMENT_COLUMNS ")"
	" SELECT " DOCUMENT_COLUMNS " FROM staged_document"
	" WHERE why IS NULL AND NOT dropped ORDER BY claim"
	" ON CONFLICT (work_package, entry) DO UPDATE"
	" SET natural_path = excluded.natural_path,"
	" claim = excluded.claim,"
	" keep_when_gone = excluded.keep_when_gone"
	" WHERE natural_path IS NOT excluded.natural_path"
	" OR claim IS NOT excluded.claim"
	" OR keep_when_gone IS NOT excluded.keep_when_gone",
	/* Of its files most stay, too: what differs is written. */
	"UPDATE OR FAIL file SET oid = s.oid, attachment_id = s.attachment_id"
	" FROM staged_file s WHERE s.path = file.path"
	" AND s.work_package = file.work_package AND s.entry = file.entry"
	" AND (s.work_package, s.entry) IN " READY
	" AND (s.oid <> file.oid OR s.attachment_id <> file.attachment_id)",
	"INSERT OR FAIL INTO file (" FILE_COLUMNS ")"
	" SELECT " FILE_COLUMNS " FROM staged_file s"
	" WHERE (work_package, entry) IN " READY
	" AND NOT EXISTS (SELECT 1 FROM file WHERE path = s.path"
	" AND work_package = s.work_package AND entry = s.entry)"
	" ORDER BY path",
	"DELETE FROM attachment WHERE id IN"
	" (SELECT id FROM staged_attachment)",
	"INSERT OR FAIL INTO attachment (" ATTACHMENT_COLUMNS ")"
	" SELECT " ATTACHMENT_COLUMNS " FROM staged_attachment",
	"DELETE FROM attachment WHERE work_package IN"
	" (SELECT id FROM staged_work_package"
	" WHERE dropped AND id NOT IN " WAITING ")",
	"DELETE FROM work_package WHERE id IN"
	" (SELECT id FROM staged_work_package WHERE id NOT IN " WAITING ")",
	"INSERT OR FAIL INTO work_package (" WORK_PACKAGE_COLUMNS
	") SELECT " WORK_PACKAGE_COLUMNS " FROM staged_work_package"
	" WHERE NOT dropped AND id NOT IN " WAITING,
	"DELETE FROM read WHERE work_package IN"
	" (SELECT id FROM staged_work_package"
	" WHERE dropped AND id NOT IN " WAITING ")",
	"INSERT OR REPLACE INTO name (kind, id, name)"
	" SELECT kind, id, name FROM staged_name",
	"INSERT OR REPLACE INTO relations (work_package, source, checksum)"
	" SELECT work_package, source, checksum FROM staged_relations",
	"DELETE FROM relations WHERE work_package IN"
	" (SELECT id FROM staged_work_package"
	" WHERE dropped AND id NOT IN " WAITING ")",
	"INSERT OR REPLACE INTO stale (work_package, stale)"
	" SELECT work_package, stale FROM staged_stale"
	" WHERE stale <> 0",
	"DELETE FROM stale WHERE work_package IN"
	" (SELECT work_package FROM staged_stale WHERE stale = 0)",
	"INSERT OR REPLACE INTO value (key, value)"
	" SELECT key, value FROM staged_value WHERE value IS NOT NULL",
	"DELETE FROM value WHERE key IN"
	" (SELECT key FROM staged_value WHERE value IS NULL)",
	/* Changes are held with the mapping that makes them, and no more once
	 * it has. */
	"DELETE FROM held WHERE kind = 2 AND (work_package, entry) IN"
	" (SELECT work_package, was FROM staged_document"
	" WHERE why IS NULL AND (change <> 0 OR dropped))",
	"DELETE FROM held WHERE kind = 2 AND NOT EXISTS"
	" (SELECT 1 FROM value WHERE key = 'held.mapping')",
	"INSERT INTO removal (at, project_id)"
	" SELECT at, project_id FROM staged_removal",
	"INSERT OR FAIL INTO event (" EVENT_COLUMNS ")"
	" SELECT " EVENT_COLUMNS " FROM staged_event ORDER BY id",
};

_Static_assert(HELD_CHANGE == 2, "as in the statement");

int staging_apply(struct state *s, struct err *e)
{
	bool waits = false;
	int code;

	named_forget(&s->listed);
	code = run_all(s, apply_steps, ARRAY_LEN(apply_steps), e);

	if (code == 0)
		code = any_waits(s, &waits, e);
	if (code == 0)
		code = waits ? forget_ready(s, e) : forget_documents(s, e);
	return code == 0 ? forget_others(s, e) : code;
}

/* Adrift, in the store as far as is known, and not staged otherwise. */
#define AGAIN                                                                  \
	"(SELECT work_package, entry FROM adrift a WHERE NOT EXISTS"           \
	" (SELECT 1 FROM staged_document d WHERE d.work_package"               \
	" = a.work_package AND d.entry = a.entry) AND NOT EXISTS"              \
	" (SELECT 1 FROM file f WHERE f.work_package = a.work_package"         \
	" AND f.entry = a.entry AND f.oid = " FILE_GONE "))"

int staging_again(struct state *s, struct err *e)
{
	static const char *const steps[] = {
		"INSERT OR IGNORE INTO staged_file (" FILE_COLUMNS
		") SELECT " FILE_COLUMNS " FROM file"
		" WHERE (work_package, entry) IN " AGAIN,
		"INSERT OR IGNORE INTO staged_unique_value"
		" (value, work_package, entry, level)"
		" SELECT value, work_package, entry, level"
		" FROM unique_value WHERE (work_package, entry) IN " AGAIN,
		"INSERT INTO staged_document (" DOCUMENT_COLUMNS
		", was, change) SELECT " DOCUMENT_COLUMNS
		", entry, 0 FROM document"
		" WHERE (work_package, entry) IN " AGAIN,
	};

	return run_all(s, steps, ARRAY_LEN(steps), e);
}

int staging_tell_adrift(
	struct query *q, store_adrift_fn *fn, void *arg, struct err *e)
{
	while (query_next(q)) {
		int64_t work_package = column_int(q);
		struct str entry = column_text(q);
		struct str path = column_text(q);

		fn(arg, work_package, entry, path, column_int(q) != 0);
	}
	return query_close(q, e);
}

int staging_restored(
	struct state *s, store_adrift_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT a.work_package, d.entry, a.path, f.oid IS " FILE_GONE
		" FROM adrift a JOIN staged_document d"
		" ON d.work_package = a.work_package AND d.was = a.entry"
		" JOIN staged_file n ON n.path = a.path"
		" AND n.work_package = d.work_package AND n.entry = d.entry"
		" LEFT JOIN file f ON f.path = a.path"
		" WHERE d.why IS NULL AND NOT d.dropped ORDER BY 1, 2, 3");

	return staging_tell_adrift(&q, fn, arg, e);
}

int staging_is_adrift(struct state *s, int64_t work_package, struct str entry,
	bool *is, struct err *e)
{
	struct query q = query_open(s, "SELECT 1 FROM adrift"
				       " WHERE work_package = ? AND entry = ?");

	bind_int(&q, work_package);
	bind_text(&q, entry);
	return query_any(&q, is, e);
}

int staging_change(struct state *s, int64_t work_package, struct str entry,
	enum store_change *out, struct err *e)
{
	struct query q = query_open(s,
		"SELECT change FROM staged_document"
		" WHERE work_package = ? AND entry = ? AND NOT dropped");

	bind_int(&q, work_package);
	bind_text(&q, entry);
	*out = query_next(&q) ? (enum store_change)column_int(&q) : STORE_SAME;
	return query_close(&q, e);
}

/* But what the repository has lost stays so, whatever becomes of the pass. */
static const char found_again[] =
	"DELETE FROM adrift WHERE NOT EXISTS (SELECT 1 FROM file f"
	" WHERE f.work_package = adrift.work_package"
	" AND f.entry = adrift.entry AND f.oid = " FILE_GONE ")";

int staging_clear(struct state *s, struct err *e)
{
	int code = forget_documents(s, e);

	if (code == 0)
		code = forget_others(s, e);
	return code == 0 ? state_exec(s, found_again, e) : code;
}
