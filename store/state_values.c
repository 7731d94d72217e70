/*
 * state_values - single values, the server's named answers, attachments, and
 * how many there are of everything.
 */
#include "store/state.h"

#include <string.h>

#include "store/rows.h"

int state_copy(struct state *s, const char *file, struct err *e)
{
	struct query q = query_open(s, "VACUUM INTO ?");

	bind_text(&q, str_of(file));
	return query_run(&q, e);
}

int state_get(struct state *s, const char *key, struct buf *value, bool *found,
	struct err *e)
{
	struct query q = query_open(s, "SELECT value FROM value WHERE key = ?");

	bind_text(&q, str_of(key));
	*found = query_next(&q);
	if (*found) {
		buf_clear(value);
		buf_add_str(value, column_text(&q));
	}
	return query_close(&q, e);
}

int state_put(struct state *s, const char *key, struct str value, struct err *e)
{
	struct query q = query_open(
		s, "INSERT OR REPLACE INTO value (key, value) VALUES (?, ?)");

	bind_text(&q, str_of(key));
	bind_text(&q, value);
	return query_run(&q, e);
}

int state_delete(struct state *s, const char *key, struct err *e)
{
	struct query q = query_open(s, "DELETE FROM value WHERE key = ?");

	bind_text(&q, str_of(key));
	return query_run(&q, e);
}

int state_has(struct state *s, const char *key, bool *found, struct err *e)
{
	struct query q = query_open(s, "SELECT 1 FROM value WHERE key = ?");

	bind_text(&q, str_of(key));
	*found = query_next(&q);
	return query_close(&q, e);
}

int state_is(struct state *s, const char *key, struct str value, bool *is,
	struct err *e)
{
	struct buf text = {0};
	int code = state_get(s, key, &text, is, e);

	*is = *is && str_eq(buf_str(&text), value);
	buf_fini(&text);
	return code;
}

int state_get_int(struct state *s, const char *key, bool *found, int64_t *out,
	struct err *e)
{
	struct buf text = {0};
	long long number;
	bool is = false;
	int code = state_get(s, key, &text, &is, e);

	is = code == 0 && is && str_to_int64(buf_str(&text), &number);
	if (is)
		*out = number;
	if (found != NULL)
		*found = is;
	buf_fini(&text);
	return code;
}

int state_put_int(
	struct state *s, const char *key, int64_t number, struct err *e)
{
	char digits[STR_INT];

	return state_put(s, key, str_int(digits, number), e);
}

int state_resource_put(
	struct state *s, struct str name, struct str body, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR REPLACE INTO resource (name, body) VALUES (?, ?)");

	bind_text(&q, name);
	bind_text(&q, body);
	return query_run(&q, e);
}

int state_resource_drop(struct state *s, struct str name, struct err *e)
{
	struct query q = query_open(s, "DELETE FROM resource WHERE name = ?");

	bind_text(&q, name);
	return query_run(&q, e);
}

int state_resources(
	struct state *s, state_resource_fn *fn, void *arg, struct err *e)
{
	struct query q =
		query_open(s, "SELECT name, body FROM resource ORDER BY name");

	while (query_next(&q)) {
		struct str name = column_text(&q);
		struct str body = column_text(&q);
		query_take(&q, fn(arg, name, body, &q.err));
	}
	return query_close(&q, e);
}

int state_attachment(struct state *s, int64_t id, bool *found,
	state_attachment_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT " ATTACHMENT_COLUMNS " FROM attachment WHERE id = ?");

	bind_int(&q, id);
	return query_attachments(&q, found, fn, arg, e);
}

void bind_attachment(struct query *q, const struct state_attachment *a)
{
	bind_int(q, a->id);
	bind_int(q, a->work_package);
	bind_int(q, a->size);
	bind_text(q, a->digest);
	bind_text(q, a->oid);
	bind_text(q, str_of(a->image.format));
	bind_int(q, a->image.width);
	bind_int(q, a->image.height);
}

static void read_attachment(struct query *q, struct state_attachment *a)
{
	struct str format;

	*a = (struct state_attachment){.id = column_int(q)};
	a->work_package = column_int(q);
	a->size = column_int(q);
	a->digest = column_text(q);
	a->oid = column_text(q);
	format = column_text(q);
	if (format.n < sizeof(a->image.format))
		memcpy(a->image.format, format.p, format.n);
	a->image.width = (long)column_int(q);
	a->image.height = (long)column_int(q);
}

int query_attachments(struct query *q, bool *found, state_attachment_fn *fn,
	void *arg, struct err *e)
{
	*found = false;
	while (query_next(q)) {
		struct state_attachment a;

		*found = true;
		read_attachment(q, &a);
		query_take(q, fn(arg, &a, &q->err));
	}
	return query_close(q, e);
}

static int count(struct state *s, const char *sql, int64_t *out, struct err *e)
{
	struct query q = query_open(s, sql);

	return query_one(&q, 0, out, e);
}

static int count_outcomes(
	struct state *s, struct state_counts *c, struct err *e)
{
	struct query q =
		query_open(s, "SELECT outcome, count(*),"
			      " sum(id IN (SELECT work_package FROM withdrawn))"
			      " FROM work_package GROUP BY outcome");

	while (query_next(&q)) {
		int64_t outcome = column_int(&q);
		int64_t n = column_int(&q);
		int64_t withdrawn = column_int(&q);

		c->work_packages += n;
		if (outcome == OUTCOME_FAILED) {
			c->failed = n;
			continue;
		}
		c->withdrawn += withdrawn;
		if (outcome == OUTCOME_MADE || outcome == OUTCOME_GONE)
			c->made += n - withdrawn;
		else if (outcome == OUTCOME_UNMATCHED)
			c->unmatched = n - withdrawn;
	}
	return query_close(&q, e);
}

int state_count(struct state *s, struct state_counts *out, struct err *e)
{
	struct state_counts c = {0};
	int code = count_outcomes(s, &c, e);

	if (code == 0)
		code = count(
			s, "SELECT count(*) FROM document", &c.documents, e);
	if (code == 0)
		code = count(s, "SELECT count(*) FROM file", &c.files, e);
	if (code == 0)
		code = count(s, "SELECT count(*) FROM attachment",
			&c.attachments, e);
	if (code == 0)
		*out = c;
	return code;
}
