#ifndef DAEMON_MAPPER_H
#define DAEMON_MAPPER_H

#include "api/paths.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "daemon/config.h"
#include "daemon/frozen.h"
#include "daemon/guard.h"
#include "daemon/lookup.h"
#include "daemon/names.h"
#include "store/ids.h"
#include "store/store.h"

/*
 * The worker's side of a pass: work packages come in as the server gave
 * them, are mapped, and their documents staged and committed.  Everything
 * here runs on the worker's thread; the loop only looks at results.  What its
 * files need of each other is in mapper_parts.h.
 */

/* What a pass did, for its run. */
struct mapper_counts {
	int64_t seen;    /* work packages that the server showed; */
	int64_t again;   /* of them, those that are as they are known */
	int64_t added;   /* documents, as all that follow but the failed */
	int64_t changed; /* moved ones included */
	int64_t removed;
	int64_t held;   /* documents that the guard holds by now */
	int64_t failed; /* work packages */
};

/*
 * A name that was learned in this pass: it is recorded, or staged.  Longer
 * ones are asked for each time.
 */
#define MAPPER_NAMES 1024
struct mapper_name {
	int64_t id; /* 0: none is here */
	enum read_kind kind;
	uint32_t n;
	char name[48];
};

/* Several people, or some that are not shown. */
#define MAPPER_EDITORS (-1)

/* Of what is staged, for its commit.  Zeroed: nothing is. */
struct mapper_staged {
	int64_t since;  /* monotonic; of the oldest change */
	int64_t newest; /* updatedAt: author date */
	int64_t editor; /* who made it; 0: nobody, or MAPPER_EDITORS */
	char editor_name[1024];
};

/* A work package of which something is not shown: perhaps it is gone. */
struct mapper_missed {
	int64_t id;
	struct err why;
};

/* A work package that did not get a path, since another has it staged. */
struct mapper_denied {
	int64_t id;
	int64_t by; /* who has it, as was told */
	char *path; /* owned */
};

/* Of the known work packages that came in this pass (instance.h). */
struct mapper_created {
	int64_t n, n_others;
	int64_t first; /* other */
	bool accepted;
};

/* How a work package stands by now in a pass. */
struct mapper_verdict {
	int64_t id;
	char *why;  /* owned; NULL: it is in error no more */
	char *told; /* owned; as the log has it, */
	bool due;   /* and may have to be told otherwise */
};

struct mapper {
	struct store *store;
	const struct config *config;
	struct names names;
	struct arena arena;   /* reset for each work package, */
	struct lookup lookup; /* as is this */
	struct store_use in_use;
	struct mapper_name known[MAPPER_NAMES]; /* by kind and id */

	/* Of the pass that runs. */
	struct state_run run; /* its id is 0 until there is an event */
	int64_t generation;   /* of the full read that is on, or the last */
	struct mapper_counts counts;
	struct mapper_counts committed; /* those of earlier commits */
	struct mapper_staged staged;
	int64_t to_come;  /* work packages to be mapped; 0: not known */
	int64_t retry_at; /* monotonic; 0: nothing to be tried again */
	int64_t retry_wait;
	char subject[160]; /* of the work package that was staged last */
	char commit[41];   /* the pass's last commit, or "" */
	bool begun;        /* a pass runs */
	bool rest_due;     /* one took much memory since it was given back */
	bool verifying;    /* it trusts nothing, */
	bool dry;          /* and commits nothing */
	bool confirms;     /* it sees which work packages are gone, */
	bool hears;        /* and comments that moved no work package */
	bool renewing;     /* it reads what became stale */
	bool decided;      /* about removals, in this pass */
	struct mapper_created created;
	struct guard guard;
	struct frozen frozen;
	int64_t at, at_project; /* the work package that is mapped */
	bool pruned;            /* the log, since the start */
	int64_t fault_run;      /* the last run, if it failed; else 0 */
	struct err fault;       /* in which way */
	size_t n_verdicts, cap_verdicts;
	struct mapper_verdict *verdicts; /* ascending */
	struct ids again;     /* work packages whose path may change */
	struct ids unmade;    /* documents of theirs were taken back */
	struct ids stuck;     /* they cannot be made, and stay where they are */
	struct ids displaced; /* by who has a path on record, and keeps it */
	struct ids refused;   /* that cannot be made in this pass: they are
			      not tried again in it */
	size_t n_denied, cap_denied;
	struct mapper_denied *denied;
	struct ids unlisted;   /* whose lists are to be asked for again,
				  ascending */
	struct ids asked;      /* that became stale, and did not come yet */
	struct ids lost_users; /* whose readers are marked */
	struct ids back;       /* projects that are shown again, until a
				  pass asked for their relations; after a
				  restart a reconcile does */
	/*
	 * Work packages are of them, and the server does not list them: their
	 * names were asked for once, and not again until a reconcile does.
	 */
	struct ids nameless_projects;
	struct ids nameless_statuses;
	/* Why its list of projects did not come, the last time. */
	struct err projects_fault;
	struct ids retried; /* those that failed before, ascending */
	size_t n_missed, cap_missed;
	struct mapper_missed *missed;
	struct buf unrelated; /* "ID why" a line: the server failed at their
				 relations in this pass */
	size_t n_unnamed, cap_unnamed;
	struct mapper_missed *unnamed; /* users who did not come in this pass */
	struct ids lost; /* work packages whose contents the store has lost */
	bool names_lost; /* the next pass reads them of the state again */
	bool adrift;     /* documents are staged to be restored */
	bool keeps;      /* there is a branch with what people wrote */
	bool rests;      /* the last pass found nothing to do */
};

