#ifndef API_READ_H
#define API_READ_H

#include "api/scan.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/work_package.h"

/* What the parsers of the resources share. */

/* What j found wrong, as ERR_UNAVAILABLE: the answer is no JSON. */
int read_fault(const struct scan *j, const char *what, struct err *e);

/* A positive integer; false, and *out untouched, for all else. */
bool read_id(struct str value, int64_t *out);

/* The same, or zero. */
bool read_count(struct str value, int64_t *out);

/* The text of a string without decoding it, or STR_NONE. */
struct str read_raw(struct str value);

/*
 * These decode the value of a member into the arena.  key is for the words
 * of ERR_DATA.  Text and links may be null.
 */
int read_text(struct arena *a, struct str value, const char *key,
	struct str *out, struct err *e);
int read_link(struct arena *a, struct str value, const char *key,
	struct link *out, struct err *e);

/* The same of the next value of a scan, whose faults are seen at its end. */
int read_next_link(struct arena *a, struct scan *j, const char *key,
	struct link *out, struct err *e);

/* A list of links. */
int read_links(struct arena *a, struct str value, const char *key,
	struct link **out, size_t *n, struct err *e);

/*
 * The items of a list in a kept source, each parsed by fn() into size bytes of
 * the arena.  one is for the words of ERR_DATA.  Set the first part.
 */
struct read_kept {
	const char *one; /* "comment" */
	size_t size;
	int (*fn)(struct arena *a, struct str text, int64_t work_package,
		void *item, struct err *e);

	void *items; /* result */
	size_t n;
};
int read_kept(struct read_kept *kept, struct arena *a, struct str source,
	int64_t work_package, struct err *e);

/* The number in a href of ours, 0 for any other. */
int64_t read_href_id(struct str href);

/* Is a member's key customFieldN?  *number gets N. */
bool read_field_key(struct str key, long long *number);

#endif
