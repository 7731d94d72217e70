#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdatomic.h>

#include "base/document.h"
#include "base/reads.h"
#include "base/work_package.h"
#include "store/state.h"

/*
 * The content store: a git repository, its work tree, and the state that
 * says which of its paths are ours.  Changes are staged in memory and made
 * by store_commit(), whole: documents and their attachments appear together.
 *
 * A commit, in this order:
 *   objects sealed (durable) -> one SQLite transaction with the rows and an
 *   intent (old and new commit, paths) -> the ref by compare-and-swap ->
 *   work tree and index -> an event "committed" -> intent deleted.
 * The transaction is the commit point: store_open() finishes what its intent
 * says.  Where the ref has moved on meanwhile, the commit is made anew on
 * top of it: our paths over the other's tree.
 *
 * One thread.  Failures: ERR_IO, ERR_LOCKED (another daemon, named by its
 * pid), ERR_REPLACED (from passes and commits: another folder is at its path
 * by now, so that it is to be opened anew), ERR_CONFIG (the folder is no
 * repository, or one that libgit2 cannot read, with the way out).
 */
struct store;
struct ids; /* store/ids.h */

typedef void store_told_fn(void *arg, enum log_level level, const char *text);

/* Called often while a store that takes long to open gets on. */
typedef void store_gets_on_fn(void *arg);

/*
 * What looks at a content for the size of a picture: at its bytes (of a very
 * large one the first mebibyte), or at the file that it was spooled to; then
 * bytes is NULL.  On any thread.
 */
typedef void store_probe_fn(
	const void *bytes, size_t n, int fd, struct image_info *out);

struct store_options {
	const char *path;     /* work tree, or the repository when bare */
	const char *branch;   /* main */
	bool bare;            /* without a work tree, when it is created; else
				 one that has none is told of */
	const char *instance; /* for trailers and the lock's message */
	const char *author_name;
	const char *author_email;
	const char *note; /* a line kept in the lock file: the socket's path */
	store_told_fn *told;       /* of what was mended by itself; or NULL */
	store_gets_on_fn *gets_on; /* or NULL */
	void *told_arg;            /* for both */
	store_probe_fn *probe;     /* or NULL: none is a picture */
	bool watches; /* the work tree, where it can: for who stays */
};

/*
 * Open, create if the folder is missing or empty, lock, clear what a killed
 * process left, and finish an interrupted commit.
 */
int store_open(
	const struct store_options *o, struct store **out, struct err *e);
void store_close(struct store *s); /* accepts NULL; drops what is staged */

/*
 * Can what is at path be a store, or be made one, whoever it belongs to?
 * Writes nothing, and takes no lock.  ERR_CONFIG with the way out; ERR_IO
 * where it cannot be read.
 */
int store_may_use(const char *path, bool bare, struct err *e);

/* The path of our file of that name in the git folder; the caller frees it. */
char *store_file(const struct store *s, const char *name);

/* The open state: reads any time, writes only outside of store_commit(). */
struct state *store_state(struct store *s);

/* The branch's commit in hex, as a state has noted it; false: never. */
int state_tip(struct state *s, struct buf *out, bool *found, struct err *e);

/*
 * Where things are, without opening the store: the state file of the
 * repository at path; and pid and note of the daemon that holds the lock (0
 * if none does).
 */
int store_state_path(const char *path, struct buf *out, struct err *e);
int store_holder(
	const char *path, int64_t *pid, struct buf *note, struct err *e);

/*
 * If the state, or a row of it, was found to be damaged: make it again, as
 * store_open() does.  If a constraint of it failed, it is repaired, where it is
 * found not to be sound (store_repair_state()).  Nothing may be staged.  *again
 * says so: then all is to be read.
 */
int store_mend_state(struct store *s, bool *again, struct err *e);

/*
 * Before a pass: a state that is still to be made again, since it is behind
 * the branch or was damaged and that failed, is now.  *again says so: then all
 * is to be read.  Nothing may be staged.
 */
