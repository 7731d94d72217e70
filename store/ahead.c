/*
 * ahead - files of the work tree that are written before their commit.
 *
 *   ahead_add(), … --> gathering --full--> a thread writes them --> items
 *                                                      ahead_give() <--'
 *
 * A commit of many documents would write all their files at its end, when
 * nothing else is to be done.  What is gathered when the turn ends is
 * forgotten: so few are not worth a thread, and need no syncfs().
 */
#include "store/ahead.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/util.h"

#define GROUP 64
#define GROUP_BYTES ((size_t)1 << 20)
#define MOST ((size_t)8192)             /* files of a turn */
#define DISK_ROOM ((uint64_t)256 << 20) /* that objects and state may need */

struct ahead_file {
	git_oid oid;
	unsigned serial; /* 0: there is none */
	ino_t ino;
};

struct ahead_group {
	struct tree_files *files;
	unsigned turn;
	size_t n;
	struct ahead_file items[GROUP];
	size_t ends[GROUP]; /* of their texts */
	struct buf texts;
	bool failed;
};

static unsigned turn_of(const struct ahead *a)
{
	return a->second ? 2 : 1;
}

static void begin_turn(struct ahead *a, struct tree_files *files, bool second)
{
	*a = (struct ahead){.files = files, .second = second};
	behind_init(&a->behind);
}

void ahead_init(struct ahead *a, struct tree_files *files)
{
	begin_turn(a, files, false);
}

static void group_free(struct ahead_group *g)
{
	if (g == NULL)
		return;
	buf_fini(&g->texts);
	free(g);
}

/* Whatever fails will fail again, and be told, where it matters. */
static void write_group(void *arg)
{
	struct ahead_group *g = arg;
	size_t at = 0;

	for (size_t i = 0; i < g->n && !g->failed; i++) {
		struct ahead_file *f = &g->items[i];
		struct str text = {g->texts.p + at, g->ends[i] - at};

		g->failed = tree_files_write(g->files, g->turn, text,
				    &f->serial, &f->ino) != 0;
		at = g->ends[i];
	}
}

/* Wait for what is being written, and take it in. */
static void join(struct ahead *a)
{
	struct ahead_group *g = a->written;

	behind_wait(&a->behind);
	if (g == NULL)
		return;
	a->closed = a->closed || g->failed;
	for (size_t i = 0; i < g->n; i++) {
		if (g->items[i].serial == 0)
			continue;
		a->items = grow(a->items, a->n, &a->cap, sizeof(*a->items));
		a->items[a->n++] = g->items[i];
	}
	g->n = 0;
	buf_clear(&g->texts);
	memset(g->items, 0, sizeof(g->items));
}

static bool has_room(const struct ahead *a)
{
	struct statvfs at;

	return fstatvfs(a->files->folder, &at) == 0 &&
	       (uint64_t)at.f_bavail * at.f_frsize >= DISK_ROOM &&
	       (at.f_files == 0 || at.f_favail >= 2 * MOST);
}

static void begin(struct ahead *a)
{
	struct ahead_group *full = a->gathering;

	join(a);
	a->closed = a->closed || a->n >= MOST || !has_room(a);
	if (a->closed)
		return;
	a->gathering = a->written;
	a->written = full;
	behind_begin(&a->behind, write_group, full);
}

void ahead_add(struct ahead *a, const git_oid *oid, struct str text)
{
	struct ahead_group *g = a->gathering;

	if (!a->closed && g != NULL && text.n <= GROUP_BYTES &&
		text.n > GROUP_BYTES - g->texts.n)
		begin(a);
	if (a->closed || text.n > GROUP_BYTES)
		return;
	g = a->gathering;
	if (g == NULL) {
		g = a->gathering = xcalloc(1, sizeof(*g));
		g->files = a->files;
		g->turn = turn_of(a);
	}
	buf_add_str(&g->texts, text);
	g->items[g->n].oid = *oid;
	g->ends[g->n++] = g->texts.n;
	if (g->n == GROUP)
		begin(a);
}

static int by_oid(const void *a, const void *b)
{
	const struct ahead_file *x = a;
	const struct ahead_file *y = b;

	return git_oid_cmp(&x->oid, &y->oid);
}

/* The first one of a content that nobody has yet; or NULL. */
static struct ahead_file *find(struct ahead *a, const git_oid *oid)
{
	size_t low = 0;
	size_t high = a->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (git_oid_cmp(&a->items[mid].oid, oid) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < a->n && git_oid_equal(&a->items[low].oid, oid); low++)
		if (a->items[low].serial != 0)
			return &a->items[low];
	return NULL;
}

static void give(struct ahead *a, struct tree_file *to)
{
	const struct worktree_change *c = to->change;
	struct ahead_file *f = NULL;

	if (c->has && c->mode == 0 && c->sight != WORKTREE_CURRENT)
		f = find(a, &c->new_oid);
	if (f == NULL)
		return;
	to->serial = f->serial;
	to->ino = f->ino;
	f->serial = 0;
}

void ahead_give(struct ahead *a, struct tree_file *files, size_t n)
{
	join(a);
	if (a->n > 0)
		qsort(a->items, a->n, sizeof(*a->items), by_oid);
	for (size_t i = 0; i < n && a->n > 0; i++)
		give(a, &files[i]);
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].serial != 0)
			tree_files_unwrite(a->files, a->items[i].serial);
	if (a->n > 0)
		tree_files_end_turn(a->files, turn_of(a));
	group_free(a->gathering);
	group_free(a->written);
	free(a->items);
	behind_fini(&a->behind); /* none rests beside an idle store */
	begin_turn(a, a->files, !a->second);
}

void ahead_drop(struct ahead *a)
{
	ahead_give(a, NULL, 0);
}

void ahead_fini(struct ahead *a)
{
	ahead_drop(a);
	behind_fini(&a->behind);
}
