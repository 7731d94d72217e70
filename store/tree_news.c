/*
 * tree_news - what came, or was changed, from one tree to another.
 *
 *   old:  a  b  d       both in git's order, so that one goes along with the
 *   new:  a  c  d'      other; of those that are the same nothing is read
 */
#include "store/tree_news.h"

#include <sys/stat.h>

#include "base/buf.h"

struct news {
	struct tree_sides *sides;
	struct buf path; /* of the folder, with a slash */
	tree_news_fn *fn;
	void *arg;
};

static bool is_folder(const struct tree_entry *entry)
{
	return entry != NULL && S_ISDIR(entry->mode);
}

static bool is_same(const struct tree_entry *a, const struct tree_entry *b)
{
	return a != NULL && a->mode == b->mode &&
	       git_oid_equal(&a->oid, &b->oid);
}

static int compare_names(const struct tree_entry *a, const struct tree_entry *b)
{
	return tree_order(a->name, a->mode == TREE_FOLDER, b->name,
		b->mode == TREE_FOLDER);
}

/* The old one of that name, or NULL; *i is the first that is not before it. */
static const struct tree_entry *find(
	const struct tree *old, size_t *i, const struct tree_entry *entry)
{
	int order = 1;

	while (*i < old->n &&
		(order = compare_names(&old->entries[*i], entry)) < 0)
		(*i)++;
	return *i < old->n && order == 0 ? &old->entries[(*i)++] : NULL;
}

static int compare(struct news *n, size_t level, const git_oid *old,
	const git_oid *new, struct err *e);

/* then is the one of that name before, or NULL. */
static int look_into(struct news *n, size_t level,
	const struct tree_entry *then, const struct tree_entry *now,
	struct err *e)
{
	const git_oid none = {{0}};
	size_t above = n->path.n;
	int code;

	buf_add(&n->path, now->name.p, now->name.n);
	if (is_folder(now)) {
		buf_puts(&n->path, "/");
		code = compare(n, level + 1,
			is_folder(then) ? &then->oid : &none, &now->oid, e);
	} else {
		code = n->fn(n->arg, buf_str(&n->path).p, &now->oid, e);
	}
	n->path.n = above;
	return code;
}

static int compare(struct news *n, size_t level, const git_oid *old,
	const git_oid *new, struct err *e)
{
	const struct tree *then;
	const struct tree *now;
	size_t at = 0;
	int code = trees_get(&n->sides->before, level, old, &then, e);

	if (code == 0)
		code = trees_get(&n->sides->after, level, new, &now, e);
	for (size_t i = 0; code == 0 && i < now->n; i++) {
		const struct tree_entry *entry = &now->entries[i];
		const struct tree_entry *was = find(then, &at, entry);

		if (!is_same(was, entry))
			code = look_into(n, level, was, entry, e);
	}
	return code;
}

static void turn(struct tree_sides *t, const git_oid *new)
{
	struct trees before = t->before;

	if (before.n > 0 && git_oid_equal(&before.kept[0]->oid, new)) {
		t->before = t->after;
		t->after = before;
	}
	t->before.objects = t->after.objects = t->objects;
}

int tree_news(struct tree_sides *t, const git_oid *old, const git_oid *new,
	tree_news_fn *fn, void *arg, struct err *e)
{
	struct news n = {.sides = t, .fn = fn, .arg = arg};
	int code = 0;

	turn(t, new);
	if (!git_oid_equal(old, new))
		code = compare(&n, 0, old, new, e);
	buf_fini(&n.path);
	return code;
}

void tree_sides_fini(struct tree_sides *t)
{
	trees_let_go(&t->before);
	trees_let_go(&t->after);
}
