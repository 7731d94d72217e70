#ifndef CLI_SERVER_H
#define CLI_SERVER_H

#include "api/resources.h"
#include "cli/cli.h"
#include "daemon/names.h"

/*
 * The server's lists of names, and a work package, for commands: asked for
 * through the daemon, which has the key, or with a key of our own.
 */
struct server;

/*
 * With a token_file (or NULL) that key is used; else the daemon that runs for
 * the configuration, if that asks the same server, else the configuration's own
 * key.  Nothing is asked of the server yet.
 * ERR_CONFIG: there is no key.  *out is for server_close().
 */
int server_open(const struct config *config, const char *token_file,
	struct server **out, struct err *e);

/* With this key, wherever it is from. */
int server_open_with(const struct config *config, const char *token,
	struct server **out, struct err *e);
void server_close(struct server *s); /* accepts NULL */

/* Whose key it is; name lives in the arena. */
int server_user(
	struct server *s, struct arena *a, struct api_user *out, struct err *e);

/*
 * Projects; then types and statuses, which a real server shows to those only
 * who may see a project.  out is for names_fini() whatever failed.
 */
int server_projects(struct server *s, struct names *out, struct err *e);
int server_kinds(struct server *s, struct names *out, struct err *e);

/* The sources of a work package and of its attachments; ERR_NOT_FOUND. */
int server_work_package(struct server *s, int64_t id, struct buf *source,
	struct buf *attachments, struct api_source *head, struct err *e);

/* The schemas of all types in these projects, as far as they are visible. */
int server_schemas(struct server *s, const struct names_scope *scope,
	struct names *names, struct err *e);

#endif
