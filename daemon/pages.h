#ifndef DAEMON_PAGES_H
#define DAEMON_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A list on its way, page by page.  Zeroed, none is here. */
struct pages {
	size_t n, cap;
	struct buf *bodies; /* owned: the pages, in order */
	size_t listed;      /* elements in them */
	int64_t total;
	int walks; /* that did not count */
};

/*
 * Take the body of a good answer.  With more its figures are read, and it says
 * whether the list goes on behind them: an error if it is none, ERR_AGAIN if it
 * became longer or shorter since the page before, and so may skip one.  NULL:
 * it is all there is, list or not.
 */
int pages_take(struct pages *p, struct buf *body, bool *more, struct err *e);

/*
 * Is a list that changed while it was read (ERR_AGAIN) to be read again?  Then
 * there are neither pages nor an error; but the fifth time it is unavailable.
 */
bool pages_again(struct pages *p, struct err *e);

/* Their texts, which they keep; the array is the caller's to free. */
struct str *pages_strs(const struct pages *p);

void pages_fini(struct pages *p); /* frees, and empties it */

#endif
