#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

#include <stdbool.h>

/*
 * May whoever is at the other end of a Unix socket change something?  Root,
 * the daemon's own user, and who is in the daemon's group may; of others,
 * and where the kernel does not say, that is not known: false.
 */
bool peer_may_change(int fd);

#endif
