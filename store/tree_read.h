#ifndef STORE_TREE_READ_H
#define STORE_TREE_READ_H

#include "base/str.h"
#include "store/objects.h"

#define TREE_FOLDER ((uint32_t)GIT_FILEMODE_TREE)

struct tree_entry {
	struct str name; /* the tree's */
	uint32_t mode;   /* git's */
	git_oid oid;
};

/* A tree, its entries in git's order; zeroed, an empty one. */
struct tree {
	git_oid oid;
	git_odb_object *object; /* NULL: the empty one of the zero id */
	size_t n, cap;
	struct tree_entry *entries;
	const struct tree_entry *twin; /* its name is there twice; or NULL */
};

/* ERR_IO, also where it is none. */
int tree_read(
	struct objects *o, const git_oid *oid, struct tree *out, struct err *e);
void tree_fini(struct tree *t);

/* As it is stored. */
struct str tree_text(const struct tree *t);

/* The entry of that name, if there is one. */
const struct tree_entry *tree_entry(const struct tree *t, struct str name);

/* The order of entries; 0: the same name, and both are folders or neither. */
int tree_order(struct str a, bool a_folder, struct str b, bool b_folder);

#endif
