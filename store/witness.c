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
#include "store/parts.h"

/* Does a source name a user, or a group, which has a user's id? */
#define SHOWS(id)                                                              \
	"(instr(plain(w.source), 'users/' || " id " || '\"') > 0"              \
	" OR instr(plain(w.source), 'groups/' || " id " || '\"') > 0)"

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

/* Questions about a work package (?1) and a user (?2). */
struct question {
	const char *sql;
	size_t most; /* of the readers that are shown are asked */
};
static const struct question shows = {
	"SELECT 1 FROM work_package w WHERE w.id = ?1 AND " SHOWS("?2"), FEW};
static const struct question lists = {
	"SELECT 1 FROM work_package w WHERE w.id = ?1"
	" AND instr(plain(w.attachments), 'users/' || ?2 || '\"') > 0",
	SIZE_MAX};

static int ask(struct state *s, const char *question, int64_t work_package,
	int64_t user, bool *holds, struct err *e)
{
	struct query q = query_open(s, question);

	bind_int(&q, work_package);
	bind_int(&q, user);
	return query_any(&q, holds, e);
}

/*
 * The first that reads a thing and is shown, and for which the question holds,
 * if there is one; 0: none.
 */
static int find_reader(struct state *s, const struct thing *thing,
	const struct ids *shown, const struct question *question, int64_t *out,
	struct err *e)
{
	struct query q = query_open(
		s, "SELECT work_package FROM read WHERE kind = ?1 AND id = ?2");
	size_t left = question != NULL ? question->most : 1;

	*out = 0;
	bind_int(&q, thing->kind);
	bind_int(&q, thing->id);
	while (*out == 0 && left > 0 && query_next(&q)) {
		int64_t reader = column_int(&q);
		bool holds = true;

		if (!ids_have(shown->items, shown->n, reader))
			continue;
		left--;
		if (question != NULL)
			query_take(&q, ask(s, question->sql, reader, thing->id,
					       &holds, &q.err));
		if (q.err.code == 0 && holds)
			*out = reader;
	}
	return query_close(&q, e);
}

/* Only a comment or a file may name a user. */
static int look_for_shower(struct state *s, const struct thing *thing,
	const struct ids *shown, int64_t *reader, bool *hidden, struct err *e)
{
	int code = find_reader(s, thing, shown, NULL, reader, e);

	*hidden = false;
	if (code != 0 || *reader == 0 || thing->kind != READ_USER)
		return code;
	code = find_reader(s, thing, shown, &shows, reader, e);
	*hidden = code == 0 && *reader == 0;
	return code;
}

int store_lister(struct store *s, const struct ids *shown, int64_t user,
	int64_t *work_package, struct err *e)
{
	const struct thing thing = {.kind = READ_USER, .id = user};

	return find_reader(s->state, &thing, shown, &lists, work_package, e);
}

static int mark_seen(struct state *s, int64_t work_package,
	struct things *things, struct err *e)
{
	struct query q = query_open(s,
		"SELECT r.kind, r.id FROM read r JOIN work_package w"
		" ON w.id = r.work_package WHERE r.work_package = ?"
		" AND (r.kind <> ? OR " SHOWS("r.id") ")");

	bind_int(&q, work_package);
	bind_int(&q, READ_USER);
	while (query_next(&q)) {
		struct thing key = {.kind = column_int(&q)};
		struct thing *found;

		key.id = column_int(&q);
		found = bsearch(
			&key, things->items, things->n, sizeof(key), compare);
		if (found != NULL)
			found->seen = true;
	}
	return query_close(&q, e);
}

int store_witnesses(struct store *s, const struct ids *shown,
	store_witness_fn *fn, void *arg, struct err *e)
{
	struct things things = {0};
	int code = load_things(s->state, &things, e);

	for (size_t i = 0; code == 0 && i < things.n; i++) {
		const struct thing *thing = &things.items[i];
		int64_t reader = 0;
		bool hidden;

		if (thing->seen)
			continue;
		code = look_for_shower(
			s->state, thing, shown, &reader, &hidden, e);
		if (code == 0 && hidden)
			fn(arg, 0, thing->id);
		if (code != 0 || reader == 0)
			continue;
		code = mark_seen(s->state, reader, &things, e);
		fn(arg, reader, 0);
	}
	free(things.items);
	return code;
}
