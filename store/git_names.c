/*
 * git_names - what git lets branches and authors be called.
 *
 * The rules are libgit2's, which has to write them later, and which takes two
 * things more than git does: DEL in a branch, and a line break in an author,
 * which would begin a header of its own in the commit.
 */
#include "store/git_names.h"

#include <stdbool.h>
#include <string.h>

#include <git2.h>

#include "store/git_error.h"

int git_names_check_branch(const char *branch, struct err *e)
{
	int known = 0;
	bool valid;

	if (git_libgit2_init() < 0)
		return git_failed(e, "libgit2");
	valid = strchr(branch, '\x7f') == NULL &&
		git_branch_name_is_valid(&known, branch) == 0 && known;
	git_libgit2_shutdown();
	if (valid)
		return 0;
	return err_set(e, ERR_CONFIG,
		"cannot be the name of a branch: write one that 'git "
		"check-ref-format --branch NAME' allows, as main or site/live");
}

int git_names_check_author(const char *text, struct err *e)
{
	git_signature *author = NULL;
	bool valid = strchr(text, '\n') == NULL;

	if (git_libgit2_init() < 0)
		return git_failed(e, "libgit2");
	valid = valid && git_signature_now(&author, text, text) == 0;
	git_signature_free(author);
	git_libgit2_shutdown();
	if (valid)
		return 0;
	return err_set(e, ERR_CONFIG,
		"cannot be in a commit: write at least one letter or digit, "
		"and no <, > or line break");
}
