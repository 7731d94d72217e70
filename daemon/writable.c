/*
 * writable - a store outside of what the service may write.
 *
 * The unit's sandbox shows all but its own folders read-only (EROFS), homes
 * not at all, and other users' folders as permissions have it (EACCES).  A
 * drop-in is the way out in each case; which one is said in words to paste.
 * Within a store it is what others left there, root above all.
 */
#include "daemon/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/user.h"

/* What decides: the store, or the nearest above it that can be seen. */
struct nearest {
	char *path; /* owned */
	struct stat st;
	int error;    /* 0: we may write there */
	bool above;   /* it is not the store, */
	bool missing; /* which is not there */
};

static struct nearest try_nearest(const char *store)
{
	struct nearest n = {
		.path = xasprintf("%s%s", store[0] == '/' ? "" : "./", store)};

	while (faccessat(AT_FDCWD, n.path, W_OK | X_OK, AT_EACCESS) != 0) {
		char *slash = strrchr(n.path, '/');

		n.error = errno;
		n.missing |= n.error == ENOENT;
		if (stat(n.path, &n.st) == 0 || slash == NULL ||
			(n.error != ENOENT && n.error != EACCES))
			break;
		n.error = 0;
		n.above = true;
		slash[slash == n.path ? 1 : 0] = '\0';
	}
	return n;
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

static int say_drop_in(const char *path, const char *unit,
	const struct nearest *n, struct err *e)
{
	bool home = in_a_home(path);
	bool anothers = n->error == EACCES && !home && !n->above &&
			n->st.st_uid != geteuid();

	return err_set(e, ERR_CONFIG,
		"the store %s cannot be written: %s; %sallow it with a drop-in "
		"(systemctl edit %s): \"[Unit]\", \"RequiresMountsFor=%s\", "
		"\"[Service]\"%s%s, "
		"\"ReadWritePaths=%s\"; then systemctl restart %s",
		path, strerror(n->error),
		!n->missing ? "" : "make the folder, owned by opsync, and ",
		unit, path, home ? ", \"ProtectHome=read-only\"" : "",
		anothers ? ", \"User=ITS OWNER\" (or chown it to opsync)" : "",
		path, unit);
}

static int say_by_hand(const char *path, const struct nearest *n, struct err *e)
{
	unsigned user = (unsigned)geteuid();
	const char *why = strerror(n->error);

	if (n->error == EROFS)
		return err_set(e, ERR_CONFIG,
			"the store %s cannot be written: %s; mount it "
			"writable, or name another folder as the store",
			path, why);
	if (n->missing)
		return err_set(e, ERR_CONFIG,
			"the store %s cannot be made by this user (%u), who "
			"may not write in %s: %s; have root make it (install "
			"-d -o %u %s), or name another folder as the store",
			path, user, n->path, why, user, path);
	if (n->above)
		return err_set(e, ERR_CONFIG,
			"the store %s cannot be reached by this user (%u), who "
			"may not enter %s: %s; run opsyncd as its owner, or "
			"name another folder as the store",
			path, user, n->path, why);
	return err_set(e, ERR_CONFIG,
		"the store %s cannot be written by this user (%u): %s; run "
		"opsyncd as its owner, or give it to this one (chown -R)",
		path, user, why);
}

static int say(const char *path, const struct nearest *n, struct err *e)
{
	char unit[256];

	if ((n->error != EROFS && n->error != EACCES) ||
		!S_ISDIR(n->st.st_mode))
		return 0; /* whoever opens it finds better words */
	if (getenv("INVOCATION_ID") == NULL || !our_unit(unit, sizeof(unit)))
		return say_by_hand(path, n, e);
	return say_drop_in(path, unit, n, e);
}

int writable_check(const char *path, struct err *e)
{
	struct nearest n = try_nearest(path);
	int r = say(path, &n, e);

	free(n.path);
	return r;
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

/* --- Within the store ----------------------------------------------------- */

/*
 * Where we make files is what matters: most of those that are there are
 * replaced, whoever made them.
 */
static bool is_in_the_way(const FTSENT *entry, const struct err *e)
{
	int wanted = R_OK;

	switch (entry->fts_info) {
	case FTS_D:
		wanted = R_OK | W_OK | X_OK;
		break;
	case FTS_F:
		if (strstr(e->text, entry->fts_path) != NULL)
			wanted = R_OK | W_OK;
		break;
	default:
		return false;
	}
	return entry->fts_statp->st_uid != geteuid() &&
	       faccessat(AT_FDCWD, entry->fts_path, wanted, AT_EACCESS) != 0;
}

static void name_owner(const char *store, const FTSENT *entry, struct err *e)
{
	char *owner = user_name(entry->fts_statp->st_uid);
	char *user = user_name(geteuid());
	size_t n = strlen(e->text);

	snprintf(e->text + n, sizeof(e->text) - n,
		"; %s belongs to %s: have root give the store back, 'chown -R "
		"%s %s'",
		entry->fts_path, owner, user, store);
	free(user);
	free(owner);
}

void writable_explain(const char *store, struct err *e)
{
	char *path;
	FTS *walk;
	FTSENT *entry;

	/* libgit2 and SQLite say it in words, too */
	if (e->code != ERR_IO || strstr(e->text, strerror(EACCES)) == NULL)
		return;
	path = xstrdup(store);
	walk = fts_open((char *[]){path, NULL},
		FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	while (walk != NULL && (entry = fts_read(walk)) != NULL)
		if (is_in_the_way(entry, e)) {
			name_owner(store, entry, e);
			break;
		}
	if (walk != NULL)
		fts_close(walk);
	free(path);
}
