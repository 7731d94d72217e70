/*
 * worktree_apply - what we may touch, in which order, and the index after it.
 *
 *   removals that stand in the way of what comes
 *   -> new contents into temporary files, put on disk
 *   -> renamed into place, attachments before documents
 *   -> other removals -> index -> folders put on disk
 *
 * Whatever fails for one path is remembered and the rest goes on; the caller
 * comes back with the same changes later, and what is in place already costs
 * a look then.  A path is only written where it still is as it was seen.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/util.h"
#include "store/ahead_stream.h"
#include "store/worktree_parts.h"

#define MANY 32 /* files that are worth a thread */

/* --- Beforehand ----------------------------------------------------------- */

/* What was written ahead until now: it is to be ended before the next is. */
static struct ahead *take_ahead(struct worktree *w)
{
	struct ahead *ahead = w->ahead;

	w->turn = w->turn == 1 ? 2 : 1;
	w->ahead = ahead_new(&w->files, w->turn);
	return ahead;
}

void worktree_expect(
	struct worktree *w, const git_oid *oid, const void *bytes, size_t n)
{
	ahead_add(w->ahead, oid, (struct str){bytes, n});
}

void worktree_expect_none(struct worktree *w)
{
	if (w != NULL)
		ahead_end(take_ahead(w), NULL, 0);
}

struct ahead_stream *worktree_expect_large(struct worktree *w, uint64_t size)
{
	return ahead_stream_begin(&w->files, size);
}

void worktree_expect_end(
	struct worktree *w, struct ahead_stream *s, const git_oid *oid)
{
	ahead_stream_end(s, w->ahead, oid);
}

/* --- Applying ------------------------------------------------------------- */

struct jobs {
	struct worktree *w;
	size_t n;
	struct tree_file *items; /* sorted by path */
	struct ahead *ahead;     /* of them; NULL once ended */
	pthread_mutex_t lock;    /* of what follows */
	size_t n_failed;
	struct err first;
	pthread_t thread; /* of their own, and what came of it */
	int code;
	struct err err;
};

static int by_path(const void *a, const void *b)
{
	const struct tree_file *x = a;
	const struct tree_file *y = b;

	return strcmp(x->change->path, y->change->path);
}

/* Remember what became of a job. */
static void note(
	struct jobs *jobs, struct tree_file *job, int r, const struct err *e)
{
	if (r == 0)
		return;
	job->state = TREE_FILE_FAILED;
	pthread_mutex_lock(&jobs->lock);
	if (jobs->n_failed++ == 0)
		jobs->first = *e;
	pthread_mutex_unlock(&jobs->lock);
}

static void do_remove(struct jobs *jobs, struct tree_file *job)
{
	struct err err = {0};

	note(jobs, job, tree_file_remove(&jobs->w->files, job, &err), &err);
}

