#ifndef STORE_TREE_MEND_H
#define STORE_TREE_MEND_H

#include "store/parts.h"

/*
 * Make trees of a commit that cannot be read again, as far as the index knows
 * what was in them; what stands in their place is put aside.  Opens the
 * repository again.  ERR_IO: something cannot be written.
 */
int tree_mend(struct store *s, const git_oid *commit, struct err *e);

#endif
