#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/behind.h"

/*
 * What is committed goes from the state's log to its place in the file on a
 * thread of its own, so that no commit waits for it
 * (https://sqlite.org/wal.html, "Checkpointing").  Durable is what is in the
 * log: a kill or a failure here loses nothing, and the next checkpoint begins
 * where this one ended.
 */
struct checkpoint {
	const char *file; /* borrowed */
	int page_size;    /* of the file, in bytes */
	sqlite3 *db;      /* the thread's, NULL before the first */
	bool moved;       /* the thread was asked to, since the log began */
	atomic_bool running;
	struct behind behind;
};

/*
 * From now on for what writer commits, until it is ended, which waits, before
 * writer is closed.  On the writer's thread.
 */
void checkpoint_begin(
	struct checkpoint *c, sqlite3 *writer, const char *file, int page_size);
void checkpoint_end(struct checkpoint *c); /* accepts one that was not begun */

#endif
