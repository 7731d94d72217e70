#ifndef DAEMON_WRITABLE_H
#define DAEMON_WRITABLE_H

#include "base/err.h"

/*
 * May we write the store at path, or make it where it is missing?  Else
 * ERR_CONFIG, which a restart would not mend: started by systemd, with the
 * drop-in that lets the unit.
 */
int writable_check(const char *path, struct err *e);

/*
 * ERR_IO: what could not be written at path, for error (an errno); where the
 * sandbox of the unit may be why, with the drop-in.
 */
int writable_complain(
	const char *what, const char *path, int error, struct err *e);

/*
 * Where e says that something was denied: put behind it what is in the way in
 * the store, another's that this user may not write, with the way out.  Looks
 * through the store until it finds one.
 */
void writable_explain(const char *store, struct err *e);

#endif