int store_check_history(struct store *s, bool *again, struct err *e);

/* The state's value that says why the work tree is left alone, while it is. */
#define STORE_BESIDE "beside"

/*
 * Look whether what we own is in the store as it was recorded, in the branch
 * and, when its turn is, in the work tree; deep reads all contents.  What is
 * not is told and staged to be restored by the next commit; lost: contents
 * are gone from the repository, so that the work package is to be mapped.
 * Nothing may be staged before.
 */
typedef void store_adrift_fn(void *arg, int64_t work_package, struct str entry,
	struct str path, bool lost);
int store_look(struct store *s, bool deep, store_adrift_fn *fn, void *arg,
	struct err *e);

/*
 * From store_watch() on: did nothing touch the branch, the index and the state,
 * and would store_look() have nothing to look at?  A few system calls, which
 * wait for no disk.  False where that cannot be watched, too.
 */
void store_watch(struct store *s);
bool store_is_at_rest(struct store *s);

/* Where something is not as it should be. */
enum store_place {
	STORE_OBJECTS,
	STORE_BRANCH,
	STORE_WORK_TREE,
	STORE_STATE,
	STORE_SERVER,
};

typedef void store_finding_fn(void *arg, enum store_place place,
	int64_t work_package, struct str path, const char *text);

/*
 * Read all that is ours, and tell what is not as recorded; changes nothing.
 * ERR_CANCELED once another thread has set stop (or NULL).
 */
int store_check(struct store *s, const atomic_bool *stop, store_finding_fn *fn,
	void *arg, struct err *e);

/*
 * Repair the state, if it is not sound by itself: by new indexes, which costs
 * nothing of it, or as store_mend_state() does; or, if rows of it do not fit
 * each other, from the history.  *again says that all is to be read.  Nothing
 * may be staged.
 */
int store_repair_state(struct store *s, bool *again, struct err *e);

/*
 * Grows while a look at all that is ours, or through the history, gets on.  Any
 * thread.
 */
uint64_t store_n_looked(const struct store *s);

/*
 * Tell of what is staged: how it differs from what is recorded, but for what
 * is held.
 */
int store_differences(
	struct store *s, store_finding_fn *fn, void *arg, struct err *e);

/*
 * Put aside what is damaged among packs and loose objects (in the folder
 * opsync/damaged), by their own checksums; objects: hex ids that are known to
 * be.  packs gets the paths of packs that were, indexes of those that only
 * need a new index, one a line.  Then the repository is to be opened again,
 * which saves what else can be read of all that.
 */
int store_set_aside(struct store *s, const struct buf *objects,
	struct buf *packs, struct buf *indexes, struct err *e);
int store_open_again(struct store *s, struct err *e);

/*
 * Until it is set to NULL: documents take over files of others that are where
 * they belong; paths (borrowed) are those that may be, one a line; empty: all.
 */
void store_adopt(struct store *s, const struct buf *paths);

/*
 * Tell of files that staged documents take over, then of files of others
 * where our documents are that none makes (work package 0).
 */
typedef void store_adopted_fn(void *arg, int64_t work_package, struct str path);
int store_adopted(
	struct store *s, store_adopted_fn *fn, void *arg, struct err *e);

/* --- Attachments, as they arrive ---------------------------------------- */

/*
 * A content that arrives in pieces, spooled to disk when it is large, and
 * made a pack when it is very large.  Its MD5 is made on the way: the bytes are
 * borrowed until the next call.
 */
struct store_content;

int store_content_begin(struct store *s, int64_t attachment_id, int64_t size,
	struct store_content **out, struct err *e);
int store_content_add(
	struct store_content *c, const void *bytes, size_t n, struct err *e);
/* Forget it. */
void store_content_drop(struct store_content *c);

/* A small content that has arrived whole. */
struct store_arrival {
	int64_t attachment_id;
	int64_t size;                  /* as announced */
	struct buf bytes;              /* taken */
	struct store_content *content; /* result */
};

