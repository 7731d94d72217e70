#ifndef DAEMON_PROGRESS_H
#define DAEMON_PROGRESS_H

#include "daemon/control.h"
#include "daemon/pass.h"

/*
 * What those who wait for a pass are told of it, by its number: how far it
 * is, how it ended, or why it does not begin.  Loop's thread.
 */
void progress_tell(struct control *c, uint64_t number, const struct pass *p);
void progress_finished(
	struct control *c, uint64_t number, const struct pass *p);
void progress_not_begun(
	struct control *c, uint64_t number, const struct err *why);

/* Add the members of an object: of a pass that runs. */
void progress_put(uint64_t number, const struct pass *p, struct buf *out);

#endif
