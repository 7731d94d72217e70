/*
 * state - opening the SQLite file, its schema, transactions.
 *
 *   open -> WAL, synchronous FULL -> migrations up to ours
 *
 * Each migration is one transaction with its version, so a kill leaves the
 * version before it.  A reader (read_only) changes nothing; where it may not
 * make the shared memory beside the file (another user's folder, a stopped
 * daemon), it reads the file as one that nobody writes.
 */
#include "store/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/query.h"

/* The n-th brings a state from version n to n + 1. */
static const char *const migrations[] = {
	"CREATE TABLE value ("
	" key TEXT PRIMARY KEY, value TEXT"
	") WITHOUT ROWID;"
	"CREATE TABLE resource (name TEXT PRIMARY KEY, body TEXT NOT NULL);"
	"CREATE TABLE work_package ("
	" id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL,"
	" type_id INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
	" generation INTEGER NOT NULL, outcome INTEGER NOT NULL, hash BLOB,"
	" reason TEXT, source TEXT, attachments TEXT);"
	"CREATE INDEX work_package_outcome ON work_package (outcome);"
	"CREATE TABLE document ("
	" work_package INTEGER NOT NULL, entry TEXT NOT NULL,"
	" natural_path TEXT NOT NULL, claim TEXT NOT NULL,"
	" keep_when_gone INTEGER NOT NULL, PRIMARY KEY (work_package, entry)"
	") WITHOUT ROWID;"
	"CREATE INDEX document_claim ON document (claim);"
	"CREATE TABLE file ("
	" path TEXT PRIMARY KEY, oid TEXT NOT NULL,"
	" attachment_id INTEGER NOT NULL, work_package INTEGER NOT NULL,"
	" entry TEXT NOT NULL"
	") WITHOUT ROWID;"
	"CREATE INDEX file_document ON file (work_package, entry);"
	"CREATE TABLE attachment ("
	" id INTEGER PRIMARY KEY, work_package INTEGER NOT NULL,"
	" size INTEGER NOT NULL, digest TEXT, sha256 TEXT NOT NULL,"
	" oid TEXT NOT NULL, format TEXT NOT NULL, width INTEGER NOT NULL,"
	" height INTEGER NOT NULL);"
	"CREATE INDEX attachment_oid ON attachment (oid);"
	"CREATE INDEX attachment_work_package ON attachment (work_package);"
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, started INTEGER NOT NULL,"
	" finished INTEGER NOT NULL, kind TEXT, cause TEXT,"
	" result INTEGER NOT NULL, error TEXT, seen INTEGER NOT NULL,"
	" made INTEGER NOT NULL, changed INTEGER NOT NULL,"
	" removed INTEGER NOT NULL, failed INTEGER NOT NULL,"
	" requests INTEGER NOT NULL, bytes INTEGER NOT NULL, \"commit\" TEXT);"
	"CREATE TABLE event ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
	" at INTEGER NOT NULL, level INTEGER NOT NULL, kind TEXT,"
	" work_package INTEGER NOT NULL, path TEXT, text TEXT);"
	"CREATE INDEX event_run ON event (run);"
	"CREATE INDEX event_work_package ON event (work_package);"
	"CREATE TABLE intent ("
	" id INTEGER PRIMARY KEY CHECK (id = 1), started INTEGER NOT NULL,"
	" run INTEGER NOT NULL, old TEXT, new TEXT, kept TEXT, kept_branch "
	"TEXT);"
	"CREATE TABLE intent_change ("
	" path TEXT PRIMARY KEY, old TEXT, new TEXT, document INTEGER NOT NULL"
	") WITHOUT ROWID;",

	/* What documents read, under which names, and which are stale. */
	"CREATE TABLE read ("
	" work_package INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" id INTEGER NOT NULL, PRIMARY KEY (work_package, kind, id)"
	") WITHOUT ROWID;"
	"CREATE INDEX read_thing ON read (kind, id);"
	"CREATE TABLE name ("
	" kind INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY (kind, id)) WITHOUT ROWID;"
	"CREATE TABLE stale ("
	" work_package INTEGER PRIMARY KEY, stale INTEGER NOT NULL);",
	/* A change that others made: what a person edited meanwhile stays. */
	"ALTER TABLE intent_change ADD COLUMN theirs INTEGER NOT NULL"
	" DEFAULT 0;",

	/* What the guard holds, let through, and people withdrew. */
	"CREATE TABLE held ("
	" kind INTEGER NOT NULL, work_package INTEGER NOT NULL,"
	" entry TEXT NOT NULL, project_id INTEGER NOT NULL, path TEXT,"
	" reason TEXT, gone INTEGER NOT NULL, released INTEGER NOT NULL,"
	" since INTEGER NOT NULL, PRIMARY KEY (kind, work_package, entry)"
	") WITHOUT ROWID;"
	"CREATE TABLE removal (at INTEGER NOT NULL, project_id INTEGER NOT "
	"NULL);"
	"CREATE TABLE withdrawn (work_package INTEGER PRIMARY KEY);",
	/* The values of unique: that documents have or want. */
	"CREATE TABLE unique_value ("
	" value TEXT NOT NULL, work_package INTEGER NOT NULL,"
	" entry TEXT NOT NULL, level INTEGER NOT NULL,"
	" PRIMARY KEY (value, work_package, entry, level)) WITHOUT ROWID;"
	"CREATE INDEX unique_value_document"
	" ON unique_value (work_package, entry);",
	/* Whose an event is, and what failed again as before. */
	"ALTER TABLE event ADD COLUMN project TEXT;"
	"ALTER TABLE run ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;",

	/* What each day cost the server; server_time in microseconds. */
	"CREATE TABLE usage ("
	" day INTEGER PRIMARY KEY, passes INTEGER NOT NULL,"
	" requests INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" server_time INTEGER NOT NULL);",
	"ALTER TABLE intent_change ADD COLUMN mode INTEGER NOT NULL"
	" DEFAULT 0;",

	/* Comments, where a mapping asks for them. */
	"ALTER TABLE work_package ADD COLUMN comments TEXT;",
	/* What is called otherwise than where the configuration names it. */
	"CREATE TABLE renamed ("
	" kind INTEGER NOT NULL, id INTEGER NOT NULL, was TEXT NOT NULL,"
	" PRIMARY KEY (kind, id, was)) WITHOUT ROWID;",

	/* Relations, where documents read them. */
	"CREATE TABLE relations ("
	" work_package INTEGER PRIMARY KEY, source TEXT);",

	/* Long texts may be packed (long_text.c): not for those before. */
	"SELECT 1",
	/* Contents of one name are compared themselves (content.c). */
	"ALTER TABLE attachment DROP COLUMN sha256",
	/* Of what is kept of the server (query.h): not for that before. */
	"ALTER TABLE work_package ADD COLUMN checksum INTEGER;"
	"ALTER TABLE relations ADD COLUMN checksum INTEGER",
	/* Files that documents had when they were withdrawn. */
	"CREATE TABLE withdrawn_file ("
	" path TEXT PRIMARY KEY, work_package INTEGER NOT NULL) WITHOUT ROWID",
};

