/*
 * settle - which of the staged documents can be made together.
 *
 * Each change is held against the picture that the commit would leave: paths
 * of documents that are not staged, the branch's tree less the files that go,
 * the other files that come, and what stands in the work tree.  So A may take
 * B's path if B moves away in the same commit, in whatever order they were
 * staged.  A document in the way of another waits, with all its changes; that
 * may put further ones in the way, so it is looked at again until none is
 * (commit.c).
 */
#include "store/changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store/files.h"
#include "store/staging.h"
#include "store/trees.h"

#define ADVICE "move it away, or change the mapping's path"

struct settling {
	struct store *store;
	struct changes *changes;
	const git_oid *without;
	int root;                /* of the work tree; -1: leave it alone */
	const char *last_folder; /* found to be free, with last_n bytes */
	size_t last_n;
};

/* why[0] stays NUL where nothing stands in the way. */
typedef int check_fn(
	struct settling *g, size_t i, char *why, size_t size, struct err *e);

static int check_owner(
	struct settling *g, size_t i, char *why, size_t size, struct err *e)
{
	const struct change_of *of = &g->changes->of[i];

	(void)e;
	if (of->owner != 0)
		snprintf(why, size,
			"%s is taken by work package %lld: save_as can give "
			"files a name with an id",
			g->changes->items[i].path, (long long)of->owner);
	return 0;
}

static const char *next_slash(const char *path, const char *slash)
{
	return strchr(slash == NULL ? path : slash + 1, '/');
}

/* The same, whether that one comes with this commit or is there. */
static void say_blocked(
	char *why, size_t size, const char *path, size_t n, int64_t owner)
{
	snprintf(why, size,
		"%.*s is a file of work package %lld, not a folder for %s",
		(int)n, path, (long long)owner, path);
}

/* A folder of the path is a file that comes with this commit. */
static int check_others(
	struct settling *g, size_t i, char *why, size_t size, struct err *e)
{
	const char *path = g->changes->items[i].path;
	const char *slash = NULL;

	(void)e;
	if (!g->changes->items[i].has)
		return 0;
	while ((slash = next_slash(path, slash)) != NULL) {
		const struct worktree_change *at =
			changes_find(g->changes, path, (size_t)(slash - path));

		if (at != NULL && at->has)
			say_blocked(why, size, path, (size_t)(slash - path),
				g->changes->of[at - g->changes->items]
					.work_package);
	}
	return 0;
}

/* The tree has a file where path needs a folder; n bytes of it. */
static int check_blocked(struct settling *g, const char *path, size_t n,
	char *why, size_t size, struct err *e)
{
	int64_t owner = 0;
	bool found = false;
	int code = state_owner(
		g->store->state, (struct str){path, n}, &found, &owner, e);

	if (code == 0 && owner != 0)
		say_blocked(why, size, path, n, owner);
	else if (code == 0)
		snprintf(why, size, "%.*s is a file, not a folder for %s: %s",
			(int)n, path, path, ADVICE);
	return code;
}

/* The tree has a folder where path is to be. */
static int check_folder(struct settling *g, const char *path, char *why,
	size_t size, struct err *e)
{
	struct state *s = g->store->state;
	struct buf first = {0};
	int64_t owner = 0;
	int64_t n;
	bool found;
	int code = state_folder(s, str_of(path), &n, &first, e);

	if (code == 0 && n > 0)
		code = state_owner(s, buf_str(&first), &found, &owner, e);
	if (code == 0 && owner != 0)
		snprintf(why, size,
			"%s is a folder with files of work package %lld", path,
			(long long)owner);
	else if (code == 0)
		snprintf(why, size, "%s is a folder: %s", path, ADVICE);
	buf_fini(&first);
	return code;
}

static int check_tree(
	struct settling *g, size_t i, char *why, size_t size, struct err *e)
{
	const struct worktree_change *c = &g->changes->items[i];
	struct spot spot;
	int code;

	if (!c->has)
		return 0;
	code = tree_find(&g->store->trees, g->without, c->path, &spot, e);
	if (code != 0)
		return code;
	if (spot.kind == SPOT_BLOCKED)
		return check_blocked(g, c->path, spot.length, why, size, e);
	if (spot.kind == SPOT_FOLDER)
		return check_folder(g, c->path, why, size, e);
	if (!c->had && (spot.kind == SPOT_OTHER ||
			       (spot.kind == SPOT_FILE &&
				       !git_oid_equal(&spot.oid, &c->new_oid))))
		snprintf(why, size,
			"%s is taken by a file that opsync did not write: %s",
			c->path, ADVICE);
	return 0;
}

