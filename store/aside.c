/*
 * aside - damaged packs and objects, put where git does not find them.
 *
 * A pack and its index end with the SHA-1 of all before; so do git's other
 * tables, which are made of them and can be made again.  Objects that are
 * damaged have to go before good ones can take their place.
 *
 * What cannot be opened (too many files are open, its mode) may be sound: then
 * nothing else is put aside, and that is the error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/files.h"
#include "store/parts.h"
#include "store/repository.h"
#include "store/salvage.h"

#define SUM FILE_SHA1
#define INDEX_COUNT 1028 /* the last of 256 numbers behind 8 bytes */
#define INDEX_LEAST (INDEX_COUNT + 4 + 2 * SUM - 1)

struct aside {
	char *objects; /* the folder of objects, with a slash */
	char *to;
	struct err *e;
	int code;
};

/* What is gone, or the disk cannot read, is no matter of who may open it. */
static bool may_open(struct aside *a, const char *file)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT && errno != EIO)
		a->code =
			err_errno(a->e, ERR_IO, errno, "cannot open %s", file);
	return a->code == 0;
}

static bool is_sound(struct aside *a, const char *file, uint8_t sum[SUM])
{
	return !may_open(a, file) || file_check_sha1(file, sum, NULL) == 0;
}

/*
 * A name below objects, which may not be there.  Its place is as it was, so
 * that what can be read after all is found there.
 */
static void move(struct aside *a, const char *name)
{
	char *from = xasprintf("%s%s", a->objects, name);
	char *to = xasprintf("%s/%s", a->to, name);
	char *folder =
		str_dup((struct str){to, (size_t)(strrchr(to, '/') - to)});
	struct stat st;

	if (lstat(from, &st) == 0 && folder_make(folder, 0750, a->e) != 0)
		a->code = ERR_IO;
	else if (rename(from, to) != 0 && errno != ENOENT)
		a->code = err_errno(
			a->e, ERR_IO, errno, "cannot put %s aside", from);
	free(folder);
	free(from);
	free(to);
}

static void move_pack(struct aside *a, const char *stem, bool with_pack)
{
	static const char *const tails[] = {
		"idx", "rev", "bitmap", "mtimes", "pack"};

	for (size_t i = 0; i < ARRAY_LEN(tails) - !with_pack; i++) {
		char *name = xasprintf("pack/%s.%s", stem, tails[i]);

		move(a, name);
		free(name);
	}
}

/*
 * An index tells how many objects there are, and the pack's sum.  One that is
 * damaged is of use, too, if it has the shape of one.
 */
static bool read_index(const char *file, uint8_t count[4], uint8_t pack[SUM])
{
	uint8_t bounds[INDEX_COUNT + 4];
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool good =
		fd >= 0 && fstat(fd, &st) == 0 && st.st_size > INDEX_LEAST &&
		file_pread(fd, bounds, sizeof(bounds), 0, file, NULL) == 0 &&
		file_pread(fd, pack, SUM,
			(uint64_t)st.st_size - (uint64_t)2 * SUM, file,
			NULL) == 0 &&
		memcmp(bounds, "\377tOc\0\0\0\2", 8) == 0;

	for (size_t i = 12; good && i < sizeof(bounds); i += 4)
		good = memcmp(bounds + i - 4, bounds + i, 4) <= 0;
	if (good)
		memcpy(count, bounds + INDEX_COUNT, 4);
	if (fd >= 0)
		close(fd);
	return good;
}

/*
 * Neither git nor libgit2 reads a pack whose first or last bytes are not what
 * its index says, whatever is between them, or goes past an index that is
 * damaged.
 */
static void make_openable(struct aside *a, const char *name)
{
	int n = (int)(strlen(name) - STR(".pack").n);
	char *index = xasprintf("%s/pack/%.*s.idx", a->to, n, name);
	char *useless = xasprintf("%s-damaged", index);
	char *pack = xasprintf("%s/pack/%s", a->to, name);
	uint8_t head[12] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};
	uint8_t sum[SUM];
	uint8_t end[SUM];
	struct stat st;
	int fd = -1;

	if (read_index(index, head + 8, sum))
		fd = open(pack, O_RDWR | O_CLOEXEC);
	else
		rename(index, useless);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		uint64_t size = (uint64_t)st.st_size;

		file_pwrite(fd, head, sizeof(head), 0, pack, NULL);
		if (size < SUM ||
			file_pread(fd, end, SUM, size - SUM, pack, NULL) != 0 ||
			memcmp(end, sum, SUM) != 0)
			file_pwrite(fd, sum, SUM, size, pack, NULL);
	}
	if (fd >= 0)
		close(fd);
	free(index);
	free(useless);
	free(pack);
}

static void look_at_pack(struct aside *a, const char *name, struct buf *packs,
	struct buf *indexes)
{
	char *stem = str_dup((struct str){name, strlen(name) - 5});
	char *pack = xasprintf("%spack/%s", a->objects, name);
	char *index = xasprintf("%spack/%s.idx", a->objects, stem);
	uint8_t sum[SUM] = {0};
	uint8_t named[SUM];
	uint8_t count[4];
	bool sound = is_sound(a, pack, sum);
	bool indexed = is_sound(a, index, named) &&
		       read_index(index, count, named) &&
		       memcmp(named, sum, SUM) == 0;

