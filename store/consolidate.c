/*
 * consolidate - when loose objects and small packs become one pack.
 *
 *   packs by size:  small, small, small | small, … | full, full
 *                   become one, with all | stay    | stay for ever
 *                   that is loose        |         |
 *
 * git gc makes one pack of everything, and goes through the whole history for
 * it: in a store of 100,000 work packages with five attachments each that took
 * 380 MiB of memory, and as long as the first sync.  Here git is given as many
 * of the smallest packs as can be dealt with in little memory, and a pack that
 * is full is never written again.
 */
#include "store/consolidate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/str.h"
#include "base/util.h"
#include "store/files.h"

#define MANY_LOOSE 2000
#define MUCH_LOOSE ((int64_t)128 << 20) /* bytes */
#define MANY_PACKS 50
/* Of a pack that is full, and of those that become one. */
#define FULL_OBJECTS 100000U
#define FULL_BYTES ((int64_t)256 << 20)
#define N_AT 1028 /* of an idx (gitformat-pack): how many objects */

struct pack_file {
	char *name; /* with its tail */
	uint32_t n; /* objects */
	int64_t bytes;
};

struct pack_files {
	size_t n, cap;
	struct pack_file *items;
};

static DIR *open_folder(const char *common, const char *name)
{
	char *folder = xasprintf("%s/objects/%s", common, name);
	DIR *d = opendir(folder);

	free(folder);
	return d;
}

/* What lies loose in one of the folders. */
static void add_loose(DIR *d, size_t *n, int64_t *bytes)
{
	struct dirent *entry;

	while ((entry = readdir(d)) != NULL) {
		struct stat st;

		if (strlen(entry->d_name) != 38 ||
			fstatat(dirfd(d), entry->d_name, &st, 0) != 0)
			continue;
		(*n)++;
		*bytes += st.st_size;
	}
}

/*
 * Few may be large: with each change git has the list of a folder's documents
 * once more, which in a pack is little beside the one before.
 */
static bool is_much_loose(const char *common)
{
	size_t n = 0;
	int64_t bytes = 0;

	for (unsigned i = 0; i < 256 && n < MANY_LOOSE && bytes < MUCH_LOOSE;
		i++) {
		char name[] = {"0123456789abcdef"[i >> 4],
			"0123456789abcdef"[i & 15], '\0'};
		DIR *d = open_folder(common, name);

		if (d == NULL)
			continue;
		add_loose(d, &n, &bytes);
		closedir(d);
	}
	return n >= MANY_LOOSE || bytes >= MUCH_LOOSE;
}

/* The file beside a pack with another tail. */
static char *beside(const char *pack, const char *tail)
{
	return xasprintf("%.*s%s", (int)(strlen(pack) - 5), pack, tail);
}

static bool read_n(int folder, const char *pack, uint32_t *n)
{
	char *idx = beside(pack, ".idx");
	int fd = openat(folder, idx, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint8_t bytes[4];
	bool good = fd >= 0 &&
		    file_pread(fd, bytes, sizeof(bytes), N_AT, idx, NULL) == 0;

	if (good)
		*n = be32(bytes);
	if (fd >= 0)
		close(fd);
	free(idx);
	return good;
}

/* git itself leaves those alone that somebody has marked. */
static bool is_marked(int folder, const char *pack)
{
	char *mark = beside(pack, ".keep");
	bool is = faccessat(folder, mark, F_OK, 0) == 0;

	free(mark);
	return is;
}

static void read_packs(const char *common, struct pack_files *packs)
{
	DIR *d = open_folder(common, "pack");
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		struct pack_file p = {0};
		struct stat st;

		if (entry->d_name[0] == '.' || /* not yet made */
			!str_ends(str_of(entry->d_name), STR(".pack")) ||
			fstatat(dirfd(d), entry->d_name, &st, 0) != 0 ||
			!read_n(dirfd(d), entry->d_name, &p.n) ||
			is_marked(dirfd(d), entry->d_name))
			continue;
		p.name = xstrdup(entry->d_name);
		p.bytes = st.st_size;
		packs->items = grow(packs->items, packs->n, &packs->cap,
			sizeof(*packs->items));
		packs->items[packs->n++] = p;
	}
	if (d != NULL)
		closedir(d);
}

static int by_n(const void *a, const void *b)
{
	const struct pack_file *x = a;
	const struct pack_file *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static bool is_full(const struct pack_file *p)
{
	return p->n > FULL_OBJECTS || p->bytes > FULL_BYTES;
}

/* Leave out the smallest, two at least. */
static void choose(const struct pack_files *packs, struct buf *keep)
{
	uint64_t objects = 0;
	int64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < packs->n; i++) {
		const struct pack_file *p = &packs->items[i];
		bool fits = objects + p->n <= FULL_OBJECTS &&
			    bytes + p->bytes <= FULL_BYTES;

		if (is_full(p) || (!fits && n >= 2)) {
			buf_printf(keep, "%s\n", p->name);
			continue;
		}
		objects += p->n;
		bytes += p->bytes;
		n++;
	}
}

bool consolidate_is_due(const char *common, struct buf *keep)
{
	struct pack_files packs = {0};
	size_t n_small = 0;
	bool due;

	read_packs(common, &packs);
	for (size_t i = 0; i < packs.n; i++)
		n_small += !is_full(&packs.items[i]);
	due = n_small > MANY_PACKS || is_much_loose(common);
	if (due && packs.n > 0) {
		qsort(packs.items, packs.n, sizeof(*packs.items), by_n);
		choose(&packs, keep);
	}
	for (size_t i = 0; i < packs.n; i++)
		free(packs.items[i].name);
	free(packs.items);
	return due;
}
