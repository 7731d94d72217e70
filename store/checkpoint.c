/*
 * checkpoint - the state's log, emptied behind its writer.
 *
 *   commit --> log --(16 MiB)--> thread: log --> file
 *
 * The writer goes on at the end of the log meanwhile, and at its beginning once
 * all of it is in the file.  Where a thread does not keep up, the writer waits
 * for it.
 */
#include "store/checkpoint.h"

#include <stddef.h>
#include <stdint.h>

#define FEW (16 << 20)  /* bytes that are worth a turn */
#define MOST (64 << 20) /* so large the log may get */

static void move(void *arg)
{
	struct checkpoint *c = arg;

	if (c->db == NULL &&
		sqlite3_open_v2(c->file, &c->db,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			NULL) != SQLITE_OK) {
		sqlite3_close(c->db);
		c->db = NULL;
	}
	if (c->db != NULL)
		sqlite3_exec(c->db, "PRAGMA wal_checkpoint(PASSIVE)", NULL,
			NULL, NULL);
	atomic_store(&c->running, false);
}

/* What came since the thread began is little: then the log begins anew. */
static void finish(struct checkpoint *c, sqlite3 *writer, const char *name)
{
	behind_wait(&c->behind);
	c->moved = false;
	sqlite3_wal_checkpoint_v2(
		writer, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static int on_commit(void *arg, sqlite3 *writer, const char *name, int pages)
{
	struct checkpoint *c = arg;
	int64_t bytes = (int64_t)pages * c->page_size;

	if (bytes < FEW)
		return SQLITE_OK;
	if (!c->moved) {
		c->moved = true;
		atomic_store(&c->running, true);
		behind_begin(&c->behind, move, c);
	} else if (bytes >= MOST || !atomic_load(&c->running)) {
		finish(c, writer, name);
	}
	return SQLITE_OK;
}

void checkpoint_begin(
	struct checkpoint *c, sqlite3 *writer, const char *file, int page_size)
{
	*c = (struct checkpoint){.file = file, .page_size = page_size};
	behind_init(&c->behind, 1);
	sqlite3_wal_hook(writer, on_commit, c);
}

void checkpoint_end(struct checkpoint *c)
{
	if (c->file == NULL)
		return;
	behind_fini(&c->behind);
	sqlite3_close(c->db);
	*c = (struct checkpoint){0};
}
