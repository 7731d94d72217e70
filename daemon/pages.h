#ifndef DAEMON_PAGES_H
#define DAEMON_PAGES_H

#include "api/client.h"

/* A list on its way, page by page.  Zeroed, none is here. */
struct pages {
	size_t n, cap;
	struct buf *bodies; /* owned: the pages, in order */
	size_t listed;      /* elements in them */
};

/*
 * Take the body of a good answer.  With more its figures are read, and it says
 * whether the list goes on behind them; what is no list gives an error, in
 * which the request is named.  NULL: it is all there is, list or not.
 */
int pages_take(struct pages *p, struct api_request *request, bool *more,
	struct err *e);

/* Their texts, which they keep; the array is the caller's to free. */
struct str *pages_strs(const struct pages *p);

void pages_fini(struct pages *p); /* frees, and empties it */

#endif
