#ifndef DAEMON_FIXED_H
#define DAEMON_FIXED_H

#include "daemon/config.h"

/*
 * What a running daemon holds open cannot be changed under it: ERR_CONFIG if
 * a configuration that is read again differs there.
 */
int fixed_check(
	const struct config *old, const struct config *new, struct err *e);

#endif
