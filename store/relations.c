/*
 * relations - the relations of work packages whose documents read them.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/parts.h"

#define READERS                                                                \
	"SELECT id FROM staged_read WHERE kind = ?1"                           \
	" UNION SELECT id FROM read o WHERE kind = ?1 AND NOT EXISTS"          \
	" (SELECT 1 FROM staged_read n WHERE kind = 0"                         \
	" AND n.work_package = o.work_package)"

int store_relating(
	struct store *s, bool all, int64_t **ids, size_t *n, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT id FROM (" READERS ") x WHERE ?2 OR CASE"
		" WHEN EXISTS (SELECT 1 FROM staged_relations"
		" WHERE work_package = x.id)"
		" THEN (SELECT source FROM staged_relations"
		" WHERE work_package = x.id)"
		" ELSE (SELECT source FROM relations"
		" WHERE work_package = x.id) END IS NULL ORDER BY id");
	size_t cap = 0;

	*ids = NULL;
	*n = 0;
	bind_int(&q, READ_RELATIONS);
	bind_int(&q, all);
	while (query_next(&q)) {
		*ids = grow(*ids, *n, &cap, sizeof(**ids));
		(*ids)[(*n)++] = column_int(&q);
	}
	return query_close(&q, e);
}

static int take(struct query *q, bool *found, struct buf *out, struct err *e)
{
	struct str source = STR_NONE;

	if (query_next(q))
		source = column_text(q);
	*found = source.p != NULL;
	buf_clear(out);
	if (*found)
		buf_add_str(out, source);
	return query_close(q, e);
}

int state_relations(struct state *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e)
{
	struct query q = query_open(
		s, "SELECT source FROM relations WHERE work_package = ?");

	bind_int(&q, work_package);
	return take(&q, found, out, e);
}

int store_relations(struct store *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT source FROM staged_relations WHERE work_package = ?1"
		" UNION ALL SELECT source FROM relations"
		" WHERE work_package = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM staged_relations WHERE work_package = ?1)");

	bind_int(&q, work_package);
	return take(&q, found, out, e);
}

void store_put_relations(
	struct store *s, int64_t work_package, struct str source)
{
	struct query q = query_open(s->state,
		"INSERT OR REPLACE INTO staged_relations (work_package, source)"
		" VALUES (?, ?)");
	struct err e = {0};

	bind_int(&q, work_package);
	bind_text(&q, source);
	if (query_run(&q, &e) != 0 && s->broken.code == 0)
		s->broken = e;
}
