#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "content/program.h"

/* Where the server's key comes from. */
enum token_kind {
	TOKEN_NONE,
	TOKEN_FILE,
	TOKEN_ENV,
	TOKEN_CREDENTIAL,
	TOKEN_COMMAND
};

struct config_project {
	struct str name; /* identifier, or id in digits */
	bool subprojects;
	struct node at; /* where it stands */
};

/* Where commits go after they were made. */
struct config_push {
	const char
		*remote; /* an address, or a name in the repository; or NULL */
	const char *branch; /* there */
	int64_t timeout;
	const char *ssh_key; /* files, or NULL */
	const char *known_hosts;
	const char *credentials;
};

/* What is run when something happened. */
enum hook_on {
	HOOK_COMMIT = 1,
	HOOK_ERROR = 2,     /* of a work package */
	HOOK_RECOVERED = 4, /* a work package, or the daemon */
	HOOK_HELD = 8,      /* by the guard */
	HOOK_FAULT = 16,    /* of the daemon, the server or the remote */
};

struct config_hook {
	unsigned on;       /* of hook_on */
	const char **argv; /* ends with NULL */
	size_t n_argv;
	int64_t timeout;
};

struct config_hooks {
	int64_t settle; /* how long things must be quiet before */
	size_t n;
	struct config_hook *items;
};

/*
 * A configuration file, checked.  Texts live in the arena, NUL-terminated;
 * all times in microseconds.
 */
struct config {
	struct arena arena;
	const char *file;
	const char *instance; /* the file's name without .yaml */

	const char *url;
	enum token_kind token_kind;
	const char *token_value;
	bool bearer; /* how the key is sent: else by HTTP Basic */
	int max_requests;
	int64_t max_rate;  /* requests a second; 0: any */
	int64_t max_bytes; /* bytes a second; 0: any */
	int max_tries;
	int64_t connect_timeout;
	int64_t stall_timeout;
	int64_t max_retry_after;
	size_t n_storage_hosts;
	const char **storage_hosts; /* NULL: any that is public */
	const char *ca_file;
	const struct node *ca_file_at; /* where it stands */
	const char *contact;

	bool all_projects;
	size_t n_projects;
	struct config_project *projects;

	const char *store_path;
	const char *branch;
	bool bare;
	int64_t consolidate; /* how often the repository may be */
	struct config_push push;
	struct config_hooks hooks;

	int64_t poll;
	int64_t overlap;
	int64_t reconcile;
	int64_t full_every; /* 0: never */
	int64_t full_from;  /* of the local day; as full_to: at any time */
	int64_t full_to;
	bool newest_first; /* in full reads */
	double share;      /* of the time that a slow full read is busy */

	double guard_share; /* of the documents */
	int64_t guard_count;
	int64_t guard_within;
	double change_share; /* where nobody edited the mapping */
	int64_t change_count;

	int64_t keep_log; /* how long runs and events are kept */
	int64_t max_log;  /* and how many bytes of them */

	const char *textfile; /* of metrics, or NULL */
	int64_t fault_after;  /* without a good pass */

	bool commit_each; /* a commit a work package */
	bool last_editor; /* is a commit's author, where there is one */
	const char *author_name;
	const char *author_email;

	const char *socket; /* or NULL: as config_socket() says */
	bool all_read;      /* who is not in the group may ask there, too */

	bool rehearsal; /* of config_rehearse() */

	struct program *program;
};

/* What a file that says nothing would say; for config_fini(). */
void config_defaults(struct config *out, const char *file);

/*
 * Read and check a configuration file, mapping and all.  ERR_CONFIG with
 * file, line and column.  *out is given to config_fini() in any case.
 */
int config_load(const char *file, struct config *out, struct err *e);
void config_fini(struct config *c);
void config_free(struct config *c); /* from the heap; accepts NULL */

/* Are they the same? */
bool config_hooks_same(
	const struct config_hooks *a, const struct config_hooks *b);

/*
 * Let a pass with it touch nothing but the bare store in folder: whatever
 * reaches farther (a remote, hooks, metrics, files of the runtime folder) is
 * taken out of it, and the guard lets all through.
 */
void config_rehearse(struct config *c, const char *folder);

/*
 * The key, from where the configuration says.  *out is the caller's, who
 * wipes it with config_wipe_token().  ERR_CONFIG with the way out, never
 * with the key; of a command also ERR_AGAIN (token_command.h).
 */
int config_token(const struct config *c, char **out, struct err *e);
void config_wipe_token(char *token); /* accepts NULL; frees */

#define CONFIG_TOKEN_MOST 4096 /* so many bytes are no key */

/* The same of what was said, where the caller ran the command. */
int config_token_said(
	const struct config *c, struct str said, char **out, struct err *e);

/*
 * The control socket's path: the configuration's, else control.sock in
 * $RUNTIME_DIRECTORY (which systemd sets), else opsync-INSTANCE.sock in
 * $XDG_RUNTIME_DIR or, for root, in /run, else in the store's own folder.
 * The caller frees it.
 */
char *config_socket(const struct config *c);

/*
 * The file that holds the newest commit's id: head in $RUNTIME_DIRECTORY, which
 * is one service's own.  NULL: it is the store's, since another store's daemon
 * may have our name.  The caller frees it.
 */
char *config_head(const struct config *c);

#endif
