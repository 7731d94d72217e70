/*
 * workshop - a repository in which many trees are made.
 *
 *   git_tree_create_updated --> workshop --> batch
 *                                   ^
 *                                   `------- the repository's database
 *
 * Before libgit2 writes a tree, it looks for it in all of a database, among
 * loose objects twice.  Of many that are new that takes longer than to make
 * them, so the database here consists of nothing but the batch.
 */
#include "store/workshop.h"

#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

struct workshop {
	git_odb_backend base;
	git_odb *odb;
	struct batch *batch;
};

static struct workshop *behind(git_odb_backend *base)
{
	return container_of(base, struct workshop, base);
}

static int on_read(void **bytes, size_t *n, git_object_t *type,
	git_odb_backend *base, const git_oid *oid)
{
	git_odb_object *object;
	int r = git_odb_read(&object, behind(base)->odb, oid);

	if (r != 0)
		return r;
	*n = git_odb_object_size(object);
	*type = git_odb_object_type(object);
	*bytes = git_odb_backend_data_alloc(base, *n + 1);
	if (*bytes != NULL)
		memcpy(*bytes, git_odb_object_data(object), *n + 1);
	git_odb_object_free(object);
	return *bytes != NULL ? 0 : GIT_ERROR;
}

static int on_read_header(size_t *n, git_object_t *type, git_odb_backend *base,
	const git_oid *oid)
{
	return git_odb_read_header(n, type, behind(base)->odb, oid);
}

static int on_exists(git_odb_backend *base, const git_oid *oid)
{
	return batch_find(behind(base)->batch, oid) != NULL;
}

static int on_write(git_odb_backend *base, const git_oid *oid,
	const void *bytes, size_t n, git_object_t type)
{
	struct err err = {0};

	if (batch_add(behind(base)->batch, type, bytes, n, oid, &err) == 0)
		return 0;
	git_error_set_str(GIT_ERROR_ODB, err.text);
	return GIT_ERROR;
}

static void on_free(git_odb_backend *base)
{
	free(behind(base));
}

static git_odb *database(git_odb *odb, struct batch *b)
{
	struct workshop *w;
	git_odb *mine;

	if (git_odb_new(&mine) != 0)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->odb = odb;
	w->batch = b;
	git_odb_init_backend(&w->base, GIT_ODB_BACKEND_VERSION);
	w->base.read = on_read;
	w->base.read_header = on_read_header;
	w->base.exists = on_exists;
	w->base.write = on_write;
	w->base.free = on_free;
	if (git_odb_add_backend(mine, &w->base, 1) == 0)
		return mine;
	on_free(&w->base);
	git_odb_free(mine);
	return NULL;
}

git_repository *workshop_new(git_odb *odb, struct batch *b)
{
	git_odb *mine = database(odb, b);
	git_repository *repo = NULL;

	if (mine == NULL)
		return NULL;
	if (git_repository_wrap_odb(&repo, mine) != 0)
		repo = NULL;
	git_odb_free(mine); /* the repository holds it */
	return repo;
}
