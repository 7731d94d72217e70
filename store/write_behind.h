#ifndef STORE_WRITE_BEHIND_H
#define STORE_WRITE_BEHIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/behind.h"
#include "base/err.h"
#include "base/hash.h"

/*
 * A file that is written from its beginning to its end: into a buffer, and
 * while that is filled, a thread writes the one before.  What fails to be
 * written is kept and tried again by the next call; each failure is ERR_IO.
 * One thread calls.
 */
struct write_behind {
	uint8_t *out; /* to be filled; NULL once closed */
	size_t n;     /* bytes in it, at most WRITE_BEHIND_SIZE */
	uint64_t at;  /* where in the file it begins */
	/*
	 * Set: of all that was flushed or settled; nothing may be cut off
	 * then.  Borrowed.
	 */
	struct digest *sum;
	bool once; /* set: what is on the disk stays in memory no longer */

	/* Private. */
	const char *name;
	int fd;
	struct {
		uint8_t *bytes;
		size_t n;
		uint64_t at;
		bool summed;
		bool done;
	} full; /* the buffer before, while it is not in the file */
	struct behind behind; /* that writes it */
	uint64_t pushed; /* the disk was told to begin with what is before */
};

#define WRITE_BEHIND_SIZE ((size_t)1 << 20)

/* fd and name (of the file, for words) are borrowed until it is closed. */
void write_behind_open(struct write_behind *w, int fd, const char *name);
void write_behind_close(struct write_behind *w); /* what is left is dropped */

/* Where the next byte goes. */
static inline uint64_t write_behind_end(const struct write_behind *w)
{
	return w->at + w->n;
}

/* Make room: the buffer is empty afterwards. */
int write_behind_flush(struct write_behind *w, struct err *e);

/* The same, and all of it is in the file. */
int write_behind_settle(struct write_behind *w, struct err *e);

/* Is all before that in the file? */
bool write_behind_has(const struct write_behind *w, uint64_t end);

/* Forget what is behind a place before the end. */
void write_behind_cut(struct write_behind *w, uint64_t end);

#endif
