#ifndef DAEMON_MAINTAIN_H
#define DAEMON_MAINTAIN_H

#include "daemon/config.h"
#include "daemon/worker.h"
#include "store/store.h"

/*
 * The repository consolidated now and then: git packs what is loose and makes
 * one of many packs, when there is much of it, as a child beside the passes.
 */
struct maintain;

struct maintain_host {
	uv_loop_t *loop;
	struct worker *worker;
	struct store *store;
	void *arg;
	void (*idle)(void *arg); /* after maintain_now() with wait */
};

struct maintain *maintain_new(
	const struct maintain_host *host, const struct config *config);

/* No pass runs: if it is time, begin.  wait: now, and idle() when done. */
void maintain_now(struct maintain *m, bool wait);

/* End, with its child; *owner, which may be NULL, is so when it is gone. */
void maintain_close(struct maintain **owner);

#endif
