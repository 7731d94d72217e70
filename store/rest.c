/*
 * rest - a store that nothing happens to: how that is known, and what it need
 * not keep.
 *
 *   rest_watch() --> store_watch(), before a pass --> store_is_at_rest()
 *
 * Work tree, branch, state and objects are watched: where none was touched
 * since a pass that found nothing to do, there is nothing to look at.
 */
#include "store/rest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/stamp.h"
#include "base/util.h"
#include "store/heal.h"
#include "store/parts.h"
#include "store/query.h"
#include "store/staging.h"

/* --- Watching ------------------------------------------------------------- */

/* Of a work tree beside the main one, the parts are here and there. */
void rest_watch(struct store *s)
{
	const char *folder = git_repository_path(s->repo);
	const char *common = git_repository_commondir(s->repo);
	char *objects = xasprintf("%sobjects", common);

	s->objects_watch = watch_new(objects);
	if (strcmp(folder, common) == 0)
		s->folder_watch = watch_new(folder);
	free(objects);
}

void rest_unwatch(struct store *s)
{
	watch_free(s->watch);
	watch_free(s->objects_watch);
	watch_free(s->folder_watch);
	s->watch = s->objects_watch = s->folder_watch = NULL;
}

/* Another ref, or a file elsewhere, is not told of by the ref's own folder. */
static bool is_plain_ref(struct store *s)
{
	git_reference *ref;
	char *file;
	struct stat st;
	bool plain;

	if (git_reference_lookup(&ref, s->repo, s->ref) != 0)
		return false;
	file = xasprintf("%s%s", git_repository_path(s->repo), s->ref);
	plain = git_reference_type(ref) == GIT_REFERENCE_DIRECT &&
		(lstat(file, &st) != 0 || S_ISREG(st.st_mode));
	free(file);
	git_reference_free(ref);
	return plain;
}

void store_watch(struct store *s)
{
	struct watch *w = s->folder_watch;

	if (w == NULL || watch_read(w) == WATCH_QUIET)
		return;
	watch_begin(w);
	watch_cover(w, "opsync/");
	watch_cover(w, s->ref);
	if (is_plain_ref(s))
		watch_end(w, true);
	else
		watch_lose(w);
}

bool store_is_at_rest(struct store *s)
{
	if (s->begun != NULL || git_oid_is_zero(&s->seen_tip) ||
		watch_read(s->folder_watch) != WATCH_QUIET || heal_is_due(s))
		return false;
	return s->worktree == NULL || (watch_read(s->watch) == WATCH_QUIET &&
					      stamp_monotonic() < s->look_at);
}

/* --- Giving back ---------------------------------------------------------- */

/*
 * libgit2 keeps the trees of all the commits that were just made.  Told to
 * keep none, it forgets them with the next object that is read, which is one
 * of our files here.
 */
static void forget_trees(struct store *s)
{
	struct query q = query_open(s->state, "SELECT oid FROM file LIMIT 1");
	git_odb_object *object = NULL;
	git_odb *odb = NULL;
	git_oid oid;

	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	if (query_next(&q) && git_oid_fromstr(&oid, column_text(&q).p) == 0 &&
		git_repository_odb(&odb, s->repo) == 0)
		git_odb_read(&object, odb, &oid);
	git_odb_object_free(object);
	git_odb_free(odb);
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 1);
	query_close(&q, NULL);
}

void store_rest(struct store *s)
{
	struct err ignored = {0}; /* then it comes back later */

	staging_rest(s->state, &ignored);
	trees_let_go(&s->trees);
	forget_trees(s);
	memory_rest();
}
