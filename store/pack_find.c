/*
 * pack_find - where a blob is in the packs of a repository (gitformat-pack: an
 * idx of version 2, and the head of an entry).
 *
 *   .idx: magic, version | fanout | ids | CRCs | offsets | far offsets | sums
 *
 * libgit2 reads an object of a pack only as a whole.
 */
#include "store/pack_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/str.h"
#include "base/util.h"
#include "store/files.h"

#define FANOUT ((size_t)8)
#define IDS (FANOUT + (size_t)256 * 4)
#define EACH ((size_t)20 + 4 + 4) /* id, CRC, offset */
#define SUMS ((size_t)40)
#define FAR ((uint32_t)1 << 31) /* the rest is the number of a far offset */
#define HEAD_MOST ((size_t)10)
#define TRAILER ((uint64_t)20) /* of a pack: its checksum */

/* An idx in memory. */
struct idx {
	const uint8_t *bytes;
	size_t size;
	size_t n; /* objects */
};

/* A pipe of that name is none, and nobody waits for it. */
static bool open_idx(const char *path, struct idx *x)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	void *bytes = MAP_FAILED;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && (size_t)st.st_size >= IDS + SUMS)
		bytes = mmap(
			NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	x->bytes = bytes;
	x->size = (size_t)st.st_size;
	x->n = be32(x->bytes + IDS - 4);
	if (memcmp(x->bytes, "\377tOc\0\0\0\2", 8) == 0 &&
		(x->size - IDS - SUMS) / EACH >= x->n)
		return true;
	munmap(bytes, x->size);
	return false;
}

static void close_idx(const struct idx *x)
{
	munmap((void *)x->bytes, x->size);
}

static bool find_number(const struct idx *x, const git_oid *oid, size_t *i)
{
	size_t first = oid->id[0];
	size_t low = 0;
	size_t high = be32(x->bytes + FANOUT + 4 * first);

	if (first > 0)
		low = be32(x->bytes + FANOUT + 4 * (first - 1));
	while (low < high && high <= x->n) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(x->bytes + IDS + 20 * mid, oid->id, 20);

		if (order == 0) {
			*i = mid;
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool find_offset(const struct idx *x, size_t i, uint64_t *out)
{
	const uint8_t *offsets = x->bytes + IDS + 24 * x->n;
	const uint8_t *far = offsets + 4 * x->n;
	size_t n_far = (x->size - SUMS - (size_t)(far - x->bytes)) / 8;
	uint32_t offset = be32(offsets + 4 * i);
	const uint8_t *at;

	*out = offset;
	if ((offset & FAR) == 0)
		return true;
	if ((offset & ~FAR) >= n_far)
		return false;
	at = far + 8 * (size_t)(offset & ~FAR);
	*out = (uint64_t)be32(at) << 32 | be32(at + 4);
	return true;
}

/* Type and size: 4 bits, then 7 a byte, the lowest first. */
static bool read_head(const uint8_t *at, size_t n, struct object *out)
{
	unsigned shift = 4;
	size_t i = 0;

	out->type = (git_object_t)(at[0] >> 4 & 7);
	out->size = at[0] & 15;
	while ((at[i] & 0x80) != 0) {
		if (++i == n)
			return false;
		out->size |= (uint64_t)(at[i] & 0x7f) << shift;
		shift += 7;
	}
	return out->type == GIT_OBJECT_BLOB;
}

static bool open_entry(
	const char *path, uint64_t offset, int *fd, struct object *out)
{
	uint8_t head[HEAD_MOST];
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return false;
	if (fstat(*fd, &st) == 0 &&
		(uint64_t)st.st_size >= offset + HEAD_MOST + TRAILER &&
		file_pread(*fd, head, HEAD_MOST, offset, path, NULL) == 0 &&
		read_head(head, HEAD_MOST, out)) {
		out->offset = offset;
		out->length = (uint64_t)st.st_size - TRAILER - offset;
		return true;
	}
	close(*fd);
	return false;
}

/* name ends in ".idx"; the pack is beside it. */
static bool look_in(const char *folder, struct str name, const git_oid *oid,
	int *fd, struct object *out)
{
	char *path = xasprintf("%s/%.*s", folder, STR_ARGS(name));
	struct idx x;
	uint64_t offset = 0;
	bool found = false;
	size_t i;

	if (open_idx(path, &x)) {
		found = find_number(&x, oid, &i) && find_offset(&x, i, &offset);
		close_idx(&x);
	}
	if (found) {
		free(path);
		path = xasprintf(
			"%s/%.*s.pack", folder, (int)(name.n - 4), name.p);
		found = open_entry(path, offset, fd, out);
	}
	free(path);
	return found;
}

bool pack_find(
	const char *folder, const git_oid *oid, int *fd, struct object *out)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	bool found = false;

	*out = (struct object){.oid = *oid};
	while (d != NULL && !found && (entry = readdir(d)) != NULL) {
		struct str name = str_of(entry->d_name);

		found = str_ends(name, STR(".idx")) &&
			look_in(folder, name, oid, fd, out);
	}
	if (d != NULL)
		closedir(d);
	return found;
}
