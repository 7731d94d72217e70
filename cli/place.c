/*
 * place - where the daemon of a configuration listens, for who cannot look it
 * up in the store.
 *
 * Of one that answers there it is asked with which file it runs: there may be
 * others of the same name.
 */
#include "cli/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define PLACES 4

/*
 * The i-th, a new text, or NULL.  The first is the service's; in its own unit
 * (ExecReload) that is told.
 */
static char *place_of(const struct config *config, size_t i)
{
	const char *instance = config->instance;
	bool plain = strcmp(instance, "opsync") == 0; /* opsyncd.service */
	const char *unit = getenv("RUNTIME_DIRECTORY");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (config->socket != NULL)
		return i == 0 ? xstrdup(config->socket) : NULL;
	if (i == 0 && unit != NULL)
		return xasprintf("%s/control.sock", unit);
	if (i == 0 && plain)
		return xstrdup("/run/opsync/control.sock");
	if (i == 0 || (i == 1 && plain))
		return xasprintf("/run/opsync/%s/control.sock", instance);
	if (i == 2)
		return xasprintf("/run/opsync-%s.sock", instance);
	return i == 3 && runtime != NULL
		       ? xasprintf("%s/opsync-%s.sock", runtime, instance)
		       : NULL;
}

/*
 * Where a file is, without links; below a folder that may not be looked into
 * what its names say.  NULL: nowhere.
 */
static char *locate(const char *file)
{
	char *found = realpath(file, NULL);
	const char *slash = strrchr(file, '/');
	char *folder;
	char *above;

	if (found != NULL || errno != EACCES || slash == NULL || slash == file)
		return found;
	folder = xasprintf("%.*s", (int)(slash - file), file);
	above = locate(folder);
	if (above != NULL)
		found = xasprintf("%s%s", above, slash);
	free(above);
	free(folder);
	return found;
}

/* Is what the daemon runs with this file? */
static bool is_same_file(const char *theirs, const char *file)
{
	char *ours = locate(file);
	char *other = locate(theirs);
	bool same = ours != NULL && other != NULL && strcmp(ours, other) == 0;

	free(ours);
	free(other);
	return same;
}

static int greet(const struct config *config, const char *path, json_t **hello,
	struct err *e)
{
	struct cli_connection *c = NULL;
	const char *file;
	int r = cli_open(path, &c, e);

	if (r == 0) {
		cli_expect_soon(c);
		r = cli_hello(c, hello, e);
	}
	cli_disconnect(c);
	if (r != 0)
		return r;
	file = cli_text(*hello, "config", "?");
	if (is_same_file(file, config->file))
		return 0;
	err_set(e, ERR_UNAVAILABLE, "the daemon at %s runs with %s", path,
		file);
	json_decref(*hello);
	*hello = NULL;
	return ERR_UNAVAILABLE;
}

int place_find(const struct config *config, struct buf *path, json_t **hello,
	struct err *e)
{
	json_t *answer = NULL;
	int r = ERR_UNAVAILABLE;

	for (size_t i = 0; r != 0 && i < PLACES; i++) {
		char *place = place_of(config, i);

		if (place != NULL && (i == 0 || access(place, F_OK) == 0))
			r = greet(config, place, &answer, e);
		if (r == 0)
			buf_puts(path, place);
		free(place);
	}
	if (hello != NULL)
		*hello = answer;
	else
		json_decref(answer);
	return r;
}
