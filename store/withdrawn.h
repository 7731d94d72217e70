#ifndef STORE_WITHDRAWN_H
#define STORE_WITHDRAWN_H

#include "store/parts.h"

/*
 * What people withdrew is in the history, too: whenever it is another than a
 * commit of ours said last, the next one has it as a trailer.  So no lost
 * state brings back what must not be seen.
 */

/* The trailer's text, if one is due: the caller frees *text, or it is NULL. */
int withdrawn_due(struct store *s, char **text, struct err *e);

/* A commit has it. */
int withdrawn_said(struct store *s, const char *text, struct err *e);

/* It is not in the history any more: the next one says it again. */
int withdrawn_forget_said(struct store *s, struct err *e);

/* Put into the state what the newest such trailer of ours says. */
int withdrawn_restore(struct store *s, const git_oid *tip, struct err *e);

#endif
