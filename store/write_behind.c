/*
 * write_behind - a file written by another thread than the one that makes it.
 *
 * Copying a mebibyte into the system's memory takes as long as hashing it.  The
 * thread begins with the first buffer and ends when all is closed.  Memory that
 * is let go is soon used for what follows; new memory costs several times as
 * much where a virtual machine gives back what is free.
 */
#include "store/write_behind.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/util.h"
#include "store/files.h"

#define PUSH ((uint64_t)8 << 20)

void write_behind_open(struct write_behind *w, int fd, const char *name)
{
	*w = (struct write_behind){.name = name, .fd = fd};
	behind_init(&w->behind, 1);
	w->out = xmalloc(WRITE_BEHIND_SIZE);
	w->full.bytes = xmalloc(WRITE_BEHIND_SIZE);
	w->full.done = true;
}

void write_behind_close(struct write_behind *w)
{
	if (w->out == NULL)
		return;
	behind_fini(&w->behind);
	free(w->out);
	free(w->full.bytes);
	w->out = w->full.bytes = NULL;
}

/* Let the disk begin: only a hint, what fails here fails again in fsync(). */
static void push(struct write_behind *w, uint64_t end)
{
	if (end < w->pushed + PUSH)
		return;
	sync_file_range(w->fd, (off_t)w->pushed, (off_t)(end - w->pushed),
		SYNC_FILE_RANGE_WRITE);
	if (w->once) /* what is not on the disk yet, the next time */
		posix_fadvise(w->fd, 0, (off_t)w->pushed, POSIX_FADV_DONTNEED);
	w->pushed = end;
}

static int write_full(struct write_behind *w, struct err *e)
{
	int r;

	if (w->sum != NULL && !w->full.summed)
		digest_add(w->sum, w->full.bytes, w->full.n);
	w->full.summed = true;
	r = file_pwrite(
		w->fd, w->full.bytes, w->full.n, w->full.at, w->name, e);

	if (r == 0)
		push(w, w->full.at + w->full.n);
	w->full.done = r == 0;
	return r;
}

static void work(void *arg)
{
	write_full(arg, NULL);
}

/* The buffer before is in the file, or it cannot be written. */
static int finish(struct write_behind *w, struct err *e)
{
	behind_wait(&w->behind);
	return w->full.done ? 0 : write_full(w, e);
}

/* The buffer is to be written, and the one before is to be filled. */
static int hand_over(struct write_behind *w, struct err *e)
{
	uint8_t *empty = w->full.bytes;
	int r = finish(w, e);

	if (r != 0)
		return r;
	w->full.bytes = w->out;
	w->full.n = w->n;
	w->full.at = w->at;
	w->full.done = w->full.summed = false;
	w->out = empty;
	w->at += w->n;
	w->n = 0;
	return 0;
}

int write_behind_flush(struct write_behind *w, struct err *e)
{
	int r = hand_over(w, e);

	if (r != 0)
		return r;
	behind_begin(&w->behind, work, w);
	return 0;
}

int write_behind_settle(struct write_behind *w, struct err *e)
{
	int r = hand_over(w, e);

	return r == 0 ? write_full(w, e) : r;
}

bool write_behind_has(const struct write_behind *w, uint64_t end)
{
	return end <= (w->behind.busy || !w->full.done ? w->full.at : w->at);
}

void write_behind_cut(struct write_behind *w, uint64_t end)
{
	if (end >= w->at) {
		w->n = (size_t)(end - w->at);
		return;
	}
	behind_wait(&w->behind);
	if (!w->full.done && end > w->full.at)
		w->full.n = (size_t)(end - w->full.at);
	else if (!w->full.done)
		w->full.done = true; /* all of it is behind the end */
	w->at = end;
	w->n = 0;
	if (w->pushed > end)
		w->pushed = end;
}
