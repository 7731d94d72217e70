#ifndef DAEMON_SYNC_H
#define DAEMON_SYNC_H

#include <uv.h>

#include "api/client.h"
#include "api/paths.h"
#include "daemon/config.h"
#include "daemon/mapper.h"
#include "daemon/worker.h"

struct pages;

/*
 * A list of changes in which a poll found nothing to do.  Zeroed, there is
 * none.
 */
struct quiet {
	char *path;  /* that it was asked for by; owned; NULL: there is none */
	int64_t low; /* the stamp in it */
	struct buf list;
	int64_t newest; /* the newest updatedAt in it, or 0 */
};

void quiet_fini(struct quiet *q); /* and zeroes it */

#define SYNC_UNSHOWN 50

/*
 * What the flows of a pass share.  The mapper belongs to the worker's
 * thread: flows touch it only in jobs, and read their own copies of results.
 */
struct sync {
	uv_loop_t *loop;
	struct api_client *client;
	struct worker *worker;
	struct mapper *mapper;
	const struct config *config;

	/* Numeric ids of the projects; owned.  n_projects 0: all. */
	struct api_scope scope;
	int64_t *scope_ids;
	bool resolved;

	/* Of the server, since its names were last asked for; 0: not known. */
	size_t page; /* it gives no more in a list */
	size_t ids;  /* an address with more is too long for it */

	/*
	 * The server fails at every list with one of these, so that polls are
	 * without them.  They are asked for as all that failed is.
	 */
	size_t n_unshown;
	int64_t unshown[SYNC_UNSHOWN];

	struct quiet quiet; /* of the last poll */

	struct mapper_counts progress; /* of the pass, as of the last job */

	/* For clients, by processes of their own. */
	bool rehearsing;
	size_t n_showing;
};

#define SYNC_PAGE 200                      /* work packages a request */
size_t sync_page(const struct sync *sync); /* or as many as it gives */

/*
 * How many of n ids to ask for at once; and that n are the most, since more
 * were refused as too many.  Only an answer that came after the refusal shows
 * that it was for their number, and not since the server is gone.
 */
size_t sync_ids(const struct sync *sync, size_t n);
void sync_ask_shorter(struct sync *sync, size_t n);

/* Was the request for n things too long, and may half be asked for? */
bool sync_halve(const struct api_request *request, size_t *n, bool *shorter);

/* The scope of a list of changes; it borrows from sync. */
struct api_scope sync_changes(const struct sync *sync);

/* The server fails to show it, or shows it.  False: too many are not shown. */
bool sync_hide(struct sync *sync, int64_t id);
void sync_show(struct sync *sync, int64_t id);

/*
 * Put the request in front of what is wrong with its answer; an error of the
 * store, or none, stays as it is.
 */
void sync_name_answer(const struct api_request *request, struct err *e);

/*
 * Take a good answer as the next of the pages; whole: it is all there is.  True
 * if all are here; else more are to be asked for, if there is no error.
 */
bool sync_take_page(struct pages *p, struct api_request *request, bool whole,
	struct err *e);

/*
 * They were looked into: are they all to be asked for again?  If not, an error
 * is named; they are gone.
 */
bool sync_end_pages(
	struct pages *p, const struct api_request *request, struct err *e);

#endif
