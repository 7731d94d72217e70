/*
 * unique_values - who has, or wants, which value of unique:.
 *
 * They come and go with their document: staged with it, and recorded.
 */
#include "store/store.h"

#include "store/parts.h"
#include "store/staging.h"

#define COLUMNS "value, work_package, entry, level"

int staging_put_values(struct state *s, int64_t work_package,
	const struct document *d, struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < d->n_values; i++) {
		struct query q = query_open(s,
			"INSERT OR IGNORE INTO staged_unique_value (" COLUMNS
			") VALUES (?, ?, ?, ?)");

		bind_text(&q, str_of(d->values[i].value));
		bind_int(&q, work_package);
		bind_text(&q, str_of(d->entry));
		bind_int(&q, d->values[i].level);
		code = query_run(&q, e);
	}
	return code;
}

static bool has_value(const struct document *d, struct str value, int64_t level)
{
	for (size_t i = 0; i < d->n_values; i++)
		if (d->values[i].level == level &&
			str_is(value, d->values[i].value))
			return true;
	return false;
}

static size_t count_distinct(const struct document *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_values; i++) {
		const struct document before = {
			.n_values = i, .values = d->values};

		n += !has_value(&before, str_of(d->values[i].value),
			d->values[i].level);
	}
	return n;
}

int state_same_values(struct state *s, int64_t work_package,
	const struct document *d, bool *same, struct err *e)
{
	struct query q = query_open(s, "SELECT value, level FROM unique_value"
				       " WHERE work_package = ? AND entry = ?");
	size_t n = 0;

	bind_int(&q, work_package);
	bind_text(&q, str_of(d->entry));
	*same = true;
	for (; query_next(&q); n++) {
		struct str value = column_text(&q);

		*same = *same && has_value(d, value, column_int(&q));
	}
	*same = *same && n == count_distinct(d);
	return query_close(&q, e);
}

#define IN_PLACE(condition)                                                    \
	"SELECT " COLUMNS " FROM staged_unique_value WHERE " condition         \
	" UNION ALL SELECT " COLUMNS " FROM unique_value v WHERE " condition   \
	" AND NOT EXISTS (SELECT 1 FROM staged_document s"                     \
	" WHERE s.work_package = v.work_package AND s.entry = v.entry)"

static int walk(struct query *q, store_value_fn *fn, void *arg, struct err *e)
{
	while (query_next(q)) {
		struct store_value v = {.value = column_text(q)};

		v.work_package = column_int(q);
		v.entry = column_text(q);
		v.level = (unsigned)column_int(q);
		fn(arg, &v);
	}
	return query_close(q, e);
}

int store_values(struct store *s, int64_t work_package, struct str entry,
	store_value_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(
		s->state, IN_PLACE("work_package = ?1 AND entry = ?2"));

	bind_int(&q, work_package);
	bind_text(&q, entry);
	return walk(&q, fn, arg, e);
}

int store_value_claims(struct store *s, struct str value, store_value_fn *fn,
	void *arg, struct err *e)
{
	struct query q = query_open(s->state, IN_PLACE("value = ?1"));

	bind_text(&q, value);
	return walk(&q, fn, arg, e);
}

int state_value_claims(struct state *s, struct str value, store_value_fn *fn,
	void *arg, struct err *e)
{
	struct query q = query_open(
		s, "SELECT " COLUMNS " FROM unique_value WHERE value = ?");

	bind_text(&q, value);
	return walk(&q, fn, arg, e);
}
