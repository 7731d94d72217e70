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

enum pass_kind wanted_kind(const struct wanted_what *what)
{
	if (what->verify)
		return PASS_VERIFY;
	if (what->adopt)
		return PASS_ADOPT;
	if (what->full)
		return PASS_FULL;
	if (what->some || what->ids.n > 0)
		return PASS_SOME;
	if (what->reconcile)
		return PASS_RECONCILE;
	return what->local ? PASS_LOCAL : PASS_POLL;
}

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
	into->full |= what->full;
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
	return (wanted_kind(waits) == wanted_kind(w) && waits->dry == w->dry) ||
	       (waits->full && wanted_kind(w) == PASS_POLL);
}

size_t wanted_add(struct wanted *w, struct wanted_what *what)
{
	size_t at = 0;

	while (at < w->n && !serves(&w->what[at], what))
		at++;
	if (at == w->n) {
		assert(w->n < WANTED_MOST);
		what->some |= what->ids.n > 0;
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

	while (at < w->n && wanted_kind(&w->what[at]) != PASS_LOCAL)
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
