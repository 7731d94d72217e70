#ifndef STORE_INDEX_MEND_H
#define STORE_INDEX_MEND_H

#include <stdbool.h>

#include "store/parts.h"

/* Is the index, in that file, none that anybody could read? */
bool index_is_damaged(const char *file);

/* Can it be read here, though it has no digest, which libgit2 asks for? */
bool index_has_no_digest(const char *file);

/*
 * Where the index is damaged (it is put aside) or gone, make it again from the
 * branch that is checked out; and the files with it where it is gone and they
 * are, too, or nobody knows that we were here.  ERR_IO.
 */
int index_mend(struct store *s, struct err *e);

#endif
