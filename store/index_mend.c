/*
 * index_mend - an index that is damaged or gone.
 *
 *   index, if it is there --> opsync/damaged/index-TIME
 *   tree of HEAD --> files, where there never were any --> index
 *
 * Without one, all that others have on the branch would count as removed by
 * the next commit of a person.  What was staged and not committed is told
 * apart from the work tree by nobody any more; the files are left alone.
 *
 * A clone without a checkout, or a mirror that is made one with a work tree,
 * has neither index nor files, and nobody missed them: those are made here, all
 * at once, so that no look finds each document to be gone.
 */
#include "store/index_mend.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"
#include "store/git_error.h"
#include "store/history.h"
#include "store/index_walk.h"
#include "store/repository.h"
#include "store/shared.h"
#include "store/trees.h"

/* With index.skipHash, git writes zeros for the sum. */
static bool is_without_sum(const char *file, const uint8_t sum[FILE_SHA1])
{
	static const uint8_t none[FILE_SHA1];
	struct stat st;

	return lstat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > FILE_SHA1 && memcmp(sum, none, FILE_SHA1) == 0;
}

bool index_is_damaged(const char *file)
{
	uint8_t sum[FILE_SHA1];
	bool known;

	if (file_check_sha1(file, sum, NULL) != ERR_DATA)
		return false;
	return !is_without_sum(file, sum) || !index_is_readable(file, &known);
}

bool index_has_no_digest(const char *file)
{
	uint8_t sum[FILE_SHA1];
	bool known;

	return file_check_sha1(file, sum, NULL) == ERR_DATA &&
	       is_without_sum(file, sum) && index_is_readable(file, &known) &&
	       known;
}

static void get_on(
	const char *path, size_t completed, size_t total, void *payload)
{
	(void)path;
	(void)completed;
	(void)total;
	store_gets_on(payload);
}

/*
 * What is there stays.  As everywhere here, no filter is asked.  The index is
 * written once the files are on the disk: a kill leaves none, and all is made
 * again.
 */
static int fill(struct store *s, git_index *index, struct err *e)
{
	git_checkout_options o = {
		.version = GIT_CHECKOUT_OPTIONS_VERSION,
		.checkout_strategy = GIT_CHECKOUT_SAFE |
				     GIT_CHECKOUT_RECREATE_MISSING |
				     GIT_CHECKOUT_ALLOW_CONFLICTS |
				     GIT_CHECKOUT_DONT_WRITE_INDEX,
		.disable_filters = 1,
		.progress_cb = get_on,
		.progress_payload = s,
	};

	if (git_checkout_index(s->repo, index, &o) != 0)
		return git_failed(e, "cannot make the files of %s", s->path);
	return repository_sync(git_repository_workdir(s->repo), e);
}

static int read_tree(
	struct store *s, const git_oid *tip, git_index *index, struct err *e)
{
	git_tree *tree = NULL;
	git_oid oid;
	int code = tree_of(s->repo, tip, &oid, e);

	if (code == 0 && (git_tree_lookup(&tree, s->repo, &oid) != 0 ||
				 git_index_read_tree(index, tree) != 0))
		code = git_failed(e, "cannot make the index again");
	git_tree_free(tree);
	return code;
}

static int make(
	struct store *s, const git_oid *tip, bool with_files, struct err *e)
{
	git_index *index;
	int code;

	if (git_repository_index(&index, s->repo) != 0)
		return git_failed(e, "cannot make the index again");
	code = read_tree(s, tip, index, e);
	if (code == 0 && with_files)
		code = fill(s, index, e);
	if (code == 0 && git_index_write(index) != 0)
		code = git_failed(e, "cannot make the index again");
	if (code == 0)
		shared_path(objects_shared(s->objects), git_index_path(index));
	git_index_free(index);
	return code;
}

/* Have we had a commit here? */
static bool was_here(struct store *s)
{
	struct buf tip = {0};
	bool found = false;

	if (state_tip(s->state, &tip, &found, NULL) != 0)
		found = false;
	found = found && strspn(buf_str(&tip).p, "0") < tip.n;
	buf_fini(&tip);
	return found;
}

/* Is nothing there but the repository? */
static bool is_empty(const char *workdir)
{
	DIR *d = opendir(workdir);
	struct dirent *entry;
	bool empty = d != NULL;

	while (empty && (entry = readdir(d)) != NULL)
		empty = name_is_dots(entry->d_name) ||
			strcmp(entry->d_name, ".git") == 0;
	if (d != NULL)
		closedir(d);
	return empty;
}

static int mend_damaged(
	struct store *s, const char *file, const git_oid *tip, struct err *e)
{
	char *to = NULL;
	int code = store_put_aside(s, file, "index", &to, e);

	free(to);
	if (code == 0)
		code = make(s, tip, false, e);
	if (code == 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s was damaged: it is made again from the branch",
			file);
	return code;
}

static int mend_missing(
	struct store *s, const char *file, const git_oid *tip, struct err *e)
{
	bool with_files =
		!was_here(s) || is_empty(git_repository_workdir(s->repo));
	int code = make(s, tip, with_files, e);

	if (code == 0 && with_files)
		store_tell(s, LOG_LEVEL_NOTICE,
			"%s had no work tree yet: it is made of the branch",
			s->path);
	else if (code == 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s was gone: it is made again from the branch", file);
	return code;
}

static int mend(struct store *s, const char *file, struct err *e)
{
	git_oid tip;
	int code;

	if (index_is_damaged(file)) {
		code = store_tip(s, &tip, e);
		return code == 0 ? mend_damaged(s, file, &tip, e) : code;
	}
	if (access(file, F_OK) == 0 || errno != ENOENT)
		return 0;
	code = store_tip(s, &tip, e);
	if (code != 0 || git_oid_is_zero(&tip)) /* nothing to make it of */
		return code;
	return mend_missing(s, file, &tip, e);
}

int index_mend(struct store *s, struct err *e)
{
	git_buf file = {0};
	int code = 0;

	if (!store_is_checked_out(s))
		return 0;
	if (git_repository_item_path(
		    &file, s->repo, GIT_REPOSITORY_ITEM_INDEX) != 0)
		return git_failed(e, "cannot find the index");
	code = mend(s, file.ptr, e);
	git_buf_dispose(&file);
	return code;
}
