#ifndef DAEMON_GIT_CHILD_H
#define DAEMON_GIT_CHILD_H

#include "daemon/child.h"
#include "daemon/config.h"

/*
 * The git program on the store, as a child: an environment of its own, no
 * configuration but the repository's and ours, no hooks, no prompts.
 */
struct git_child {
	struct child child; /* the result; its argv and env are private */

	/* Private. */
	size_t n_argv, cap_argv, n_env, cap_env;
	char **argv; /* owned, as all in it */
	char **env;
};

/* On the repository at path, with the keys of push.  Then the arguments. */
void git_child_init(struct git_child *g, uv_loop_t *loop, const char *path,
	const struct config_push *push);
void git_child_arg(struct git_child *g, const char *fmt, ...) PRINTF_LIKE(2, 3);
void git_child_args(struct git_child *g, const char *first, ...)
	__attribute__((sentinel)); /* each as it is; NULL is the end */
void git_child_start(struct git_child *g, child_done_fn *done);
void git_child_fini(struct git_child *g); /* not while it runs */

/*
 * What git said was wrong, in a line, without what an address may hide; for
 * a child that failed.
 */
void git_child_reason(const struct git_child *g, struct buf *out);

#endif
