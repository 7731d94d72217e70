/*
 * adopt - files of others where our documents belong.
 *
 * One that a document takes over counts as ours with the content that it has
 * (put.c); what a person has in the work tree only is kept on a branch, as
 * every edit.  What no document makes is only told: it may be anything.
 */
#include "store/history.h"
#include "store/staging.h"

void store_adopt(struct store *s, const struct buf *paths)
{
	s->adopt = paths;
}

int staging_adopt(
	struct state *s, struct str path, struct str oid, struct err *e)
{
	struct query q = query_open(s, "INSERT OR REPLACE INTO staged_adopted"
				       " (path, oid) VALUES (?, ?)");

	bind_text(&q, path);
	bind_text(&q, oid);
	return query_run(&q, e);
}

int staging_block(struct state *s, struct str path, struct err *e)
{
	struct query q = query_open(
		s, "INSERT OR IGNORE INTO staged_blocked (path) VALUES (?)");

	bind_text(&q, path);
	return query_run(&q, e);
}

static int tell(struct query *q, store_adopted_fn *fn, void *arg, struct err *e)
{
	while (query_next(q)) {
		int64_t work_package = column_int(q);

		fn(arg, work_package, column_text(q));
	}
	return query_close(q, e);
}

/* The folder of a path with its slash, and the one above. */
#define FOLDER(path) "rtrim(" path ", replace(" path ", '/', ''))"
#define ABOVE(path)                                                            \
	"rtrim(rtrim(" FOLDER(path) ", '/'), replace(rtrim(" FOLDER(           \
		path) ", '/'), '/', ''))"

#define AMONG_OURS(of)                                                         \
	of("t.path") " IN (SELECT DISTINCT " of("path") " FROM ours)"

#define IN_OURS AMONG_OURS(FOLDER)
#define BESIDE_OURS ABOVE("t.path") " <> '' AND " AMONG_OURS(ABOVE)

static const char strangers[] =
	"WITH ours (path) AS (SELECT path FROM file UNION"
	" SELECT path FROM staged_file)"
	" SELECT 0, t.path FROM tip_path t"
	" WHERE t.path NOT IN (SELECT path FROM ours)"
	" AND t.path NOT IN (SELECT path FROM staged_blocked)"
	" AND (" IN_OURS " OR (" BESIDE_OURS "))";

int store_adopted(
	struct store *s, store_adopted_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT n.work_package, a.path FROM staged_adopted a"
		" JOIN staged_file n ON n.path = a.path");
	git_oid tip;
	int code = tell(&q, fn, arg, e);

	if (code == 0)
		code = store_tip(s, &tip, e);
	if (code == 0)
		code = history_list(s, &tip, e);
	if (code != 0)
		return code;
	q = query_open(s->state, strangers);
	code = tell(&q, fn, arg, e);
	return code == 0 ? history_unlist(s, e) : code;
}
