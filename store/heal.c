/*
 * heal - a branch that leads nowhere.
 *
 * A ref that is gone or damaged, or whose commit or trees cannot be read (a
 * disk that lied about what it wrote, a person's mistake): the newest commit
 * that the state or the reflog knows and that is whole takes its place.  What
 * the later ones had comes again from the server.  The ref's old value stays
 * in the reflog.  Packs and trees are seen to before: of a pack that is
 * damaged, or without its index, the commit may be read all the same.
 */
#include "store/heal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/branch.h"
#include "store/elsewhere.h"
#include "store/git_error.h"
#include "store/history.h"
#include "store/salvage.h"
#include "store/shared.h"
#include "store/tree_mend.h"

static int see_entry(const char *root, const git_tree_entry *entry, void *arg)
{
	(void)root;
	(void)entry;
	(void)arg;
	return 0;
}

/*
 * Trees below the one that was found whole last, and below what was made here
 * from it since, are looked at as often as it takes a hundredth of the time; a
 * ten-thousandth, and once a minute at most, while nothing touches the folders
 * of objects.
 */
bool heal_is_due(struct store *s)
{
	int64_t now = stamp_monotonic();

	return now >= s->walk_at &&
	       (now >= s->walk_quiet_at ||
		       watch_read(s->objects_watch) != WATCH_QUIET);
}

/* False: it is elsewhere, and told of there. */
static bool watch_folder(struct store *s, const char *name)
{
	struct watch *w = s->objects_watch;
	char *file = xasprintf(
		"%sobjects/%s", git_repository_commondir(s->repo), name);
	char *path = xasprintf("%s/", name);
	struct stat st;
	bool there = lstat(file, &st) == 0;

	watch_cover(w, path);
	if (there)
		watch_met(w, st.st_dev);
	free(path);
	free(file);
	return !there || !S_ISLNK(st.st_mode);
}

/* Objects are in pack/ and in folders of two hex digits. */
static bool watch_all(struct store *s)
{
	bool here;

	watch_begin(s->objects_watch);
	here = watch_folder(s, "info") && watch_folder(s, "pack");
	for (unsigned i = 0; i < 256 && here; i++) {
		char name[3];

		snprintf(name, sizeof(name), "%02x", i);
		here = watch_folder(s, name);
	}
	return here;
}

/* Folders that came or went since. */
static bool watch_touched_ones(struct store *s)
{
	size_t n;
	const char *const *paths = watch_touched(s->objects_watch, &n);
	bool here = true;

	for (size_t i = 0; i < n && here; i++)
		if (strchr(paths[i], '/') == NULL)
			here = watch_folder(s, paths[i]);
	return here;
}

/* Others' objects, where ours may be, are not watched. */
static bool has_alternates(struct store *s)
{
	char *file = xasprintf(
		"%sobjects/info/alternates", git_repository_commondir(s->repo));
	bool has = access(file, F_OK) == 0;

	free(file);
	return has;
}

static void watch_objects(struct store *s)
{
	enum watch_news news = watch_read(s->objects_watch);
	bool here;

	if (s->objects_watch == NULL || news == WATCH_QUIET)
		return;
	here = news == WATCH_TOUCHED ? watch_touched_ones(s) : watch_all(s);
	if (!here || has_alternates(s))
		watch_lose(s->objects_watch);
}

/* The trees were found whole, by a look that began then. */
static void note_walk(struct store *s, int64_t begin)
{
	int64_t now = stamp_monotonic();

	s->walk_at = now + LOOK_SHARE * (now - begin);
	s->walk_quiet_at = store_watched_turn(now - begin);
	watch_end(s->objects_watch, true);
}

/*
 * A commit with all its trees, of which each is needed once: none is kept in
 * libgit2's cache.  Files are looked at elsewhere.
 */
bool heal_is_whole(struct store *s, const git_oid *oid)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	bool whole;

	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	whole = git_commit_lookup(&commit, s->repo, oid) == 0 &&
		git_commit_tree(&tree, commit) == 0 &&
		git_tree_walk(tree, GIT_TREEWALK_PRE, see_entry, NULL) == 0;
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 1);
	git_tree_free(tree);
	git_commit_free(commit);
	return whole;
}

