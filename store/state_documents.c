/*
 * state_documents - documents and the files that belong to them.
 *
 * A query gives a row for each file, those of one document together and the
 * document's own file first; they are gathered and handed over as a whole.
 */
#include "store/state.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/util.h"
#include "store/rows.h"

#define JOINED                                                                 \
	"document d JOIN file f ON f.work_package = d.work_package"            \
	" AND f.entry = d.entry"

/* The document whose rows are coming. */
struct gathering {
	struct state_document d;
	struct arena texts;
	struct state_file *files; /* grows; d.files while handed over */
	size_t cap;
	bool any;
};

static int hand_over(
	struct gathering *g, state_document_fn *fn, void *arg, struct err *e)
{
	if (!g->any)
		return 0;
	g->any = false;
	g->d.files = g->files;
	return fn(arg, &g->d, e);
}

static void begin(struct gathering *g, const struct state_document *d)
{
	arena_reset(&g->texts);
	g->any = true;
	g->d = (struct state_document){
		.work_package = d->work_package,
		.entry = arena_str(&g->texts, d->entry),
		.natural_path = arena_str(&g->texts, d->natural_path),
		.claim = arena_str(&g->texts, d->claim),
		.keep_when_gone = d->keep_when_gone,
		.unproven = d->unproven,
	};
}

static void read_document(struct query *q, struct state_document *d)
{
	int64_t keep;

	d->work_package = column_int(q);
	d->entry = column_text(q);
	d->natural_path = column_text(q);
	d->claim = column_text(q);
	keep = column_int(q);
	d->keep_when_gone = keep == 1;
	d->unproven = keep == KEEP_UNPROVEN;
}

static void read_file(struct query *q, struct gathering *g)
{
	struct state_file *f;

	g->files = grow(
		g->files, g->d.n_files, &g->cap, sizeof(struct state_file));
	f = &g->files[g->d.n_files++];
	f->path = arena_str(&g->texts, column_text(q));
	f->oid = arena_str(&g->texts, column_text(q));
	f->attachment_id = column_int(q);
}

int query_documents(
	struct query *q, state_document_fn *fn, void *arg, struct err *e)
{
	struct gathering g = {0};

	while (query_next(q)) {
		struct state_document d = {0};

		read_document(q, &d);
		if (!g.any || g.d.work_package != d.work_package ||
			!str_eq(g.d.entry, d.entry)) {
			query_take(q, hand_over(&g, fn, arg, &q->err));
			begin(&g, &d);
		}
		read_file(q, &g);
	}
	if (q->err.code == 0)
		query_take(q, hand_over(&g, fn, arg, &q->err));
	free(g.files);
	arena_fini(&g.texts);
	return query_close(q, e);
}

void bind_file(struct query *q, const struct state_document *d,
	const struct state_file *f)
{
	bind_text(q, f->path);
	bind_text(q, f->oid);
	bind_int(q, f->attachment_id);
	bind_int(q, d->work_package);
	bind_text(q, d->entry);
}

void bind_document(struct query *q, const struct state_document *d)
{
	bind_int(q, d->work_package);
	bind_text(q, d->entry);
	bind_text(q, d->natural_path);
	bind_text(q, d->claim);
	bind_int(q, d->keep_when_gone);
}

int state_documents(struct state *s, int64_t work_package,
	state_document_fn *fn, void *arg, struct err *e)
{
	struct query q =
		query_open(s, "SELECT " DOCUMENT_FILE_COLUMNS " FROM " JOINED
			      " WHERE d.work_package = ?" DOCUMENT_ORDER);

	bind_int(&q, work_package);
	return query_documents(&q, fn, arg, e);
}

int state_owner(struct state *s, struct str path, bool *found,
	int64_t *work_package, struct err *e)
{
	struct query q =
		query_open(s, "SELECT work_package FROM file WHERE path = ?");

	bind_text(&q, path);
	*found = query_next(&q);
	if (*found)
		*work_package = column_int(&q);
	return query_close(&q, e);
}

int state_folder(struct state *s, struct str path, int64_t *n,
	struct buf *first, struct err *e)
{
	/* '0' comes next behind '/'. */
	struct query q = query_open(s,
		"SELECT path, count(*) OVER () FROM file WHERE ?1 = ''"
		" OR (path > ?1 || '/' AND path < ?1 || '0')"
		" ORDER BY attachment_id <> 0, path LIMIT 1");

	bind_text(&q, path);
	*n = 0;
	buf_clear(first);
	if (query_next(&q)) {
		buf_add_str(first, column_text(&q));
		*n = column_int(&q);
	}
	return query_close(&q, e);
}
