/*
 * call - what a system call that is stopped changes, read out of the memory
 * of its process and out of /proc.
 */
#include "tests/faults/call.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct call calls[] = {
	{SYS_open, "open", BY_PATH, 1},
	{SYS_creat, "creat", BY_PATH, -1},
	{SYS_openat, "openat", BY_AT, 2},
	{SYS_openat2, "openat2", BY_AT, 2},
	{SYS_write, "write", BY_FD, -1},
	{SYS_pwrite64, "pwrite64", BY_FD, -1},
	{SYS_writev, "writev", BY_FD, -1},
	{SYS_pwritev, "pwritev", BY_FD, -1},
	{SYS_copy_file_range, "copy_file_range", BY_FD, -1},
	{SYS_rename, "rename", BY_TWO_PATHS, -1},
	{SYS_renameat, "renameat", BY_TWO_ATS, -1},
	{SYS_renameat2, "renameat2", BY_TWO_ATS, -1},
	{SYS_link, "link", BY_TWO_PATHS, -1},
	{SYS_linkat, "linkat", BY_TWO_ATS, -1},
	{SYS_symlink, "symlink", BY_TWO_PATHS, -1},
	{SYS_symlinkat, "symlinkat", BY_LINK_AT, -1},
	{SYS_unlink, "unlink", BY_PATH, -1},
	{SYS_unlinkat, "unlinkat", BY_AT, -1},
	{SYS_rmdir, "rmdir", BY_PATH, -1},
	{SYS_mkdir, "mkdir", BY_PATH, -1},
	{SYS_mkdirat, "mkdirat", BY_AT, -1},
	{SYS_truncate, "truncate", BY_PATH, -1},
	{SYS_ftruncate, "ftruncate", BY_FD, -1},
	{SYS_fallocate, "fallocate", BY_FD, -1},
	{SYS_fsync, "fsync", BY_FD, -1},
	{SYS_fdatasync, "fdatasync", BY_FD, -1},
	{SYS_syncfs, "syncfs", BY_FD, -1},
	{SYS_chmod, "chmod", BY_PATH, -1},
	{SYS_fchmod, "fchmod", BY_FD, -1},
	{SYS_fchmodat, "fchmodat", BY_AT, -1},
	{SYS_utimensat, "utimensat", BY_AT, -1},
};

static const struct call readers[] = {
	{SYS_open, "open", BY_PATH, 1},
	{SYS_openat, "openat", BY_AT, 2},
	{SYS_openat2, "openat2", BY_AT, 2},
	{SYS_read, "read", BY_FD, -1},
	{SYS_pread64, "pread64", BY_FD, -1},
	{SYS_readv, "readv", BY_FD, -1},
	{SYS_preadv, "preadv", BY_FD, -1},
	{SYS_stat, "stat", BY_PATH, -1},
	{SYS_lstat, "lstat", BY_PATH, -1},
	{SYS_fstat, "fstat", BY_FD, -1},
	{SYS_newfstatat, "newfstatat", BY_AT, -1},
	{SYS_statx, "statx", BY_AT, -1},
	{SYS_access, "access", BY_PATH, -1},
	{SYS_faccessat, "faccessat", BY_AT, -1},
	{SYS_faccessat2, "faccessat2", BY_AT, -1},
	{SYS_readlink, "readlink", BY_PATH, -1},
	{SYS_readlinkat, "readlinkat", BY_AT, -1},
	{SYS_getdents64, "getdents64", BY_FD, -1},
};

const struct call *call_all(bool reading, size_t *n)
{
	*n = reading ? ARRAY_LEN(readers) : ARRAY_LEN(calls);
	return reading ? readers : calls;
}

const struct call *call_find(bool reading, uint64_t number)
{
	size_t n;
	const struct call *all = call_all(reading, &n);

	for (size_t i = 0; i < n; i++) {
		if ((uint64_t)all[i].number == number)
			return &all[i];
	}
	return NULL;
}

static size_t read_memory(pid_t tid, uint64_t at, void *out, size_t n)
{
	struct iovec here = {out, n};
	struct iovec there = {(void *)(uintptr_t)at, n};
	ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);

	return got < 0 ? 0 : (size_t)got;
}

/* A path of the program's, up to its end or the end of a page. */
static void read_path(pid_t tid, uint64_t at, char out[PATH_MAX])
{
	size_t done = 0;

	memset(out, 0, PATH_MAX);
	while (done < PATH_MAX - 1) {
		size_t n = 256 - (at + done) % 256;

		if (n > PATH_MAX - 1 - done)
			n = PATH_MAX - 1 - done;
		if (read_memory(tid, at + done, out + done, n) < n ||
			memchr(out + done, '\0', n) != NULL)
			return;
		done += n;
	}
}

static void link_of(pid_t tid, const char *what, char out[PATH_MAX])
{
	char proc[64];

	memset(out, 0, PATH_MAX);
	snprintf(proc, sizeof(proc), "/proc/%d/%s", tid, what);
	if (readlink(proc, out, PATH_MAX - 1) < 0)
		out[0] = '\0';
}

static void path_of_fd(pid_t tid, int fd, char out[PATH_MAX])
{
	char what[32];

	snprintf(what, sizeof(what), "fd/%d", fd);
	link_of(tid, fd == AT_FDCWD ? "cwd" : what, out);
}

