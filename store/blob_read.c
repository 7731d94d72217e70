/*
 * blob_read - the content of a blob, wherever it is in a repository.
 *
 *   small, or a delta        by libgit2, as a whole
 *   loose, whole in a pack   inflated here, in pieces
 *
 * libgit2 reads from no pack in pieces, and has all of a loose object's file in
 * memory, where it is mapped.
 */
#include "store/blob_read.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/util.h"
#include "store/git_error.h"
#include "store/loose.h"
#include "store/loose_read.h"
#include "store/pack_find.h"
#include "store/parcel.h"

#define LARGE ((size_t)1 << 20)

/* What passes by on its way to fn. */
struct passing {
	struct digest *sha1;
	inflate_sink_fn *fn;
	void *arg;
};

static int pass(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct passing *p = arg;

	digest_add(p->sha1, bytes, n);
	return p->fn(p->arg, bytes, n, e);
}

static int compare(struct digest *sha1, const git_oid *oid, struct err *e)
{
	git_oid is;

	digest_end(sha1, is.id);
	if (git_oid_equal(&is, oid))
		return 0;
	return err_set(e, ERR_IO, "object %s is damaged", git_oid_tostr_s(oid));
}

static int read_whole(git_odb *odb, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	git_odb_object *object;
	int r;

	if (git_odb_read(&object, odb, oid) != 0)
		return git_failed(e, "cannot read a blob");
	r = fn(arg, git_odb_object_data(object), git_odb_object_size(object),
		e);
	git_odb_object_free(object);
	return r;
}

/* A file of its own. */
static bool loose_find(const char *folder, const struct object *blob, int *fd,
	struct object *out)
{
	char *path = loose_path(folder, &blob->oid);
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (*fd < 0)
		return false;
	if (fstat(*fd, &st) == 0) {
		*out = *blob;
		out->length = (uint64_t)st.st_size;
		return true;
	}
	close(*fd);
	return false;
}

/* In a folder of objects, packs first, as git; false: none, or a delta. */
static bool read_in(const char *folder, const struct object *blob,
	struct passing *p, int *result, struct err *e)
{
	char *packs = xasprintf("%s/pack", folder);
	struct object it;
	bool found = true;
	int fd;

	if (pack_find(packs, &blob->oid, &fd, &it))
		*result = inflate_entry(fd, &it, pass, p, e);
	else if (loose_find(folder, blob, &fd, &it))
		*result = inflate_loose(fd, &it, pass, p, e);
	else
		found = false;
	if (found)
		close(fd);
	free(packs);
	return found;
}

/* In those of others. */
static bool read_elsewhere(const char *folder, const struct object *blob,
	struct passing *p, int *result, struct err *e)
{
	FILE *f = alternates_open(folder);
	char *other;
	bool found = false;

	while (!found && (other = alternates_next(f, folder)) != NULL) {
		found = read_in(other, blob, p, result, e);
		free(other);
	}
	if (f != NULL)
		fclose(f);
	return found;
}

int blob_read(git_odb *odb, const char *folder, const git_oid *oid,
	inflate_sink_fn *fn, void *arg, struct err *e)
{
	struct passing p = {.fn = fn, .arg = arg};
	struct object blob = {.oid = *oid};
	git_object_t type;
	size_t size;
	int r = 0;

	if (git_odb_read_header(&size, &type, odb, oid) != 0)
		return git_failed(e, "cannot read a blob");
	if (type != GIT_OBJECT_BLOB)
		return err_set(e, ERR_IO, "object %s is no blob",
			git_oid_tostr_s(oid));
	if (size < LARGE)
		return read_whole(odb, oid, fn, arg, e);
	blob.size = size;
	p.sha1 = blob_digest(size);
	if (!read_in(folder, &blob, &p, &r, e) &&
		!read_elsewhere(folder, &blob, &p, &r, e))
		r = read_whole(odb, oid, pass, &p, e);
	if (r == 0)
		return compare(p.sha1, oid, e);
	digest_end(p.sha1, NULL);
	return r;
}
