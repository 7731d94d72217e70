#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "daemon/mapper.h"
#include "daemon/worker.h"

/*
 * The control socket: newline-delimited JSON, one request a line, answered
 * by lines of which the last has "end": true.  docs/control.md describes it.
 * Loop's thread.
 */
struct control;

/* What somebody asks to be synced again. */
struct control_resync {
	bool full;
	size_t n_ids;
	int64_t *ids; /* taken by who gets it */
};

struct control_host {
	uv_loop_t *loop;
	struct worker *worker;
	struct mapper *mapper;
	void *arg;
	/* Add what only the running daemon knows: members of an object. */
	void (*live)(void *arg, struct buf *out);
	/* Ask for a pass; gives the number of the pass that will do it. */
	uint64_t (*resync)(void *arg, struct control_resync *what);
	/* Read the configuration again; e says why it stays as it was. */
	int (*reload)(void *arg, struct err *e);
};

/*
 * Listen at path (mode 0660), taking the place of a socket that a killed
 * process left.  ERR_IO.
 */
int control_open(const struct control_host *host, const char *path,
	struct control **out, struct err *e);

/* Tell those who wait for that pass: a line of progress, or the last one. */
void control_progress(struct control *c, uint64_t pass, struct str line);
void control_finished(struct control *c, uint64_t pass, struct str line);

/* Close all, remove the socket, free c, then call closed(). */
void control_close(struct control *c, void (*closed)(void *arg), void *arg);

#endif
