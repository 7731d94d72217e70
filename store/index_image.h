#ifndef STORE_INDEX_IMAGE_H
#define STORE_INDEX_IMAGE_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * git's index (gitformat-index, versions 2 to 4), as the bytes of its file:
 * entries of it, one by one or in a part (index_walk.h has the whole of it).
 */
struct index_image_entry {
	const uint8_t *raw;
	const char *path; /* n_path bytes; ends with NUL */
	uint32_t n_raw;
	uint32_t n_path;
};

struct index_image {
	size_t n;
	struct index_image_entry *items; /* by path and stage */
};

/* What an entry says of its file. */
struct index_image_file {
	uint32_t ctime, ctime_nsec, mtime, mtime_nsec, ino, mode, size;
	bool skipped; /* git sparse-checkout has none of it */
	git_oid oid;
};

/*
 * The entries in some bytes of an index of version 2 or 3, which x borrows.
 * ERR_IO.
 */
int index_image_read_part(
	struct index_image *x, const uint8_t *bytes, size_t n, struct err *e);
void index_image_fini(struct index_image *x);

struct index_image_file index_image_file(const struct index_image_entry *entry);
/* Is that the file as it was when the entry was made? */
bool index_image_fits(
	const struct index_image_file *file, const struct stat *st);
int index_image_stage(
	const struct index_image_entry *entry); /* 0: no conflict */

/*
 * Of each entry so many bytes come before its path.  Made from an entry whose
 * path is that long they take the place of those of a plain one (neither of a
 * conflict nor with more flags); doubted, its file is looked at.
 */
#define INDEX_IMAGE_FIXED 62

void index_image_encode(const git_index_entry *entry, size_t n_path,
	uint8_t fixed[INDEX_IMAGE_FIXED]);
void index_image_doubt(uint8_t fixed[INDEX_IMAGE_FIXED]);
bool index_image_is_plain(const struct index_image_entry *entry);

/*
 * Its parts, for who has not all of its bytes at once.  A reader has some of
 * them, from p, where an entry begins, to end; index_image_next() gives that
 * entry and goes on to the next, or false if there is no whole one.  paths
 * has those of version 4 and must keep before's.
 */
#define INDEX_IMAGE_HEADER 12
#define INDEX_IMAGE_DIGEST 20 /* at the very end */

struct index_image_header {
	uint32_t version;
	uint32_t n; /* entries */
};

struct index_image_reader {
	uint32_t version;
	const uint8_t *p, *end;
	struct arena *paths;
	struct index_image_entry before;
};

/* n: of the whole index.  ERR_IO. */
int index_image_header(const uint8_t *bytes, size_t n,
	struct index_image_header *out, struct err *e);
bool index_image_next(
	struct index_image_reader *r, struct index_image_entry *entry);

/*
 * The next extension, with its head, of those from *p on, which goes behind
 * it; false: there is no whole one.
 */
bool index_image_extension(
	const uint8_t **p, const uint8_t *end, struct str *out);

/* Is it one that may be left out by who does not know it? */
bool index_image_is_optional(struct str extension);

/* What comes before the path of an entry. */
size_t index_image_fixed(const uint8_t *entry);

/* Before version 4 an entry ends with 1 to 8 NULs: so long it is with them. */
size_t index_image_padded(size_t n);

#endif
