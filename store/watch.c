/*
 * watch - inotify on the folders of a work tree that hold files of ours.
 *
 *   begin -> cover, cover, ... -> end     all was looked at, and is watched
 *   read -> touched -> cover, ... -> end  what was touched was looked at again
 *
 * A folder is watched before what is in it is looked at, and what is looked
 * at was read from the queue before: whatever comes later is in the queue for
 * the next time, so that there is no moment in which a change passes unseen.
 * Our own writes are events like all others.
 *
 * An event names a file or folder in a folder that is watched.  A folder that
 * comes, goes or is renamed counts with all below it, and its watches are made
 * anew by the look at it.  What inotify does not tell, whether a queue that
 * ran over or a root that was moved, leads to a look at everything; and where
 * it cannot tell all (file systems that others write to over a network, too
 * many folders, none left of what the kernel grants a user) nothing is
 * watched, and it is tried again an hour later.
 */
#include "store/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/stamp.h"
#include "base/str.h"
#include "base/util.h"

#define MAX_FOLDERS 16384 /* each keeps 1.4 KiB of the kernel's memory */
#define UNTOLD 8192      /* taken for what a user may have, if that is hidden */
#define MAX_TOUCHED 2048 /* more are looked at as everything */
#define REST (3600 * STAMP_SECOND)
#define XFS 0x58465342
#define ZFS 0x2fc12fc1
#define BCACHEFS 0xca451a4e
#define EVENTS                                                                 \
	(IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM |              \
		IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF |         \
		IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR | IN_DONT_FOLLOW)
#define MOVED (IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)

struct folder {
	int wd;
	char *path; /* "" for the root; NULL: not watched any more */
};

struct watch {
	char *root;
	int fd;       /* -1: off */
	int64_t off;  /* until then, monotonic */
	dev_t device; /* of the root */
	size_t max;   /* of folders */
	bool whole;   /* all that was looked at is watched */
	bool all;     /* too much was touched for a list */
	size_t n;     /* of folders, by wd: the kernel counts up */
	size_t cap;
	struct folder *folders;
	size_t n_touched;
	size_t cap_touched;
	char **touched;
	struct buf last; /* the folder covered last, with a slash, in a look */
};

struct watch *watch_new(const char *root)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->root = xstrdup(root);
	w->fd = -1;
	return w;
}

static void forget_touched(struct watch *w)
{
	for (size_t i = 0; i < w->n_touched; i++)
		free(w->touched[i]);
	w->n_touched = 0;
}

static void stop(struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->whole = false;
	for (size_t i = 0; i < w->n; i++)
		free(w->folders[i].path);
	w->n = 0;
}

void watch_lose(struct watch *w)
{
	if (w == NULL)
		return;
	stop(w);
	forget_touched(w);
	w->all = false;
}

/* It will not do here; what was touched may just be gone through. */
static void give_up(struct watch *w)
{
	stop(w);
	w->off = stamp_monotonic() + REST;
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	watch_lose(w);
	buf_fini(&w->last);
	free(w->folders);
	free(w->touched);
	free(w->root);
	free(w);
}

/* --- What is watched ------------------------------------------------------ */

/* Does this kernel see whatever is written there? */
static bool tells_all(const char *root)
{
	static const unsigned long kinds[] = {EXT4_SUPER_MAGIC, XFS,
		BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC,
		OVERLAYFS_SUPER_MAGIC, ZFS, BCACHEFS};
	struct statfs fs;

	if (statfs(root, &fs) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((uint32_t)fs.f_type == kinds[i])
			return true;
	return false;
}

/*
 * Half of what the user may have, whose other programs want some, too.  Our
 * unit hides that number (ProcSubset=pid); where it is less than what is taken
 * for it, inotify says so when there are no more.
 */
static size_t most_folders(void)
{
	int fd = open(
		"/proc/sys/fs/inotify/max_user_watches", O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	size_t max;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		max = UNTOLD;
	else
		max = strtoul(text, NULL, 10);
	if (fd >= 0)
		close(fd);
	return max / 2 < MAX_FOLDERS ? max / 2 : MAX_FOLDERS;
}

static struct folder *find(struct watch *w, int wd)
{
	size_t low = 0;
	size_t high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->folders[mid].wd < wd)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->n && w->folders[low].wd == wd ? &w->folders[low] : NULL;
}

/*
 * One folder by two paths (of a bind mount) cannot be told apart, and so much
 * is watched that the kernel's numbers began anew: not here.
 */
static bool note_folder(struct watch *w, int wd, const char *path)
{
	const struct folder *known = find(w, wd);

	if (known != NULL)
		return known->path != NULL && strcmp(known->path, path) == 0;
	if (w->n >= w->max || (w->n > 0 && w->folders[w->n - 1].wd > wd))
		return false;
	w->folders = grow(w->folders, w->n, &w->cap, sizeof(*w->folders));
	w->folders[w->n++] = (struct folder){wd, xstrdup(path)};
	return true;
}

/*
 * One that is not there, or is no folder, needs none: the one above tells
 * when that changes.
 */
static void add(struct watch *w, const char *path)
{
	char *full = xasprintf("%s/%s", w->root, path);
	int wd = inotify_add_watch(w->fd, full, EVENTS);
	bool absent = wd < 0 && (errno == ENOENT || errno == ENOTDIR) &&
		      *path != '\0';

	free(full);
	if (!absent && (wd < 0 || !note_folder(w, wd, path)))
		give_up(w);
}

void watch_begin(struct watch *w)
{
	struct stat st;

	if (w == NULL || stamp_monotonic() < w->off)
		return;
	buf_clear(&w->last);
	if (w->fd >= 0 && w->whole)
		return;
	watch_lose(w);
	w->max = most_folders();
	if (tells_all(w->root) && stat(w->root, &st) == 0) {
		w->device = st.st_dev;
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	}
	if (w->fd >= 0)
		add(w, "");
	else
		give_up(w);
}

/* How much of path the folder covered last has in common with it. */
static size_t covered(const struct watch *w, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < w->last.n && path[i] == w->last.p[i]; i++)
		if (path[i] == '/')
			n = i + 1;
	return n;
}

