#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

/*
 * Listen at path, taking the place of a socket that a killed process left;
 * for the owner and the group, or for all.  ERR_LOCKED if somebody listens
 * there, else ERR_IO; both with the way out.
 */
int listen_at(uv_pipe_t *pipe, const char *path, bool for_all, int backlog,
	uv_connection_cb on_connection, struct err *e);

#endif
