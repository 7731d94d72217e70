#ifndef BASE_USER_H
#define BASE_USER_H

#include <sys/types.h>

/* Names of users, for messages. */

/* That of a user, or the number where it has none; the caller frees it. */
char *user_name(uid_t uid);

/*
 * What root puts before a command to have a user run it, "runuser -u NAME --";
 * the caller frees it.
 */
char *user_prefix(uid_t uid);

#endif