/* Index of the first job whose path is not before this one of n bytes. */
static size_t find(const struct jobs *jobs, const char *path, size_t n)
{
	size_t low = 0;
	size_t high = jobs->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *p = jobs->items[mid].change->path;
		int order = strncmp(p, path, n);

		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_removal(const struct tree_file *job)
{
	return !job->change->has && job->state == TREE_FILE_TODO;
}

/* Remove the files above path (a, for a/b) that go. */
static void clear_above(struct jobs *jobs, const char *path)
{
	const char *slash = path;

	while ((slash = strchr(slash, '/')) != NULL) {
		size_t n = (size_t)(slash - path);
		size_t i = find(jobs, path, n);

		if (i < jobs->n && is_removal(&jobs->items[i]) &&
			strlen(jobs->items[i].change->path) == n &&
			memcmp(jobs->items[i].change->path, path, n) == 0)
			do_remove(jobs, &jobs->items[i]);
		slash++;
	}
}

/* Remove the files below path (a/b, for a) that go, and their folders. */
static void clear_below(struct jobs *jobs, const char *path)
{
	char *prefix = xasprintf("%s/", path);
	size_t n = strlen(prefix);

	for (size_t i = find(jobs, prefix, n); i < jobs->n; i++) {
		if (strncmp(jobs->items[i].change->path, prefix, n) != 0)
			break;
		if (is_removal(&jobs->items[i])) {
			do_remove(jobs, &jobs->items[i]);
			beneath_prune(
				&jobs->w->tree, jobs->items[i].change->path);
		}
	}
	free(prefix);
}

static void clear_way(struct jobs *jobs)
{
	size_t n_removals = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n_removals += is_removal(&jobs->items[i]);
	for (size_t i = 0; i < jobs->n && n_removals > 0; i++) {
		if (!jobs->items[i].change->has)
			continue;
		clear_above(jobs, jobs->items[i].change->path);
		clear_below(jobs, jobs->items[i].change->path);
	}
}

static void stage_one(void *arg, size_t i)
{
	struct jobs *jobs = arg;
	struct tree_file *job = &jobs->items[i];
	struct err err = {0};

	if (job->change->has && job->state == TREE_FILE_TODO)
		note(jobs, job, tree_file_stage(&jobs->w->files, job, &err),
			&err);
}

/*
 * Write the new contents beside the tree, and put them on disk.  Many take
 * longer than all the rest of a first sync: all processors do it.
 */
static void stage(struct jobs *jobs)
{
	struct tree_files *files = &jobs->w->files;
	struct err err = {0};

	if (jobs->n >= MANY) {
		tree_files_drop_drafts(files);
		parallel_each(jobs->n, stage_one, jobs);
	}
	for (size_t i = 0; jobs->n < MANY && i < jobs->n; i++)
		stage_one(jobs, i);
	if (tree_files_sync_staged(files, jobs->items, jobs->n, &err) == 0)
		return;
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i].state == TREE_FILE_STAGED)
			note(jobs, &jobs->items[i], ERR_IO, &err);
}

static void place_all(struct jobs *jobs, bool documents)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct tree_file *job = &jobs->items[i];
		struct err err = {0};

		if (job->state == TREE_FILE_STAGED &&
			job->change->document == documents)
			note(jobs, job,
				tree_file_place(&jobs->w->files, job, &err),
				&err);
	}
}

static bool same_folder(const char *a, const char *b)
{
	const char *x = strrchr(a, '/');
	const char *y = strrchr(b, '/');

	return x != NULL && y != NULL && x - a == y - b &&
	       memcmp(a, b, (size_t)(x - a)) == 0;
}

/* The deepest last, so that a folder's last file takes the folder along. */
static void remove_all(struct jobs *jobs)
{
	const char *last = NULL;

	for (size_t i = jobs->n; i-- > 0;) {
		struct tree_file *job = &jobs->items[i];
		const char *path = job->change->path;

		if (!is_removal(job))
			continue;
		if (last != NULL && !same_folder(path, last))
			beneath_prune(&jobs->w->tree, last);
		do_remove(jobs, job);
		last = path;
	}
	if (last != NULL)
		beneath_prune(&jobs->w->tree, last);
}

static int update_index(struct jobs *jobs, struct err *e)
{
	struct index_file f = worktree_index_file(jobs->w);
	struct index_change *entries = xcalloc(jobs->n, sizeof(*entries));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct tree_file *job = &jobs->items[i];

		if (job->state == TREE_FILE_DONE)
			entries[n++] = (struct index_change){job->change->path,
				job->change->has, job->change->new_oid,
				job->change->mode, job->st};
	}
	if (n > 0 && jobs->w->lock.path == NULL)
		r = err_set(e, ERR_IO, "%s", jobs->w->unlocked.text);
	else if (n > 0)
		r = index_update(&f, entries, n, e);
	free(entries);
	worktree_release(jobs->w); /* before the disk is waited for */
	return r == 0 && n > 0 ? index_sync(&f, e) : r;
}

