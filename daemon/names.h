#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include "api/paths.h"
#include "api/resources.h"
#include "base/arena.h"
#include "base/work_package.h"
#include "content/program.h"
#include "daemon/config.h"
#include "store/state.h"

struct frozen;

enum names_kind {
	NAMES_PROJECTS,
	NAMES_TYPES,
	NAMES_STATUSES,
	N_NAMES_KINDS,
};

struct names_place {
	int64_t id;
	const struct project *project;
};

/*
 * The names that the server gives to ids: projects, types, statuses and the
 * custom fields of schemas.  Kept in the state as the server's own answers,
 * so that a poll after a restart need not ask again.  Worker's thread.
 */
struct names {
	struct arena arena;
	size_t n_projects, n_types, n_statuses, n_schemas;
	size_t cap_schemas;
	struct project *projects;
	struct names_place *by_id;            /* where each is, sorted */
	struct err unreadable[N_NAMES_KINDS]; /* one of a list that is left out;
						 code 0: none is */
	size_t n_left_out;
	int64_t *left_out; /* the ids of all these */
	/* Behind them are those whose names cannot be read. */
	struct api_name *types;
	struct api_name *statuses;
	size_t n_nameless[N_NAMES_KINDS];
	struct schema *schemas;    /* sorted by project and type */
	bool known[N_NAMES_KINDS]; /* lists that were read, or put */
	struct buf lost; /* lines: what the state has and cannot be read */
	size_t n_renamed, cap_renamed;
	struct names_renamed *renamed; /* names_renamed.h */

	/* What errors say of names that are known to be others now; or NULL. */
	const struct frozen *frozen; /* borrowed, and stays */
};

void names_fini(struct names *n);

/*
 * Read what the state remembers.  What cannot be read is as good as not
 * remembered: it is in n->lost.
 */
int names_load(struct names *n, struct state *state, struct err *e);

/* Remove lost schemas from the state; lists stay until they are put anew. */
int names_drop_lost(const struct names *n, struct state *state, struct err *e);

/* ERR_DATA if something is lost, with what becomes of it. */
int names_whole(const struct names *n, struct err *e);

/* Are all lists known?  Else nothing follows from what is not on them. */
bool names_have_lists(const struct names *n);

/*
 * Remember answers, in the state (NULL: nowhere) and in n: whole collections,
 * given as pages in order.  ERR_UNAVAILABLE if one is no collection, or if
 * they are not all; ERR_AGAIN if one is on them twice.
 */
int names_put(struct names *n, struct state *state, enum names_kind kind,
	const struct str *pages, size_t n_pages, struct err *e);

/*
 * Remember the schemas of an answer; pairs that were asked for but are not
 * in it (we may not see them) are remembered as having no custom fields.
 */
int names_put_schemas(struct names *n, struct state *state, struct str body,
	const struct api_pair *asked, size_t n_asked, struct err *e);

const struct project *names_project(const struct names *n, int64_t id);
/* Did the server list it, even if it could not be read? */
bool names_have_project(const struct names *n, int64_t id);
const struct schema *names_schema(
	const struct names *n, int64_t project_id, int64_t type_id);
bool names_status_is_closed(const struct names *n, int64_t id);
bool names_have_status(const struct names *n, int64_t id);
bool names_have_type(const struct names *n, int64_t id);

/* The projects that are synced, by their ids. */
struct names_scope {
	size_t n;           /* 0: all that the key's user sees */
	int64_t *ids;       /* owned */
	struct err missing; /* a project that is not there; code 0: none */
};

/*
 * Find the projects that the configuration names, subprojects included where
 * asked for.  One that the server does not show is ERR_CONFIG with its place
 * if strict; else it is left out, and only a scope that is empty is an error.
 * One that is frozen, as it has another identifier, is missing and in scope:
 * its subprojects go on.
 */
int names_find_scope(const struct names *n, const struct config *c, bool strict,
	struct names_scope *out, struct err *e);

/* Is a project one of these?  None are all. */
bool names_in_scope(const int64_t *ids, size_t n_ids, int64_t id);

/*
 * Is a project out of scope, but might be below one that is asked for with its
 * subprojects and is not shown, so that nobody knows?
 */
bool names_may_be_below(
	const struct names *n, const struct config *c, int64_t id);

/* The identifier that is nearest to what should have been one, or NULL. */
const char *names_nearest_project(const struct names *n, struct str name);

/* ERR_CONFIG: a project that the configuration names is not shown; of others,
 * one may have been meant. */
int names_unknown_project(const struct names *n, const struct config *c,
	const struct config_project *want, struct err *e);

/*
 * All pairs of a project in scope and a type, which have a schema if the type
 * is active there.  The caller frees them.
 */
struct api_pair *names_pairs(const struct names *n,
	const struct names_scope *scope, size_t *n_pairs);

/* Are the schemas of all pairs of a project in scope and a type known? */
bool names_have_schemas(const struct names *n, const struct names_scope *scope);

/* Has a schema that is known each custom field that the mapping names? */
bool names_have_fields(const struct names *n, const struct program *program);

/*
 * Hold the names that the mapping uses against the server's: types,
 * statuses and projects always, custom fields (if fields) against the schemas
 * that are known.
 * Projects that asked (or NULL) names are left to names_find_scope().
 * ERR_CONFIG for the first that is not there, with its place and the nearest.
 */
int names_check(const struct names *n, const struct program *program,
	bool fields, const struct config *asked, struct err *e);

/* The first that is not there from the i-th on; *i is behind it then. */
int names_check_each(const struct names *n, const struct program *program,
	bool fields, const struct config *asked, size_t *i, struct err *e);

#endif
