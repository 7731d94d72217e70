#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <git2.h>
#include <sqlite3.h>

#include "store/checkpoint.h"
#include "store/named.h"
#include "store/state.h"

/* A prepared statement that waits to be used again. */
struct statement {
	const char *sql; /* a literal: known by its address */
	sqlite3_stmt *stmt;
	bool busy;
};

struct state {
	sqlite3 *db;
	char *file;
	bool damaged;       /* SQLite said so */
	bool doubted;       /* rows or indexes of it may be wrong, or we are */
	bool held;          /* state_hold() */
	int64_t held_since; /* monotonic */
	bool relaxed;       /* state_relax() */
	struct checkpoint checkpoint;
	size_t n_statements;
	size_t cap_statements;
	struct statement *statements;
	size_t likely[256]; /* where one was, by a hash of its address */

	/* Events up to this one take so much at most (state_log.c). */
	int64_t log_last;
	int64_t log_size;

	struct named_texts listed; /* by lists of attachments (witness.c) */
};

/*
 * One use of a statement.  Values are bound from left to right, columns read
 * from left to right.  A failure is kept until query_close() or query_run()
 * gives it, and everything between does nothing: so a query reads as
 *
 *	struct query q = query_open(s, "SELECT a, b FROM t WHERE c = ?");
 *
 *	bind_int(&q, c);
 *	while (query_next(&q))
 *		use(column_int(&q), column_text(&q));
 *	return query_close(&q, e);
 */
struct query {
	struct state *state;
	sqlite3_stmt *stmt; /* NULL if it could not be prepared */
	size_t slot;
	int bound;
	int column;
	struct err err;
};

struct query query_open(struct state *s, const char *sql);

/* Bound texts are borrowed until the query is closed. */
void bind_int(struct query *q, int64_t value);
void bind_text(struct query *q, struct str value); /* STR_NONE: NULL */
void bind_blob(struct query *q, const void *bytes, size_t n);
void bind_own_blob(struct query *q, void *bytes, size_t n); /* takes them */
void bind_oid(struct query *q, const git_oid *oid); /* its hex, copied */

/* A text of several hundred bytes and more is kept compressed. */
void bind_long_text(struct query *q, struct str text);

/* Go to the next row; false at the end, and after a failure. */
bool query_next(struct query *q);

/* A text is valid until the next row or the close; NULL is STR_NONE. */
int64_t column_int(struct query *q);
struct str column_text(struct query *q);
struct str column_bytes(struct query *q);
bool column_oid(struct query *q, git_oid *oid); /* false: none; then zero */

/* What bind_long_text() bound, or a text; room may hold it: owned by the
 * caller, and good for the next row; *whole becomes false where it cannot be
 * unpacked.  SQL has it by plain(column). */
struct str column_long_text(struct query *q, struct buf *room, bool *whole);

/*
 * Texts that came from the server have a checksum, so that a bit of them that
 * is another is not published.  Rows of earlier programs have none (NULL).
 */
int64_t texts_checksum(const struct str *texts, size_t n);
bool column_is_checksum(struct query *q, int64_t is);

/*
 * Keep a failure of a callback, which ends the rows: what it gave, where it was
 * given q->err for the words (0: none), or one whose words are elsewhere.
 */
void query_take(struct query *q, int code);
void query_fail(struct query *q, int code, const struct err *e);

/* Give the statement back, and the failure if there was one. */
int query_close(struct query *q, struct err *e);

/* Go to the end and close. */
int query_run(struct query *q, struct err *e);

/* Close at the first row: its first column, or none where no row is. */
int query_one(struct query *q, int64_t none, int64_t *out, struct err *e);
int query_any(struct query *q, bool *any, struct err *e); /* is it not 0? */

/* Run statements that are used once. */
int state_exec(struct state *s, const char *sql, struct err *e);

/*
 * A transaction, or a part of the one that is open.  The second call ends it:
 * well if code is 0, else nothing of it was; gives code, or its own failure.
 */
int state_nest(struct state *s, struct err *e);
int state_unnest(struct state *s, int code, struct err *e);

/* What SQL needs for long texts, and for the log: once a connection. */
int long_text_init(struct state *s, struct err *e);
int state_log_init(struct state *s, struct err *e);

/* Say what the connection's last failure was; gives ERR_IO. */
int state_fail(struct state *s, int rc, struct err *e);

#endif
