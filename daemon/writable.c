/*
 * writable - a store outside of what the service may write.
 *
 * The unit's sandbox shows all but its own folders read-only (EROFS), homes
 * not at all, and other users' folders as permissions have it (EACCES).  A
 * drop-in is the way out in each case; which one is said in words to paste.
 */
#include "daemon/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* The folder at path, or the nearest above it that is there: errno of it. */
static int try_nearest(const char *path, bool *there)
{
	char *part = xasprintf("%s%s", path[0] == '/' ? "" : "./", path);
	int error = 0;

	*there = true;
	while (faccessat(AT_FDCWD, part, W_OK | X_OK, AT_EACCESS) != 0) {
		char *slash = strrchr(part, '/');

		error = errno;
		if (error != ENOENT || slash == NULL)
			break;
		error = 0;
		*there = false;
		slash[slash == part ? 1 : 0] = '\0';
	}
	free(part);
	return error;
}

static bool in_a_home(const char *path)
{
	static const char *const homes[] = {"/home/", "/root/", "/run/user/"};

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if (strncmp(path, homes[i], strlen(homes[i])) == 0)
			return true;
	return false;
}

/*
 * The unit that we are, or false.  libsystemd would look at process 1, which
 * the sandbox hides.
 */
static bool our_unit(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	bool found = false;
	char line[4096];

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		struct str path = {line, strcspn(line, "\n")};
		const char *name = memrchr(line, '/', path.n);

		if (name == NULL || !str_ends(path, STR(".service")))
			continue;
		path = str_skip(path, (size_t)(name + 1 - line));
		snprintf(out, size, "%.*s", STR_ARGS(path));
		found = true;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

static int say_drop_in(const char *path, const char *unit, int error,
	bool there, struct err *e)
{
	bool home = in_a_home(path);
	struct stat st;
	bool anothers = error == EACCES && !home && stat(path, &st) == 0 &&
			st.st_uid != geteuid();

	return err_set(e, ERR_CONFIG,
		"the store %s cannot be written: %s; %sallow it with a drop-in "
		"(systemctl edit %s): \"[Unit]\", \"RequiresMountsFor=%s\", "
		"\"[Service]\"%s%s, "
		"\"ReadWritePaths=%s\"; then systemctl restart %s",
		path, strerror(error),
		there ? "" : "make the folder, owned by opsync, and ", unit,
		path, home ? ", \"ProtectHome=read-only\"" : "",
		anothers ? ", \"User=ITS OWNER\" (or chown it to opsync)" : "",
		path, unit);
}

int writable_check(const char *path, struct err *e)
{
	bool there;
	int error = try_nearest(path, &there);
	char unit[256];

	if (error != EROFS && error != EACCES)
		return 0; /* whoever opens it finds better words */
	if (getenv("INVOCATION_ID") == NULL || !our_unit(unit, sizeof(unit)))
		return err_set(e, ERR_CONFIG,
			"the store %s cannot be written by this user (%u): %s; "
			"%s",
			path, (unsigned)geteuid(), strerror(error),
			error == EROFS
				? "mount it writable, or name another folder "
				  "as the store"
				: "run opsyncd as its owner, or give it to "
				  "this one (chown -R)");
	return say_drop_in(path, unit, error, there, e);
}

int writable_complain(
	const char *what, const char *path, int error, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char unit[256];

	if ((error != EROFS && error != EACCES) || slash == NULL ||
		getenv("INVOCATION_ID") == NULL ||
		!our_unit(unit, sizeof(unit)))
		return err_errno(
			e, ERR_IO, error, "%s: cannot write %s", what, path);
	return err_set(e, ERR_IO,
		"%s: cannot write %s: %s; allow it with a drop-in (systemctl "
		"edit %s): \"[Service]\", \"ReadWritePaths=%.*s\"%s; then "
		"systemctl restart %s",
		what, path, strerror(error), unit, (int)(slash - path), path,
		error == EACCES ? ", and let its user write there" : "", unit);
}
