/*
 * successors - which document takes the place of which.
 *
 *   the mapping was          and is             pub/1.md, which a made, is
 *   a: pub/                  b: pub/            b's: it has the path
 *   a: pub/                  b: new/            b's: a was renamed
 *   a: pub/, b: new/         the same           b's, if a fits no more: only
 *                                               one of them is made
 *   a: pub/                  b: new/, goes on;  nobody's, if a fits no more: b
 *                            a: pub/            would have come beside it
 *
 * So a document that follows its work package from one state to the next, or
 * an entry that is renamed, moves; and one that would be there beside what
 * came is removed, if at all, as any other.
 */
#include <limits.h>

#include "content/mapping.h"
#include "content/words.h"

struct pairing {
	const struct program *program;
	const struct rendered *rendered;
	struct own_document *own;
	size_t n;
};

static bool is_made(const struct pairing *x, struct str entry)
{
	for (size_t i = 0; i < x->rendered->n; i++)
		if (str_is(entry, x->rendered->items[i].entry))
			return true;
	return false;
}

static bool goes(const struct pairing *x, const struct own_document *d)
{
	return d->successor < 0 && !is_made(x, d->entry);
}

/* It has no document yet, and takes over none. */
static bool is_free(const struct pairing *x, size_t i)
{
	const char *entry = x->rendered->items[i].entry;

	for (size_t k = 0; k < x->n; k++)
		if (x->own[k].successor == (int)i ||
			str_is(x->own[k].entry, entry))
			return false;
	return true;
}

static void pair_by_path(struct pairing *x, struct arena *scratch, size_t i)
{
	const char *path = x->rendered->items[i].document.natural_path;
	struct str claim =
		path != NULL ? words_fold(scratch, str_of(path)) : STR_NONE;

	for (size_t k = 0; path != NULL && is_free(x, i) && k < x->n; k++)
		if (goes(x, &x->own[k]) && str_eq(x->own[k].claim, claim))
			x->own[k].successor = (int)i;
}

static bool excludes(const struct pairing *x, const char *entry,
	const struct own_document *d)
{
	const struct program *p = x->program;
	int to = program_entry(p, str_of(entry));
	int from = program_entry(p, d->entry);

	return from < 0 || (!d->keep_when_gone &&
				   !p->entries[from < to ? from : to].goes_on);
}

/* Those of no entry, and of earlier ones, come first. */
static void pair_by_entry(struct pairing *x, size_t i)
{
	struct own_document *first = NULL;
	int at = INT_MAX;

	for (size_t k = 0; is_free(x, i) && k < x->n; k++) {
		struct own_document *d = &x->own[k];
		int from = program_entry(x->program, d->entry);

		if (from >= at || !goes(x, d) ||
			!excludes(x, x->rendered->items[i].entry, d))
			continue;
		first = d;
		at = from;
	}
	if (first != NULL)
		first->successor = (int)i;
}

void program_successors(const struct program *p,
	const struct rendered *rendered, struct arena *scratch,
	struct own_document *own, size_t n)
{
	struct pairing x = {p, rendered, own, n};

	for (size_t i = 0; i < n; i++)
		own[i].successor = -1;
	for (size_t i = 0; i < rendered->n; i++)
		pair_by_path(&x, scratch, i);
	for (size_t i = 0; i < rendered->n; i++)
		pair_by_entry(&x, i);
}