	if (a->code == 0 && !sound) {
		move_pack(a, stem, true);
		buf_printf(packs, "%s/pack/%s\n", a->to, name);
	} else if (a->code == 0 && !indexed) {
		move_pack(a, stem, false);
		buf_printf(indexes, "%s\n", pack);
	}
	free(stem);
	free(pack);
	free(index);
}

/* What belongs to a pack that is gone, or is damaged by itself. */
static void look_at_other(struct aside *a, const char *name)
{
	static const char *const tails[] = {".rev", ".bitmap", ".mtimes"};
	char *below = xasprintf("pack/%s", name);
	char *file = xasprintf("%s%s", a->objects, below);
	size_t n = strlen(file);
	uint8_t sum[SUM];
	bool good = true;

	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (str_ends(str_of(name), str_of(tails[i])))
			good = is_sound(a, file, sum);
	if (str_ends(str_of(name), STR(".idx"))) {
		char *pack = xasprintf("%.*s.pack", (int)(n - 4), file);

		good = access(pack, F_OK) == 0 || errno != ENOENT;
		free(pack);
	}
	if (!good)
		move(a, below);
	free(below);
	free(file);
}

static void look_at_packs(
	struct aside *a, struct buf *packs, struct buf *indexes)
{
	char *folder = xasprintf("%spack", a->objects);
	DIR *d = opendir(folder);
	struct dirent *entry;

	while (d != NULL && a->code == 0 && (entry = readdir(d)) != NULL)
		if (str_ends(str_of(entry->d_name), STR(".pack")))
			look_at_pack(a, entry->d_name, packs, indexes);
		else
			look_at_other(a, entry->d_name);
	if (d != NULL)
		closedir(d);
	free(folder);
}

/* Also those that one who was killed put there. */
static void make_all_openable(struct aside *a)
{
	char *folder = xasprintf("%s/pack", a->to);
	DIR *d = opendir(folder);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (str_ends(str_of(entry->d_name), STR(".pack")))
			make_openable(a, entry->d_name);
	if (d != NULL)
		closedir(d);
	free(folder);
}

static void look_at_table(struct aside *a, const char *name)
{
	char *file = xasprintf("%s%s", a->objects, name);
	uint8_t sum[SUM];
	struct stat st;

	if (lstat(file, &st) == 0 && !is_sound(a, file, sum))
		move(a, name);
	free(file);
}

/* All of a chain goes with one: they stand on each other. */
static void look_at_chain(struct aside *a)
{
	char *folder = xasprintf("%sinfo/commit-graphs", a->objects);
	DIR *d = opendir(folder);
	struct dirent *entry;
	bool good = true;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		char *file = xasprintf("%s/%s", folder, entry->d_name);
		uint8_t sum[SUM];

		if (str_ends(str_of(entry->d_name), STR(".graph")))
			good &= is_sound(a, file, sum);
		free(file);
	}
	if (d != NULL)
		closedir(d);
	if (!good)
		move(a, "info/commit-graphs/commit-graph-chain");
	free(folder);
}

static void look_at_tables(struct aside *a)
{
	look_at_table(a, "pack/multi-pack-index");
	look_at_table(a, "info/commit-graph");
	look_at_chain(a);
}

static void look_at_folder(struct aside *a, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	while (d != NULL && a->code == 0 && (entry = readdir(d)) != NULL) {
		char *file = xasprintf("%s/%s", folder, entry->d_name);

		if (strlen(entry->d_name) == 38)
			may_open(a, file);
		free(file);
	}
	if (d != NULL)
		closedir(d);
}

/* What a git that could not read them took for gone may be there. */
static void look_at_loose(struct aside *a)
{
	for (unsigned i = 0; i < 256 && a->code == 0; i++) {
		char *folder = xasprintf("%s%02x", a->objects, i);

		if (may_open(a, folder))
			look_at_folder(a, folder);
		free(folder);
	}
}

static void move_loose(struct aside *a, const struct buf *objects)
{
	struct str rest = buf_str(objects);
	struct str line;

	while (a->code == 0 && str_line(&rest, &line)) {
		char *name;

		if (line.n != GIT_OID_HEXSZ)
			continue;
		name = xasprintf("%.2s/%.38s", line.p, line.p + 2);
		move(a, name);
		free(name);
	}
}

int store_set_aside(struct store *s, const struct buf *objects,
	struct buf *packs, struct buf *indexes, struct err *e)
{
	struct aside a = {.e = e};
	const char *folder = git_repository_commondir(s->repo);

	a.objects = xasprintf("%sobjects/", folder);
	a.to = salvage_folder(s);
	objects_drop(s->objects);
	look_at_loose(&a);
	move_loose(&a, objects);
	look_at_packs(&a, packs, indexes);
	make_all_openable(&a);
	look_at_tables(&a);
	free(a.objects);
	free(a.to);
	return a.code;
}

int store_put_aside(struct store *s, const char *file, const char *name,
	char **to, struct err *e)
{
	char *folder =
		xasprintf("%sopsync/damaged", git_repository_path(s->repo));
	int code = folder_make(folder, 0750, e);

	*to = xasprintf("%s/%s-%lld", folder, name, (long long)stamp_now());
	if (code == 0 && rename(file, *to) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot put %s aside", file);
	free(folder);
	return code;
}
