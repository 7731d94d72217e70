/*
 * wanted - what was asked for, and not begun yet.
 *
 * A request is merged into one of its kind that waits already, and one for
 * what changed into a full read.  So at most one of each kind waits.
 */
#include "daemon/wanted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/ids.h"

enum pass_kind wanted_kind(const struct wanted_what *what)
{
	if (what->verify)
		return PASS_VERIFY;
	if (what->adopt)
		return PASS_ADOPT;
	if (what->full)
		return PASS_FULL;
	if (what->some || what->n_ids > 0)
		return PASS_SOME;
	if (what->reconcile)
		return PASS_RECONCILE;
	return what->local ? PASS_LOCAL : PASS_POLL;
}

static void merge(struct wanted_what *into, struct wanted_what *what)
{
	into->full |= what->full;
	into->repair |= what->repair;
	into->dry &= what->dry;
	if (what->paths != NULL) {
		free(into->paths); /* the last word counts */
		into->paths = what->paths;
		what->paths = NULL;
	}
	into->reconcile |= what->reconcile;
	if (what->n_ids == 0)
		return;
	into->ids = xrealloc(
		into->ids, (into->n_ids + what->n_ids) * sizeof(*what->ids));
	memcpy(into->ids + into->n_ids, what->ids,
		what->n_ids * sizeof(*what->ids));
	into->n_ids += what->n_ids;
	into->n_ids = ids_distinct(into->ids, into->n_ids);
}

/* Does one that waits do what is asked for, once it is merged into it? */
static bool serves(const struct wanted_what *waits, const struct wanted_what *w)
{
	return wanted_kind(waits) == wanted_kind(w) ||
	       (waits->full && wanted_kind(w) == PASS_POLL);
}

size_t wanted_add(struct wanted *w, struct wanted_what *what)
{
	size_t at = 0;

	while (at < w->n && !serves(&w->what[at], what))
		at++;
	if (at == w->n) {
		assert(w->n < PASS_KINDS);
		w->what[w->n++] = (struct wanted_what){
			.full = what->full,
			.verify = what->verify,
			.repair = what->repair,
			.adopt = what->adopt,
			.dry = what->dry,
			.reconcile = what->reconcile,
			.local = what->local,
			.some = what->some || what->n_ids > 0,
		};
	}
	merge(&w->what[at], what);
	free(what->ids);
	*what = (struct wanted_what){0};
	return at;
}

bool wanted_take(struct wanted *w, struct wanted_what *out)
{
	if (w->n == 0)
		return false;
	*out = w->what[0];
	w->n--;
	memmove(w->what, w->what + 1, w->n * sizeof(w->what[0]));
	return true;
}

void wanted_fini(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->what[i].ids);
		free(w->what[i].paths);
	}
	*w = (struct wanted){0};
}
