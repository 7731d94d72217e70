#ifndef CLI_INSTANCE_H
#define CLI_INSTANCE_H

#include "base/err.h"

/*
 * The configurations of this machine: *.yaml in $XDG_CONFIG_HOME/opsync (or
 * ~/.config/opsync, but not for root) and in /etc/opsync.  A name that is in
 * both is that of the first.  Where this user may not look into /etc/opsync,
 * they are those that listen in /run/opsync.
 */
struct instance {
	char *name;
	char *file;
};

struct instances {
	size_t n, cap;
	struct instance *items; /* by name */
};

void instances_find(struct instances *all);
void instances_fini(struct instances *all);

/* By its name, or the only one with NULL; ERR_USAGE says which there are. */
const struct instance *instances_get(
	const struct instances *all, const char *name, struct err *e);

#endif