/* The absolute path of a name relative to a folder's descriptor. */
static void path_at(pid_t tid, int fd, uint64_t name, char out[PATH_MAX])
{
	char given[PATH_MAX];
	char folder[PATH_MAX];

	read_path(tid, name, given);
	path_of_fd(tid, fd, folder);
	if (given[0] == '/')
		folder[0] = '\0';
	if (snprintf(out, PATH_MAX, "%s%s%s", folder,
		    folder[0] != '\0' && given[0] != '\0' ? "/" : "",
		    given) >= PATH_MAX)
		out[0] = '\0';
}

void call_files(pid_t tid, const struct call *c, const uint64_t a[6],
	char one[PATH_MAX], char two[PATH_MAX])
{
	two[0] = '\0';
	if (c->by == BY_FD) {
		path_of_fd(tid, (int)a[0], one);
	} else if (c->by == BY_PATH) {
		path_at(tid, AT_FDCWD, a[0], one);
	} else if (c->by == BY_AT) {
		path_at(tid, (int)a[0], a[1], one);
	} else if (c->by == BY_TWO_PATHS) {
		path_at(tid, AT_FDCWD, a[0], one);
		path_at(tid, AT_FDCWD, a[1], two);
	} else if (c->by == BY_TWO_ATS) {
		path_at(tid, (int)a[0], a[1], one);
		path_at(tid, (int)a[2], a[3], two);
	} else {
		path_at(tid, (int)a[1], a[2], one);
	}
}

static uint64_t open_flags(pid_t tid, const struct call *c, const uint64_t *a)
{
	struct open_how how = {0};

	if (c->flags < 0)
		return O_CREAT;
	if (c->number != SYS_openat2)
		return a[c->flags];
	read_memory(tid, a[c->flags], &how, sizeof(how));
	return how.flags;
}

static bool is_reader(const struct call *c)
{
	return c >= readers && c < readers + ARRAY_LEN(readers);
}

bool call_counts(pid_t tid, const struct call *c, const uint64_t args[6],
	const char *under)
{
	size_t n = under != NULL ? strlen(under) : 0;
	char one[PATH_MAX];
	char two[PATH_MAX];

	if (c->flags >= 0 &&
		(open_flags(tid, c, args) & (O_CREAT | O_TRUNC)) == 0 &&
		!is_reader(c))
		return false;
	call_files(tid, c, args, one, two);
	return one[0] == '/' && strncmp(one, "/dev/null", 9) != 0 &&
	       strncmp(one, "/memfd:", 7) != 0 &&
	       strncmp(one, "/proc/", 6) != 0 &&
	       (n == 0 || strncmp(one, under, n) == 0);
}

/* --- The log ------------------------------------------------------------ */

/* The position of a descriptor, which a write leaves behind what it wrote. */
static uint64_t position(pid_t tid, int fd)
{
	char line[128];
	char path[64];
	uint64_t at = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", tid, fd);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL)
		at = strtoull(line + strcspn(line, "\t "), NULL, 10);
	fclose(f);
	return at;
}

static void log_bytes(FILE *log, pid_t tid, uint64_t at, size_t n)
{
	unsigned char part[4096];

	while (n > 0) {
		size_t want = n < sizeof(part) ? n : sizeof(part);
		size_t got = read_memory(tid, at, part, want);

		if (got == 0)
			return;
		for (size_t i = 0; i < got; i++)
			fprintf(log, "%02x", part[i]);
		at += got;
		n -= got;
	}
}

static void log_vector(FILE *log, pid_t tid, const uint64_t *args, size_t n)
{
	struct iovec v;

	for (uint64_t i = 0; i < args[2] && n > 0; i++) {
		size_t k;

		if (read_memory(tid, args[1] + i * sizeof(v), &v, sizeof(v)) <
			sizeof(v))
			return;
		k = v.iov_len < n ? v.iov_len : n;
		log_bytes(log, tid, (uint64_t)(uintptr_t)v.iov_base, k);
		n -= k;
	}
}

/* Where bytes went, and the bytes. */
static void log_data(FILE *log, pid_t tid, const struct call *c,
	const uint64_t *args, size_t n)
{
	bool placed = c->number == SYS_pwrite64 || c->number == SYS_pwritev;
	uint64_t at = placed ? args[3] : position(tid, (int)args[0]) - n;

	fprintf(log, "\t%" PRIu64 "\t", at);
	if (c->number == SYS_write || c->number == SYS_pwrite64)
		log_bytes(log, tid, args[1], n);
	else
		log_vector(log, tid, args, n);
}

void call_log(FILE *log, long number, pid_t tid, const struct call *c,
	const uint64_t args[6], int64_t result)
{
	char one[PATH_MAX];
	char two[PATH_MAX];
	char proc[64];
	struct stat st = {0};
	bool opened = c->flags >= 0 || c->number == SYS_creat;

	call_files(tid, c, args, one, two);
	snprintf(proc, sizeof(proc), "/proc/%d/fd/%d", tid,
		opened ? (int)result : (int)args[0]);
	if (opened || c->by == BY_FD)
		(void)stat(proc, &st);
	fprintf(log, "%ld\t%s\t%" PRId64 "\t%llu\t%" PRIu64 "\t%s\t%s", number,
		c->name, result, (unsigned long long)st.st_ino,
		opened                      ? open_flags(tid, c, args)
		: c->number == SYS_unlinkat ? args[2]
					    : args[1],
		one, two);
	if (result >= 0 && strstr(c->name, "write") != NULL)
		log_data(log, tid, c, args, (size_t)result);
	fputc('\n', log);
}
