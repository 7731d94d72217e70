/*
 * index_patch - a few entries changed among many.
 *
 * The index that was written before the last one is not removed but kept as a
 * spare: it is the same but for what was changed since.  That and the new
 * changes are written into it, and then the two files change places.  So what
 * is read, written and waited for does not grow with the store; only the
 * digest does, and from the first change on.
 *
 *   index as remembered -> entries found -> spare brought in step, or made as
 *   a copy -> new entries, digest -> on disk -> index linked aside, spare
 *   renamed to index, what was linked renamed to spare
 *
 * Readers see one whole index or the other: a file that any process still has
 * open, or that has another name, is no spare.  Whatever fails leaves the
 * index as it was, and nothing remembered.
 */
#include "store/index_patch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "store/blob_file.h"
#include "store/files.h"
#include "store/index_memo.h"

#define FEW 64 /* changes at once */
#define DIGEST 20
#define PIECE ((uint32_t)64 << 10)

struct write {
	uint32_t offset;
	uint8_t fixed[INDEX_IMAGE_FIXED];
};

struct patch {
	const struct index_file *f;
	struct index_memo *m;
	const char *path;
	char *spare;
	int index; /* the files */
	int next;
	struct stat st; /* of the index */
	struct write *writes;
	size_t n;
	size_t n_new; /* of them, those that were asked for */
};

git_index_entry index_entry_of(const struct index_change *c)
{
	return (git_index_entry){
		.ctime = {(int32_t)c->st.st_ctim.tv_sec,
			(uint32_t)c->st.st_ctim.tv_nsec},
		.mtime = {(int32_t)c->st.st_mtim.tv_sec,
			(uint32_t)c->st.st_mtim.tv_nsec},
		.dev = (uint32_t)c->st.st_dev,
		.ino = (uint32_t)c->st.st_ino,
		.mode = c->mode != 0 ? c->mode : GIT_FILEMODE_BLOB,
		.uid = c->st.st_uid,
		.gid = c->st.st_gid,
		.file_size = (uint32_t)c->st.st_size,
		.id = c->oid,
		.path = c->path,
	};
}

bool index_differs(
	const struct index_file *f, const char *path, const git_oid *known)
{
	struct place at;
	git_oid oid;

	if (beneath_place(f->tree, path, false, &at, NULL) != 0 || at.fd < 0)
		return true;
	return blob_file_hash(&at, &oid, NULL, NULL) != 0 ||
	       !git_oid_equal(&oid, known);
}

/* --- What is to be written ------------------------------------------------ */

static bool plan_change(struct patch *p, const struct index_change *c)
{
	git_index_entry entry = index_entry_of(c);
	struct index_found found;
	bool good = c->has &&
		    index_memo_find(p->m, p->index, c->path, &found, NULL) == 0;

	if (!c->has)
		return false;
	good = good && found.entry != NULL && index_image_is_plain(found.entry);
	if (good) {
		struct write *w = &p->writes[p->n++];

		w->offset = found.offset;
		index_image_encode(&entry, found.entry->n_path, w->fixed);
	}
	index_found_fini(&found);
	return good;
}

static bool is_planned(const struct patch *p, uint32_t offset)
{
	for (size_t i = 0; i < p->n_new; i++)
		if (p->writes[i].offset == offset)
			return true;
	return false;
}

/* As is_doubtful() in index_file.c, with those that are remembered. */
static bool plan_doubt(struct patch *p, uint32_t offset)
{
	struct index_found found;
	bool good;

	if (is_planned(p, offset))
		return true;
	good = index_memo_at(p->m, p->index, offset, &found, NULL) == 0 &&
	       found.entry != NULL;
	if (good) {
		struct index_image_file file = index_image_file(found.entry);

		if (index_differs(p->f, found.entry->path, &file.oid)) {
			struct write *w = &p->writes[p->n++];

			w->offset = offset;
			memcpy(w->fixed, found.entry->raw, sizeof(w->fixed));
			index_image_doubt(w->fixed);
		}
	}
	index_found_fini(&found);
	return good;
}

