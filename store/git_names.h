#ifndef STORE_GIT_NAMES_H
#define STORE_GIT_NAMES_H

#include "base/err.h"

/*
 * What git lets branches and authors be called.  ERR_CONFIG with words that
 * go behind the name of a setting: what is wrong, and what is right; ERR_IO
 * where libgit2 cannot start.  Any thread, and before any store is open.
 */

/* As 'git check-ref-format --branch' outside of a repository. */
int git_names_check_branch(const char *branch, struct err *e);

/* A commit's author, or committer: either their name or their address. */
int git_names_check_author(const char *text, struct err *e);

#endif