void watch_cover(struct watch *w, const char *path)
{
	const char *slash;
	char *folder;
	size_t done;

	if (w == NULL || w->fd < 0 || (slash = strrchr(path, '/')) == NULL)
		return;
	done = covered(w, path);
	if (done == (size_t)(slash - path) + 1)
		return;
	folder = str_dup((struct str){path, (size_t)(slash - path)});
	for (char *p = folder + done; w->fd >= 0 && p != NULL;) {
		p = strchr(p, '/');
		if (p != NULL)
			*p = '\0';
		add(w, folder);
		if (p != NULL)
			*p++ = '/';
	}
	buf_clear(&w->last);
	buf_printf(&w->last, "%s/", folder);
	free(folder);
}

void watch_met(struct watch *w, dev_t device)
{
	if (w != NULL && w->fd >= 0 && device != w->device)
		give_up(w);
}

void watch_end(struct watch *w, bool whole)
{
	if (w == NULL || w->fd < 0)
		return;
	forget_touched(w);
	w->all = false;
	w->whole |= whole;
}

bool watch_is_whole(const struct watch *w)
{
	return w != NULL && w->fd >= 0 && w->whole;
}

/* --- What was touched ----------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_touched(struct watch *w)
{
	size_t n = 0;

	if (w->n_touched > 0)
		qsort(w->touched, w->n_touched, sizeof(*w->touched), by_text);
	for (size_t i = 0; i < w->n_touched; i++)
		if (n > 0 && strcmp(w->touched[n - 1], w->touched[i]) == 0)
			free(w->touched[i]);
		else
			w->touched[n++] = w->touched[i];
	w->n_touched = n;
}

void watch_touch(struct watch *w, const char *path)
{
	if (w == NULL || w->fd < 0 || w->all ||
		(w->n_touched > 0 &&
			strcmp(w->touched[w->n_touched - 1], path) == 0))
		return;
	if (w->n_touched == MAX_TOUCHED) {
		sort_touched(w);
		w->all = w->n_touched > MAX_TOUCHED / 2;
	}
	if (w->all) {
		forget_touched(w);
		return;
	}
	w->touched = grow(
		w->touched, w->n_touched, &w->cap_touched, sizeof(*w->touched));
	w->touched[w->n_touched++] = xstrdup(path);
}

const char *const *watch_touched(struct watch *w, size_t *n)
{
	sort_touched(w);
	*n = w->n_touched;
	return (const char *const *)w->touched;
}

/* The folders at path and below may be elsewhere now. */
static void drop_below(struct watch *w, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < w->n; i++) {
		struct folder *f = &w->folders[i];

		if (f->path == NULL || strncmp(f->path, path, n) != 0 ||
			(f->path[n] != '\0' && f->path[n] != '/'))
			continue;
		inotify_rm_watch(w->fd, f->wd);
		free(f->path);
		f->path = NULL;
	}
}

/* Of a folder itself: only the root has none above it that tells more. */
static bool take_own(struct watch *w, struct folder *f, uint32_t mask)
{
	if (*f->path == '\0')
		return false;
	watch_touch(w, f->path);
	if (mask & IN_IGNORED) {
		free(f->path);
		f->path = NULL;
	}
	return true;
}

/* False: what happened is not known. */
static bool take(struct watch *w, const struct inotify_event *event)
{
	struct folder *f = find(w, event->wd);
	char *path;

	if (event->mask & IN_Q_OVERFLOW)
		return false;
	if (f == NULL || f->path == NULL)
		return true; /* told before it was dropped */
	if (event->len == 0)
		return take_own(w, f, event->mask);
	path = *f->path == '\0' ? xstrdup(event->name)
				: xasprintf("%s/%s", f->path, event->name);
	watch_touch(w, path);
	if ((event->mask & IN_ISDIR) && (event->mask & MOVED))
		drop_below(w, path);
	free(path);
	return true;
}

static void compact(struct watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->folders[i].path != NULL)
			w->folders[n++] = w->folders[i];
	w->n = n;
}

/* All that is in the queue; false: what happened is not known. */
static bool drain(struct watch *w)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool known = true;
	bool any = false;
	ssize_t n;

	while (known && (n = read(w->fd, bytes, sizeof(bytes))) > 0) {
		any = true;
		for (char *p = bytes; known && p < bytes + n;) {
			const struct inotify_event *event = (void *)p;

			known = take(w, event);
			p += sizeof(*event) + event->len;
		}
	}
	if (any)
		compact(w);
	return known && errno == EAGAIN;
}

enum watch_news watch_read(struct watch *w)
{
	if (w == NULL || w->fd < 0)
		return WATCH_OFF;
	buf_clear(&w->last);
	if (!w->whole || !drain(w)) {
		watch_lose(w);
		return WATCH_ALL;
	}
	if (w->all)
		return WATCH_ALL;
	return w->n_touched > 0 ? WATCH_TOUCHED : WATCH_QUIET;
}
