#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

#include "api/client.h"
#include "daemon/config.h"

/* ERR_CONFIG with its place for a ca_file that cannot be used. */
int client_check_ca_file(const struct config *c, struct err *e);

/*
 * A client of the server that a configuration names, with its key.  *out is
 * for api_client_close().  ERR_CONFIG.
 */
int client_open(uv_loop_t *loop, const struct config *c, const char *token,
	struct api_client **out, struct err *e);

#endif