#define CHECKED ((off_t)16 << 20) /* bytes of a state that a start checks */
#define HELD_MOST (STAMP_SECOND / 10)
#define SCHEMA ((int64_t)ARRAY_LEN(migrations))

static int ask(struct state *s, const char *pragma, int64_t *out, struct err *e)
{
	struct query q = query_open(s, pragma);

	return query_one(&q, 0, out, e);
}

static int check_version(struct state *s, int64_t *at, struct err *e)
{
	int code = ask(s, "PRAGMA user_version", at, e);

	if (code != 0 || *at <= SCHEMA)
		return code;
	return err_set(e, ERR_CONFIG,
		"%s was written by a newer opsync (schema %lld, this one knows "
		"%lld): install that one, or move the file away: it is rebuilt",
		s->file, (long long)*at, (long long)SCHEMA);
}

static int migrate_one(struct state *s, int64_t at, struct err *e)
{
	char pragma[64];
	int code = state_begin(s, e);

	if (code != 0)
		return code;
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %lld",
		(long long)at + 1);
	code = state_exec(s, migrations[at], e);
	if (code == 0)
		code = state_exec(s, pragma, e);
	return state_end(s, code, e);
}

static int migrate(struct state *s, struct err *e)
{
	int64_t at = 0;
	int code = check_version(s, &at, e);

	while (code == 0 && at < SCHEMA)
		code = migrate_one(s, at++, e);
	return code;
}

/* SQLite would make it with the umask alone. */
static int make_file(const char *file, struct err *e)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", file);
	close(fd);
	return 0;
}

/* One thread uses it at a time: no locks within SQLite. */
static int connect_to(
	struct state *s, const char *name, int flags, struct err *e)
{
	int rc;

