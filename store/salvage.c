/*
 * salvage - what can still be read of what was put aside.
 *
 *   opsync/damaged/unread/ --each object that is nowhere else--> a new pack
 *     then: opsync/damaged/TIME/, which is not read again
 *
 * That is done when the repository is opened again, or by the next start.
 *
 * Each is read by itself, in a pack at the place that the index tells, so that
 * one that is damaged costs nothing but itself and what is kept as a difference
 * to it.  (git unpack-objects, which needs no index, comes no further than the
 * first that cannot be inflated.)  Loose ones are there, too: those that git
 * fsck complains of, or names as what lies elsewhere, may be sound.
 */
#include "store/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/blob_read.h"
#include "store/git_error.h"
#include "store/loose_read.h"

#define LARGE ((size_t)1 << 20)

struct salvage {
	struct store *s;
	char *folder;  /* of objects, as git has them */
	git_odb *from; /* it */
	git_odb *to;
	size_t n; /* were saved */
	int code;
	struct err *e;
};

static int add(void *arg, const void *bytes, size_t n, struct err *e)
{
	return blob_stream_add(arg, bytes, n, e);
}

/* Whether it could be read, too, is known at its end. */
static void save_large(struct salvage *v, const git_oid *oid, uint64_t size)
{
	struct blob_stream *stream;
	git_oid id;

	v->code = blob_stream_begin(v->s->objects, size, &stream, v->e);
	if (v->code != 0)
		return;
	if (blob_read(v->from, v->folder, oid, add, stream, NULL) == 0) {
		v->code = blob_stream_end(stream, &id, v->e);
		v->n += v->code == 0;
	}
	blob_stream_drop(stream);
}

/* libgit2 compares what it reads with the id. */
static void save_small(struct salvage *v, const git_oid *oid)
{
	git_odb_object *object;
	git_oid id;

	if (git_odb_read(&object, v->from, oid) != 0)
		return;
	if (git_odb_write(&id, v->to, git_odb_object_data(object),
		    git_odb_object_size(object),
		    git_odb_object_type(object)) == 0)
		v->n++;
	else
		v->code = git_failed(
			v->e, "cannot save object %s", git_oid_tostr_s(oid));
	git_odb_object_free(object);
}

static int save(const git_oid *oid, void *arg)
{
	struct salvage *v = arg;
	git_object_t type;
	size_t size;

	if (objects_has(v->s->objects, oid) ||
		git_odb_read_header(&size, &type, v->from, oid) != 0)
		return 0;
	if (type == GIT_OBJECT_BLOB && size >= LARGE)
		save_large(v, oid, size);
	else
		save_small(v, oid);
	return v->code;
}

static void save_all(struct salvage *v)
{
	if (git_odb_open(&v->from, v->folder) != 0 ||
		git_repository_odb(&v->to, v->s->repo) != 0)
		v->code = git_failed(v->e, "cannot open %s", v->folder);
	else
		v->code = loose_read_plug(v->from, v->folder, v->e);
	if (v->code == 0)
		git_odb_foreach(v->from, save, v); /* as far as it comes */
	git_odb_free(v->from);
	git_odb_free(v->to);
}

char *salvage_folder(struct store *s)
{
	return xasprintf(
		"%sopsync/damaged/unread", git_repository_path(s->repo));
}

/* What a person prunes from the history does not come again from there. */
static int note_read(const char *folder, struct err *e)
{
	char *to =
		xasprintf("%.*s%lld", (int)(strlen(folder) - strlen("unread")),
			folder, (long long)stamp_now());
	int code = 0;

	if (rename(folder, to) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot rename %s", folder);
	free(to);
	return code;
}

int salvage_packs(struct store *s, struct err *e)
{
	struct salvage v = {.s = s, .e = e};

	v.folder = salvage_folder(s);
	if (access(v.folder, F_OK) == 0) {
		save_all(&v);
		if (v.code == 0 && v.n > 0)
			v.code = objects_seal(s->objects, e);
		else
			objects_drop(s->objects);
		if (v.code == 0)
			v.code = note_read(v.folder, e);
	}
	if (v.code == 0 && v.n > 0)
		store_tell(s, LOG_LEVEL_NOTICE,
			"%zu objects of what was put aside could be read", v.n);
	free(v.folder);
	return v.code;
}