/*
 * Make n of them ready to be ended or dropped; they take no more.  On any
 * thread, so that what is long (digests, deflating) is done there; the more,
 * the quicker for each.  Never fails.
 */
void store_contents_arrived(
	struct store *s, struct store_arrival *arrivals, size_t n);

/* What such a one takes of the memory, in bytes. */
size_t store_content_memory(const struct store_content *c);

/*
 * Check size and MD5 (when digest is not none): ERR_DATA if they differ.  On
 * 0 the blob is in the open batch and the attachment staged.  Frees c in any
 * case.
 */
int store_content_end(struct store_content *c, int64_t work_package,
	struct str digest, struct err *e);

/*
 * Look up an attachment whose contents are stored or staged, by its id, size
 * and digest: sets its fetched and, if there is one, image.
 */
int store_attachment(struct store *s, struct attachment *a, struct err *e);

/* --- Staging ------------------------------------------------------------ */

enum store_change {
	STORE_SAME,
	STORE_ADDED,
	STORE_CHANGED,
	STORE_MOVED, /* the document has another path, text changed or not */
};

/*
 * Stage a document of a work package.  ERR_DATA if an attachment's contents
 * are not stored, or a path is taken by a file of another staged document or
 * by a file that is not ours (with other bytes): nothing is staged then.  A
 * path that only the recorded state gives to another document is no error
 * here: that one may move away or go before the commit, whatever the order
 * (see struct store_commit).  claim is the natural path folded.  One that was
 * another entry's is the same document: not there by that entry any more, as
 * long as this is staged, and only a commit that makes it has it go from where
 * it is.
 */
int store_put(struct store *s, int64_t work_package, const struct document *d,
	struct str claim, enum store_change *change, struct err *e);

/* What is staged of a document so far; STORE_SAME: nothing. */
int store_change_of(struct store *s, int64_t work_package, struct str entry,
	enum store_change *out, struct err *e);

/* Stage the removal of a document with its files, by recorded paths. */
int store_drop(
	struct store *s, int64_t work_package, struct str entry, struct err *e);

/* Take back what is staged of a document: it is as recorded again. */
int store_unstage(
	struct store *s, int64_t work_package, struct str entry, struct err *e);

/* Take back what is to be told of its making, before that; or as it was at a
 * path, where it is no more. */
int store_untell(
	struct store *s, int64_t work_package, struct str entry, struct err *e);
int store_untell_at(
	struct store *s, int64_t work_package, struct str path, struct err *e);

/* Stage the row of a work package, and its going. */
void store_put_work_package(
	struct store *s, const struct state_work_package *wp);
void store_drop_work_package(struct store *s, int64_t id);

/* Is its row, or its going, staged? */
bool store_has_staged(struct store *s, int64_t id);

/* What the rows that were staged since the last commit hold: memory. */
size_t store_staged_bytes(const struct store *s);

/*
 * As state_documents() and state_work_package(), with what is staged in place
 * of what it replaces.
 */
int store_documents(struct store *s, int64_t work_package,
	state_document_fn *fn, void *arg, struct err *e);
int store_work_package(struct store *s, int64_t id, bool *found,
	state_work_package_fn *fn, void *arg, struct err *e);
int store_head_of(struct store *s, int64_t id, bool *found,
	struct state_head *out, struct err *e); /* out stays if not found */

/* Likewise, how many work packages are in error for that reason. */
int store_count_failed(
	struct store *s, struct str reason, int64_t *n, struct err *e);

/*
 * Likewise, the first of all work packages but one whose documents claim a
 * path; and the entries of that one which do.
 */
int store_first_claim(struct store *s, struct str claim, int64_t but,
	bool *found, int64_t *work_package, struct err *e);
typedef void store_claim_fn(void *arg, struct str entry);
int store_claims(struct store *s, struct str claim, int64_t work_package,
	store_claim_fn *fn, void *arg, struct err *e);

/*
 * Is a document of another work package at a path on record, or at the one that
 * it claims, and does it stay there?  It is not staged, since it cannot be
 * made, or no entry makes it any more and it is kept.
 */
