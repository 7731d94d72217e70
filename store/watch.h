#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What was done to files below a folder, by whomever, since they were looked
 * at last: inotify on each folder that holds one, and on those above.
 *
 * A look at everything is watch_begin(), then watch_cover() before each file
 * that is looked at, then watch_end().  From then on watch_read() tells what
 * became of them, and a look at what was touched (cover and end as before)
 * is enough: what happens beside it is told by the next watch_read().  All
 * functions but watch_new() accept NULL: nothing is watched.  One thread.
 */
struct watch;

enum watch_news {
	WATCH_OFF,     /* nobody watches: look as if there were none of this */
	WATCH_QUIET,   /* nothing happened */
	WATCH_TOUCHED, /* at some paths: watch_touched() */
	WATCH_ALL,     /* maybe everywhere */
};

struct watch *watch_new(const char *root);
void watch_free(struct watch *w);

/* What happened until now, and was not looked at. */
enum watch_news watch_read(struct watch *w);

/*
 * The n paths that something happened to, sorted, each once: files, and
 * folders with what is in them, ours or not.  Valid until the next call.
 */
const char *const *watch_touched(struct watch *w, size_t *n);

/* Count a path as touched: it may be in a folder that nobody watches yet. */
void watch_touch(struct watch *w, const char *path);

void watch_begin(struct watch *w);
void watch_cover(struct watch *w, const char *path);

/* A file was seen on that device: one of another file system is not told of. */
void watch_met(struct watch *w, dev_t device);

/* All that was touched was looked at; whole: everything was. */
void watch_end(struct watch *w, bool whole);

/* Are all files that were looked at watched? */
bool watch_is_whole(const struct watch *w);

/* Watch nothing any more, until the next watch_begin(). */
void watch_lose(struct watch *w);

#endif
