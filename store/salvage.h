#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "store/parts.h"

/* Where it is put before, as git has objects; to be freed. */
char *salvage_folder(struct store *s);

/*
 * Save from all packs and loose objects that were put aside what can be read of
 * them and is nowhere else; nothing is staged.  ERR_IO: it cannot be written.
 */
int salvage_packs(struct store *s, struct err *e);

#endif
