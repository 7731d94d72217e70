#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/image_info.h"
#include "base/log.h"
#include "base/reads.h"
#include "base/str.h"

struct ids; /* store/ids.h */

/*
 * The state: one SQLite file (WAL) that remembers what is in the store and
 * why.  It is an index: git and the server are the truth, and a lost state
 * is made again from them.  One connection is used by one thread.  Texts and
 * blobs given to callbacks are borrowed until they return.  Failures are
 * ERR_IO; a state of a newer program is ERR_CONFIG.
 */
struct state;

/*
 * Open, creating and migrating unless read_only.  ERR_DATA: it is damaged.
 */
int state_open(
	const char *file, bool read_only, struct state **out, struct err *e);

/* Has SQLite found it damaged, now or since it was opened? */
bool state_is_damaged(const struct state *s);

/* Put a file that is not open aside, as FILE.damaged, so that one is made. */
int state_move_away(const char *file, struct err *e);

void state_close(struct state *s); /* accepts NULL */

/* Write a copy, as of one moment, to a file that is not there. */
int state_copy(struct state *s, const char *file, struct err *e);

/*
 * One look at the state for many questions, which is several times as quick
 * as one for each.  What is changed meanwhile is durable when it is let go, or
 * when state_begin() comes.  Held again, it goes on, but never for long: then
 * it is let go and held anew.  ERR_IO also when a fault ended what was under
 * way, and with it what was staged since.
 */
int state_hold(struct state *s, struct err *e);
int state_let_go(struct state *s, struct err *e);
bool state_is_held(const struct state *s);

/*
 * A transaction around several changes.  The second call ends it: well, and
 * durable (FULL), if code is 0, else nothing of it was; gives code, or its own
 * failure.
 */
int state_begin(struct state *s, struct err *e);
int state_end(struct state *s, int code, struct err *e);

/*
 * From here to state_strict(), what is committed does not wait for the disk:
 * it is there for who starts after a kill, and after a power cut if a later
 * commit was that waited.  For what is lost without harm, or is done again.
 * Between transactions; in one, or while the state is held, it does nothing.
 */
void state_relax(struct state *s);
void state_strict(struct state *s);

/* Single values: cursor, instance, … */
int state_get(struct state *s, const char *key, struct buf *value, bool *found,
	struct err *e);
int state_put(
	struct state *s, const char *key, struct str value, struct err *e);
int state_delete(struct state *s, const char *key, struct err *e);
int state_has(struct state *s, const char *key, bool *found, struct err *e);
int state_is(struct state *s, const char *key, struct str value, bool *is,
	struct err *e);

/* Of a whole number; found may be NULL, and what is no number is not found. */
int state_get_int(struct state *s, const char *key, bool *found, int64_t *out,
	struct err *e);
int state_put_int(
	struct state *s, const char *key, int64_t number, struct err *e);

/* Answers of the server that give names to things: projects, schema/1-15 … */
typedef int state_resource_fn(
	void *arg, struct str name, struct str body, struct err *e);
int state_resource_put(
	struct state *s, struct str name, struct str body, struct err *e);
int state_resource_drop(struct state *s, struct str name, struct err *e);
int state_resources(
	struct state *s, state_resource_fn *fn, void *arg, struct err *e);

/* What became of a work package when it was last mapped. */
enum outcome {
	OUTCOME_MADE = 1,  /* at least one document */
	OUTCOME_UNMATCHED, /* no entry fits: left out */
	OUTCOME_FAILED,    /* an error: documents kept as they were */
	OUTCOME_GONE,      /* the server does not show it; documents are left */
};

struct state_work_package {
	int64_t id;
	int64_t project_id;
	int64_t type_id;
	int64_t updated_at;
	int64_t generation; /* of the full read that saw it last */
	enum outcome outcome;
	struct str reason;      /* why it failed or was left out, or none */
	struct str source;      /* none for one that makes no document */
	struct str attachments; /* source of the list; none if not asked for */
	struct str comments;    /* the same of these */
	uint8_t hash[SHA256_SIZE]; /* of the source */
	bool damaged; /* texts were, by their checksum, and are left out */
};

/* fn for one or for all, by id; a negative result of fn ends the walk. */
typedef int state_work_package_fn(
	void *arg, const struct state_work_package *wp, struct err *e);
int state_work_package(struct state *s, int64_t id, bool *found,
	state_work_package_fn *fn, void *arg, struct err *e);

/* A row without its texts, which are most of it. */
struct state_head {
	int64_t id;
	int64_t project_id;
	int64_t updated_at;
	int64_t generation;
	enum outcome outcome;
	uint8_t hash[SHA256_SIZE]; /* of the source; zeroed: none */
	bool has_source;
};

/* All of them by id, as state_work_package(). */
typedef int state_head_fn(
	void *arg, const struct state_head *head, struct err *e);
int state_heads(struct state *s, state_head_fn *fn, void *arg, struct err *e);
/* The same, of one outcome only. */
int state_work_packages_of(struct state *s, enum outcome outcome,
	state_work_package_fn *fn, void *arg, struct err *e);
/* The ids of those alone, added to out. */
int state_ids_of(
	struct state *s, enum outcome outcome, struct ids *out, struct err *e);

/* The ids of those updated between, both left out. */
typedef int state_id_fn(void *arg, int64_t id, struct err *e);
int state_newer(struct state *s, int64_t after, int64_t before, state_id_fn *fn,
	void *arg, struct err *e);

/* The pairs of project and type that there are rows of, in that order. */
typedef void state_pair_fn(void *arg, int64_t project_id, int64_t type_id);
int state_pairs(struct state *s, state_pair_fn *fn, void *arg, struct err *e);

