#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "daemon/sync.h"
#include "daemon/wanted.h"

/*
 * The control socket: newline-delimited JSON, one request a line, answered
 * by lines of which the last has "end": true.  docs/control.md describes it.
 * Loop's thread, but for what says otherwise.
 */
struct control;
struct control_request;

#define CONTROL_PROTOCOL 1

/* The daemon, as commands see it. */
struct control_host {
	struct sync *sync;
	void *arg;
	/* Add what only the running daemon knows: members of an object. */
	void (*live)(void *arg, struct buf *out);
	/* Ask for a pass, and take what is asked for; gives its number. */
	uint64_t (*resync)(void *arg, struct wanted_what *what);
	/* End the pass that runs, and forget what was asked for; its number,
	 * or 0.  *n: how many waited. */
	uint64_t (*cancel)(void *arg, size_t *n);
	/* No passes from now on, or again; the number of one that is ended. */
	uint64_t (*pause)(void *arg, bool paused);
	/* Read the configuration again, and tell r by control_reloaded(). */
	void (*reload)(void *arg, struct control_request *r);
};

/* A request on its way.  Lives until control_end(). */
struct control_request {
	const struct control_host *host;
	const json_t *what; /* the object that the client sent */
	struct buf out;     /* lines of the answer, sent with its end */
	struct err err;
	uint64_t pass;           /* waits for that one; 0: for none */
	uint64_t reload;         /* or for that reading of the configuration */
	void *flow;              /* whatever a command needs meanwhile */
	struct wanted_what want; /* what it asks for; owned until it is taken */

	/*
	 * Set by what takes long: called at most once, when the client is
	 * gone or the daemon stops, and must lead to control_end().
	 */
	void (*cancel)(struct control_request *r);

	/* Set by what sends much: called when the client has read most of it,
	 * after control_is_full() was true. */
	void (*drained)(struct control_request *r);

	/* Private. */
	struct job job;
	const struct control_command *command;
};

/* Who may: everybody who may connect, or root, the daemon's user and group. */
enum control_right { CONTROL_READ, CONTROL_CHANGE };

/* A row of the table in daemon/commands.c. */
struct control_command {
	const char *name;
	enum control_right who;
	/* Worker's thread: add to r->out; what it gives ends the request, */
	int (*work)(struct control_request *r, struct err *e);
	/* unless it went well (or is NULL) and there is this, which must lead
	 * to control_end(), now or later.  Loop's thread. */
	void (*then)(struct control_request *r);
	/* Names of the members that it takes, each with a blank behind it. */
	const char *takes;
};

/* Send what r->out holds so far. */
void control_flush(struct control_request *r);

/* So much that no more should be sent for now. */
bool control_is_full(const struct control_request *r);

/* The last line of the answer, with r->err; r may be gone. */
void control_end(struct control_request *r);

/* Whether who asks may use what CONTROL_CHANGE guards. */
bool control_may_change(const struct control_request *r);

/* An integer of the request, or none. */
int64_t control_int(const json_t *what, const char *key, int64_t none);

/*
 * Listen at path (mode 0660, or 0666 where all may read), taking the place of a
 * socket that a killed process left.  Borrows the host.  ERR_IO.
 */
int control_open(const struct control_host *host, const char *path,
	struct control **out, struct err *e);

/* Tell those who wait for that pass: a line of progress, or the last one. */
void control_progress(struct control *c, uint64_t pass, struct str line);
void control_finished(struct control *c, uint64_t pass, struct str line);

/* Tell those who wait for that reading; e says why all stays as it was. */
void control_reloaded(struct control *c, uint64_t reload, const struct err *e);

/* Close all, remove the socket, and free c when the loop has run. */
void control_close(struct control *c);

#endif
