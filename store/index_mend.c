/*
 * index_mend - an index that is damaged or gone.
 *
 *   index, if it is there --> opsync/damaged/index-TIME
 *   tree of HEAD --> index
 *
 * Without one, all that others have on the branch would count as removed by
 * the next commit of a person.  What was staged and not committed is told
 * apart from the work tree by nobody any more; the files are left alone.
 */
#include "store/index_mend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"
#include "store/git_error.h"
#include "store/history.h"
#include "store/index_walk.h"
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

static int make(struct store *s, struct err *e)
{
	git_index *index = NULL;
	git_tree *tree = NULL;
	git_oid tip;
	git_oid oid;
	int code = store_tip(s, &tip, e);

	if (code == 0)
		code = tree_of(s->repo, &tip, &oid, e);
	if (code != 0)
		return code;
	if (git_tree_lookup(&tree, s->repo, &oid) != 0 ||
		git_repository_index(&index, s->repo) != 0 ||
		git_index_read_tree(index, tree) != 0 ||
		git_index_write(index) != 0)
		code = git_failed(e, "cannot make the index again");
	else
		shared_path(objects_shared(s->objects), git_index_path(index));
	git_index_free(index);
	git_tree_free(tree);
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

static int mend(struct store *s, const char *file, struct err *e)
{
	bool damaged = index_is_damaged(file);
	char *to = NULL;
	int code = damaged ? store_put_aside(s, file, "index", &to, e) : 0;

	free(to);
	if (code != 0 || (!damaged && (access(file, F_OK) == 0 ||
					      errno != ENOENT || !was_here(s))))
		return code;
	code = make(s, e);
	if (code == 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s was %s: it is made again from the branch", file,
			damaged ? "damaged" : "gone");
	return code;
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