/* --- The work tree -------------------------------------------------------- */

static bool is_going(const struct changes *c, const char *path, size_t n)
{
	const struct worktree_change *at = changes_find(c, path, n);

	return at != NULL && !at->has;
}

/* Is the part of a path that n ends a folder, missing, or a file that goes? */
static bool may_be_folder(struct settling *g, const char *path, size_t n)
{
	char *part = str_dup((struct str){path, n});
	struct stat st;
	bool fine = fstatat(g->root, part, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    S_ISDIR(st.st_mode) || is_going(g->changes, path, n);

	free(part);
	return fine;
}

static int check_folders(
	struct settling *g, size_t i, char *why, size_t size, struct err *e)
{
	const char *path = g->changes->items[i].path;
	const char *end = strrchr(path, '/');
	const char *slash = NULL;

	(void)e;
	if (g->root < 0 || end == NULL ||
		(g->last_folder != NULL && g->last_n == (size_t)(end - path) &&
			memcmp(path, g->last_folder, g->last_n) == 0))
		return 0;
	while ((slash = next_slash(path, slash)) != NULL) {
		size_t n = (size_t)(slash - path);

		if (may_be_folder(g, path, n))
			continue;
		snprintf(why, size,
			"%.*s in the work tree is not a folder for %s: %s",
			(int)n, path, path, ADVICE);
		return 0;
	}
	g->last_folder = path;
	g->last_n = (size_t)(end - path);
	return 0;
}

/* Do all files in a folder of the work tree go?  Missing: true. */
static bool all_go(struct settling *g, const char *folder)
{
	int fd = openat(g->root, folder,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool all = true;

	while (d != NULL && all && (entry = readdir(d)) != NULL) {
		char *path;
		struct stat st;

		if (name_is_dots(entry->d_name))
			continue;
		path = xasprintf("%s/%s", folder, entry->d_name);
		if (fstatat(g->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			all = S_ISDIR(st.st_mode) ? all_go(g, path)
						  : is_going(g->changes, path,
							    strlen(path));
		free(path);
	}
	if (d != NULL)
		closedir(d);
	return all;
}

static int check_place(
	struct settling *g, size_t i, char *why, size_t size, struct err *e)
{
	const struct worktree_change *c = &g->changes->items[i];
	struct stat st;

	(void)e;
	if (g->root < 0 || !c->has ||
		fstatat(g->root, c->path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISDIR(st.st_mode) || all_go(g, c->path))
		return 0;
	snprintf(why, size, "%s in the work tree is a folder: %s", c->path,
		ADVICE);
	return 0;
}

/* --- All of it ------------------------------------------------------------ */

static int check(struct settling *g, size_t i, size_t *n_refused, struct err *e)
{
	static check_fn *const checks[] = {check_owner, check_others,
		check_tree, check_folders, check_place};
	struct change_of *of = &g->changes->of[i];
	char why[400] = "";
	int code = 0;

	for (size_t k = 0; k < ARRAY_LEN(checks); k++) {
		code = checks[k](g, i, why, sizeof(why), e);
		if (code != 0)
			return code;
		if (why[0] == '\0')
			continue;
		(*n_refused)++;
		return staging_wait(g->store->state, of->work_package,
			str_of(of->entry), why, e);
	}
	return 0;
}

static int round_of_checks(struct settling *g, size_t *n_refused, struct err *e)
{
	int code = 0;

	*n_refused = 0;
	g->last_folder = NULL;
	for (size_t i = 0; code == 0 && i < g->changes->n; i++)
		code = check(g, i, n_refused, e);
	return code;
}

static int open_root(struct store *s, int *root, struct err *e)
{
	const char *path = git_repository_workdir(s->repo);

	*root = -1;
	if (!store_is_checked_out(s))
		return 0;
	*root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*root < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", path);
	return 0;
}

int changes_settle(struct store *s, const git_oid *tree, struct changes *c,
	git_oid *without, size_t *n_refused, struct err *e)
{
	struct settling g = {.store = s, .changes = c, .without = without};
	int code = open_root(s, &g.root, e);

	changes_fini(c);
	if (code == 0)
		code = changes_staged(s->state, c, e);
	if (code == 0)
		code = tree_without(
			&s->trees, tree, c->items, c->n, without, e);
	if (code == 0)
		code = round_of_checks(&g, n_refused, e);
	if (g.root >= 0)
		close(g.root);
	return code;
}
