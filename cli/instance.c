/*
 * instance - which configurations there are, and which one is meant.
 */
#include "cli/instance.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define SYSTEM_FOLDER "/etc/opsync"
#define SOCKETS "/run/opsync"

/* May this user not even see what there is? */
static bool is_hidden(void)
{
	return access(SYSTEM_FOLDER, R_OK | X_OK) != 0 && errno == EACCES;
}

static bool known(const struct instances *all, struct str name)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_is(name, all->items[i].name))
			return true;
	return false;
}

/* The name of the instance is what is between. */
static void add(struct instances *all, const char *folder, const char *path,
	const char *before, const char *behind)
{
	const size_t skipped = strlen(before);
	const struct str name = {
		path + skipped, strlen(path) - skipped - strlen(behind)};

	if (known(all, name))
		return;
	all->items = grow(all->items, all->n, &all->cap, sizeof(*all->items));
	all->items[all->n++] = (struct instance){
		.name = str_dup(name),
		.file = xasprintf("%s/%.*s.yaml", folder, STR_ARGS(name)),
	};
}

/* The files before*behind: each is an instance, configured in folder. */
static void look(struct instances *all, const char *folder, const char *before,
	const char *behind)
{
	char *pattern = xasprintf("%s*%s", before, behind);
	glob_t found = {0};

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			add(all, folder, found.gl_pathv[i], before, behind);
	globfree(&found);
	free(pattern);
}

static void look_into(struct instances *all, const char *folder)
{
	char *before = xasprintf("%s/", folder);

	look(all, folder, before, ".yaml");
	free(before);
}

static int compare(const void *a, const void *b)
{
	const struct instance *x = a;
	const struct instance *y = b;

	return strcmp(x->name, y->name);
}

/* The folder of this user's own; NULL if there is none.  For free(). */
static char *own_folder(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = geteuid() != 0 ? getenv("HOME") : NULL;

	if (config != NULL && config[0] != '\0')
		return xasprintf("%s/opsync", config);
	return home != NULL ? xasprintf("%s/.config/opsync", home) : NULL;
}

void instances_find(struct instances *all)
{
	char *own = own_folder();

	if (own != NULL)
		look_into(all, own);
	look_into(all, SYSTEM_FOLDER);
	if (is_hidden()) {
		look(all, SYSTEM_FOLDER, SOCKETS "/", "/control.sock");
		if (access(SOCKETS "/control.sock", F_OK) == 0)
			add(all, SYSTEM_FOLDER, "opsync", "", "");
	}
	free(own);
	if (all->n > 0)
		qsort(all->items, all->n, sizeof(*all->items), compare);
}

void instances_fini(struct instances *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].name);
		free(all->items[i].file);
	}
	free(all->items);
	*all = (struct instances){0};
}

/* "a, b, c" */
static void list(const struct instances *all, struct buf *out)
{
	for (size_t i = 0; i < all->n; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", all->items[i].name);
}

static void complain_none(const char *name, struct err *e)
{
	char *own = own_folder();
	char *missing = name != NULL
				? xasprintf("there is no instance '%s'", name)
				: xstrdup("which configuration?");

	err_set(e, ERR_USAGE, "%s (--config FILE; %s%s%s)", missing,
		is_hidden() ? "you may not read " SYSTEM_FOLDER ", and no "
			      "daemon listens in " SOCKETS
			    : "there is none in " SYSTEM_FOLDER,
		own != NULL ? ", nor one in " : "", own != NULL ? own : "");
	free(missing);
	free(own);
}

static void complain(
	const struct instances *all, const char *name, struct err *e)
{
	const char **names = xcalloc(all->n + 1, sizeof(*names));
	const char *nearest;
	struct buf there = {0};

	for (size_t i = 0; i < all->n; i++)
		names[i] = all->items[i].name;
	list(all, &there);
	nearest =
		name != NULL ? str_nearest(str_of(name), names, all->n) : NULL;
	if (all->n == 0)
		complain_none(name, e);
	else if (name == NULL)
		err_set(e, ERR_USAGE, "which instance? (-i NAME, of %s)",
			there.p);
	else if (nearest != NULL)
		err_set(e, ERR_USAGE,
			"there is no instance '%s' (did you mean '%s'?)", name,
			nearest);
	else
		err_set(e, ERR_USAGE,
			"there is no instance '%s' (there are %s)", name,
			there.p);
	buf_fini(&there);
	free(names);
}

const struct instance *instances_get(
	const struct instances *all, const char *name, struct err *e)
{
	if (name == NULL && all->n == 1)
		return &all->items[0];
	for (size_t i = 0; name != NULL && i < all->n; i++)
		if (strcmp(all->items[i].name, name) == 0)
			return &all->items[i];
	complain(all, name, e);
	return NULL;
}
