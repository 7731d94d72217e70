#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include <git2.h>

#include "store/attributes.h"
#include "store/objects.h"
#include "store/query.h"
#include "store/staged_reads.h"
#include "store/store.h"
#include "store/trees.h"
#include "store/watch.h"
#include "store/worktree.h"

#define LOOK_SHARE 100 /* a look takes one of so much time, at most */

/* The new value of our branch, in a file of its own. */
struct branch_draft {
	int fd;
	git_oid to;
	bool synced;
};

/* What an open store is made of: for the files of this module only. */
struct store {
	char *path; /* as configured, for messages */
	char *ref;  /* refs/heads/BRANCH */
	char *fetched;
	char *instance;
	struct buf former; /* names that it had before, see notes.c */
	char *author_name;
	char *author_email;
	char *tmp; /* our temporary files, in the repository's folder */
	char *state_file;
	char *lock_file;
	int lock; /* on it, held while the store is open */
	git_repository *repo;
	struct trees trees; /* of it */
	struct objects *objects;
	struct worktree *worktree; /* NULL: bare, */
	bool bare;                 /* and meant to be */
	bool watches;              /* as asked for, */
	struct watch *watch;       /* where there is a work tree; or NULL */
	struct state *state;       /* with the staged_… tables beside it */
	struct staged_reads reads; /* and this, which is no table */
	size_t staged_bytes;       /* of sources */
	struct contents {
		git_oid *oids;
		size_t n;
		size_t cap;
	} large;                  /* that came, see content.h */
	bool laden;               /* with what store_rest() gives back */
	struct timespec packs_at; /* when a pack came or went last */
	bool beside;              /* told: the work tree is not ours now */
	struct err broken; /* first failure of a function without result */

	/*
	 * What the branch held and whether it was checked out when the first
	 * document since the last commit was staged: asked once a batch.
	 * What changes meanwhile is found by the commit.
	 */
	bool looked;
	bool checked_out;
	bool alone; /* nothing in the tree is another's */
	git_oid tip_tree;

	/* Of the last look at what we own (look.c). */
	atomic_uint_least64_t n_looked; /* see store_n_looked() */
	git_oid seen_tip;  /* the branch was like the state then, or is made so
			    */
	int64_t n_foreign; /* files in it that no document has on record */
	int64_t look_at;   /* monotonic: when the work tree's turn is, */
	int64_t walk_at;   /* and that of the branch's trees; */
	int64_t walk_quiet_at;       /* where nothing touched the objects: */
	struct watch *objects_watch; /* on their folders; or NULL */
	struct watch *folder_watch;  /* on the repository's; or NULL */

	git_oid gap; /* a commit that history_walk() found missing; or zero */

	/* Of a promise (intent.c). */
	git_oid promised; /* the commit that was made last, by this process */
	struct keeping *begun;     /* beside all else */
	struct branch_draft draft; /* what branch_prepare() wrote, */
	bool drafted;              /* if it did */

	const struct buf
		*adopt; /* paths, one a line; NULL: none is taken over */

	struct attributes attributes;

	store_told_fn *told;       /* or NULL */
	store_gets_on_fn *gets_on; /* or NULL, as soon as it is open */
	void *told_arg;
	store_probe_fn *probe; /* or NULL */
	int64_t doubt_at;      /* monotonic: when a doubt is looked into */
};

/*
 * Move a damaged file to opsync/damaged, to a name of its own with the time;
 * *to is that path, to be freed in any case.  ERR_IO.
 */
int store_put_aside(struct store *s, const char *file, const char *name,
	char **to, struct err *e);

/* Tell the daemon what a person should know. */
void store_tell(const struct store *s, enum log_level level, const char *fmt,
	...) PRINTF_LIKE(3, 4);

/*
 * Has a constraint of the state failed?  Then it is looked at whole, and
 * repaired where it is not sound, as by store_repair_state().
 */
int check_doubt(struct store *s, bool *again, struct err *e);

/* Something that takes long has come on by a step. */
void store_gets_on(struct store *s);

/*
 * When what is watched is to be looked at whole again, after a look that took
 * so long: monotonic.
 */
int64_t store_watched_turn(int64_t took);

/* What the work tree shows; of a bare repository, nothing of ours. */
enum shown {
	SHOWS_OURS,
	SHOWS_ANOTHER, /* another branch, or a commit and no branch */
	SHOWS_UNKNOWN, /* HEAD is damaged, or cannot be read now */
};

enum shown store_shown(struct store *s);

/* Is our branch checked out, so that work tree and index follow it? */
bool store_is_checked_out(struct store *s);

/*
 * Are the lock and the state that we have those at the store's path?  Asked
 * before anything is written: another folder may have been put there, with a
 * state of its own (ERR_REPLACED), or none (ERR_IO).
 */
int store_check_place(const struct store *s, struct err *e);

/*
 * Open the repository again, and save what can be read of what was put aside.
 * Its watches, work tree and objects are others then.
 */
int store_reopen(struct store *s, struct err *e);

/* Our branch's commit; the zero id if it has none yet. */
int store_tip(struct store *s, git_oid *out, struct err *e);

#endif
