#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

/*
 * What is done to plain files here and there.  All are ERR_IO, or as said, and
 * name the file; name is only for those words.
 */

/* Write all of it, whatever interrupts. */
int file_write(
	int fd, const void *bytes, size_t n, const char *name, struct err *e);
int file_pwrite(int fd, const void *bytes, size_t n, uint64_t at,
	const char *name, struct err *e);

/*
 * Put text in place of a file: old or new, never torn.  For all: all may read
 * it, whatever the umask.  -1 with errno.
 */
int file_replace(const char *path, struct str text, bool for_all);

/* Read exactly n bytes; a file that ends before is an error. */
int file_pread(int fd, void *bytes, size_t n, uint64_t at, const char *name,
	struct err *e);

/* Give its first n bytes to fn, in pieces; also what that fails with. */
typedef int file_sink_fn(void *arg, const void *bytes, size_t n, struct err *e);
int file_give(int fd, uint64_t n, const char *name, file_sink_fn *fn, void *arg,
	struct err *e);

/* A sink whose arg is a struct digest. */
int file_to_digest(void *digest, const void *bytes, size_t n, struct err *e);

#define FILE_SHA1 20 /* bytes */

/*
 * Does a file end with the SHA-1 of all before, as git's do?  ERR_DATA if not;
 * sum gets what it ends with, or zeros.
 */
int file_check_sha1(const char *name, uint8_t sum[FILE_SHA1], struct err *e);

/* Are both of one file, which nobody changed in between?  Zeroed: no. */
bool file_is_same(const struct stat *a, const struct stat *b);

/* When its content was changed last, as a stamp. */
int64_t file_changed_at(const struct stat *st);

/*
 * Put on disk; a folder so that its entries are.  The data alone of a file, and
 * its size if that is another: where only its times changed, ext4 writes no
 * journal (fdatasync(2)).
 */
int file_sync(int fd, const char *name, struct err *e);
int file_sync_data(int fd, const char *name, struct err *e);
int folder_sync(const char *path, struct err *e);

/* Rename without replacing; -1 with errno. */
int file_move_new(const char *from, const char *to);

/* "." or "..", which every folder has? */
bool name_is_dots(const char *name);

/* Remove the files of a folder whose names start with prefix. */
int folder_clean(const char *path, const char *prefix, struct err *e);

#endif
