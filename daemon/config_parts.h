#ifndef DAEMON_CONFIG_PARTS_H
#define DAEMON_CONFIG_PARTS_H

#include "content/tree.h"
#include "daemon/config.h"

/* Parts of a configuration that are read by themselves; ERR_CONFIG. */
int config_read_push(struct arena *arena, const struct node *at,
	const char *branch, struct config_push *out, struct err *e);

int config_read_hooks(struct arena *arena, const struct node *at,
	struct config_hooks *out, struct err *e);

#endif
