#ifndef DAEMON_PASS_H
#define DAEMON_PASS_H

#include "daemon/catch_up.h"
#include "daemon/cursor.h"
#include "daemon/full.h"
#include "daemon/relate.h"
#include "daemon/resolve.h"
#include "daemon/slow.h"

#define PASS_NOT_SHOWN 100

struct pass;
typedef void pass_done_fn(struct pass *p);

enum pass_kind {
	PASS_POLL,      /* what changed since the cursor */
	PASS_FULL,      /* everything, and what is gone */
	PASS_RECONCILE, /* what came or went without being changed */
	PASS_SOME,      /* some work packages, whether they changed or not */
	PASS_LOCAL,     /* what a person ordered, without the server */
	PASS_SLOW,      /* a slice of a slow full read */
	PASS_VERIFY,    /* a full read, with deep or dry */
	PASS_ADOPT,     /* those in error, with adopt */
	PASS_KINDS,
};

/* How far a pass is. */
struct pass_progress {
	enum pass_kind kind;
	const char *phase;   /* literal, for people */
	int64_t done, total; /* work packages in this phase; total 0: unknown */
};

/* One pass.  Zero it, set the first part. */
struct pass {
	struct sync *sync;
	struct cursor *cursor; /* borrowed; moved by a good pass */
	enum pass_kind kind;
	const char *cause; /* literal: start, schedule, request */
	int64_t started;   /* monotonic: what precedes it counts, too */
	bool record;       /* even if nothing happens */
	bool first;        /* of this process: the cursor is to be loaded */
	bool compare;      /* whether mapping and projects are the ones that
			      the documents were made with */
	bool deep;         /* read all of the store before, trust nothing */
	bool dry;          /* commit nothing, only tell: findings */
	bool adopt;        /* documents in error take over what is in the way */
	struct buf paths;  /* but only these, one a line; empty: all; owned */
	struct ids ids;    /* of PASS_SOME; owned, freed by pass_fini() */
	struct slow_list *slow_list; /* borrowed */
	bool reconcile;  /* PASS_SOME: as PASS_RECONCILE does, after them */
	bool abandon;    /* once canceled, a full read is not gone on with */
	bool may_glance; /* it is a poll as the last, and nobody waits for it */

	/* Result. */
	struct err err;
	bool quiet;  /* nothing was there to be done, or to be told of */
	int64_t run; /* 0: not recorded */
	struct mapper_counts counts;
	char commit[41];
	struct buf findings; /* of dry: an object a line; owned */
	size_t n_not_shown;  /* of those that were asked for; not all of many */
	int64_t not_shown[PASS_NOT_SHOWN];
	bool mended; /* the state was damaged: the next reads all */

	/* Private, to pass.c and the files of pass_steps.h. */
	pass_done_fn *done;
	int step;
	bool canceled;
	struct job job;
	struct items items;
	struct api_request glance; /* the list of changes */
	struct quiet seen;         /* a copy of it */
	bool read_whole;           /* and it was all that there was */
	bool rests;                /* at its end nothing was left to be done */
	struct resolve resolve;
	struct full full;
	struct catch_up catch_up;
	struct slow slow;
	struct batches batches;
	struct relate relate;
	bool relates;   /* documents read relations */
	bool related;   /* all were asked for relations that had to be */
	bool unrelated; /* or none are: the server fails at that */
	struct lane lane;
	struct mapper_page page;
	struct names_scope scope;
	bool remembered;      /* the names suffice */
	bool compare_late;    /* else the scope, when they are asked for */
	bool held_back;       /* REMAPPING waits for room among the items */
	bool lacking;         /* the list of ids is not whole */
	bool saw_all;         /* as of DECIDING: nothing was left out */
	bool asked_unclaimed; /* what nobody makes was looked for */
	bool retried;         /* after the server refused a project */
	bool settled;         /* the overlap after the newest change is over */
	int64_t newest;
	struct cursor next;
	struct ids shown; /* listed by a full read or a reconcile, in order */
	struct ids remap; /* whose documents another mapping made */
	size_t next_remap;
	struct ids unread; /* without a source, or an old one */
	bool unread_again; /* they are those that the server failed at */
	size_t n_renewed;  /* that were stale */
	unsigned rounds;   /* of RENEWING */
	bool decided;      /* about removals: there were some */
	bool rebuilt;      /* documents are there of a state that is lost */
	bool proven;       /* the mapping is the one of the documents */
	bool weighed;      /* what the mapping alone changes */
	bool older;        /* the server, than our cursor */
	bool looking_back; /* a reconcile with its ids compared, or a full read
			      that failed: changes are listed */
	struct err full_err; /* of the latter */
	int64_t not_before;  /* of the client, when it began */
	uint64_t requests, bytes;
	struct err end_err;

	/* As of the last step: for who asks while the worker is at it. */
	enum pass_kind told_kind;
	size_t told_remap;
};

/* done() runs exactly once, later, on the loop's thread. */
void pass_start(struct pass *p, pass_done_fn *done);

/* "poll", "full", … */
const char *pass_kind_word(enum pass_kind kind);

/* Loop's thread, also while the worker is at one of its jobs. */
struct pass_progress pass_progress(const struct pass *p);

/*
 * Does it see all that changed, and keep it?  Only such a pass is what a poll
 * is; others do something beside.
 */
bool pass_reads_changes(const struct pass *p);

/* End it early: what is staged is committed, without the cursor. */
void pass_cancel(struct pass *p);
void pass_fini(struct pass *p);

#endif