static bool plan(struct patch *p, const struct index_change *changes, size_t n)
{
	p->writes = xcalloc(n + p->m->racy.n + 1, sizeof(*p->writes));
	for (size_t i = 0; i < n; i++)
		if (!plan_change(p, &changes[i]))
			return false;
	p->n_new = p->n;
	for (size_t i = 0; i < p->m->racy.n; i++)
		if (!plan_doubt(p, p->m->racy.items[i]))
			return false;
	return true;
}

/* --- The spare ------------------------------------------------------------ */

static bool is_spare(const struct patch *p, const struct stat *st)
{
	return file_is_same(&p->m->spare, st) && st->st_nlink == 1 &&
	       st->st_size == p->st.st_size;
}

/*
 * Who opened it as the index, and is not done with it, keeps it.  Whoever opens
 * it at this very moment would have us killed by SIGIO.
 */
static bool is_alone(int fd)
{
	return fcntl(fd, F_SETSIG, SIGURG) == 0 &&
	       fcntl(fd, F_SETLEASE, F_WRLCK) == 0 &&
	       fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
}

/* What has been changed in the index since the spare was the index. */
static int bring_in_step(struct patch *p, struct err *e)
{
	uint8_t fixed[INDEX_IMAGE_FIXED];
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->m->differs.n; i++) {
		uint32_t at = p->m->differs.items[i];

		r = file_pread(p->index, fixed, sizeof(fixed), at, p->path, e);
		if (r == 0)
			r = file_pwrite(
				p->next, fixed, sizeof(fixed), at, p->spare, e);
	}
	return r;
}

static int copy(void *arg, const void *bytes, size_t n, struct err *e)
{
	const struct patch *p = arg;

	return file_write(p->next, bytes, n, p->spare, e);
}

static int make_spare(struct patch *p, struct err *e)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;

	unlink(p->spare);
	p->next = open(p->spare, flags, 0666);
	if (p->next < 0)
		return err_errno(
			e, ERR_IO, errno, "cannot create %s", p->spare);
	return file_give(
		p->index, (uint64_t)p->st.st_size, p->path, copy, p, e);
}

