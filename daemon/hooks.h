#ifndef DAEMON_HOOKS_H
#define DAEMON_HOOKS_H

#include "daemon/config.h"
#include "daemon/worker.h"
#include "store/store.h"

/*
 * What others do when something happened: the file head, and programs.  They
 * are told what the sync log says, so that nothing is forgotten when the
 * daemon ends in between: at least once, in order, each hook for itself.
 */
struct hooks;

struct hooks_host {
	uv_loop_t *loop;
	struct worker *worker;
	struct store *store;
	void *arg;
	/* All is told, or waits for another try. */
	void (*idle)(void *arg);
};

struct hooks *hooks_new(
	const struct hooks_host *host, const struct config *config);

/* Before the first pass: what was logged earlier than ever is not told. */
void hooks_begin(struct hooks *h);

/* After a pass, in which something happened or not: told when it is quiet. */
void hooks_now(struct hooks *h, bool happened);

/* Tell it at once, each once; then idle(). */
void hooks_flush(struct hooks *h);

/* Members of status: "hooks":{…}. */
void hooks_report(const struct hooks *h, struct buf *out);

/* End, with what runs; *owner, which may be NULL, is so when all is gone. */
void hooks_close(struct hooks **owner);

#endif
