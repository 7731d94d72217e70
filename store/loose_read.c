/*
 * loose_read - loose objects (gitformat-loose: a zlib stream of "type SIZE", a
 * NUL and the content), read to their end or not at all.
 *
 * libgit2 1.5 waits for the end of a stream that has none, and so would the
 * daemon, after a power cut or on a bad disk.  This part of the database is
 * asked behind the packs and before libgit2's own of loose objects.
 */
#include "store/loose_read.h"

#include <errno.h>
#include <fcntl.h>
#include <git2/sys/odb_backend.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/util.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/loose.h"

#define PRIORITY 2 /* as packs, which were there before */
#define HEAD_MOST 64
#define RATIO 1100 /* nothing is deflated to less than a part of that */

struct loose_read {
	git_odb_backend base;
	size_t n, cap;
	char **folders; /* of objects */
};

/* Where libgit2 wants it. */
struct made {
	void **bytes;
	size_t *n;
	git_object_t *type;
};

static int fail(const char *why, const git_oid *oid)
{
	char *text = xasprintf("loose object %s %s", git_oid_tostr_s(oid), why);

	git_error_set_str(GIT_ERROR_ODB, text);
	free(text);
	return GIT_ERROR;
}

/* All of a file; false with errno. */
static bool read_file(const char *path, uint8_t **bytes, size_t *n)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good = fstat(fd, &st) == 0;
	*n = good ? (size_t)st.st_size : 0;
	*bytes = xmalloc(*n + 1);
	if (good && file_pread(fd, *bytes, *n, 0, path, NULL) != 0) {
		good = false;
		errno = EIO;
	}
	close(fd);
	if (!good)
		free(*bytes);
	return good;
}

/* "blob 12", a NUL: what the stream begins with, and how long that is. */
static bool read_head(const uint8_t *bytes, size_t n, git_object_t *type,
	uint64_t *size, size_t *head)
{
	char text[HEAD_MOST + 1] = "";
	char *space;
	char *end;
	z_stream z = {.next_in = (uint8_t *)bytes,
		.avail_in = (uInt)(n < UINT_MAX ? n : UINT_MAX),
		.next_out = (uint8_t *)text,
		.avail_out = HEAD_MOST};
	int rc = inflateInit(&z);

	if (rc == Z_OK)
		rc = inflate(&z, Z_NO_FLUSH);
	inflateEnd(&z);
	space = strchr(text, ' ');
	*head = strlen(text) + 1;
	if ((rc != Z_OK && rc != Z_STREAM_END) || *head > z.total_out ||
		space == NULL)
		return false;
	*space = '\0';
	*size = strtoull(space + 1, &end, 10);
	*type = git_object_string2type(text);
	return *end == '\0' && git_object_typeisloose(*type) &&
	       *size / RATIO <= n;
}

/* The head is inflated along, and goes again. */
static bool inflate_to(uint8_t *out, size_t head, uint64_t size,
	const uint8_t *bytes, size_t n)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	bool good = d != NULL &&
		    libdeflate_zlib_decompress(d, bytes, n, out,
			    head + (size_t)size, NULL) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(d);
	memmove(out, out + head, (size_t)size);
	out[size] = '\0';
	return good;
}

static int give(git_odb_backend *base, const uint8_t *bytes, size_t n,
	const git_oid *oid, struct made *out)
{
	uint64_t size;
	size_t head;

	if (!read_head(bytes, n, out->type, &size, &head))
		return fail("is damaged", oid);
	*out->bytes = git_odb_backend_data_alloc(base, head + (size_t)size + 1);
	if (*out->bytes == NULL)
		return GIT_ERROR;
	*out->n = (size_t)size;
	if (inflate_to(*out->bytes, head, size, bytes, n))
		return 0;
	git_odb_backend_data_free(base, *out->bytes);
	return fail("is damaged or cut off", oid);
}

/* One that cannot be opened is left to libgit2. */
static int on_read(void **bytes, size_t *n, git_object_t *type,
	git_odb_backend *base, const git_oid *oid)
{
	struct loose_read *l = container_of(base, struct loose_read, base);
	struct made out = {bytes, n, type};
	int code = GIT_ENOTFOUND;

	for (size_t i = 0; i < l->n && code == GIT_ENOTFOUND; i++) {
		char *path = loose_path(l->folders[i], oid);
		uint8_t *file;
		size_t size;

		if (read_file(path, &file, &size)) {
			code = give(base, file, size, oid, &out);
			free(file);
		}
		free(path);
	}
	return code;
}

/* libgit2's own tells them. */
static int on_foreach(git_odb_backend *base, git_odb_foreach_cb fn, void *arg)
{
	(void)base;
	(void)fn;
	(void)arg;
	return 0;
}

static void on_free(git_odb_backend *base)
{
	struct loose_read *l = container_of(base, struct loose_read, base);

	for (size_t i = 0; i < l->n; i++)
		free(l->folders[i]);
	free(l->folders);
	free(l);
}

/* Takes folder. */
static void add_folder(struct loose_read *l, char *folder)
{
	l->folders = grow(l->folders, l->n, &l->cap, sizeof(*l->folders));
	l->folders[l->n++] = folder;
}

FILE *alternates_open(const char *objects)
{
	char *list = xasprintf("%s/info/alternates", objects);
	FILE *f = fopen(list, "re");

	free(list);
	return f;
}

char *alternates_next(FILE *list, const char *objects)
{
	char *line = NULL;
	char *path = NULL;
	size_t cap = 0;

	if (list != NULL && getline(&line, &cap, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		path = line[0] == '/' ? xstrdup(line)
				      : xasprintf("%s/%s", objects, line);
	}
	free(line);
	return path;
}

static void add_alternates(struct loose_read *l, const char *objects)
{
	FILE *f = alternates_open(objects);
	char *path;

	while ((path = alternates_next(f, objects)) != NULL)
		add_folder(l, path);
	if (f != NULL)
		fclose(f);
}

int loose_read_plug(git_odb *odb, const char *objects, struct err *e)
{
	struct loose_read *l = xcalloc(1, sizeof(*l));

	git_odb_init_backend(&l->base, GIT_ODB_BACKEND_VERSION);
	l->base.read = on_read;
	l->base.foreach = on_foreach;
	l->base.free = on_free;
	add_folder(l, xstrdup(objects));
	add_alternates(l, objects);
	if (git_odb_add_backend(odb, &l->base, PRIORITY) == 0)
		return 0;
	on_free(&l->base);
	return git_failed(e, "cannot open the objects in %s", objects);
}

int loose_read_plug_in(git_repository *repo, struct err *e)
{
	char *objects = xasprintf("%sobjects", git_repository_commondir(repo));
	git_odb *odb = NULL;
	int code = git_repository_odb(&odb, repo) == 0
			   ? loose_read_plug(odb, objects, e)
			   : git_failed(e, "cannot open %s", objects);

	git_odb_free(odb);
	free(objects);
	return code;
}
