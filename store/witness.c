/*
 * witness - few work packages that show all the names that documents read.
 *
 * Renaming a user, a version or an option moves no work package, and not
 * everybody may ask for these things themselves; but each work package that
 * names one shows its name.  So some are chosen that name all of them, of
 * those that the server shows.
 *
 * Who only wrote a comment, or uploaded a file, is named by no work package
 * itself, and has to be asked for.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/ids.h"
#include "store/named.h"
#include "store/parts.h"

/* Whom the sources of the first few that read him do not show is asked for. */
#define FEW 50

struct thing {
	int64_t kind;
	int64_t id;
	bool seen; /* some witness names it */
};

struct things {
	size_t n, cap;
	struct thing *items; /* by kind and id */
};

/* What no list of its own tells: those of other work packages, where they
 * are none of ours. */
static int load_things(struct state *s, struct things *out, struct err *e)
{
	struct query q = query_open(s,
		"SELECT kind, id FROM name WHERE kind BETWEEN ?1 AND ?2"
		" OR (kind = ?3 AND id NOT IN (SELECT id FROM work_package))"
		" ORDER BY 1, 2");

	bind_int(&q, READ_PRIORITY);
	bind_int(&q, READ_ITEM);
	bind_int(&q, READ_WORK_PACKAGE);
	while (query_next(&q)) {
		int64_t kind = column_int(&q);

		out->items = grow(
			out->items, out->n, &out->cap, sizeof(*out->items));
		out->items[out->n++] =
			(struct thing){.kind = kind, .id = column_int(&q)};
	}
	return query_close(&q, e);
}

static int compare(const void *a, const void *b)
{
	const struct thing *x = a;
	const struct thing *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* A group has a user's id. */
static const struct named_in sources = {
	"SELECT source FROM work_package WHERE id = ?", {"users/", "groups/"}};
static const struct named_in lists = {
	"SELECT attachments FROM work_package WHERE id = ?", {"users/"}};

struct search {
	struct state *state;
	const struct ids *shown;
	struct named_texts *named; /* NULL: no text has to name it */
	size_t most;               /* of those that are shown are asked */
};

/* The first that reads a thing, is shown, and names it; 0: there is none. */
static int find_reader(const struct search *s, const struct thing *thing,
	int64_t *out, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT work_package FROM read WHERE kind = ?1 AND id = ?2");
	size_t left = s->most;

	*out = 0;
	bind_int(&q, thing->kind);
	bind_int(&q, thing->id);
	while (*out == 0 && left > 0 && query_next(&q)) {
		int64_t reader = column_int(&q);
		bool names = true;

		if (!ids_have(s->shown->items, s->shown->n, reader))
			continue;
		left--;
		if (s->named != NULL)
			query_take(&q, named_has(s->named, s->state, reader,
					       thing->id, &names, &q.err));
		if (names)
			*out = reader;
	}
	return query_close(&q, e);
}

/* Only a comment or a file may name a user. */
static int look_for_shower(const struct search *s, const struct thing *thing,
	int64_t *reader, bool *hidden, struct err *e)
{
	const struct search any = {s->state, s->shown, NULL, 1};
	int code = find_reader(&any, thing, reader, e);

	*hidden = false;
	if (code != 0 || *reader == 0 || thing->kind != READ_USER)
		return code;
	code = find_reader(s, thing, reader, e);
	*hidden = code == 0 && *reader == 0;
	return code;
}

int store_lister(struct store *s, const struct ids *shown, int64_t user,
	int64_t *work_package, struct err *e)
{
	const struct thing thing = {.kind = READ_USER, .id = user};
	struct named_texts *listed = &s->state->listed;
	const struct search search = {s->state, shown, listed, SIZE_MAX};

	listed->in = &lists;
	return find_reader(&search, &thing, work_package, e);
}

static int mark_seen(const struct search *s, int64_t work_package,
	struct things *things, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT r.kind, r.id FROM read r JOIN work_package w"
		" ON w.id = r.work_package WHERE r.work_package = ?");

	bind_int(&q, work_package);
	while (query_next(&q)) {
		struct thing key = {.kind = column_int(&q)};
		struct thing *found;
		bool names = true;

		key.id = column_int(&q);
		found = bsearch(
			&key, things->items, things->n, sizeof(key), compare);
		if (found == NULL)
			continue;
		if (key.kind == READ_USER)
			query_take(
				&q, named_has(s->named, s->state, work_package,
					    key.id, &names, &q.err));
		if (names)
			found->seen = true;
	}
	return query_close(&q, e);
}

int store_witnesses(struct store *s, const struct ids *shown,
	store_witness_fn *fn, void *arg, struct err *e)
{
	struct things things = {0};
	struct named_texts named = {.in = &sources};
	const struct search search = {s->state, shown, &named, FEW};
	int code = load_things(s->state, &things, e);

	for (size_t i = 0; code == 0 && i < things.n; i++) {
		const struct thing *thing = &things.items[i];
		int64_t reader = 0;
		bool hidden;

		if (thing->seen)
			continue;
		code = look_for_shower(&search, thing, &reader, &hidden, e);
		if (code == 0 && hidden)
			fn(arg, 0, thing->id);
		if (code != 0 || reader == 0)
			continue;
		code = mark_seen(&search, reader, &things, e);
		fn(arg, reader, 0);
	}
	named_forget(&named);
	free(things.items);
	return code;
}
