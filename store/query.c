/*
 * query - SQLite's statements, prepared once and used often.
 *
 * Statements are kept by the address of their text.  One that is in use (a
 * callback may ask what its caller is asking) is prepared a second time.  A
 * failure ends the query and is told when it is closed.
 */
#include "store/query.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/util.h"

#define ROOM ((uint64_t)64 << 10)

/* What the system said of the database, or of its log; 0: nothing. */
static int last_errno(struct state *s)
{
	sqlite3_file *log = NULL;
	int n = 0;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_LAST_ERRNO, &n);
	if (n == 0 &&
		sqlite3_file_control(s->db, "main",
			SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
		log != NULL && log->pMethods != NULL)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &n);
	return n;
}

/* Too full for the smallest of SQLite's files. */
static bool disk_is_full(const char *file)
{
	char *folder = xstrdup(file);
	char *slash = strrchr(folder, '/');
	struct statvfs at;
	bool full;

	if (slash != NULL)
		*slash = '\0';
	full = statvfs(folder, &at) == 0 &&
	       ((uint64_t)at.f_bavail * at.f_frsize < ROOM ||
		       (at.f_files > 0 && at.f_favail == 0));
	free(folder);
	return full;
}

/* SQLite does not always tell what the system said. */
static int system_failed(struct state *s, struct err *e)
{
	int n = last_errno(s);

	if (n == 0 && disk_is_full(s->file))
		n = ENOSPC;
	if (n != 0)
		return err_errno(
			e, ERR_IO, n, "%s: %s", s->file, sqlite3_errmsg(s->db));
	return err_set(e, ERR_IO, "%s: %s", s->file, sqlite3_errmsg(s->db));
}

static int fail_damaged(struct state *s, const char *why, struct err *e)
{
	s->damaged = true;
	return err_set(e, ERR_IO,
		"%s is damaged (%s): it is made again from the repository and "
		"the server",
		s->file, why);
}

int state_fail(struct state *s, int rc, struct err *e)
{
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_damaged(s, sqlite3_errmsg(s->db), e);
	case SQLITE_CONSTRAINT:
		s->doubted = true;
		return err_set(
			e, ERR_IO, "%s: %s", s->file, sqlite3_errmsg(s->db));
	case SQLITE_BUSY:
		return err_set(e, ERR_IO,
			"%s is locked by another program: try again", s->file);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return system_failed(s, e);
	default:
		return err_set(
			e, ERR_IO, "%s: %s", s->file, sqlite3_errmsg(s->db));
	}
}

static bool is_free(const struct state *s, size_t i, const char *sql)
{
	return i < s->n_statements && s->statements[i].sql == sql &&
	       !s->statements[i].busy;
}

/* Most are where they were; else behind the last, if all are busy. */
static size_t free_slot(struct state *s, const char *sql)
{
	uint64_t mixed = (uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15;
	size_t *likely = &s->likely[mixed >> 56];
	size_t i = *likely;

	if (is_free(s, i, sql))
		return i;
	for (i = 0; i < s->n_statements; i++)
		if (is_free(s, i, sql))
			break;
	*likely = i;
	return i;
}

struct query query_open(struct state *s, const char *sql)
{
	struct query q = {.state = s, .slot = free_slot(s, sql)};
	struct statement *at;
	sqlite3_stmt *stmt;
	int rc;

	if (q.slot == s->n_statements) {
		rc = sqlite3_prepare_v3(
			s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
		if (rc != SQLITE_OK) {
			state_fail(s, rc, &q.err);
			return q;
		}
		s->statements = grow(s->statements, s->n_statements,
			&s->cap_statements, sizeof(*s->statements));
		s->statements[s->n_statements++] =
			(struct statement){.sql = sql, .stmt = stmt};
	}
	at = &s->statements[q.slot];
	at->busy = true;
	q.stmt = at->stmt;
	return q;
}

static void check(struct query *q, int rc)
{
	if (rc != SQLITE_OK && q->err.code == 0)
		state_fail(q->state, rc, &q->err);
}

void bind_int(struct query *q, int64_t value)
{
	if (q->stmt != NULL)
		check(q, sqlite3_bind_int64(q->stmt, ++q->bound, value));
}

void bind_text(struct query *q, struct str value)
{
	if (q->stmt != NULL)
		check(q, sqlite3_bind_text64(q->stmt, ++q->bound, value.p,
				 value.n, SQLITE_STATIC, SQLITE_UTF8));
}

void bind_blob(struct query *q, const void *bytes, size_t n)
{
	if (q->stmt != NULL)
		check(q, sqlite3_bind_blob64(
				 q->stmt, ++q->bound, bytes, n, SQLITE_STATIC));
}

void bind_own_blob(struct query *q, void *bytes, size_t n)
{
	if (q->stmt == NULL)
		free(bytes);
	else /* which frees them, also when it fails */
		check(q, sqlite3_bind_blob64(
				 q->stmt, ++q->bound, bytes, n, free));
}

void bind_oid(struct query *q, const git_oid *oid)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), oid);
	if (q->stmt != NULL)
		check(q, sqlite3_bind_text(q->stmt, ++q->bound, hex,
				 GIT_OID_HEXSZ, SQLITE_TRANSIENT));
}

bool query_next(struct query *q)
{
	int rc;

	if (q->err.code != 0)
		return false;
	q->column = 0;
	rc = sqlite3_step(q->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		check(q, rc);
	return rc == SQLITE_ROW;
}

int64_t column_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->column++);
}

struct str column_text(struct query *q)
{
	int i = q->column++;
	const void *p = sqlite3_column_text(q->stmt, i);

	if (p == NULL)
		return STR_NONE;
	return (struct str){p, (size_t)sqlite3_column_bytes(q->stmt, i)};
}

struct str column_bytes(struct query *q)
{
	int i = q->column++;
	const void *p = sqlite3_column_blob(q->stmt, i);

	if (p == NULL)
		return STR_NONE;
	return (struct str){p, (size_t)sqlite3_column_bytes(q->stmt, i)};
}

bool column_oid(struct query *q, git_oid *oid)
{
	struct str hex = column_text(q);

	if (hex.p != NULL && git_oid_fromstrn(oid, hex.p, hex.n) == 0)
		return true;
	*oid = (git_oid){{0}};
	return false;
}

/* What went well may have left words, and a code with them. */
void query_take(struct query *q, int code)
{
	q->err.code = code < 0 ? code : 0;
}

void query_fail(struct query *q, int code, const struct err *e)
{
	assert(code < 0);
	q->err = *e;
	q->err.code = code;
}

int query_close(struct query *q, struct err *e)
{
	if (q->stmt != NULL) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		q->state->statements[q->slot].busy = false;
		q->stmt = NULL;
	}
	if (q->err.code != 0 && e != NULL)
		*e = q->err;
	return q->err.code;
}

int query_run(struct query *q, struct err *e)
{
	while (query_next(q))
		;
	return query_close(q, e);
}

int query_one(struct query *q, int64_t none, int64_t *out, struct err *e)
{
	*out = query_next(q) ? column_int(q) : none;
	return query_close(q, e);
}

int query_any(struct query *q, bool *any, struct err *e)
{
	*any = query_next(q) && column_int(q) != 0;
	return query_close(q, e);
}

int state_exec(struct state *s, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : state_fail(s, rc, e);
}