/* A content that must be here before a work package can be mapped. */
struct mapper_need {
	int64_t attachment_id;
	int64_t size;
	char digest[33]; /* or "" */
	char name[256];  /* of the file, or its beginning */
};

/* What mapper_map() says. */
enum mapped {
	MAPPED_DONE,     /* staged, or recorded as left out or failed */
	MAPPED_SCHEMA,   /* item->pair has no schema yet */
	MAPPED_LIST,     /* its attachment list is needed */
	MAPPED_COMMENTS, /* its comments are needed, */
	MAPPED_USER,     /* or the name of who wrote one: item->user */
	MAPPED_EDITOR,   /* who edited it last is to be asked */
	MAPPED_NEEDS,    /* contents are needed: item->needs */
	MAPPED_FAULT,    /* the store failed: the pass cannot go on */
};

/* A work package on its way.  Owns its texts. */
struct mapper_item {
	int64_t id;
	struct api_pair pair;
	int64_t status;  /* 0: not known, or kept */
	size_t n_fields; /* custom fields; 0: the same */
	int64_t updated_at;
	int64_t known_at;   /* updatedAt of what was known when it came */
	int64_t generation; /* of the full read during which it came */
	struct buf source;
	bool attachments_known;
	bool attachments_kept;  /* from the state, as kept below */
	struct buf attachments; /* their source */
	bool comments_known;
	struct buf comments; /* the same */
	bool editor_known;
	int64_t editor;         /* the user who edited it last; 0: unknown */
	struct str editor_name; /* of the arena, while it is mapped */
	struct buf answer;      /* that brings one of them, not yet taken in */
	uint8_t hash[SHA256_SIZE];
	bool gone;        /* kept, as the server does not show it any more */
	bool damaged;     /* what the state keeps of it: it is left out */
	bool known;       /* the state has a row of it */
	bool forced;      /* map it though its source is the one we know */
	bool heard;       /* it came for its comments alone */
	bool touched;     /* its source is another, though of the same moment */
	bool relisted;    /* or its list may be, which is asked for again */
	bool kept;        /* from the state: its names may be old */
	bool recorded;    /* and all of its row is there, as made */
	char *unreadable; /* why it is no work package; NULL: it is one */

	/* What it waits for, set by mapper_map(). */
	enum mapped waits;
	int64_t user;
	size_t n_needs;
	struct mapper_need *needs;
};

void mapper_item_free(struct mapper_item *item); /* accepts NULL */

int mapper_init(struct mapper *m, struct store *store,
	const struct config *config, struct err *e);
void mapper_fini(struct mapper *m);

/* Between passes: another configuration, which must live as long as m. */
void mapper_configure(struct mapper *m, const struct config *config);

/*
 * Begin a pass: forget the last one's counts, read what people ordered.  Then
 * say what kind it is: its row in the state is made by its first event, or
 * now if record says so.  kind and cause are literals.  *again: the state had
 * still to be made anew, and everything is to be read.
 */
int mapper_begin(
	struct mapper *m, const char *cause, bool *again, struct err *e);
int mapper_begin_run(
	struct mapper *m, const char *kind, bool record, struct err *e);

