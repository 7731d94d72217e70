/*
 * places - paths that are taken, as a tree of tsearch(3).
 *
 * Paths are in the order of their bytes, but that '/' comes before all others:
 * so what is in a folder follows it at once.  Where a path counts as equal to
 * its folders and to what is in it, it finds those of them that are taken, or
 * the one place between its neighbours.
 */
#include "content/places.h"

#include <search.h>

#include "base/util.h"

struct place {
	struct str folded;
	const void *by;
};

/* What a byte counts; behind the last one, nothing. */
static int rank(struct str path, size_t i)
{
	if (i == path.n)
		return 0;
	return path.p[i] == '/' ? 1 : 2 + (unsigned char)path.p[i];
}

static int compare(const void *a, const void *b)
{
	struct str x = ((const struct place *)a)->folded;
	struct str y = ((const struct place *)b)->folded;
	size_t i = 0;

	while (i < x.n && i < y.n && x.p[i] == y.p[i])
		i++;
	if ((i == x.n || i == y.n) && rank(x, i) <= 1 && rank(y, i) <= 1)
		return 0;
	return rank(x, i) - rank(y, i);
}

const void *places_take(struct places *p, struct str folded, const void *by)
{
	struct place *place = arena_alloc(p->arena, sizeof(*place));
	struct place *const *there;

	*place = (struct place){folded, by};
	there = tsearch(place, &p->root, compare);
	if (there != NULL)
		return (*there)->by;
	out_of_memory();
}

/* The arena has it. */
static void leave(void *place)
{
	(void)place;
}

void places_fini(struct places *p)
{
	tdestroy(p->root, leave);
	p->root = NULL;
}
