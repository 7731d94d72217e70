/*
 * relations - the relations of work packages whose documents read them.
 */
#include "store/store.h"

#include <stdlib.h>

#include "store/ids.h"
#include "store/parts.h"

/* What is damaged is as good as not known. */
static int take(struct query *q, bool *found, struct buf *out, struct err *e)
{
	struct str source = STR_NONE;

	if (query_next(q))
		source = column_text(q);
	if (source.p != NULL &&
		!column_is_checksum(q, texts_checksum(&source, 1)))
		source = STR_NONE;
	*found = source.p != NULL;
	buf_clear(out);
	if (*found)
		buf_add_str(out, source);
	return query_close(q, e);
}

int state_relations(struct state *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e)
{
	struct query q = query_open(s, "SELECT source, checksum FROM relations"
				       " WHERE work_package = ?");

	bind_int(&q, work_package);
	return take(&q, found, out, e);
}

int store_relations(struct store *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT source, checksum FROM staged_relations"
		" WHERE work_package = ?1"
		" UNION ALL SELECT source, checksum FROM relations"
		" WHERE work_package = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM staged_relations WHERE work_package = ?1)");

	bind_int(&q, work_package);
	return take(&q, found, out, e);
}

/* --- Whose relations are wanted ------------------------------------------- */

/* Of whom somebody reads them, with what is staged in place. */
static int find_read(struct store *s, struct ids *out, struct err *e)
{
	struct query q = query_open(
		s->state, "SELECT work_package, id FROM read WHERE kind = ?");

	bind_int(&q, READ_RELATIONS);
	while (query_next(&q)) {
		int64_t reader = column_int(&q);

		if (!staged_reads_has(&s->reads, reader))
			ids_add(out, column_int(&q));
	}
	staged_reads_things(&s->reads, READ_RELATIONS, ids_add, out);
	return query_close(&q, e);
}

static int find_of(struct store *s, const struct ids *projects, struct ids *out,
	struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < projects->n; i++) {
		struct query q = query_open(s->state,
			"SELECT id FROM work_package WHERE project_id = ?");

		bind_int(&q, projects->items[i]);
		while (query_next(&q))
			ids_add(out, column_int(&q));
		code = query_close(&q, e);
	}
	out->n = ids_distinct(out->items, out->n);
	return code;
}

/* Those that are among them, and those whose relations are not here. */
static int choose(struct store *s, const struct ids *among, struct ids *ids,
	struct err *e)
{
	struct buf source = {0};
	size_t n = 0;
	int code = 0;

	for (size_t i = 0; code == 0 && i < ids->n; i++) {
		int64_t id = ids->items[i];
		bool known = false;

		if (!ids_have(among->items, among->n, id))
			code = store_relations(s, id, &known, &source, e);
		if (!known)
			ids->items[n++] = id;
	}
	buf_fini(&source);
	ids->n = n;
	return code;
}

int store_relating(struct store *s, const struct ids *shown,
	const struct ids *projects, int64_t **ids, size_t *n, struct err *e)
{
	struct ids found = {0};
	struct ids of = {0};
	int code = find_read(s, &found, e);

	found.n = ids_distinct(found.items, found.n);
	if (code == 0 && shown == NULL && projects != NULL)
		code = find_of(s, projects, &of, e);
	if (code == 0)
		code = choose(s, shown != NULL ? shown : &of, &found, e);
	free(of.items);
	*ids = found.items;
	*n = found.n;
	return code;
}

void store_put_relations(
	struct store *s, int64_t work_package, struct str source)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_relations"
		" (work_package, source, checksum) VALUES (?, ?, ?)");
	struct err e = {0};

	bind_int(&q, work_package);
	bind_text(&q, source);
	bind_int(&q, texts_checksum(&source, 1));
	if (query_run(&q, &e) != 0 && s->broken.code == 0)
		s->broken = e;
}