/*
 * End it: the row, if there is one, gets the counts, and why as its result
 * (code 0: all went well).
 */
int mapper_end(struct mapper *m, uint64_t requests, uint64_t bytes,
	const struct err *why, struct err *e);

/* A list of work packages, taken in.  Zeroed, it is empty. */
struct mapper_page {
	int64_t total;
	int64_t count;
	int64_t page_size;
	int64_t newest; /* updatedAt, */
	int64_t last;   /* and of the last element that has one */
	size_t n;
	struct mapper_item **items; /* owned: those to be mapped */
};

void mapper_page_fini(struct mapper_page *page); /* frees, and zeroes it */

/*
 * Read a list: page gets its figures, and an item for each element.  Pure, on
 * any thread: parsing is half of the work for most work packages.  ERR_DATA
 * and the like if it is no list.
 */
int mapper_read(
	struct str body, bool forced, struct mapper_page *page, struct err *e);

/*
 * Take in what was read: the page keeps the work packages that are new or
 * changed (or all, if forced); the others are only counted.  An element that
 * cannot be read is recorded and dropped.
 */
int mapper_take(struct mapper *m, struct mapper_page *page, struct err *e);

/* Is a stamp more than a day ahead of our clock?  It is no cursor then. */
bool mapper_of_future(int64_t stamp);

/*
 * An item from what the state keeps; *out NULL if it has no source, or a
 * damaged one, which is then marked to be asked for again.
 */
int mapper_recall(
	struct mapper *m, int64_t id, struct mapper_item **out, struct err *e);

/*
 * Take in the answer that was asked for, as item->waits says; why if it is
 * none.  An empty one of a user says that nobody is shown.
 */
void mapper_take_answer(
	struct mapper *m, struct mapper_item *item, struct err *why);

/* The user that the item waits for does not come: it is not asked again. */
void mapper_miss_user(struct mapper *m, const struct mapper_item *item,
	const struct err *why);

/*
 * Map an item and stage what comes of it; nothing, if a newer one of the
 * same work package was staged since it came.
 */
enum mapped mapper_map(
	struct mapper *m, struct mapper_item *item, struct err *e);

/* What may have another path is mapped again. */
int mapper_map_again(struct mapper *m, struct err *e);

/*
 * Record that an item could not be mapped: its documents stay.  With any
 * other code than ERR_DATA it is tried again by mapper_retry().
 */
void mapper_fail(struct mapper *m, const struct mapper_item *item,
	const struct err *why);

/*
 * The same of one that the server fails to show: it is tried again by being
 * asked for.  What was read of it before stays.
 */
int mapper_fail_unread(
	struct mapper *m, int64_t id, const struct err *why, struct err *e);

/*
 * In a pass that confirms what is gone, mapper_fail() puts off what is not
 * shown of a kept work package: behind that, those that are not gone fail.
 */
int mapper_settle_missed(struct mapper *m, struct err *e);

/*
 * After a failure: if the state was found damaged it is made anew, and *again
 * says that all is to be read.
 */
int mapper_mend(struct mapper *m, bool *again, struct err *e);

/*
 * Before it fails: look whether the state is damaged.  Its indexes are made
 * again, or it is made anew as by mapper_mend().
 */
int mapper_repair_state(struct mapper *m, bool *again, struct err *e);

/* The state is another: what is here of the one before goes with it. */
void mapper_forget_state(struct mapper *m);

/*
 * Before a pass: what is not in the store as it was recorded is staged to be
 * restored, or put down for mapper_retry().
 */
int mapper_look(struct mapper *m, bool deep, struct err *e);

/*
 * After a poll that found nothing to do; and before the next: would it find all
 * as that one did, so that only the server is left to be asked?  A few system
 * calls: the loop may ask it, while the worker has nothing to do.
 */
void mapper_rest(struct mapper *m);
bool mapper_is_at_rest(struct mapper *m);

/*
 * One object a line, of what is not as it should be: in the store by itself;
 * and what is staged, against what is recorded, with removals that were asked
 * for.
 */
void mapper_finding(struct buf *out, const char *place, int64_t work_package,
	struct str path, const char *text);
int mapper_check(struct mapper *m, const atomic_bool *stop, struct buf *out,
	struct err *e);
int mapper_differences(struct mapper *m, struct buf *out, struct err *e);
int mapper_adopted(struct mapper *m, struct buf *out, struct err *e);

