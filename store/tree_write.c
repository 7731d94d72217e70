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
 * A tree of others that is not in order is put there; one that has a name
 * twice is refused.
 */
#include "store/tree_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

#define FOLDER ((uint32_t)GIT_FILEMODE_TREE)
#define ENTRY 64 /* bytes that an entry takes, about */

struct entry {
	struct str name;
	uint32_t mode;
	git_oid oid;
};

/* An old tree; its names are the object's. */
struct old {
	struct str path;        /* with a slash at its end; "": the root */
	git_odb_object *object; /* NULL: an empty one */
	struct entry *entries;
	size_t n, cap;
};

/* A new one. */
struct made {
	const struct old *old;
	struct buf text;
	/* Files whose names begin that of the last entry, the longest last. */
	struct str *files;
	size_t n_files, cap_files;
};

/* What is written where; the updates from first to end are below path. */
struct writing {
	struct objects *objects;
	const struct tree_update *updates;
};

struct span {
	size_t first, end;
	size_t skip; /* bytes of their paths that lead to the folder */
};

static uint8_t at(struct str name, bool is_folder, size_t i)
{
	if (i < name.n)
		return (uint8_t)name.p[i];
	return is_folder ? '/' : '\0';
}

/* The order of entries; 0: the same name, and both are folders or neither. */
static int compare(struct str a, bool a_folder, struct str b, bool b_folder)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : at(a, a_folder, n) - at(b, b_folder, n);
}

/* --- Reading -------------------------------------------------------------- */

static int damaged(const struct old *old, struct err *e)
{
	return err_set(e, ERR_IO, "tree %s is damaged: git fsck tells more",
		git_oid_tostr_s(git_odb_object_id(old->object)));
}

/* Whoever wrote it: which of the two is meant, nobody can know. */
static int refuse_twin(const struct old *old, struct str name, struct err *e)
{
	return err_set(e, ERR_DATA,
		"'%.*s%.*s' is in it twice, which no tree of git's may have: "
		"in the work tree or in a clone, git rm -rf --cached "
		"--ignore-unmatch '%.*s%.*s' and a commit take both away, git "
		"add and a commit bring back what is to stay",
		STR_ARGS(old->path), STR_ARGS(name), STR_ARGS(old->path),
		STR_ARGS(name));
}

/* "100644 name", a NUL, and the id. */
static bool take_entry(struct str *rest, struct entry *out)
{
	size_t digits = 0;

	*out = (struct entry){0};
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

static struct str text_of(const struct old *old)
{
	if (old->object == NULL)
		return (struct str){"", 0};
	return (struct str){git_odb_object_data(old->object),
		git_odb_object_size(old->object)};
}

static int by_order(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	return compare(x->name, x->mode == FOLDER, y->name, y->mode == FOLDER);
}

/* The first that is not behind the one before it; old->n: none. */
static size_t find_disorder(const struct old *old)
{
	size_t i = 1;

	while (i < old->n &&
		by_order(&old->entries[i - 1], &old->entries[i]) < 0)
		i++;
	return i < old->n ? i : old->n;
}

/* As a file and as a folder, which may have others between them. */
static bool has_twins(const struct old *old, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < old->n; i++)
		n += str_eq(old->entries[i].name, name);
	return n > 1;
}

static int read_entries(struct old *old, struct err *e)
{
	struct str rest = text_of(old);
	size_t at;

	while (rest.n > 0) {
		old->entries = grow(
			old->entries, old->n, &old->cap, sizeof(*old->entries));
		if (!take_entry(&rest, &old->entries[old->n++]))
			return damaged(old, e);
	}
	if (find_disorder(old) == old->n)
		return 0;
	qsort(old->entries, old->n, sizeof(*old->entries), by_order);
	at = find_disorder(old);
	return at == old->n ? 0 : refuse_twin(old, old->entries[at].name, e);
}

