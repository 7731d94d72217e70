#ifndef STORE_INDEX_IMAGE_H
#define STORE_INDEX_IMAGE_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * git's index (gitformat-index, versions 2 to 4) as the bytes of its file,
 * and the same with some entries changed: what does not change is copied, not
 * read into anything, so that one change among many costs little.
 */
struct index_image_entry {
	const uint8_t *raw;
	const char *path; /* n_path bytes; ends with NUL */
	uint32_t n_raw;
	uint32_t n_path;
	bool touched; /* of no use to the one that is written */
	bool doubted; /* its file must be looked at */
};

struct index_image {
	uint32_t version;
	size_t n;
	struct index_image_entry *items; /* by path and stage */
	struct arena paths;              /* of version 4 */
	const uint8_t *more;             /* extensions */
	size_t n_more;
};

/* What an entry says of its file. */
struct index_image_file {
	uint32_t ctime, ctime_nsec, mtime, mtime_nsec, ino, mode, size;
	git_oid oid;
};

/*
 * Find the entries; without bytes there are none.  x borrows the bytes.
 * ERR_IO: this is no index, or one that says what is unknown here.  check
 * says whether its digest is to be compared.
 */
int index_image_read(struct index_image *x, const uint8_t *bytes, size_t n,
	bool check, struct err *e);
void index_image_fini(struct index_image *x);

/* The entries in some bytes of an index of version 2 or 3.  ERR_IO. */
int index_image_read_part(
	struct index_image *x, const uint8_t *bytes, size_t n, struct err *e);

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

/* An entry that comes, or takes the place of one. */
struct index_image_new {
	const char *path;
	const git_index_entry *entry; /* NULL: it goes */
};

/*
 * Write the index with these changes, sorted by path, each path once.  What
 * cannot stand beside a path that comes (a file that is its folder, files in
 * what is a file now, conflicts about it) goes.
 */
int index_image_write(struct index_image *x, const struct index_image_new *news,
	size_t n, int fd, const char *name, struct err *e);

#endif
