/*
 * batch_backend - what libgit2 sees of a batch.
 *
 * libgit2 looks for an object here first, and writes here what no part of
 * its database has (so trees and commits that exist are not written again).
 * An unplugged backend has nothing and takes nothing.
 *
 * Before each object that is new, libgit2 would read the folder of packs: that
 * is half of the work for a tree.  It is told to do so only when something may
 * have changed there.
 */
#include "store/batch_backend.h"

#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/files.h"

#define PRIORITY 100                   /* libgit2's own have 1 and 2 */
#define TICK (STAMP_SECOND / 10)       /* of a file system's clock, at most; */
#define TICK_COARSE (3 * STAMP_SECOND) /* of one that tells seconds */

struct batch_backend {
	git_odb_backend base;
	struct batch *batch; /* NULL once unplugged */
	char *packs;
	char *alternates;
	/*
	 * The folder of packs as it was before it was read, if all that comes
	 * later changes its time; and until when that may be believed, since a
	 * reading can fail.
	 */
	struct stat seen;
	bool settled;
	int64_t until;
};

static struct batch *behind(git_odb_backend *base)
{
	return container_of(base, struct batch_backend, base)->batch;
}

static const struct object *find(git_odb_backend *base, const git_oid *oid)
{
	struct batch *b = behind(base);

	return b != NULL ? batch_find(b, oid) : NULL;
}

/* Hand our error to libgit2. */
static int fail(const struct err *e)
{
	git_error_set_str(GIT_ERROR_ODB, e->text);
	return GIT_ERROR;
}

static int copy(void *arg, const void *bytes, size_t n, struct err *e)
{
	uint8_t **at = arg;

	(void)e;
	memcpy(*at, bytes, n);
	*at += n;
	return 0;
}

static int on_read(void **bytes, size_t *n, git_object_t *type,
	git_odb_backend *base, const git_oid *oid)
{
	const struct object *it = find(base, oid);
	struct err err = {0};
	uint8_t *content;
	uint8_t *at;

	if (it == NULL)
		return GIT_ENOTFOUND;
	content = git_odb_backend_data_alloc(base, (size_t)it->size + 1);
	if (content == NULL)
		return GIT_ERROR;
	at = content;
	if (batch_read(behind(base), it, copy, &at, &err) != 0) {
		git_odb_backend_data_free(base, content);
		return fail(&err);
	}
	*at = '\0';
	*bytes = content;
	*n = (size_t)it->size;
	*type = it->type;
	return 0;
}

static int on_read_header(size_t *n, git_object_t *type, git_odb_backend *base,
	const git_oid *oid)
{
	const struct object *it = find(base, oid);

	if (it == NULL)
		return GIT_ENOTFOUND;
	*n = (size_t)it->size;
	*type = it->type;
	return 0;
}

static int on_exists(git_odb_backend *base, const git_oid *oid)
{
	return find(base, oid) != NULL;
}

static int on_write(git_odb_backend *base, const git_oid *oid,
	const void *bytes, size_t n, git_object_t type)
{
	struct batch *b = behind(base);
	struct err err = {0};

	if (b == NULL)
		return GIT_PASSTHROUGH;
	if (batch_find(b, oid) != NULL)
		return 0;
	return batch_add(b, type, bytes, n, oid, &err) != 0 ? fail(&err) : 0;
}

/* Whatever the clock of the file system: it has ticked since. */
static bool is_settled(const struct stat *st)
{
	int64_t least = st->st_mtim.tv_nsec == 0 ? TICK_COARSE : TICK;

	return stamp_now() - file_changed_at(st) > least;
}

/* Comes first; what fails keeps the others from reading. */
static int on_refresh(git_odb_backend *base)
{
	struct batch_backend *p =
		container_of(base, struct batch_backend, base);
	int64_t now = stamp_monotonic();
	struct stat st;

	if (stat(p->packs, &st) != 0)
		return 0;
	if (p->settled && now < p->until && file_is_same(&st, &p->seen))
		return GIT_ENOTFOUND;
	p->seen = st;
	p->settled = is_settled(&st) && access(p->alternates, F_OK) != 0;
	p->until = now + STAMP_SECOND;
	return 0;
}

static void on_free(git_odb_backend *base)
{
	struct batch_backend *p =
		container_of(base, struct batch_backend, base);

	free(p->packs);
	free(p->alternates);
	free(p);
}

struct batch_backend *batch_backend_plug(
	git_odb *odb, struct batch *b, const char *objects)
{
	struct batch_backend *p = xcalloc(1, sizeof(*p));

	git_odb_init_backend(&p->base, GIT_ODB_BACKEND_VERSION);
	p->base.read = on_read;
	p->base.read_header = on_read_header;
	p->base.exists = on_exists;
	p->base.write = on_write;
	p->base.refresh = on_refresh;
	p->base.free = on_free;
	p->batch = b;
	p->packs = xasprintf("%s/pack", objects);
	p->alternates = xasprintf("%s/info/alternates", objects);
	if (git_odb_add_backend(odb, &p->base, PRIORITY) != 0) {
		on_free(&p->base);
		return NULL;
	}
	return p;
}

void batch_backend_unplug(struct batch_backend *p)
{
	if (p != NULL)
		p->batch = NULL;
}
