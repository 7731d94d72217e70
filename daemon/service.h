#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "daemon/config.h"

/* How the daemon was started. */
struct service_options {
	bool once;      /* one pass, then the end */
	bool full;      /* that pass, or the first, reads everything, */
	bool reconcile; /* or compares all ids */
	bool verify;    /* that pass compares all, and commits nothing, */
	bool repair;    /* or puts right what it finds */
	/* What verify finds, an object a line; or NULL. */
	void (*found)(void *arg, struct str line);
	void *arg;
};

/*
 * Run the daemon with a configuration until SIGTERM or SIGINT, or for one
 * pass; SIGHUP reads the file again.  Takes the configuration (xmalloc'ed).
 * Gives 0 or the err_code that the program ends with, which e words;
 * what goes wrong in a pass of a daemon that goes on is only logged.
 */
int service_run(struct config *config, const struct service_options *options,
	struct err *e);

#endif
