#ifndef DAEMON_INSTANCE_H
#define DAEMON_INSTANCE_H

#include "api/resources.h"
#include "daemon/mapper.h"

/*
 * Is the server the one that the documents came from?  Its origin, the key's
 * user, and when the projects were created are remembered; opsync
 * accept-server forgets them.  Worker's thread, inside of a transaction of
 * the state where something is remembered.
 */

/* Another origin is refused: ERR_CONFIG with the way out. */
int instance_check_origin(struct mapper *m, struct err *e);

/* And so are documents of another instance, which it would remove. */
int instance_check_store(struct mapper *m, struct err *e);

/*
 * Anything else that differs is remembered from now on, and why says that
 * everything is to be read again; otherwise why is left alone.
 */
int instance_check_user(struct mapper *m, const struct api_user *user,
	struct err *why, struct err *e);
int instance_check_projects(struct mapper *m, struct err *why, struct err *e);

/* What a project was called when it was shown last; nothing if it never was. */
int instance_identifier(
	struct mapper *m, int64_t id, struct buf *out, struct err *e);

/* Has each project of the configuration been shown once, if not now? */
int instance_knows_projects(struct mapper *m, bool *all, struct err *e);

/*
 * Is each project of another configuration among these names, or was it shown
 * once?  ERR_CONFIG for the first that is not.
 */
int instance_check_named(struct mapper *m, const struct names *names,
	const struct config *c, struct err *e);

/*
 * A project that was never shown may be meant to be one that is out of scope
 * for that, whose documents would go: ERR_CONFIG.
 */
int instance_check_scope(
	struct mapper *m, const struct names_scope *scope, struct err *e);

/*
 * Work packages that are known and come again, by their sources, with the time
 * at which they were created.  ERR_CONFIG where too many are others, unless a
 * person accepted it; what was accepted holds until all was read.
 */
int instance_begin(struct mapper *m, struct err *e); /* a pass */
void instance_compare(
	struct mapper *m, int64_t id, struct str known, struct str now);
int instance_check_created(const struct mapper *m, struct err *e);
int instance_accept(struct state *s, struct err *e);
void instance_accepted(struct mapper *m); /* all was read; staged */

#endif