int store_stuck_at(struct store *s, struct str path, struct str claim,
	int64_t but, bool *stuck, struct err *e);

/* The document that is staged to be at a path, or to have a file there. */
struct store_staged {
	int64_t work_package; /* 0: none is */
	bool beside;          /* with a file; else its text */
	struct buf entry;     /* owned */
	struct buf claim;     /* owned */
	int64_t owner;        /* who has the path on record; 0: nobody */
};

void store_staged_fini(struct store_staged *s);

int store_staged_at(struct store *s, struct str path, struct store_staged *out,
	struct err *e);

/*
 * Who else has a path on record and, as far as is known, keeps it; or has it
 * staged.  0: nobody.
 */
int store_holder_of(struct store *s, struct str path, int64_t but,
	int64_t *work_package, struct err *e);

/*
 * Stage a value for state_put() or state_delete(), that a removal was let
 * through (what the guard weighs: state_guard.h), and an event for
 * state_event_add().  Changes are held as long as there is a "held.mapping".
 */
void store_put_value(struct store *s, const char *key, struct str value);
void store_delete_value(struct store *s, const char *key);
void store_put_removal(struct store *s, int64_t at, int64_t project_id);
void store_put_event(struct store *s, const struct state_event *event);

/* --- Values of unique: -------------------------------------------------- */

struct store_value {
	struct str value;
	int64_t work_package;
	struct str entry;
	unsigned level; /* 0: the mapping's own, 1: with -ID … */
};

/*
 * Those of a document; and the claims on one, with what is staged in place of
 * what it replaces, or in the state alone.
 */
typedef void store_value_fn(void *arg, const struct store_value *v);
int store_values(struct store *s, int64_t work_package, struct str entry,
	store_value_fn *fn, void *arg, struct err *e);
int store_value_claims(struct store *s, struct str value, store_value_fn *fn,
	void *arg, struct err *e);
int state_value_claims(struct state *s, struct str value, store_value_fn *fn,
	void *arg, struct err *e);

/* --- What documents were made of ---------------------------------------- */

/*
 * Stage what the documents of a work package read, instead of before; fresh:
 * there was nothing before.
 */
void store_put_reads(struct store *s, int64_t work_package, bool fresh,
	const struct reads *reads);

/* What is in use at all, so that much need not be asked each time. */
struct store_use {
	bool neighbours; /* documents that read others */
	bool relations;  /* and relations, */
	bool related;    /* of which some are here, from whenever they did */
	bool values;     /* of unique: */
};

int store_in_use(struct store *s, struct store_use *out, struct err *e);

enum store_stale {
	STORE_FRESH,
	STORE_STALE,    /* to be rendered again */
	STORE_UNREAD,   /* to be asked for again, and rendered */
	STORE_UNLISTED, /* with its list of attachments */
};

/*
 * Stage a mark, which leaves one that is more; that of all who read a thing
 * (any, unless NULL: there are some); that there is none any more, if it is
 * not more than most.
 */
void store_put_stale(
	struct store *s, int64_t work_package, enum store_stale stale);
int store_put_readers_stale(struct store *s, enum read_kind kind, int64_t id,
	enum store_stale stale, bool *any, struct err *e);
void store_put_fresh(
	struct store *s, int64_t work_package, enum store_stale most);

/*
 * Mark at once, with what else the state gets in its transaction, and leave a
 * mark that is more: all who read a thing, as stale; all of a project, or
 * (type_id not 0) of one type in it, as to be asked for again.
 */
int store_mark_readers(
	struct store *s, enum read_kind kind, int64_t id, struct err *e);
int store_mark_unread(
	struct store *s, int64_t project_id, int64_t type_id, struct err *e);

/* Each thing that is recorded as read, and is not among reads. */
typedef int store_read_fn(
	void *arg, enum read_kind kind, int64_t id, struct err *e);
int store_lost_reads(struct store *s, int64_t work_package,
	const struct reads *reads, store_read_fn *fn, void *arg, struct err *e);

