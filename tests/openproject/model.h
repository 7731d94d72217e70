#ifndef TESTS_OPENPROJECT_MODEL_H
#define TESTS_OPENPROJECT_MODEL_H

#include <stdint.h>

#include "base/stamp.h"
#include "tests/openproject/body.h"
#include "tests/openproject/json.h"

/* What an OpenProject holds, as far as its readers can see it. */

enum kind {
	KIND_PROJECT,
	KIND_TYPE,
	KIND_STATUS,
	KIND_PRIORITY,
	KIND_CATEGORY,
	KIND_VERSION,
	KIND_USER,
	KIND_OPTION,
	N_KINDS,
};

/* Anything with a name that a work package may link to. */
struct thing {
	enum kind kind;
	int64_t id;
	struct json *json; /* owned: as the server shows it to an admin */
	int64_t project;   /* of a category or a version; a project's parent */
	char *identifier;  /* of a project, owned; else NULL */
	bool archived;     /* of a project */
	bool closed;       /* of a status */
	bool hidden;       /* of an option: asked for by id, it is a 404 */
};

struct work_item {
	int64_t id;
	int64_t updated; /* with the microseconds that are not shown */
	int digits;      /* of fraction that are shown: 3, or 6 */
	int64_t project;
	int64_t type;
	int64_t status;
	struct text *text; /* as an element of a list, owned */
};

struct file {
	int64_t id;
	int64_t work_package;
	struct json *json; /* owned, without _embedded */
	struct text *head; /* owned: the content, or its first bytes */
	struct str tail;   /* borrowed for ever: the rest of the content */
};

struct schema_text {
	int64_t project;
	int64_t type;
	struct json *json; /* owned */
};

#define MAX_ACCOUNTS 8
#define MAX_GRANTS 256

struct account {
	const char *name; /* admin, syncbot */
	char *key;        /* owned; NULL when revoked */
	int64_t user;
	bool sees_all;
	size_t n_grants;
	int64_t grants[MAX_GRANTS]; /* projects that it may see */
};

struct model {
	size_t n_things;
	size_t cap_things;
	struct thing **things; /* in the order they are listed */

	size_t n_items;
	size_t cap_items;
	struct work_item **items;    /* by id */
	struct work_item **by_stamp; /* the same, by updated, then id */

	size_t n_files;
	size_t cap_files;
	struct file **files;       /* by work package, then id */
	struct file **files_by_id; /* the same */

	size_t n_schemas;
	size_t cap_schemas;
	struct schema_text *schemas;

	size_t n_accounts;
	struct account accounts[MAX_ACCOUNTS];

	int64_t clock_offset; /* microseconds ahead of the real clock */
	int64_t next_id;      /* for what is created */
	struct json *root;    /* these are owned, or NULL */
	struct json *configuration;
	struct json *activities; /* of work packages, by href */
	struct json *relations;  /* a list, without titles */
	char *block; /* owned: random bytes that generated contents are of */
};

void model_init(struct model *m);
void model_fini(struct model *m);

/* Things.  model_add_thing() takes json; a second one replaces the first. */
struct thing *model_add_thing(
	struct model *m, enum kind kind, int64_t id, struct json *json);
void model_remove_thing(struct model *m, struct thing *t); /* frees t */
struct thing *model_thing(const struct model *m, enum kind kind, int64_t id);
struct thing *model_project(const struct model *m, struct str id_or_identifier);
struct thing *model_thing_at(const struct model *m, struct str href);
const char *kind_path(enum kind kind); /* "projects", "types", … */
bool kind_parse(const char *singular, enum kind *out); /* "project", … */
bool model_is_under(const struct model *m, int64_t project, int64_t ancestor);

/* Work packages.  The text of an element says what they are. */
struct work_item *model_item(const struct model *m, int64_t id);

/*
 * Read id, project, type, status and updatedAt out of an element and keep it,
 * in the place of the one with that id.  updated counts instead of what is
 * shown if it is not 0; digits is 3 or 6.  Takes text.  NULL if it has no id.
 */
struct work_item *model_put_item(
	struct model *m, struct text *text, int64_t updated, int digits);
/* The same for who knows what is in it; takes its text. */
struct work_item *model_insert_item(
	struct model *m, const struct work_item *columns);
void model_remove_item(struct model *m, int64_t id);

/* Index in by_stamp of the first item that was updated at stamp or later. */
size_t model_since(const struct model *m, int64_t stamp);

/* Attachments. */
struct file *model_file(const struct model *m, int64_t id);
void model_add_file(struct model *m, const struct file *file); /* takes parts */
void model_remove_file(struct model *m, int64_t id);
/* The first of a work package's files; *n is how many follow in a row. */
struct file *const *model_files_of(
	const struct model *m, int64_t work_package, size_t *n);

struct json *model_schema(const struct model *m, int64_t project, int64_t type);
/* Takes json. */
void model_put_schema(
	struct model *m, int64_t project, int64_t type, struct json *json);

/* Who may see what. */
struct account *model_account(struct model *m, const char *name);
bool account_sees(const struct account *a, const struct model *m,
	int64_t project); /* and it is not archived */

/* The server's clock. */
int64_t model_now(const struct model *m);

/* The number at the end of an href; 0 if there is none. */
int64_t href_number(const struct json *link);

#endif
