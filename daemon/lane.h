#ifndef DAEMON_LANE_H
#define DAEMON_LANE_H

#include "daemon/halving.h"
#include "daemon/items.h"
#include "daemon/sync.h"

/*
 * Has the server failed at a list, as at one that is too much for it, or has
 * one in it that is: 500, 504 or 524, or silence?
 */
bool lane_fault(const struct api_request *list);

struct lane;
typedef void lane_fn(struct lane *lane);

/*
 * One list of work packages on its way: asked for, read, taken in, mapped,
 * and what needs more handed to items.  A flow that reads has several of them,
 * so that the server works on some lists while the worker maps others.
 */
struct lane {
	struct sync *sync;
	struct items *items;
	bool forced;    /* map what is known, too */
	bool batch;     /* the list is one of many work packages; else of few,
			   or of many */
	bool once;      /* it is asked for once only */
	bool whole;     /* nothing is taken of a part, as it comes again */
	bool wary;      /* ERR_QUERY, and nothing is taken, where it shows a
			   project or status that names does not have, */
	bool named;     /* unless the pass has just asked for the names */
	lane_fn *here;  /* the server is done with it; or NULL */
	lane_fn *taken; /* figures are known; or NULL */
	lane_fn *done;

	struct err err;          /* result */
	bool fault;              /* an error: as of lane_fault() */
	bool too_big;            /* one: the list is longer than may be, */
	bool too_slow;           /* or takes the server too long; */
	bool too_long;           /* or the address is */
	struct mapper_page page; /* result: figures; items are gone */
	bool busy;

	/* Private. */
	struct api_request request;
	bool canceled;
	uv_work_t reading;
	struct job job;
	size_t n_pairs; /* schemas to be asked for, */
	size_t next_pair;
	struct halving halving; /* by so many of them at once */
	struct api_pair *pairs;
	struct api_pair unnamed[HALVING_LEFT]; /* the server fails at these */
	struct err unnamed_why;
	struct mapper_counts counts;
};

/*
 * Ask for a list; path is taken.  here() (if there is one) runs once when the
 * answer came, taken() when the list was taken in without error, then done()
 * once.  Set sync, items,
 * done first.
 */
void lane_start(struct lane *lane, char *path);

/* The same for an answer that is here already, and good; it is taken. */
void lane_start_answered(struct lane *lane, struct api_request *answered);

/* And for work packages that are here already; page is taken. */
void lane_start_page(struct lane *lane, struct mapper_page *page);

/* Did the server give fewer than the list has? */
bool lane_has_part(const struct lane *lane);

void lane_cancel(struct lane *lane); /* done() still comes */
void lane_fini(struct lane *lane);   /* not while busy */

#endif