	/* Nor a lock to count its memory.  Once it runs this changes nothing.
	 */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(s->db, 5000);
		sqlite3_extended_result_codes(s->db, 1);
		rc = long_text_init(s, e);
		return rc == 0 ? state_log_init(s, e) : rc;
	}
	if (s->db == NULL)
		return err_set(e, ERR_IO, "%s: out of memory", s->file);
	return state_fail(s, rc, e);
}

/* A large one is found to be damaged only when it is used. */
static int quick_check(struct state *s, struct err *e)
{
	struct stat st;
	struct query q;
	bool good = true;
	int code;

	if (stat(s->file, &st) != 0 || st.st_size > CHECKED)
		return 0;
	q = query_open(s, "PRAGMA quick_check(1)");
	if (query_next(&q))
		good = str_is(column_text(&q), "ok");
	code = query_close(&q, e);
	if (code != 0 || good)
		return code;
	s->damaged = true;
	return err_set(e, ERR_DATA,
		"%s is damaged: it is made again from the repository and the "
		"server",
		s->file);
}

/*
 * What the server gave of a work package is several KiB, which most pages of 4
 * KiB are too small for; of 16 KiB, those in which one row changed would be
 * most of what a small commit waits for.  A state that was made with others
 * keeps them.
 *
 * With 4 MB of them at hand instead of 2, a commit of many work packages finds
 * half as many missing, and writes few a second time; and of a large state's
 * indexes it holds the places where paths of a hundred folders come.
 *
 * Debian's SQLite overwrites what is deleted with zeros (secure_delete): of
 * what is staged that is a second copy of all of it in memory, of the state a
 * second time written, and git holds it, too.  Who erases something from the
 * history therefore removes the state as well, as the manual says.
 *
 * temp.auto_vacuum is for staging_rest(): what is temporary is in memory, and
 * that can be set only before anything is.
 */
static int open_writer(struct state *s, struct err *e)
{
	int64_t page_size = 0;
	int code = make_file(s->file, e);

	if (code == 0)
		code = connect_to(s, s->file, SQLITE_OPEN_READWRITE, e);
	if (code == 0)
		code = state_exec(s,
			"PRAGMA page_size = 8192;"
			"PRAGMA journal_mode = WAL;"
			"PRAGMA synchronous = FULL;"
			"PRAGMA cache_size = -4000;"
			"PRAGMA temp_store = MEMORY;"
			"PRAGMA temp.auto_vacuum = INCREMENTAL;"
			"PRAGMA secure_delete = OFF;"
			"PRAGMA temp.secure_delete = OFF",
			e);
	if (code == 0) /* one that was made earlier may have larger ones */
		code = ask(s, "PRAGMA page_size", &page_size, e);
	if (code == 0)
		checkpoint_begin(
			&s->checkpoint, s->db, s->file, (int)page_size);
	if (code == 0)
		code = quick_check(s, e);
	return code == 0 ? migrate(s, e) : code;
}

/* "file:…?immutable=1", with what has a meaning in a URI escaped. */
static char *immutable_uri(const char *file)
{
	struct buf uri = {0};

	buf_puts(&uri, "file:");
	for (const char *p = file; *p != '\0'; p++) {
		if (strchr("%?#", *p) != NULL)
			buf_printf(&uri, "%%%02X", (unsigned)*p);
		else
			buf_putc(&uri, *p);
	}
	buf_puts(&uri, "?immutable=1");
	return buf_take(&uri);
}

/* Does a log of changes lie beside the file? */
static bool has_wal(const char *file)
{
	char *wal = xasprintf("%s-wal", file);
	struct stat st;
	bool has = stat(wal, &st) == 0 && st.st_size > 0;

	free(wal);
	return has;
}

static void disconnect(struct state *s)
{
	for (size_t i = 0; i < s->n_statements; i++) {
		assert(!s->statements[i].busy);
		sqlite3_finalize(s->statements[i].stmt);
	}
	free(s->statements);
	s->statements = NULL;
	s->n_statements = s->cap_statements = 0;
	checkpoint_end(&s->checkpoint);
	sqlite3_close(s->db);
	s->db = NULL;
}

