#ifndef STORE_NOTES_H
#define STORE_NOTES_H

#include "store/parts.h"

/*
 * What only a person told, and neither a document nor the server says, is in
 * the history, too, as trailers: whenever it is another than a commit of ours
 * said last, the next one says it.  So a lost state neither brings back what
 * must not be seen, nor forgets which documents are ours.
 */
enum note {
	NOTE_WITHDRAWN, /* work packages that people withdrew */
	NOTE_FORMERLY,  /* names that the instance had before */
	N_NOTES
};

/* Texts of trailers; NULL: that one is not due. */
struct notes {
	char *text[N_NOTES];
};

void notes_fini(struct notes *n);

int notes_due(struct store *s, struct notes *out, struct err *e);
bool notes_any(const struct notes *n);
void notes_put(const struct notes *n, struct buf *message);

/* Does a commit of ours say any? */
bool notes_are_in(const git_commit *commit);

/* A commit has them. */
int notes_said(struct store *s, const struct notes *n, struct err *e);

/*
 * After commits of ours went from the branch: what the newest trailers of its
 * tip say is what was said.
 */
int notes_reread(struct store *s, const git_oid *tip, struct err *e);

/*
 * Whose word counts when a state is made again from a commit's history: what
 * that says came after all that the state was told of; or the state knows what
 * came after it; or nobody can tell, and what either withdrew is withdrawn.
 */
enum notes_word { NOTES_OF_BRANCH = 1, NOTES_OF_STATE, NOTES_OF_BOTH };

int notes_weigh(struct store *s, const git_oid *tip, enum notes_word *out,
	struct err *e);

/* Put into the state what the newest such trailers say, if that counts. */
int notes_restore(struct store *s, const git_oid *tip, enum notes_word word,
	struct err *e);

/* The former names that the state knows, into the store. */
int notes_load(struct store *s, struct err *e);

/* Did our instance have that name once? */
bool notes_were_called(const struct store *s, struct str name);

#endif