static int get_spare(struct patch *p, struct err *e)
{
	struct stat st;

	p->next = open(p->spare, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (p->next >= 0 && fstat(p->next, &st) == 0 && is_spare(p, &st) &&
		is_alone(p->next))
		return bring_in_step(p, e);
	if (p->next >= 0)
		close(p->next);
	return make_spare(p, e);
}

/* --- Writing -------------------------------------------------------------- */

/* The digest before the first change is known, as far as it was made. */
static struct digest *begin_sum(struct patch *p, uint32_t *at)
{
	struct index_memo *m = p->m;
	uint32_t first = UINT32_MAX;
	size_t k;

	if (m->digests == NULL) {
		m->n_digests = (size_t)p->st.st_size / INDEX_MEMO_STEP + 1;
		m->digests = xcalloc(m->n_digests, sizeof(struct digest *));
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->writes[i].offset < first)
			first = p->writes[i].offset;
	for (k = first / INDEX_MEMO_STEP; k > 0; k--)
		if (m->digests[k] != NULL)
			break;
	*at = (uint32_t)k * INDEX_MEMO_STEP;
	return k > 0 ? digest_copy(m->digests[k]) : digest_sha1();
}

static void remember_sum(
	struct index_memo *m, uint32_t at, const struct digest *d)
{
	struct digest **to = &m->digests[at / INDEX_MEMO_STEP];

	if (at == 0 || at % INDEX_MEMO_STEP != 0)
		return;
	if (*to != NULL)
		digest_end(*to, NULL);
	*to = digest_copy(d);
}

static int sum(struct patch *p, uint8_t out[DIGEST], struct err *e)
{
	uint8_t *bytes = xmalloc(PIECE);
	uint32_t end = (uint32_t)p->st.st_size - DIGEST;
	uint32_t at;
	struct digest *d = begin_sum(p, &at);
	int r = 0;

	for (uint32_t n; r == 0 && at < end; at += n) {
		n = end - at < PIECE ? end - at : PIECE;
		remember_sum(p->m, at, d);
		r = file_pread(p->next, bytes, n, at, p->spare, e);
		if (r == 0)
			digest_add(d, bytes, n);
	}
	digest_end(d, out);
	free(bytes);
	return r;
}

static int write_all(struct patch *p, struct err *e)
{
	uint8_t digest[DIGEST];
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++)
		r = file_pwrite(p->next, p->writes[i].fixed,
			sizeof(p->writes[i].fixed), p->writes[i].offset,
			p->spare, e);
	if (r == 0) /* only a hint: the disk begins while the digest is made */
		sync_file_range(p->next, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (r == 0)
		r = sum(p, digest, e);
	if (r == 0)
		r = file_pwrite(p->next, digest, sizeof(digest),
			(uint64_t)p->st.st_size - DIGEST, p->spare, e);
	if (r == 0 && fchmod(p->next, p->st.st_mode & 0777) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", p->spare);
	return r == 0 ? file_sync_data(p->next, p->spare, e) : r;
}

/* --- Changing places ------------------------------------------------------ */

/* Where the old one cannot be linked aside, there will be no spare. */
static int change_places(struct patch *p, bool *kept, struct err *e)
{
	char *aside = xasprintf("%s_aside", p->spare);
	int r = 0;

	unlink(aside);
	*kept = link(p->path, aside) == 0;
	if (rename(p->spare, p->path) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", p->path);
	if (r == 0 && *kept)
		*kept = rename(aside, p->spare) == 0;
	else
		unlink(aside);
	free(aside);
	return r;
}

/* How the files are now, and what is racy in the new index. */
static int remember(struct patch *p, bool kept, struct err *e)
{
	struct index_memo *m = p->m;
	struct index_places before = m->racy;
	int r = 0;

	m->spare = (struct stat){0};
	if (fstat(p->next, &m->index) != 0)
		return err_errno(e, ERR_IO, errno, "cannot read %s", p->path);
	if (kept && fstat(p->index, &m->spare) != 0)
		m->spare = (struct stat){0};
	m->differs.n = 0;
	for (size_t i = 0; i < p->n; i++)
		index_places_add(&m->differs, p->writes[i].offset);
	m->racy = (struct index_places){0};
	for (size_t i = 0; i < p->n_new; i++)
		index_places_add(&before, p->writes[i].offset);
	for (size_t i = 0; r == 0 && i < before.n; i++) {
		struct index_found found;
		struct index_image_file file = {0};

		r = index_memo_at(m, p->next, before.items[i], &found, e);
		if (r == 0 && found.entry != NULL)
			file = index_image_file(found.entry);
		if (index_is_racy(&file, &m->index))
			index_places_add(&m->racy, before.items[i]);
		index_found_fini(&found);
	}
	free(before.items);
	return r;
}

static int apply(struct patch *p, struct err *e)
{
	bool kept = false;
	int r = get_spare(p, e);

	if (r == 0)
		r = write_all(p, e);
	if (r == 0)
		r = change_places(p, &kept, e);
	if (r == 0)
		r = remember(p, kept, e);
	if (r != 0)
		index_memo_fini(p->m);
	if (p->next >= 0)
		close(p->next);
	return r;
}

static bool may_patch(struct patch *p, size_t n)
{
	const struct index_memo *m = p->m;

	return m != NULL && n <= FEW && m->n_blocks > 0 && !m->many_racy &&
	       m->racy.n <= FEW && p->index >= 0 &&
	       fstat(p->index, &p->st) == 0 && index_memo_is(m, &p->st);
}

static char *spare_of(const struct index_file *f)
{
	return xasprintf("%s/../index_spare", f->folder);
}

int index_patch(const struct index_file *f, const char *path,
	const struct index_change *changes, size_t n, bool *done, struct err *e)
{
	struct patch p = {.f = f, .m = f->memo, .path = path};
	int r = 0;

	p.spare = spare_of(f);
	p.index = open(path, O_RDONLY | O_CLOEXEC);
	p.next = -1;
	*done = may_patch(&p, n) && plan(&p, changes, n);
	if (*done)
		r = apply(&p, e);
	if (p.index >= 0)
		close(p.index);
	free(p.writes);
	free(p.spare);
	return r;
}

void index_forget(const struct index_file *f)
{
	char *spare = spare_of(f);

	unlink(spare);
	free(spare);
	index_memo_fini(f->memo);
}
