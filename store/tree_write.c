/*
 * tree_write - a tree from another, and what comes and goes.
 *
 *   old:      a.md   b.md   x/ ---.
 *   updates:  a.md          x/1.md, x/2.md
 *   new:      a.md   b.md   x/ <--- the same with what is in it
 *
 * Entries are in order (gitformat, "tree objects": a folder as if its name
 * ended with a slash), and so are updates by their whole paths: old and new
 * are walked once, side by side, and only the folders that change are read.
 * A tree of others that has a name twice is refused.
 */
#include "store/tree_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "store/trees.h"

#define ENTRY 64 /* bytes that an entry takes, about */

/* A new one. */
struct made {
	const struct tree *old;
	struct str path; /* with a slash at its end; "": the root */
	struct buf text;
	/* Files whose names begin that of the last entry, the longest last. */
	struct str *files;
	size_t n_files, cap_files;
};

/* What is written where; the updates from first to end are below path. */
struct writing {
	struct trees *trees;
	const struct tree_update *updates;
};

struct span {
	size_t first, end;
	size_t skip;  /* bytes of their paths that lead to the folder, */
	size_t level; /* which is so many below the root */
};

/* Whoever wrote it: which of the two is meant, nobody can know. */
static int refuse_twin(const struct made *new, struct str name, struct err *e)
{
	struct str path = new->path;

	return err_set(e, ERR_DATA,
		"'%.*s%.*s' is in it twice, which no tree of git's may have: "
		"in the work tree or in a clone, git rm -rf --cached "
		"--ignore-unmatch '%.*s%.*s' and a commit take both away, git "
		"add and a commit bring back what is to stay",
		STR_ARGS(path), STR_ARGS(name), STR_ARGS(path), STR_ARGS(name));
}

/* As a file and as a folder, which may have others between them. */
static bool has_twins(const struct tree *old, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < old->n; i++)
		n += str_eq(old->entries[i].name, name);
	return n > 1;
}

static int add(struct made *new, const struct tree_entry *entry, struct err *e)
{
	bool is_folder = entry->mode == TREE_FOLDER;

	while (new->n_files > 0 &&
		!str_starts(entry->name, new->files[new->n_files - 1]))
		new->n_files--;
	if (new->n_files > 0 && new->files[new->n_files - 1].n == entry->name.n)
		return has_twins(new->old, entry->name)
			       ? refuse_twin(new, entry->name, e)
			       : err_set(e, ERR_IO,
					 "cannot make a tree: %.*s would be in "
					 "it twice",
					 STR_ARGS(entry->name));
	if (!is_folder) {
		new->files = grow(new->files, new->n_files, &new->cap_files,
			sizeof(*new->files));
		new->files[new->n_files++] = entry->name;
	}
	if (entry->mode == GIT_FILEMODE_BLOB)
		buf_puts(&new->text, "100644 ");
	else
		buf_printf(&new->text, "%o ", entry->mode);
	buf_add(&new->text, entry->name.p, entry->name.n);
	buf_putc(&new->text, '\0');
	buf_add(&new->text, entry->oid.id, GIT_OID_RAWSZ);
	return 0;
}

static int add_file(struct writing *w, struct made *new,
	const struct tree_update *u, struct str name, struct err *e)
{
	const struct tree_entry entry = {name, u->mode, u->oid};

	if (u->mode == 0)
		return 0;
	if (u->mode != GIT_FILEMODE_COMMIT &&
		!objects_has(w->trees->objects, &u->oid))
		return err_set(e, ERR_IO,
			"cannot make a tree: the object %s of %s is not there",
			git_oid_tostr_s(&u->oid), u->path);
	return add(new, &entry, e);
}

/* The updates in the folder of the first one. */
static struct span in_folder(
	const struct writing *w, const struct span *s, struct str name)
{
	const char *path = w->updates[s->first].path + s->skip;
	struct span in = {
		s->first, s->first, s->skip + name.n + 1, s->level + 1};

	while (in.end < s->end && strncmp(w->updates[in.end].path + s->skip,
					  path, name.n + 1) == 0)
		in.end++;
	return in;
}

static int write_folder(struct writing *w, const git_oid *from, struct span s,
	struct tree_entry *out, struct err *e);

/*
 * The first update, or all in its folder; old is what was there before it, or
 * nothing.
 */
static int update(struct writing *w, struct made *new, struct span *s,
	struct str name, const git_oid *old, struct err *e)
{
	const struct tree_update *u = &w->updates[s->first];
	struct tree_entry folder = {.name = name};
	struct span in;
	int r;

	if (u->path[s->skip + name.n] == '\0') {
		s->first++;
		return add_file(w, new, u, name, e);
	}
	in = in_folder(w, s, name);
	s->first = in.end;
	r = write_folder(w, old, in, &folder, e);
	return r == 0 && folder.mode != 0 ? add(new, &folder, e) : r;
}

static int merge(struct writing *w, const struct tree *old, struct span s,
	struct made *new, struct err *e)
{
	static const git_oid none;
	const struct tree_entry *at = old->entries;
	const struct tree_entry *end = at + old->n;
	int r = 0;

	while (r == 0 && s.first < s.end) {
		const char *path = w->updates[s.first].path + s.skip;
		struct str name = {path, strcspn(path, "/")};
		int order = -1;

		if (at < end)
			order = tree_order(name, path[name.n] == '/', at->name,
				at->mode == TREE_FOLDER);
		if (order > 0)
			r = add(new, at, e);
		else
			r = update(w, new, &s, name,
				order == 0 ? &at->oid : &none, e);
		at += order >= 0;
	}
	for (; r == 0 && at < end; at++)
		r = add(new, at, e);
	return r;
}

static int write_new(struct writing *w, const git_oid *from,
	const struct tree *old, const struct made *new, git_oid *out,
	struct err *e)
{
	struct str text = buf_str(&new->text);

	if (!git_oid_is_zero(from) && str_eq(text, tree_text(old))) {
		*out = *from;
		return 0;
	}
	return objects_made(
		w->trees->objects, GIT_OBJECT_TREE, text.p, text.n, out, e);
}

/* out's mode is 0 when the folder is empty. */
static int write_folder(struct writing *w, const git_oid *from, struct span s,
	struct tree_entry *out, struct err *e)
{
	struct made new = {.path = {w->updates[s.first].path, s.skip}};
	int r = trees_get(w->trees, s.level, from, &new.old, e);

	if (r != 0)
		return r;
	buf_reserve(
		&new.text, tree_text(new.old).n + (s.end - s.first) * ENTRY);
	if (new.old->twin != NULL)
		r = refuse_twin(&new, new.old->twin->name, e);
	if (r == 0)
		r = merge(w, new.old, s, &new, e);
	if (r == 0 && (new.text.n > 0 || s.skip == 0))
		r = write_new(w, from, new.old, &new, &out->oid, e);
	if (r == 0 && new.text.n > 0)
		out->mode = TREE_FOLDER;
	free(new.files);
	buf_fini(&new.text);
	return r;
}

int tree_write(struct trees *t, const git_oid *from,
	const struct tree_update *updates, size_t n, git_oid *out,
	struct err *e)
{
	struct writing w = {.trees = t, .updates = updates};
	struct tree_entry top = {0};
	int r;

	if (n == 0) {
		*out = *from;
		return 0;
	}
	r = write_folder(&w, from, (struct span){.end = n}, &top, e);
	if (r == 0)
		*out = top.oid;
	return r;
}