/* The whole of it can be read here. */
static int run(struct jobs *jobs, struct err *e)
{
	struct tree_files *files = &jobs->w->files;
	int r;

	clear_way(jobs);
	stage(jobs);
	place_all(jobs, false);
	place_all(jobs, true);
	remove_all(jobs);
	tree_files_drop_staged(files, jobs->items, jobs->n);
	/* The wait for the index takes most of what folders have along. */
	r = update_index(jobs, e);
	if (r == 0)
		r = tree_files_sync(files, jobs->items, jobs->n, e);
	if (r != 0 || jobs->n_failed == 0)
		return r;
	if (jobs->n_failed > 1)
		return err_set(e, ERR_IO, "%s (and %zu more)", jobs->first.text,
			jobs->n_failed - 1);
	return err_set(e, ERR_IO, "%s", jobs->first.text);
}

static struct jobs *jobs_new(
	struct worktree *w, struct worktree_change *changes, size_t n)
{
	struct jobs *jobs = xcalloc(1, sizeof(*jobs));

	index_view_fini(&w->view); /* which it changes */
	jobs->w = w;
	jobs->n = n;
	jobs->items = xcalloc(n, sizeof(*jobs->items));
	pthread_mutex_init(&jobs->lock, NULL);
	for (size_t i = 0; i < n; i++)
		tree_file_init(&jobs->items[i], &changes[i]);
	qsort(jobs->items, n, sizeof(*jobs->items), by_path);
	jobs->ahead = take_ahead(w);
	return jobs;
}

static void end_ahead(struct jobs *jobs)
{
	if (jobs->ahead != NULL)
		ahead_end(jobs->ahead, jobs->items, jobs->n);
	jobs->ahead = NULL;
}

static void jobs_free(struct jobs *jobs)
{
	assert(jobs->ahead == NULL);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs->items);
	free(jobs);
}

static int do_all(struct jobs *jobs, struct err *e)
{
	int r;

	end_ahead(jobs);
	beneath_forget(&jobs->w->tree);
	r = run(jobs, e);
	beneath_forget(&jobs->w->tree);
	return r;
}

int worktree_apply(struct worktree *w, struct worktree_change *changes,
	size_t n, struct err *e)
{
	struct jobs *jobs;
	int r;

	if (n == 0)
		return 0;
	jobs = jobs_new(w, changes, n);
	r = do_all(jobs, e);
	jobs_free(jobs);
	return r;
}

void worktree_prepare(
	struct worktree *w, const struct worktree_change *changes, size_t n)
{
	worktree_unprepare(w);
	for (size_t i = 0; n <= TREE_DRAFTS && i < n; i++)
		if (changes[i].has &&
			!ahead_has_file(w->ahead, &changes[i].new_oid))
			tree_files_draft(&w->files, &changes[i]);
}

void worktree_prepare_sync(struct worktree *w)
{
	tree_files_sync_drafts(&w->files);
}

void worktree_unprepare(struct worktree *w)
{
	if (w != NULL)
		tree_files_drop_drafts(&w->files);
}

static void *do_begun(void *arg)
{
	struct jobs *jobs = arg;

	jobs->code = do_all(jobs, &jobs->err);
	return NULL;
}

/* Contents that are elsewhere are read while nobody writes there. */
static void stage_others(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		const struct worktree_change *c = jobs->items[i].change;

		if (!c->has || objects_at_hand(jobs->w->o, &c->new_oid))
			continue;
		end_ahead(jobs); /* it may be there */
		stage_one(jobs, i);
	}
}

bool worktree_begin(
	struct worktree *w, struct worktree_change *changes, size_t n)
{
	struct jobs *jobs;

	if (n < MANY)
		return false;
	jobs = jobs_new(w, changes, n);
	stage_others(jobs);
	worktree_unprepare(w); /* what is left of it is the caller's */
	if (!thread_begin(&jobs->thread, do_begun, jobs)) {
		end_ahead(jobs);
		tree_files_drop_staged(&w->files, jobs->items, n);
		jobs_free(jobs);
		return false;
	}
	w->begun = jobs;
	return true;
}

int worktree_end(struct worktree *w, struct err *e)
{
	struct jobs *jobs = w->begun;
	int r;

	pthread_join(jobs->thread, NULL);
	w->begun = NULL;
	r = jobs->code;
	if (r != 0 && e != NULL)
		*e = jobs->err;
	jobs_free(jobs);
	return r;
}