static bool from_state(struct store *s, git_oid *out)
{
	struct query q = query_open(s->state,
		"SELECT value FROM value WHERE key = 'store.tip' UNION ALL"
		" SELECT \"commit\" FROM (SELECT \"commit\" FROM run"
		" WHERE \"commit\" <> '' ORDER BY id DESC)");
	bool found = false;

	while (!found && query_next(&q))
		found = column_oid(&q, out) && !git_oid_is_zero(out) &&
			heal_is_whole(s, out);
	query_close(&q, NULL);
	return found;
}

static bool from_reflog(struct store *s, git_oid *out)
{
	git_reflog *log = NULL;
	bool found = false;

	if (git_reflog_read(&log, s->repo, s->ref) != 0)
		return false;
	for (size_t i = 0; !found && i < git_reflog_entrycount(log); i++) {
		const git_reflog_entry *at = git_reflog_entry_byindex(log, i);

		*out = *git_reflog_entry_id_new(at);
		found = !git_oid_is_zero(out) && heal_is_whole(s, out);
	}
	git_reflog_free(log);
	return found;
}

/* A ref's file that holds no id keeps libgit2 from writing it. */
static int remove_ref(struct store *s, struct err *e)
{
	char *file =
		xasprintf("%s%s", git_repository_commondir(s->repo), s->ref);
	int code = 0;

	if (unlink(file) != 0 && errno != ENOENT)
		code = err_errno(e, ERR_IO, errno, "cannot remove %s", file);
	free(file);
	return code;
}

static int set_ref(struct store *s, const git_oid *to, struct err *e)
{
	git_reference *ref = NULL;
	int code = remove_ref(s, e);

	if (code != 0)
		return code;
	if (git_reference_create(&ref, s->repo, s->ref, to, 1,
		    "opsync: back to a commit that is whole") != 0)
		return git_failed(e, "cannot set %s", s->ref);
	git_reference_free(ref);
	branch_share(s, s->ref);
	return 0;
}

/* --- Packs -------------------------------------------- */

/* From our own folder; the copy of the pack that is there goes. */
static bool place_index(struct store *s, const char *name, const char *index)
{
	char *copy = xasprintf("%s/pack-%s.pack", s->tmp, name);
	char *made = xasprintf("%s/pack-%s.idx", s->tmp, name);
	bool placed;

	shared_path(objects_shared(s->objects), made);
	placed = rename(made, index) == 0;
	unlink(copy);
	free(copy);
	free(made);
	return placed;
}

/*
 * Made in our own folder, where what a killed process left is removed; the
 * pack's checksum must be right.
 */
static void index_pack(struct store *s, const char *pack, const char *index)
{
	size_t size = (size_t)1 << 20;
	git_indexer_progress stats = {0};
	git_indexer *indexer = NULL;
	char *bytes = xmalloc(size);
	FILE *f = fopen(pack, "re");
	size_t n;
	bool good = f != NULL &&
		    git_indexer_new(&indexer, s->tmp, 0444, NULL, NULL) == 0;

	while (good && (n = fread(bytes, 1, size, f)) > 0)
		good = git_indexer_append(indexer, bytes, n, &stats) == 0;
	good = good && git_indexer_commit(indexer, &stats) == 0 &&
	       place_index(s, git_indexer_name(indexer), index);
	if (good)
		store_tell(s, LOG_LEVEL_WARNING,
			"the index of %s was gone or damaged: it is made again",
			pack);
	git_indexer_free(indexer);
	if (f != NULL)
		fclose(f);
	free(bytes);
}

/* Lines are paths of packs. */
static void index_packs(struct store *s, const struct buf *packs)
{
	struct str rest = buf_str(packs);
	struct str line;

	while (str_line(&rest, &line)) {
		char *pack = str_dup(line);
		char *index = xasprintf(
			"%.*s.idx", (int)(line.n > 5 ? line.n - 5 : 0), line.p);

		index_pack(s, pack, index);
		free(pack);
		free(index);
	}
}