/*
 * Work packages that together name all things with a name which documents
 * read and which the server has no list of for everybody; and users (with
 * work_package 0) whom none of them names.  Of those that are shown, which are
 * in order; without what is staged.
 */
typedef void store_witness_fn(void *arg, int64_t work_package, int64_t user);
int store_witnesses(struct store *s, const struct ids *shown,
	store_witness_fn *fn, void *arg, struct err *e);

/*
 * One that is shown and read a user, and whose list of attachments names him;
 * 0: none does.  Without what is staged.
 */
int store_lister(struct store *s, const struct ids *shown, int64_t user,
	int64_t *work_package, struct err *e);

/* Did any work package read a thing? */
int store_is_read(struct store *s, enum read_kind kind, int64_t id, bool *read,
	struct err *e);

/* The first so many work packages that are stale. */
typedef void store_stale_fn(
	void *arg, int64_t work_package, enum store_stale stale);
int store_stale(struct store *s, size_t limit, store_stale_fn *fn, void *arg,
	struct err *e);

/* As state_name(), with what is staged; and stage one. */
int store_name(struct store *s, enum read_kind kind, int64_t id, bool *found,
	struct buf *name, struct err *e);
void store_put_name(
	struct store *s, enum read_kind kind, int64_t id, struct str name);

/*
 * Forget, at once, relations and names that nothing reads; but not names that
 * lists of their own tell, nor of what is called otherwise than the
 * configuration has it.
 */
int store_forget_unread(struct store *s, struct err *e);

/* As state_relations(), with what is staged; stage them (none: unknown). */
int store_relations(struct store *s, int64_t work_package, bool *found,
	struct buf *out, struct err *e);
void store_put_relations(
	struct store *s, int64_t work_package, struct str source);

/*
 * Of the work packages whose documents read their relations, those of which
 * none are known, and of the others those in shown (in order) or, where that is
 * NULL, those of these projects (NULL: none).  The caller frees *ids.
 */
int store_relating(struct store *s, const struct ids *shown,
	const struct ids *projects, int64_t **ids, size_t *n, struct err *e);

/* --- Others' commits ----------------------------------------------------- */

struct store_follow {
	bool moved; /* the branch, and the work tree with it */
	bool again; /* the state was behind and made again: read everything */
	size_t n_again; /* commits that were made again on top of theirs */
	char kept_branch[64]; /* of a person's commits that did not fit, or ""
			       */
};

/*
 * The ref for what is fetched of a remote's branch: others', in other work
 * trees of the repository, have their own.  Borrowed.
 */
const char *store_fetched(const struct store *s);

/* Its commit in hex; "": nothing was fetched yet. */
int store_fetched_head(struct store *s, char id[41], struct err *e);

/*
 * Bring the branch to where ref is (a remote's, fetched), with our commits
 * that it does not have on top of it; never a merge.  Nothing may be staged.
 * ERR_CONFIG if another instance has written a path of ours meanwhile; then
 * the branch stays.
 */
int store_follow(struct store *s, const char *ref, struct store_follow *out,
	struct err *e);

/* Before git repack: what it is to be given. */
struct store_gc {
	int fd;          /* its standard input */
	struct buf keep; /* packs that are to stay, one a line; to be freed */
};

/*
 * Before git repack, and behind it.  An fd of -1: the repository is not to be
 * consolidated now, since there is little to do, it says so itself (gc.auto =
 * 0), or it is already.  whole: git came to its end; what it left else is
 * cleared.
 */
int store_gc_begin(struct store *s, struct store_gc *out, struct err *e);
void store_gc_end(struct store *s, int fd, bool whole);

/*
 * The same for a git fetch.  An fd of -1: another one is at work, and this one
 * may be, too, but what it leaves is not cleared.
 */
int store_fetch_begin(struct store *s, int *fd, struct err *e);
void store_fetch_end(struct store *s, int fd, bool whole);

bool store_has_branch(struct store *s, const char *branch);

/* The branch's commit in hex; "": none. */
int store_head(struct store *s, char id[41], struct err *e);

