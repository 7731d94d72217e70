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

#include <git2/sys/repository.h>
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
		watch_read(s->folder_watch) != WATCH_QUIET || heal_is_due(s) ||
		store_check_place(s, NULL) != 0)
		return false;
	return s->worktree == NULL || (watch_read(s->watch) == WATCH_QUIET &&
					      stamp_monotonic() < s->look_at);
}

/* --- Giving back ---------------------------------------------------------- */

#define SMALL ((size_t)64 << 10)

/* Read a blob that is small; false: it is not, or cannot be read. */
static bool read_small(git_odb *odb, struct str hex)
{
	git_odb_object *object;
	git_object_t type;
	git_oid oid;
	size_t n;

	if (git_oid_fromstr(&oid, hex.p) != 0 ||
		git_odb_read_header(&n, &type, odb, &oid) != 0 || n > SMALL ||
		git_odb_read(&object, odb, &oid) != 0)
		return false;
	git_odb_object_free(object);
	return true;
}

/*
 * libgit2 keeps the trees of all the commits that were just made.  Told to
 * keep none, it forgets them with the next object that is read and was not
 * kept: here that is one of our documents.
 */
static void forget_trees(struct store *s)
{
	struct query q = query_open(s->state,
		"SELECT f.oid FROM document d CROSS JOIN file f" /* in order */
		" ON f.work_package = d.work_package AND f.entry = d.entry"
		" WHERE f.attachment_id = 0 LIMIT 10");
	git_odb *odb = NULL;
	bool done = git_repository_odb(&odb, s->repo) != 0;

	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	while (!done && query_next(&q))
		done = read_small(odb, column_text(&q));
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 1);
	git_odb_free(odb);
	query_close(&q, NULL);
}

/*
 * Did packs come or go since this was asked last?  What was done just now may
 * go on without a later time.
 */
static bool packs_changed(struct store *s)
{
	char *folder =
		xasprintf("%sobjects/pack", git_repository_commondir(s->repo));
	struct timespec then = s->packs_at;
	struct stat st;
	bool there = stat(folder, &st) == 0;

	free(folder);
	if (!there || (st.st_mtim.tv_sec == then.tv_sec &&
			      st.st_mtim.tv_nsec == then.tv_nsec))
		return false;
	if (st.st_mtim.tv_sec < stamp_now() / STAMP_SECOND - 1)
		s->packs_at = st.st_mtim;
	return true;
}

/*
 * libgit2 keeps each pack that it has seen open, and its index mapped.  Where
 * another store is at our place now, nothing is opened: the next pass says so.
 */
void store_forget_packs(struct store *s)
{
	struct err e = {0};

	if (objects_count(s->objects) > 0 || !packs_changed(s) ||
		!memory_may_map(".idx (deleted)") ||
		store_check_place(s, &e) != 0)
		return;
	if (store_reopen(s, &e) == 0)
		return;
	store_tell(s, LOG_LEVEL_WARNING, "%s", e.text);
	s->packs_at = (struct timespec){0}; /* it is tried again */
}

bool store_needs_rest(const struct store *s)
{
	return s->laden;
}

void store_rest(struct store *s)
{
	struct err ignored = {0}; /* then it comes back later */

	staging_rest(s->state, &ignored);
	trees_let_go(&s->trees);
	forget_trees(s);
	git_repository_set_index(s->repo, NULL);
	s->laden = false;
	memory_rest();
}
