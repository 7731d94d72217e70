#ifndef STORE_CONSOLIDATE_H
#define STORE_CONSOLIDATE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Are there so many loose objects or small packs in the repository's folder
 * common that they should be made one pack?  keep gets the packs that are to
 * stay as they are, by their files' names, one a line.  What cannot be read is
 * not there, or stays.
 */
bool consolidate_is_due(const char *common, struct buf *keep);

#endif
