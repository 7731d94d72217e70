#ifndef DAEMON_FOREGROUND_H
#define DAEMON_FOREGROUND_H

#include "daemon/child.h"

/*
 * Run a loop, of nothing but a child that was started, until that has ended:
 * for who has nothing else to do.  Where a signal would end us meanwhile, the
 * child, which is in a group of its own, is ended first.
 */
void foreground_run(uv_loop_t *loop, struct child *c);

#endif
