#ifndef STORE_TREE_NEWS_H
#define STORE_TREE_NEWS_H

#include "store/trees.h"

/*
 * What was read last of either side; objects set, the rest zeroed.  Back along
 * a history, where the old tree is the new one of the next call, each is read
 * once.
 */
struct tree_sides {
	struct objects *objects;
	struct trees before, after;
};

void tree_sides_fini(struct tree_sides *t);

/*
 * What a tree has that another (either may be the zero id: an empty one) has
 * not, or with another content or mode: each file, link or submodule with its
 * path.  Only folders that differ are looked into.  ERR_IO, and what fn gives,
 * which ends it.
 */
typedef int tree_news_fn(
	void *arg, const char *path, const git_oid *oid, struct err *e);
int tree_news(struct tree_sides *t, const git_oid *old, const git_oid *new,
	tree_news_fn *fn, void *arg, struct err *e);

#endif