/*
 * After everything was read: documents of ours that no work package makes
 * are to be removed.
 */
int mapper_unclaimed(struct mapper *m, struct err *e);
int mapper_has_unclaimed(struct mapper *m, bool *any, struct err *e);

/*
 * Work packages whose documents the store has lost, and those that failed for
 * a reason that may pass, when it is time to try them again: page gets them,
 * and unread those that the server is to be asked for.
 */
int mapper_retry(struct mapper *m, struct mapper_page *page, struct ids *unread,
	struct err *e);

/*
 * Before another mapping: names and relations that nobody read were not
 * learned any more, and what is kept since may show newer names.
 */
int mapper_forget_unread(struct mapper *m, struct err *e);

/*
 * Take in the server's lists of names, and the answer to what was asked of
 * schemas, as names_put() and names_put_schemas() do; what they concern
 * becomes stale.
 */
int mapper_put_names(struct mapper *m, enum names_kind kind,
	const struct str *pages, size_t n_pages, struct err *e);
int mapper_put_schemas(struct mapper *m, struct str body,
	const struct api_pair *asked, size_t n_asked, struct err *e);

/*
 * End the transaction in which that was done: with its rows or, after an error
 * or if they cannot be written, without them, and then the names are again
 * those that the state has.  Gives code, or why they cannot.
 */
int mapper_end_names(struct mapper *m, int code, struct err *e);

/* Read the names of the state, and give back what earlier answers left. */
int mapper_reload_names(struct mapper *m, struct err *e);

/*
 * Of the work packages that the server shows, in order, those that show all
 * other names, and users whom none shows (without all, some of them, others
 * each time); the caller frees both.  What the server says of such a user is
 * taken in: STR_NONE, that it does not show him.
 */
int mapper_witnesses(struct mapper *m, bool all, const struct ids *shown,
	struct ids *ids, struct ids *users, struct err *e);
int mapper_take_user(struct mapper *m, const struct ids *shown, int64_t id,
	struct str body, struct err *e);

/* The server fails at those of one work package: they stay as they are. */
int mapper_fail_relations(
	struct mapper *m, int64_t id, const struct err *why, struct err *e);

/*
 * Write into the state, for status, at whose relations the server failed: all
 * were asked for in this pass, or those of before stay.
 */
#define MAPPER_UNRELATED "relations.failed" /* "ID why" a line */
int mapper_report_unrelated(struct mapper *m, bool all, struct err *e);

/*
 * Take the relations of n work packages in, given as pages of elements.
 * Where they changed, documents become stale.
 */
int mapper_take_relations(struct mapper *m, const int64_t *ids, size_t n,
	const struct str *pages, size_t n_pages, struct err *e);

/*
 * At most limit of those that are stale: page gets items, unread the ids of
 * those that the server must be asked for again; what has not come when that is
 * done, with all that it needed, is given up.
 */
int mapper_stale(struct mapper *m, size_t limit, struct mapper_page *page,
	struct ids *unread, struct err *e);
void mapper_give_up_stale(struct mapper *m);

/*
 * People ordered something: what can be done at once, while a pass runs, is.
 * Otherwise the next pass does it.
 */
int mapper_obey(struct mapper *m, struct err *e);

/*
 * Before changes are staged that the guard weighs, and may drop: what a person
 * withdrew, and what is restored as it was, waits for no weighing.
 */
int mapper_commit_unweighed(struct mapper *m, struct err *e);

/* Commit when much is staged, or long since. */
int mapper_commit_some(struct mapper *m, struct err *e);

/*
 * End the pass with a commit.  cursor is its trailer, or NULL when the cursor
 * does not move.
 */
int mapper_commit_all(struct mapper *m, const char *cursor, struct err *e);

/* Forget what is staged: the pass did what it has committed, and no more. */
void mapper_discard(struct mapper *m);

/*
 * Tell who failed in it, or was tried again: before what is staged is
 * committed. Last: the pass ends, and it is told who is in error no more, too.
 */
void mapper_tell_verdicts(struct mapper *m, bool last);

/* See to it that the pass has a row, which events name; in no transaction. */
int mapper_ensure_run(struct mapper *m, struct err *e);

/* Add an event to the sync log, with the next commit. */
void mapper_event(struct mapper *m, enum log_level level, const char *kind,
	int64_t work_package, struct str path, const char *fmt, ...)
	PRINTF_LIKE(6, 7);

#endif
