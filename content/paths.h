#ifndef CONTENT_PATHS_H
#define CONTENT_PATHS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Paths inside the store: relative, '/' between parts, NFC.
 */

/*
 * Check and normalise a path that a mapping made.  ERR_DATA for what could
 * leave the store or hurt a file system or git: empty, absolute, "." or "..",
 * a part .git (in any case, and what HFS+ and NTFS take for it: .git with
 * ignorable characters, git~1, ".git ", ".git."), .gitattributes, .gitmodules,
 * .gitignore and any other .git*, control characters, NUL, backslash, invalid
 * UTF-8, a part of more than 255 bytes or a path of more than 4096.  Windows'
 * reserved names (con, aux, …) and trailing dots or spaces are errors too.
 */
int paths_check(
	struct arena *a, struct str path, struct str *out, struct err *e);

/*
 * Make a file name of a name that comes from the server: NFC; slashes,
 * control characters, bad bytes and what Windows or a URL takes for something
 * else (: * ? " < > | % #) become '_'; no leading '.' or '-', no trailing dot
 * or space, names that paths_check() refuses get '_' in front, at most 200
 * bytes with the extension kept, never empty ("file").
 */
struct str paths_clean_name(struct arena *a, struct str name);

/*
 * "a/b/name.tar.gz" with -ID before the first dot of the file name, which is
 * cut there if it gets longer than 255 bytes.
 */
struct str paths_with_id(struct arena *a, struct str path, long long id);

/*
 * The path of a document that lost its natural path: -ID before the first
 * dot of the file name; for index.* and _index.* the folder gets it.
 */
struct str paths_document_with_id(
	struct arena *a, struct str path, long long id);

/* to as it is written in a document at from: "img.png", "../x/y.png". */
struct str paths_relative(struct arena *a, struct str from, struct str to);

/*
 * A relative path as an address: what would begin a fragment, a query or a
 * scheme there does not.  Other bytes are as they were.
 */
struct str paths_address(struct arena *a, struct str path);

#endif