/* What can be read of those that are damaged is saved. */
static int mend_packs(struct store *s, struct err *e)
{
	const struct buf none = {0};
	struct buf packs = {0};
	struct buf indexes = {0};
	int code = store_set_aside(s, &none, &packs, &indexes, e);

	index_packs(s, &indexes);
	if (packs.n > 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"packs that are damaged are put aside, in "
			"%sopsync/damaged",
			git_repository_path(s->repo));
	if (code == 0)
		code = store_reopen(s, e);
	buf_fini(&packs);
	buf_fini(&indexes);
	return code;
}

int heal_put_aside(struct store *s, struct err *e)
{
	char *folder = salvage_folder(s);
	bool begun = access(folder, F_OK) == 0;

	free(folder);
	return begun ? mend_packs(s, e) : 0;
}

/* --- The branch ----------------------------------------------------------- */

static bool is_in_order(struct store *s, const git_oid *tip)
{
	int64_t begin;

	if (git_oid_equal(tip, &s->seen_tip) && !heal_is_due(s))
		return true;
	watch_objects(s);
	s->laden = true; /* with all trees */
	begin = stamp_monotonic();
	if (!heal_is_whole(s, tip))
		return false;
	note_walk(s, begin);
	return true;
}

/* Has it had commits, as far as is known? */
static bool has_past(struct store *s)
{
	struct query q = query_open(s->state,
		"SELECT 1 FROM value WHERE key = 'store.tip'"
		" AND replace(value, '0', '') <> '' UNION ALL"
		" SELECT 1 FROM run WHERE \"commit\" <> ''");
	git_reflog *log = NULL;
	bool has;

	query_any(&q, &has, NULL);
	if (!has && git_reflog_read(&log, s->repo, s->ref) == 0)
		has = git_reflog_entrycount(log) > 0;
	git_reflog_free(log);
	return has;
}

/* The reflog also knows what others committed since the state was told. */
static bool find_newest(struct store *s, git_oid *out)
{
	git_oid logged = {{0}};
	bool remembered = from_state(s, out);

	if (!from_reflog(s, &logged))
		return remembered;
	if (!remembered || git_graph_descendant_of(s->repo, &logged, out) == 1)
		*out = logged;
	return true;
}

/*
 * What the commits removed that are lost is there again: only the history of
 * what is left tells what of it is ours.
 */
static int note_loss(struct store *s, const git_oid *good, struct err *e)
{
	git_oid known;
	bool told;
	int code = history_known_tip(s, &told, &known, e);

	if (code != 0 || !told || git_oid_is_zero(&known) ||
		git_oid_equal(&known, good) ||
		git_graph_descendant_of(s->repo, good, &known) == 1)
		return code;
	return history_put_behind(s, good, e);
}

static int go_back(struct store *s, int rc, struct err *e)
{
	git_oid good = {{0}};
	int code;

	if (!find_newest(s, &good))
		return err_set(e, ERR_IO,
			"%s: %s names no commit that can be read, and no "
			"earlier one is known: fetch it from a copy, or name "
			"another folder as the store",
			s->path, s->ref);
	s->promised = (git_oid){{0}}; /* it may be the damaged one */
	code = note_loss(s, &good, e);
	if (code == 0)
		code = set_ref(s, &good, e);
	if (code == 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s was %s: it is back at commit %.10s", s->ref,
			rc == 0 ? "at a commit that is damaged"
				: "gone or damaged",
			git_oid_tostr_s(&good));
	return code;
}

int heal_branch(struct store *s, struct err *e)
{
	git_oid tip = {{0}};
	int rc = git_reference_name_to_id(&tip, s->repo, s->ref);
	int code;

	if (rc == GIT_ENOTFOUND && !has_past(s))
		return elsewhere_refuse(s, e);
	if (rc == 0 && is_in_order(s, &tip))
		return 0;
	code = mend_packs(s, e);
	if (code != 0 || (rc == 0 && is_in_order(s, &tip)))
		return code;
	if (rc == 0)
		code = tree_mend(s, &tip, e);
	if (code != 0 || (rc == 0 && is_in_order(s, &tip)))
		return code;
	return go_back(s, rc, e);
}
