/*
 * ahead_stream - one large file of the work tree, written as it comes.
 */
#include "store/ahead_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store/write_behind.h"

struct ahead_stream {
	struct tree_files *files;
	unsigned serial;
	int fd; /* -1: given away */
	struct write_behind w;
};

struct ahead_stream *ahead_stream_begin(struct tree_files *files, uint64_t size)
{
	struct ahead_stream *s;
	unsigned serial;
	int fd;

	if (!ahead_has_room(files, size))
		return NULL;
	fd = tree_files_create(files, 0, &serial);
	if (fd < 0)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->files = files;
	s->serial = serial;
	s->fd = fd;
	write_behind_open(&s->w, fd, "a file");
	return s;
}

bool ahead_stream_add(struct ahead_stream *s, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		size_t k = WRITE_BEHIND_SIZE - s->w.n;

		if (k == 0 && write_behind_flush(&s->w, NULL) != 0)
			return false;
		if (k == 0)
			continue;
		if (k > n)
			k = n;
		memcpy(s->w.out + s->w.n, at, k);
		s->w.n += k;
		at += k;
		n -= k;
	}
	return true;
}

void ahead_stream_end(
	struct ahead_stream *s, struct ahead *a, const git_oid *oid)
{
	struct stat st;

	if (write_behind_settle(&s->w, NULL) == 0 && fstat(s->fd, &st) == 0) {
		ahead_add_file(a, oid, s->serial, st.st_ino, s->fd);
		s->fd = -1;
	}
	ahead_stream_drop(s);
}

void ahead_stream_drop(struct ahead_stream *s)
{
	if (s == NULL)
		return;
	write_behind_close(&s->w);
	if (s->fd >= 0) {
		close(s->fd);
		tree_files_unwrite(s->files, s->serial);
	}
	free(s);
}
