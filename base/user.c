/*
 * user - the names of users.
 *
 * runuser(1) knows who is in the system's list only.  A volume of a container
 * may belong to a mere number.
 */
#include "base/user.h"

#include <pwd.h>
#include <stddef.h>

#include "base/util.h"

char *user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user != NULL ? xstrdup(user->pw_name)
			    : xasprintf("%u", (unsigned)uid);
}

char *user_prefix(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user != NULL ? xasprintf("runuser -u %s --", user->pw_name)
			    : xasprintf("setpriv --reuid=%u --regid=%u "
					"--clear-groups --",
				      (unsigned)uid, (unsigned)uid);
}
