#ifndef DAEMON_REHEARSAL_H
#define DAEMON_REHEARSAL_H

#include <jansson.h>

#include "daemon/config.h"

/* A file that a run would change. */
struct rehearsal_change {
	const char *was;      /* path before; NULL: added */
	const char *is;       /* path then; NULL: removed */
	int64_t work_package; /* whose it is, or was; 0: nobody's */
	bool binary;
	struct str patch; /* unified, with its head */
};

/*
 * What a run would change: the daemon's own pass, with the configuration as it
 * is on disk, on a shadow of the store.  The store, its state and its daemon
 * are not touched.  Set the first part.
 */
struct rehearsal {
	const struct config *config; /* of the store; its file is read again */
	const char *token_file;      /* or NULL: the configuration's key */
	const char *folder;          /* empty; removed at the end */
	bool full;                   /* read everything */
	size_t n_ids;                /* tell of these only; 0: of all */
	const int64_t *ids;
	int (*changes)(void *arg, const struct rehearsal_change *change,
		struct err *e);
	/* What would fail (work_package 0: what else is to be known). */
	void (*notes)(void *arg, int64_t work_package, struct str text);
	void *arg;
};

/* Remove those of this user that were left by a process that was killed. */
void rehearsal_clear(void);

/*
 * A new folder in $TMPDIR or /tmp, which the caller frees; old ones that were
 * left there go.  ERR_IO.
 */
int rehearsal_folder(char **out, struct err *e);

int rehearsal_run(const struct rehearsal *r, struct err *e);

/* "added", "changed", "moved" or "removed". */
const char *rehearsal_kind(const struct rehearsal_change *change);

/* As an object for programs; what is no UTF-8 in the patch becomes some. */
json_t *rehearsal_json(const struct rehearsal_change *change);

/*
 * For the daemon, in a process of its own: the request (docs/control.md, and
 * "folder") is standard input, the lines of the answer go to standard output,
 * and an error, {"code":N,"error":"…"}, to standard error.
 */
int rehearsal_serve(const char *config_file);

#endif
