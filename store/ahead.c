/*
 * ahead - files of the work tree that are written before their commit.
 *
 *   ahead_add(), … --> gathering --full--> a thread writes them, in turn
 *                          ^                          |
 *                          '----- items <--- written -'--> ahead_end()
 *
 * A commit of many documents would write all their files at its end, when
 * nothing else is to be done.  Several groups may wait for the thread: what it
 * does takes now less, now more than what fills them.  What is gathered when
 * the turn ends is forgotten: so few are not worth a thread, and need no
 * syncfs().
 */
#include "store/ahead.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/behind.h"
#include "base/buf.h"
#include "base/util.h"

#define GROUP 64
#define GROUP_BYTES ((size_t)512 << 10)
#define OPEN 32             /* files that are put on disk one by one */
#define WAITING 4           /* groups */
#define MOST ((size_t)8192) /* files of a turn */
#define DISK_ROOM ((uint64_t)256 << 20) /* that objects and state may need */

struct ahead_file {
	git_oid oid;
	unsigned serial; /* 0: there is none */
	ino_t ino;
	int fd; /* -1: it is closed */
};

struct group {
	const struct ahead *of;
	size_t n;
	struct ahead_file items[GROUP];
	size_t ends[GROUP]; /* of their texts */
	struct buf texts;
	bool failed;
};

struct ahead {
	struct tree_files *files;
	unsigned turn;
	bool closed; /* no more of them in this turn */
	struct behind behind;
	struct group *groups[WAITING + 1]; /* a ring; those not used are NULL */
	size_t gathering;                  /* of them */
	size_t n_begun;                    /* files that are to be written, */
	size_t n_open; /* and those that were there and open */
	size_t n, cap;
	struct ahead_file *items; /* those that were, of groups used again */
};

struct ahead *ahead_new(struct tree_files *files, unsigned turn)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->files = files;
	a->turn = turn;
	behind_init(&a->behind, WAITING);
	return a;
}

/* Whatever fails will fail again, and be told, where it matters. */
static void write_group(void *arg)
{
	struct group *g = arg;
	const struct ahead *a = g->of;
	size_t at = 0;

	for (size_t i = 0; i < g->n && !g->failed; i++) {
		struct ahead_file *f = &g->items[i];
		struct str text = {g->texts.p + at, g->ends[i] - at};

		g->failed = tree_files_write(a->files, a->turn, text,
				    &f->serial, &f->ino) != 0;
		at = g->ends[i];
	}
}

/* Empty a group that is written, or one that will not be. */
static void take_in(struct ahead *a, struct group *g)
{
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

bool ahead_has_room(const struct tree_files *files, uint64_t size)
{
	struct statvfs at;

	return fstatvfs(files->folder, &at) == 0 &&
	       (uint64_t)at.f_bavail * at.f_frsize >= DISK_ROOM + size &&
	       (at.f_files == 0 || at.f_favail >= 2 * MOST);
}

static struct group *gathering(struct ahead *a)
{
	struct group **g = &a->groups[a->gathering];

	if (*g == NULL) {
		*g = xcalloc(1, sizeof(**g));
		(*g)->of = a;
	}
	return *g;
}

/* The next group was begun so long before this one that it is written. */
static void begin(struct ahead *a)
{
	struct group *full = gathering(a);

	a->closed =
		a->closed || a->n_begun >= MOST || !ahead_has_room(a->files, 0);
	if (a->closed)
		return;
	a->n_begun += full->n;
	behind_begin(&a->behind, write_group, full);
	a->gathering = (a->gathering + 1) % ARRAY_LEN(a->groups);
	take_in(a, gathering(a));
}

void ahead_add(struct ahead *a, const git_oid *oid, struct str text)
{
	struct group *g = gathering(a);

	if (a->closed || text.n > GROUP_BYTES)
		return;
	if (text.n > GROUP_BYTES - g->texts.n)
		begin(a);
	if (a->closed)
		return;
	g = gathering(a);
	buf_add_str(&g->texts, text);
	g->items[g->n].oid = *oid;
	g->items[g->n].fd = -1;
	g->ends[g->n++] = g->texts.n;
	if (g->n == GROUP)
		begin(a);
}

void ahead_add_file(
	struct ahead *a, const git_oid *oid, unsigned serial, ino_t ino, int fd)
{
	a->items = grow(a->items, a->n, &a->cap, sizeof(*a->items));
	a->items[a->n++] = (struct ahead_file){*oid, serial, ino, fd};
	if (++a->n_open <= OPEN)
		return;
	close(fd);
	a->items[a->n - 1].fd = -1;
}

bool ahead_has_file(const struct ahead *a, const git_oid *oid)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].fd >= 0 && git_oid_equal(&a->items[i].oid, oid))
			return true;
	return false;
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

	if (to->state == TREE_FILE_TODO && c->has && c->mode == 0 &&
		c->sight != WORKTREE_CURRENT)
		f = find(a, &c->new_oid);
	if (f == NULL)
		return;
	to->serial = f->serial;
	to->ino = f->ino;
	to->fd = f->fd;
	f->serial = 0;
}

/* Wait for what is being written; what is only gathered is forgotten. */
static void join(struct ahead *a)
{
	behind_fini(&a->behind);
	for (size_t i = 0; i < ARRAY_LEN(a->groups); i++) {
		struct group *g = a->groups[i];

		if (g == NULL)
			continue;
		take_in(a, g);
		buf_fini(&g->texts);
		free(g);
	}
}

static void remove_file(const struct ahead *a, const struct ahead_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	tree_files_unwrite(a->files, f->serial);
}

void ahead_end(struct ahead *a, struct tree_file *files, size_t n)
{
	join(a);
	if (a->n > 0)
		qsort(a->items, a->n, sizeof(*a->items), by_oid);
	for (size_t i = 0; i < n && a->n > 0; i++)
		give(a, &files[i]);
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].serial != 0)
			remove_file(a, &a->items[i]);
	if (a->n_begun > 0) /* also where none of them could be written */
		tree_files_end_turn(a->files, a->turn);
	free(a->items);
	free(a);
}
