#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <jansson.h>

#include "daemon/config.h"

/*
 * Find the daemon that runs with a configuration file where daemons of its name
 * listen, or at config->socket: path gets its socket, and *hello (or NULL) what
 * it says of itself, which the caller owns.  Only file, instance and socket of
 * config are read.  ERR_UNAVAILABLE if none does, of the last place where one
 * might, or else of the service's.
 */
int place_find(const struct config *config, struct buf *path, json_t **hello,
	struct err *e);

#endif
