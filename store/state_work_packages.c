/*
 * state_work_packages - the rows of work packages.
 */
#include "store/state.h"

#include <string.h>

#include "base/util.h"
#include "store/ids.h"
#include "store/rows.h"

static int64_t checksum(const struct state_work_package *wp)
{
	const struct str texts[] = {wp->source, wp->attachments, wp->comments};

	return texts_checksum(texts, ARRAY_LEN(texts));
}

void bind_work_package(struct query *q, const struct state_work_package *wp)
{
	bind_int(q, wp->id);
	bind_int(q, wp->project_id);
	bind_int(q, wp->type_id);
	bind_int(q, wp->updated_at);
	bind_int(q, wp->generation);
	bind_int(q, wp->outcome);
	bind_blob(q, wp->hash, sizeof(wp->hash));
	bind_text(q, wp->reason);
	bind_long_text(q, wp->source);
	bind_long_text(q, wp->attachments);
	bind_long_text(q, wp->comments);
	bind_int(q, checksum(wp));
}

/* Where the long texts of a row are unpacked. */
struct rooms {
	struct buf source;
	struct buf attachments;
	struct buf comments;
};

static void read_hash(struct query *q, uint8_t out[SHA256_SIZE])
{
	struct str hash = column_bytes(q);

	if (hash.n == SHA256_SIZE)
		memcpy(out, hash.p, hash.n);
}

static void read_row(
	struct query *q, struct rooms *rooms, struct state_work_package *wp)
{
	bool whole = true;

	wp->id = column_int(q);
	wp->project_id = column_int(q);
	wp->type_id = column_int(q);
	wp->updated_at = column_int(q);
	wp->generation = column_int(q);
	wp->outcome = (enum outcome)column_int(q);
	read_hash(q, wp->hash);
	wp->reason = column_text(q);
	wp->source = column_long_text(q, &rooms->source, &whole);
	wp->attachments = column_long_text(q, &rooms->attachments, &whole);
	wp->comments = column_long_text(q, &rooms->comments, &whole);
	wp->damaged = !column_is_checksum(q, checksum(wp)) || !whole;
	if (wp->damaged)
		wp->source = wp->attachments = wp->comments = STR_NONE;
}

int query_work_packages(struct query *q, bool *found, state_work_package_fn *fn,
	void *arg, struct err *e)
{
	struct rooms rooms = {0};

	*found = false;
	while (query_next(q)) {
		struct state_work_package wp = {0};

		read_row(q, &rooms, &wp);
		if (q->err.code != 0)
			break;
		*found = true;
		query_take(q, fn(arg, &wp, &q->err));
	}
	buf_fini(&rooms.source);
	buf_fini(&rooms.attachments);
	buf_fini(&rooms.comments);
	return query_close(q, e);
}

int state_work_package(struct state *s, int64_t id, bool *found,
	state_work_package_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s, "SELECT " WORK_PACKAGE_COLUMNS
				       " FROM work_package WHERE id = ?");

	bind_int(&q, id);
	return query_work_packages(&q, found, fn, arg, e);
}

bool query_head(struct query *q, struct state_head *out)
{
	if (!query_next(q))
		return false;
	*out = (struct state_head){.id = column_int(q)};
	out->project_id = column_int(q);
	out->updated_at = column_int(q);
	out->generation = column_int(q);
	out->outcome = (enum outcome)column_int(q);
	read_hash(q, out->hash);
	out->has_source = column_int(q) != 0;
	return true;
}

int state_heads(struct state *s, state_head_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(
		s, "SELECT " HEAD_COLUMNS " FROM work_package ORDER BY id");
	struct state_head head;

	while (query_head(&q, &head))
		query_take(&q, fn(arg, &head, &q.err));
	return query_close(&q, e);
}

int state_work_packages_of(struct state *s, enum outcome outcome,
	state_work_package_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT " WORK_PACKAGE_COLUMNS
		" FROM work_package WHERE outcome = ? ORDER BY id");
	bool found;

	bind_int(&q, outcome);
	return query_work_packages(&q, &found, fn, arg, e);
}

int state_ids_of(
	struct state *s, enum outcome outcome, struct ids *out, struct err *e)
{
	struct query q = query_open(
		s, "SELECT id FROM work_package WHERE outcome = ? ORDER BY id");

	bind_int(&q, outcome);
	while (query_next(&q))
		ids_add(out, column_int(&q));
	return query_close(&q, e);
}

int state_newer(struct state *s, int64_t after, int64_t before, state_id_fn *fn,
	void *arg, struct err *e)
{
	struct query q = query_open(s, "SELECT id FROM work_package"
				       " WHERE updated_at > ?"
				       " AND updated_at < ?");

	bind_int(&q, after);
	bind_int(&q, before);
	while (query_next(&q))
		query_take(&q, fn(arg, column_int(&q), &q.err));
	return query_close(&q, e);
}

int state_pairs(struct state *s, state_pair_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s,
		"SELECT DISTINCT project_id, type_id FROM work_package"
		" ORDER BY project_id, type_id");

	while (query_next(&q)) {
		int64_t project_id = column_int(&q);

		fn(arg, project_id, column_int(&q));
	}
	return query_close(&q, e);
}
