#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "store/parts.h"

/*
 * Save from all packs and loose objects that were put aside what can be read of
 * them and is nowhere else; nothing is staged.  ERR_IO: it cannot be written.
 */
int salvage_packs(struct store *s, struct err *e);

#endif
