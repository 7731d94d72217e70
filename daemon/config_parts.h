#ifndef DAEMON_CONFIG_PARTS_H
#define DAEMON_CONFIG_PARTS_H

#include "base/stamp.h"
#include "content/tree.h"
#include "daemon/config.h"

/*
 * What the files config*.c share: how a section is read, and the sections.
 * All return ERR_CONFIG, with file, line and column.
 */

#define SECONDS STAMP_SECOND
#define HOURS (3600 * SECONDS)
#define DAYS (24 * HOURS)

/* --- config_section.c: a section by its table of keys -------------------- */

/* How a value is read. */
enum config_kind {
	KIND_STRING,
	KIND_PATH,   /* made absolute: programs get it that run elsewhere */
	KIND_BRANCH, /* texts that git takes */
	KIND_AUTHOR,
	KIND_BOOL,
	KIND_DURATION,
	KIND_SIZE,
	KIND_REQUESTS
};

struct config_key {
	const char *name;
	enum config_kind kind;
	size_t offset; /* in struct config */
};

#define KEY(name, kind, member)                                                \
	{                                                                      \
		name, kind, offsetof(struct config, member)                    \
	}

#define CONFIG_MAX_KEYS 24

/* The keys of a section; the names in more are read by the section itself. */
struct config_section {
	const char *name;
	const struct config_key *keys;
	size_t n_keys;
	const char *const *more;
	size_t n_more;
};

/* Read the section's keys, and refuse others. */
int config_read_section(struct config *c, const struct node *at,
	const struct config_section *section, struct err *e);

/* The value of one of them. */
int config_read_key(struct config *c, const struct config_key *key,
	const struct node *at, struct err *e);

/* A path, from the folder that we were started in. */
const char *config_absolute(struct config *c, const char *path);

/* "10%": 0.1 */
int config_read_share(const struct node *at, double *out, struct err *e);

/* --- The sections, each in a file of its name ---------------------------- */

typedef int config_read_fn(
	struct config *c, const struct node *at, struct err *e);

config_read_fn config_read_server;
config_read_fn config_read_projects;
config_read_fn config_read_push; /* of store: */
config_read_fn config_read_schedule;
config_read_fn config_read_guard;
config_read_fn config_read_hooks;

#endif
