#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "store/changes.h"

/*
 * Before a commit: are the large contents that came since
 * contents_forget(), and that the changes name, in the repository still?
 * ERR_IO, with the path, where another git took one away.
 */
int contents_check(struct store *s, const struct changes *c, struct err *e);
void contents_forget(struct store *s);

/* How much of one of that size is looked at for a picture, from its start. */
size_t contents_looked_at(int64_t size);

#endif