/* A file of ours in the store: a document, or an attachment beside it. */
struct state_file {
	struct str path;
	struct str oid;        /* 40 hex digits */
	int64_t attachment_id; /* 0: the document itself */
};

struct state_document {
	int64_t work_package;
	struct str entry;
	struct str natural_path;
	struct str claim; /* the natural path folded, to find clashes */
	bool keep_when_gone;
	bool unproven; /* of work package 0: nobody knows whether it is gone */
	size_t n_files;
	const struct state_file *files; /* the document first */
};

typedef int state_document_fn(
	void *arg, const struct state_document *d, struct err *e);
int state_documents(struct state *s, int64_t work_package,
	state_document_fn *fn, void *arg, struct err *e);
/* The one that owns a path in the store. */
int state_owner(struct state *s, struct str path, bool *found,
	int64_t *work_package, struct err *e);

/*
 * How many of our files are in a folder ("": the store's root), and one of
 * them: a document rather than an attachment, the first by path.
 */
int state_folder(struct state *s, struct str path, int64_t *n,
	struct buf *first, struct err *e);

/* The newest name of a thing that documents read, by what is known here. */
int state_name(struct state *s, enum read_kind kind, int64_t id, bool *found,
	struct buf *name, struct err *e);

/* The source of a work package's relations, if they were asked for. */
int state_relations(struct state *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e);

/* An attachment whose contents are in the store. */
struct state_attachment {
	int64_t id;
	int64_t work_package;
	int64_t size;
	struct str digest; /* MD5 in hex, or none */
	struct str oid;    /* of the blob */
	struct image_info image;
};

typedef int state_attachment_fn(
	void *arg, const struct state_attachment *a, struct err *e);
int state_attachment(struct state *s, int64_t id, bool *found,
	state_attachment_fn *fn, void *arg, struct err *e);

/* A pass, and what it did. */
struct state_run {
	int64_t id;       /* set by state_run_begin() */
	int64_t started;  /* stamps of the wall clock */
	int64_t finished; /* 0 while it runs, or if it was killed */
	struct str kind;  /* a pass_kind_word(): full, poll, … */
	struct str cause; /* start, schedule, request, … */
	int result;       /* 0, or an err_code */
	struct str error;
	int64_t seen, made, changed, removed, failed, requests, bytes;
	struct str commit; /* the last one, or none */
	/* Runs after it that failed in the same way, and made no row. */
	int64_t repeated;
};

int state_run_begin(struct state *s, struct state_run *run, struct err *e);
int state_run_put(struct state *s, const struct state_run *run, struct err *e);
/* The least and the greatest id there is; both 0: there is none. */
int state_run_range(
	struct state *s, int64_t *first, int64_t *last, struct err *e);
/* One more that failed in the same way, and when it ended. */
int state_run_repeat(
	struct state *s, int64_t id, int64_t finished, struct err *e);
typedef int state_run_fn(void *arg, const struct state_run *run, struct err *e);
/* The newest first, at most limit of them. */
int state_runs(struct state *s, int64_t limit, state_run_fn *fn, void *arg,
	struct err *e);

/* A line of the sync log. */
struct state_event {
	int64_t id;
	int64_t run; /* 0: outside of runs */
	int64_t at;  /* stamp of the wall clock */
	enum log_level level;
	struct str kind;      /* added, changed, moved, removed, failed, … */
	int64_t work_package; /* 0: none */
	struct str path;
	struct str text;
	struct str project; /* its identifier, or none */
};

int state_event_add(
	struct state *s, const struct state_event *event, struct err *e);

struct state_event_query {
	int64_t after;        /* events with a greater id; 0: all */
	int64_t run;          /* 0: any */
	int64_t work_package; /* 0: any */
	int64_t since, until; /* stamps; 0: any */
	int max_level;        /* 0: any */
	struct str project;   /* none: any, as the next three */
	struct str kind;
	struct str kinds; /* any of these, each between spaces; none: any */
	struct str text;  /* in text or path, in whatever case */
	int64_t limit;    /* the newest so many; 0: all */
	bool oldest;      /* the oldest so many instead */
};

typedef int state_event_fn(
	void *arg, const struct state_event *event, struct err *e);
/* In order of id. */
int state_events(struct state *s, const struct state_event_query *want,
	state_event_fn *fn, void *arg, struct err *e);

/*
 * Forget runs with their events, and days, that began before, and the oldest
 * events where all of them together have more than max_size bytes.
 */
int state_prune(
	struct state *s, int64_t before, int64_t max_size, struct err *e);

/* The commit that an event went into, in hex; "" if none is known. */
int state_event_commit(struct state *s, const struct state_event *event,
	char out[41], struct err *e);

/* What a day cost the server. */
struct state_usage {
	int64_t day; /* stamp of its beginning, UTC */
	int64_t passes, requests, bytes;
	int64_t server_time; /* microseconds that answers took to begin */
};

int state_usage_add(
	struct state *s, const struct state_usage *usage, struct err *e);
typedef int state_usage_fn(
	void *arg, const struct state_usage *usage, struct err *e);
/* The newest first, at most limit days. */
int state_usage(struct state *s, int64_t limit, state_usage_fn *fn, void *arg,
	struct err *e);

/* Each work package in one; withdrawn: of those that are not in error. */
struct state_counts {
	int64_t work_packages, made, unmatched, withdrawn, failed;
	int64_t documents, files, attachments;
};

int state_count(struct state *s, struct state_counts *out, struct err *e);

#endif