static int open_reader(struct state *s, struct err *e)
{
	int64_t at = 0;
	char *uri;
	int code;
	int rc;

	if (access(s->file, F_OK) != 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND,
			"%s is not there: opsyncd has not run yet", s->file);
	code = connect_to(s, s->file, SQLITE_OPEN_READONLY, e);
	if (code == 0)
		code = check_version(s, &at, e);
	rc = sqlite3_errcode(s->db) & 0xff;
	if (code == ERR_IO && !has_wal(s->file) &&
		(rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY)) {
		disconnect(s);
		uri = immutable_uri(s->file);
		code = connect_to(
			s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
		free(uri);
		if (code == 0)
			code = check_version(s, &at, e);
	}
	if (code == 0 && at < SCHEMA)
		return err_set(e, ERR_CONFIG,
			"%s was written by an older opsync: start opsyncd "
			"anew, which brings it up to date",
			s->file);
	return code;
}

int state_open(
	const char *file, bool read_only, struct state **out, struct err *e)
{
	struct state *s = xcalloc(1, sizeof(*s));
	int code;

	s->file = xstrdup(file);
	code = read_only ? open_reader(s, e) : open_writer(s, e);
	if (code != 0 && s->damaged) {
		code = ERR_DATA;
		if (e != NULL)
			e->code = code;
	}
	if (code != 0) {
		state_close(s);
		return code;
	}
	*out = s;
	return 0;
}

int state_move_away(const char *file, struct err *e)
{
	static const char *const tails[] = {"-shm", "-wal", ""};

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char *from = xasprintf("%s%s", file, tails[i]);
		char *to = xasprintf("%s.damaged%s", file, tails[i]);
		int failed = rename(from, to) != 0 && errno != ENOENT;

		if (failed)
			err_errno(
				e, ERR_IO, errno, "cannot move %s away", from);
		free(from);
		free(to);
		if (failed)
			return ERR_IO;
	}
	return 0;
}

bool state_is_damaged(const struct state *s)
{
	return s->damaged;
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	disconnect(s);
	named_forget(&s->listed);
	free(s->file);
	free(s);
}

int state_hold(struct state *s, struct err *e)
{
	int64_t now = stamp_monotonic();
	struct query q;
	int code = 0;

	if (s->held && !sqlite3_get_autocommit(s->db) &&
		now - s->held_since < HELD_MOST)
		return 0;
	code = state_let_go(s, e);
	if (code != 0)
		return code;
	q = query_open(s, "BEGIN");
	code = query_run(&q, e);
	s->held = code == 0;
	s->held_since = now;
	return code;
}

int state_let_go(struct state *s, struct err *e)
{
	if (!s->held)
		return 0;
	s->held = false;
	if (sqlite3_get_autocommit(s->db))
		return err_set(e, ERR_IO,
			"%s: a fault ended what was under way", s->file);
	return state_end(s, 0, e);
}

bool state_is_held(const struct state *s)
{
	return s->held;
}

int state_begin(struct state *s, struct err *e)
{
	int code = state_let_go(s, e);
	struct query q;

	if (code != 0)
		return code;
	q = query_open(s, "BEGIN IMMEDIATE");
	return query_run(&q, e);
}

static void state_rollback(struct state *s)
{
	struct query q;

	if (sqlite3_get_autocommit(s->db))
		return; /* SQLite did it by itself */
	q = query_open(s, "ROLLBACK");
	query_run(&q, NULL);
}

int state_end(struct state *s, int code, struct err *e)
{
	struct query q;

	if (code == 0) {
		q = query_open(s, "COMMIT");
		code = query_run(&q, e);
	}
	if (code != 0) /* where COMMIT fails, too: all may be open still */
		state_rollback(s);
	return code;
}

void state_relax(struct state *s)
{
	if (sqlite3_get_autocommit(s->db))
		s->relaxed =
			state_exec(s, "PRAGMA synchronous = NORMAL", NULL) == 0;
}

void state_strict(struct state *s)
{
	if (s->relaxed && state_exec(s, "PRAGMA synchronous = FULL", NULL) != 0)
		abort(); /* rather than promise what does not hold */
	s->relaxed = false;
}

int state_nest(struct state *s, struct err *e)
{
	struct query q = query_open(s, "SAVEPOINT part");

	return query_run(&q, e);
}

int state_unnest(struct state *s, int code, struct err *e)
{
	struct query q;

	if (code != 0 && sqlite3_get_autocommit(s->db))
		return code; /* SQLite rolled all back by itself */
	if (code != 0) {
		q = query_open(s, "ROLLBACK TO part");
		query_run(&q, NULL);
	}
	q = query_open(s, "RELEASE part");
	if (code != 0) {
		query_run(&q, NULL);
		return code;
	}
	code = query_run(&q, e);
	if (code != 0)
		state_rollback(s);
	return code;
}