static int open_old(struct objects *o, const git_oid *oid, struct str path,
	struct old *out, struct err *e)
{
	int r;

	*out = (struct old){.path = path};
	if (git_oid_is_zero(oid))
		return 0;
	r = objects_read_tree(o, oid, &out->object, e);
	return r == 0 ? read_entries(out, e) : r;
}

static void close_old(struct old *old)
{
	git_odb_object_free(old->object);
	free(old->entries);
}

/* --- Writing -------------------------------------------------------------- */

static int add(struct made *new, const struct entry *entry, struct err *e)
{
	bool is_folder = entry->mode == FOLDER;

	while (new->n_files > 0 &&
		!str_starts(entry->name, new->files[new->n_files - 1]))
		new->n_files--;
	if (new->n_files > 0 && new->files[new->n_files - 1].n == entry->name.n)
		return has_twins(new->old, entry->name)
			       ? refuse_twin(new->old, entry->name, e)
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
	const struct entry entry = {name, u->mode, u->oid};

	if (u->mode == 0)
		return 0;
	if (u->mode != GIT_FILEMODE_COMMIT && !objects_has(w->objects, &u->oid))
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
	struct span in = {s->first, s->first, s->skip + name.n + 1};

	while (in.end < s->end && strncmp(w->updates[in.end].path + s->skip,
					  path, name.n + 1) == 0)
		in.end++;
	return in;
}

static int write_folder(struct writing *w, const git_oid *from, struct span s,
	struct entry *out, struct err *e);

/*
 * The first update, or all in its folder; old is what was there before it, or
 * nothing.
 */
static int update(struct writing *w, struct made *new, struct span *s,
	struct str name, const git_oid *old, struct err *e)
{
	const struct tree_update *u = &w->updates[s->first];
	struct entry folder = {.name = name};
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

static int merge(struct writing *w, const struct old *old, struct span s,
	struct made *new, struct err *e)
{
	static const git_oid none;
	const struct entry *at = old->entries;
	const struct entry *end = at + old->n;
	int r = 0;

	while (r == 0 && s.first < s.end) {
		const char *path = w->updates[s.first].path + s.skip;
		struct str name = {path, strcspn(path, "/")};
		int order = -1;

		if (at < end)
			order = compare(name, path[name.n] == '/', at->name,
				at->mode == FOLDER);
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
	const struct old *old, const struct made *new, git_oid *out,
	struct err *e)
{
	struct str text = buf_str(&new->text);

	if (!git_oid_is_zero(from) && str_eq(text, text_of(old))) {
		*out = *from;
		return 0;
	}
	return objects_made(
		w->objects, GIT_OBJECT_TREE, text.p, text.n, out, e);
}

/* out's mode is 0 when the folder is empty. */
static int write_folder(struct writing *w, const git_oid *from, struct span s,
	struct entry *out, struct err *e)
{
	struct old old;
	struct made new = {.old = &old};
	struct str path = {w->updates[s.first].path, s.skip};
	int r = open_old(w->objects, from, path, &old, e);

	buf_reserve(&new.text, text_of(&old).n + (s.end - s.first) * ENTRY);
	if (r == 0)
		r = merge(w, &old, s, &new, e);
	if (r == 0 && (new.text.n > 0 || s.skip == 0))
		r = write_new(w, from, &old, &new, &out->oid, e);
	if (r == 0 && new.text.n > 0)
		out->mode = FOLDER;
	close_old(&old);
	free(new.files);
	buf_fini(&new.text);
	return r;
}

int tree_write(struct objects *o, const git_oid *from,
	const struct tree_update *updates, size_t n, git_oid *out,
	struct err *e)
{
	struct writing w = {.objects = o, .updates = updates};
	struct entry top = {0};
	int r;

	if (n == 0) {
		*out = *from;
		return 0;
	}
	r = write_folder(&w, from, (struct span){0, n, 0}, &top, e);
	if (r == 0)
		*out = top.oid;
	return r;
}
