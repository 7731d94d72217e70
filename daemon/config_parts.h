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

typedef int config_read_fn(
	struct config *c, const struct node *at, struct err *e);

/* How a value is read. */
enum config_kind {
	KIND_STRING,
	KIND_PATH,   /* made absolute: programs get it that run elsewhere */
	KIND_BRANCH, /* texts that git takes */
	KIND_AUTHOR,
	KIND_BOOL,
	KIND_CHOICE, /* one of two words: false or true */
	KIND_DURATION,
	KIND_SIZE,
	KIND_REQUESTS,
	KIND_COUNT,
	KIND_SHARE,   /* "10%": 0.1 */
	KIND_SECTION, /* by a table of its own */
	KIND_OWN
};

struct config_key {
	const char *name;
	enum config_kind kind;
	size_t offset;                 /* in struct config */
	const char *no, *yes;          /* KIND_CHOICE */
	const struct config_key *keys; /* KIND_SECTION */
	size_t n_keys;
	config_read_fn *read; /* KIND_OWN */
};

#define KEY(key, how, member)                                                  \
	{                                                                      \
		.name = key, .kind = how,                                      \
		.offset = offsetof(struct config, member)                      \
	}

#define KEY_CHOICE(key, first, second, member)                                 \
	{                                                                      \
		.name = key, .kind = KIND_CHOICE, .no = first, .yes = second,  \
		.offset = offsetof(struct config, member)                      \
	}

#define KEY_SECTION(key, table)                                                \
	{                                                                      \
		.name = key, .kind = KIND_SECTION, .keys = table,              \
		.n_keys = ARRAY_LEN(table)                                     \
	}

#define KEY_OWN(key, fn)                                                       \
	{                                                                      \
		.name = key, .kind = KIND_OWN, .read = fn                      \
	}

#define CONFIG_MAX_KEYS 24

/* Read the keys of a section in the order of its table, and refuse others. */
int config_read_section(struct config *c, const struct node *at,
	const char *name, const struct config_key *keys, size_t n,
	struct err *e);

/* The value of one of them. */
int config_read_key(struct config *c, const struct config_key *key,
	const struct node *at, struct err *e);

/* A list of texts; one more, NULL, is behind the n. */
int config_read_texts(struct arena *arena, const struct node *at,
	const char *what, const char ***out, size_t *n, struct err *e);

/* A shell would have made another path of one that begins with ~/. */
int config_check_home(const struct node *at, const char *name, struct str path,
	struct err *e);

/* A path, from the folder that we were started in. */
const char *config_absolute(struct config *c, const char *path);

/* --- Larger sections, each in a file of its name ------------------------- */

config_read_fn config_read_server;
config_read_fn config_read_projects;
config_read_fn config_read_push; /* of store: */
config_read_fn config_read_schedule;
config_read_fn config_read_hooks;

#endif
