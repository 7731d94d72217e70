/*
 * removals - what a pass is to remove, as a tree of tsearch(3).
 */
#include "daemon/removals.h"

#include <search.h>
#include <stdlib.h>

#include "base/util.h"

/* A work package as a whole comes before its documents. */
static int compare(const void *a, const void *b)
{
	const struct removal *x = a;
	const struct removal *y = b;

	if (x->work_package != y->work_package)
		return x->work_package < y->work_package ? -1 : 1;
	if (x->entry.p == NULL || y->entry.p == NULL)
		return (x->entry.p != NULL) - (y->entry.p != NULL);
	return str_cmp(x->entry, y->entry);
}

static void free_one(void *removal)
{
	free((char *)((struct removal *)removal)->entry.p);
	free(removal);
}

void removals_fini(struct removals *r)
{
	tdestroy(r->root, free_one);
	*r = (struct removals){0};
}

void removals_add(struct removals *r, int64_t work_package, struct str entry,
	const char *why)
{
	struct removal *one;

	if (removals_have(r, work_package, entry))
		return;
	one = xmalloc(sizeof(*one));
	*one = (struct removal){.work_package = work_package, .why = why};
	if (entry.p != NULL)
		one->entry = (struct str){str_dup(entry), entry.n};
	if (tsearch(one, &r->root, compare) == NULL)
		out_of_memory();
	r->n++;
}

static struct removal *find(
	const struct removals *r, int64_t work_package, struct str entry)
{
	const struct removal key = {work_package, entry, NULL};
	struct removal *const *found = tfind(&key, &r->root, compare);

	return found != NULL ? *found : NULL;
}

void removals_forget(struct removals *r, int64_t work_package, struct str entry)
{
	struct removal *one = find(r, work_package, entry);

	if (one == NULL)
		return;
	tdelete(one, &r->root, compare);
	free_one(one);
	r->n--;
}

bool removals_have(
	const struct removals *r, int64_t work_package, struct str entry)
{
	return find(r, work_package, entry) != NULL;
}

struct walk {
	removals_fn *fn;
	void *arg;
};

static void visit(const void *node, VISIT order, void *arg)
{
	const struct walk *w = arg;

	if (order == postorder || order == leaf) /* in their order */
		w->fn(w->arg, *(struct removal *const *)node);
}

void removals_each(const struct removals *r, removals_fn *fn, void *arg)
{
	struct walk w = {fn, arg};

	twalk_r(r->root, visit, &w);
}
