#ifndef CONTENT_PATHS_HURT_H
#define CONTENT_PATHS_HURT_H

#include "base/str.h"

/*
 * True if some file system takes the name for .git, .gitmodules or any other
 * .git*: in any case, with characters that HFS+ ignores, with dots, spaces
 * or a stream behind it, or as the short name that NTFS gives it.
 */
bool hurts_git(struct str name);

/* True for the names of Windows' devices, whatever their extension. */
bool hurts_windows(struct str name);

#endif