/* What of the branch a remote has not got; commits in hex. */
struct store_backlog {
	char tip[41];  /* the branch's; "": none */
	int64_t n;     /* commits */
	char part[41]; /* the tip, or what can be pushed before it; with that */
	int64_t n_part;
	size_t n_line; /* of them on the line of first parents */
};

/*
 * old is what it has, empty or unknown here: nothing.  The part is at most so
 * many commits of the line, 0: all.
 */
int store_backlog(struct store *s, const char *old, size_t most,
	struct store_backlog *out, struct err *e);

/* --- Committing --------------------------------------------------------- */

/*
 * Told of a staged document that cannot be made, since a path of it is
 * another's (or a folder of it is a file or a link): why says so.  It stays
 * in the store as it was; the row of its work package becomes OUTCOME_FAILED
 * with that reason, unless it was that already and is not staged.  Called
 * before anything is written, so that it may stage and unstage.
 */
typedef void store_refused_fn(
	void *arg, int64_t work_package, struct str entry, const char *why);

typedef void store_kept_fn(
	void *arg, int64_t work_package, struct str path, const char *branch);

struct store_commit {
	int64_t run;             /* settled() may still set it, and the */
	const char *subject;     /* first line of the message */
	const char *body;        /* further paragraphs, or NULL */
	int64_t author_time;     /* stamp: the newest updatedAt; 0: now */
	const char *author_name; /* or NULL: the store's author, as it is for */
	const char *author_email; /* a name that git does not take */
	const char *cursor;       /* trailers; NULL leaves one out */
	const char *mapping;
	/*
	 * More is to come in this pass, which may make room: a document that
	 * cannot be made yet stays staged, with the row of its work package.
	 */
	bool partial;
	store_refused_fn *refused; /* or NULL */
	/* Behind those that are told together: who finds a place now may be
	 * staged again, and then all is looked at again; or NULL. */
	int (*go_on)(void *arg, struct err *e);
	/* Behind that, once: what is staged by then becomes the commit, and
	 * events of it may be staged; or NULL. */
	void (*settled)(void *arg);
	/* Of a person's file that is kept on a branch; likewise, or NULL. */
	store_kept_fn *kept;
	void *arg;

	/* Result. */
	bool promised; /* will be on the branch, whatever failed since */
	char id[41];   /* of the commit that is; "" also if no tree changed */
	size_t n_kept; /* a person's files, kept on kept_branch */
	char kept_branch[64];
};

/*
 * Commit all that is staged (rows without a commit where no file changes).
 * On a failure before the commit point everything stays staged, and it may
 * be tried again; behind it the next store_commit() or store_open() goes on.
 */
int store_commit(struct store *s, struct store_commit *c, struct err *e);

/* Only that of it which comes before anything is written: what it would refuse
 * is told, and staged no more. */
int store_settle(struct store *s, struct store_commit *c, struct err *e);

/*
 * In settled(): tell of the files that were not in the store as recorded, and
 * which that commit restores, ordered by document.
 */
int store_restored(
	struct store *s, store_adrift_fn *fn, void *arg, struct err *e);

/*
 * Does the state know what the history is to say, too (notes.h)?  A commit that
 * is not partial says it, even if no document changes.
 */
int store_has_notes(struct store *s, bool *has, struct err *e);

/* Our instance had that name: what it wrote then is ours. */
int store_was_called(struct store *s, struct str name, struct err *e);

/* Let the state go, if it is held; a failure is store_commit()'s, too. */
void store_let_go(struct store *s);

/* Forget all that is staged, objects too. */
void store_discard(struct store *s);

/* Give back the memory that a long pass needed and the next poll does not. */
void store_rest(struct store *s);

/*
 * Let go of packs that a git, whosoever, has put into others, with their room
 * on the disk; but not while something is staged.
 */
void store_forget_packs(struct store *s);

/* Does it have memory of that kind, even if no pass was long? */
bool store_needs_rest(const struct store *s);

#endif
