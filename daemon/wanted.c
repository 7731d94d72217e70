/*
 * wanted - what was asked for, and not begun yet.
 *
 * A request is merged into one of its kind that waits already, and one for
 * what changed into a full read.  So at most one of each kind waits, and one
 * of adopt that only tells.
 */
#include "daemon/wanted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Those of both; none means all. */
static void join_paths(struct wanted_what *into, struct wanted_what *what)
{
	char *both = NULL;

	if (into->paths != NULL && what->paths != NULL)
		both = xasprintf("%s%s", into->paths, what->paths);
	free(into->paths);
	free(what->paths);
	into->paths = both;
	what->paths = NULL;
}

static void merge(struct wanted_what *into, struct wanted_what *what)
{
	into->repair |= what->repair;
	into->reconcile |= what->reconcile;
	join_paths(into, what);
	for (size_t i = 0; i < what->ids.n; i++)
		ids_add(&into->ids, what->ids.items[i]);
	into->ids.n = ids_distinct(into->ids.items, into->ids.n);
}

/* Does one that waits do what is asked for, once it is merged into it? */
static bool serves(const struct wanted_what *waits, const struct wanted_what *w)
{
	return (waits->kind == w->kind && waits->dry == w->dry) ||
	       (waits->kind == PASS_FULL && w->kind == PASS_POLL);
}

size_t wanted_add(struct wanted *w, struct wanted_what *what)
{
	size_t at = 0;

	while (at < w->n && !serves(&w->what[at], what))
		at++;
	if (at == w->n) {
		assert(w->n < WANTED_MOST);
		what->ids.n = ids_distinct(what->ids.items, what->ids.n);
		w->what[w->n++] = *what;
	} else {
		merge(&w->what[at], what);
		free(what->ids.items);
	}
	*what = (struct wanted_what){0};
	return at;
}

static bool take_at(struct wanted *w, size_t at, struct wanted_what *out)
{
	if (at >= w->n)
		return false;
	*out = w->what[at];
	w->n--;
	memmove(w->what + at, w->what + at + 1,
		(w->n - at) * sizeof(w->what[0]));
	return true;
}

bool wanted_take(struct wanted *w, struct wanted_what *out)
{
	return take_at(w, 0, out);
}

static size_t find_local(const struct wanted *w)
{
	size_t at = 0;

	while (at < w->n && w->what[at].kind != PASS_LOCAL)
		at++;
	return at;
}

bool wanted_has_local(const struct wanted *w)
{
	return find_local(w) < w->n;
}

bool wanted_take_local(struct wanted *w, struct wanted_what *out)
{
	return take_at(w, find_local(w), out);
}

void wanted_fini(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->what[i].ids.items);
		free(w->what[i].paths);
	}
	*w = (struct wanted){0};
}
