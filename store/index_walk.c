/*
 * index_walk - git's index, a part of it at a time.
 *
 *   file -> part: what is left of the last, and more -> entry after entry
 */
#include "store/index_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/files.h"

#define PART ((size_t)256 << 10) /* stays in a cache */
#define DIGEST INDEX_IMAGE_DIGEST

static int unreadable(
	const struct index_walk *w, const struct err *why, struct err *e)
{
	return err_set(e, ERR_IO, "cannot read %s: %s", w->name,
		why != NULL ? why->text : "it is damaged");
}

/* Keep the path that the next one continues, and no other. */
static void forget_paths(struct index_walk *w)
{
	struct index_image_entry *before = &w->reader.before;
	struct arena paths = w->paths;

	before->path = arena_str(
		&w->others, (struct str){before->path, before->n_path})
			       .p;
	w->paths = w->others;
	w->others = paths;
	arena_reset(&w->others);
}

/* What was not used yet, and more. */
static int read_more(struct index_walk *w, struct err *e)
{
	size_t left = (size_t)(w->reader.end - w->reader.p);
	size_t n = PART;
	int code;

	if (n > w->size - w->read)
		n = (size_t)(w->size - w->read);
	if (left > 0)
		memmove(w->part.p, w->reader.p, left);
	w->part.n = left;
	buf_reserve(&w->part, n);
	code = file_pread(w->fd, w->part.p + left, n, w->read, w->name, e);
	if (code != 0)
		return code;
	if (w->digest != NULL)
		digest_add(w->digest, w->part.p + left, n);
	w->read += n;
	w->part.n += n;
	w->reader.p = (const uint8_t *)w->part.p;
	w->reader.end = w->reader.p + w->part.n;
	if (w->header.version == 4)
		forget_paths(w);
	return 0;
}

/* One that is not there is empty. */
int index_walk_begin(struct index_walk *w, int fd, const char *name, bool check,
	struct err *e)
{
	struct err why = {0};
	struct stat st;
	int code;

	*w = (struct index_walk){
		.fd = fd, .name = name, .header = {.version = 2}};
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return err_errno(e, ERR_IO, errno, "cannot read %s", name);
	if (st.st_size == 0)
		return 0;
	w->size = st.st_size > DIGEST ? (uint64_t)st.st_size - DIGEST : 0;
	if (check)
		w->digest = digest_sha1();
	code = read_more(w, e);
	if (code == 0 && index_image_header(w->reader.p, w->size + DIGEST,
				 &w->header, &why) != 0)
		code = unreadable(w, &why, e);
	if (code != 0)
		return code;
	w->reader.version = w->header.version;
	w->reader.paths = &w->paths;
	w->reader.p += INDEX_IMAGE_HEADER;
	return 0;
}

int index_walk_next(
	struct index_walk *w, struct index_image_entry *entry, struct err *e)
{
	int code = 0;

	while (code == 0 && !index_image_next(&w->reader, entry))
		code = w->read < w->size ? read_more(w, e)
					 : unreadable(w, NULL, e);
	return code;
}

uint64_t index_walk_offset(
	const struct index_walk *w, const struct index_image_entry *entry)
{
	return w->read - (uint64_t)(w->reader.end - entry->raw);
}

int index_walk_rest(struct index_walk *w, struct err *e)
{
	int code = 0;

	while (code == 0 && w->read < w->size)
		code = read_more(w, e);
	return code;
}

int index_walk_end(struct index_walk *w, struct err *e)
{
	static const uint8_t none[DIGEST];
	uint8_t expected[DIGEST];
	uint8_t digest[DIGEST];
	int code;

	if (w->digest == NULL)
		return 0;
	code = index_walk_rest(w, e);
	digest_end(w->digest, digest);
	w->digest = NULL;
	if (code == 0)
		code = file_pread(w->fd, expected, DIGEST, w->size, w->name, e);
	if (code == 0 && memcmp(digest, expected, DIGEST) != 0 &&
		memcmp(none, expected, DIGEST) != 0)
		code = unreadable(w, NULL, e);
	return code;
}

void index_walk_fini(struct index_walk *w)
{
	if (w->digest != NULL)
		digest_end(w->digest, NULL);
	arena_fini(&w->paths);
	arena_fini(&w->others);
	buf_fini(&w->part);
}

/* No zeros, which a lost power left: then what it says is what git wrote. */
static int read_all(struct index_walk *w, bool *known)
{
	struct index_image_entry entry;
	struct str x;
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < w->header.n; i++) {
		code = index_walk_next(w, &entry, NULL);
		if (code == 0 && index_image_file(&entry).mode == 0)
			code = ERR_IO;
	}
	if (code == 0)
		code = index_walk_rest(w, NULL);
	while (code == 0 && w->reader.p < w->reader.end) {
		if (!index_image_extension(&w->reader.p, w->reader.end, &x) ||
			x.p[0] == '\0')
			return ERR_IO;
		*known &= index_image_is_optional(x);
	}
	return code;
}

bool index_is_readable(const char *file, bool *known)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct index_walk w;
	int code = index_walk_begin(&w, fd, file, false, NULL);

	*known = true;
	if (code == 0)
		code = read_all(&w, known);
	index_walk_fini(&w);
	if (fd >= 0)
		close(fd);
	return code == 0;
}
