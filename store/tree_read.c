/*
 * tree_read - the entries of a tree (git's "tree objects").
 *
 * They come in order, a folder as if its name ended with a slash; a tree of
 * others that is not is put there.
 */
#include "store/tree_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static uint8_t at(struct str name, bool is_folder, size_t i)
{
	if (i < name.n)
		return (uint8_t)name.p[i];
	return is_folder ? '/' : '\0';
}

int tree_order(struct str a, bool a_folder, struct str b, bool b_folder)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : at(a, a_folder, n) - at(b, b_folder, n);
}

/* "100644 name", a NUL, and the id. */
static bool take_entry(struct str *rest, struct tree_entry *out)
{
	size_t digits = 0;

	*out = (struct tree_entry){0};
	for (; digits < rest->n && digits < 7; digits++) {
		char c = rest->p[digits];

		if (c < '0' || c > '7')
			break;
		out->mode = out->mode * 8 + (uint32_t)(c - '0');
	}
	if (digits == 0 || digits == rest->n || rest->p[digits] != ' ')
		return false;
	*rest = str_skip(*rest, digits + 1);
	out->name = (struct str){rest->p, strnlen(rest->p, rest->n)};
	if (out->name.n == 0 || rest->n - out->name.n < 1 + GIT_OID_RAWSZ)
		return false;
	memcpy(out->oid.id, rest->p + out->name.n + 1, GIT_OID_RAWSZ);
	*rest = str_skip(*rest, out->name.n + 1 + GIT_OID_RAWSZ);
	return true;
}

struct str tree_text(const struct tree *t)
{
	if (t->object == NULL)
		return (struct str){"", 0};
	return (struct str){
		git_odb_object_data(t->object), git_odb_object_size(t->object)};
}

static int by_order(const void *a, const void *b)
{
	const struct tree_entry *x = a;
	const struct tree_entry *y = b;

	return tree_order(x->name, x->mode == TREE_FOLDER, y->name,
		y->mode == TREE_FOLDER);
}

/* The first that is not behind the one before it, or NULL. */
static const struct tree_entry *find_disorder(const struct tree *t)
{
	for (size_t i = 1; i < t->n; i++)
		if (by_order(&t->entries[i - 1], &t->entries[i]) >= 0)
			return &t->entries[i];
	return NULL;
}

static int read_entries(struct tree *t, struct err *e)
{
	struct str rest = tree_text(t);

	while (rest.n > 0) {
		t->entries =
			grow(t->entries, t->n, &t->cap, sizeof(*t->entries));
		if (!take_entry(&rest, &t->entries[t->n++]))
			return err_set(e, ERR_IO,
				"tree %s is damaged: git fsck tells more",
				git_oid_tostr_s(&t->oid));
	}
	if (find_disorder(t) != NULL) {
		qsort(t->entries, t->n, sizeof(*t->entries), by_order);
		t->twin = find_disorder(t);
	}
	return 0;
}

int tree_read(
	struct objects *o, const git_oid *oid, struct tree *out, struct err *e)
{
	int r;

	*out = (struct tree){.oid = *oid};
	if (git_oid_is_zero(oid))
		return 0;
	r = objects_read_tree(o, oid, &out->object, e);
	if (r == 0)
		r = read_entries(out, e);
	if (r != 0)
		tree_fini(out);
	return r;
}

void tree_fini(struct tree *t)
{
	git_odb_object_free(t->object);
	free(t->entries);
	*t = (struct tree){0};
}

static const struct tree_entry *find(
	const struct tree *t, struct str name, bool is_folder)
{
	const struct tree_entry key = {
		.name = name, .mode = is_folder ? TREE_FOLDER : 0};

	return t->n > 0 ? bsearch(&key, t->entries, t->n, sizeof(key), by_order)
			: NULL;
}

const struct tree_entry *tree_entry(const struct tree *t, struct str name)
{
	const struct tree_entry *found = find(t, name, true);

	return found != NULL ? found : find(t, name, false);
}
