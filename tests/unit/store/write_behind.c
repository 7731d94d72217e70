/*
 * write_behind: what is given comes into the file in order, what cannot be
 * written is kept and written later, and what is cut off is not there.
 */
#include "store/write_behind.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SIZE WRITE_BEHIND_SIZE

static int open_file(struct write_behind *w)
{
	char path[] = "/tmp/opsync-write-behind-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	write_behind_open(w, fd, "a test");
	return fd;
}

/* Fill the buffer to n bytes of c. */
static void fill(struct write_behind *w, char c, size_t n)
{
	memset(w->out, c, n);
	w->n = n;
}

static void assert_bytes(int fd, uint64_t at, char c, size_t n)
{
	char *bytes = malloc(n);

	assert_int_equal(pread(fd, bytes, n, (off_t)at), n);
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != c)
			fail_msg("byte %zu is %02x", i, (unsigned)bytes[i]);
	free(bytes);
}

static void limit_file_size(rlim_t n)
{
	struct rlimit limit = {n, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_in_order(void **state)
{
	struct write_behind w;
	int fd = open_file(&w);

	(void)state;
	for (int i = 0; i < 6; i++) {
		fill(&w, (char)('a' + i), SIZE);
		assert_int_equal(write_behind_flush(&w, NULL), 0);
	}
	fill(&w, 'g', 10);
	assert_int_equal(write_behind_end(&w), 6 * SIZE + 10);
	assert_false(write_behind_has(&w, 6 * SIZE + 10));
	assert_int_equal(write_behind_settle(&w, NULL), 0);
	assert_true(write_behind_has(&w, 6 * SIZE + 10));
	for (int i = 0; i < 6; i++)
		assert_bytes(fd, (uint64_t)i * SIZE, (char)('a' + i), SIZE);
	assert_bytes(fd, 6 * SIZE, 'g', 10);
	write_behind_close(&w);
	close(fd);
}

static void test_failure_is_kept(void **state)
{
	struct write_behind w;
	struct err e = {0};
	int fd = open_file(&w);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(SIZE / 2);
	fill(&w, 'a', SIZE);
	assert_int_equal(write_behind_flush(&w, NULL), 0);
	fill(&w, 'b', 5);
	assert_int_equal(write_behind_flush(&w, &e), ERR_IO);
	assert_non_null(strstr(e.text, "a test"));
	assert_int_equal(write_behind_settle(&w, NULL), ERR_IO);
	assert_false(write_behind_has(&w, SIZE));
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(write_behind_settle(&w, NULL), 0);
	assert_bytes(fd, 0, 'a', SIZE);
	assert_bytes(fd, SIZE, 'b', 5);
	write_behind_close(&w);
	close(fd);
}

/* Cut within the buffer, within what is in the file, and what failed. */
static void test_cut(void **state)
{
	struct write_behind w;
	int fd = open_file(&w);

	(void)state;
	fill(&w, 'a', SIZE);
	assert_int_equal(write_behind_flush(&w, NULL), 0);
	fill(&w, 'b', 10);
	write_behind_cut(&w, SIZE + 3);
	assert_int_equal(write_behind_end(&w), SIZE + 3);
	write_behind_cut(&w, 100);
	fill(&w, 'c', SIZE);
	assert_int_equal(write_behind_settle(&w, NULL), 0);
	assert_bytes(fd, 0, 'a', 100);
	assert_bytes(fd, 100, 'c', SIZE);

	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(SIZE);
	fill(&w, 'd', SIZE);
	assert_int_equal(write_behind_flush(&w, NULL), 0);
	write_behind_cut(&w, SIZE + 200);
	assert_int_equal(write_behind_settle(&w, NULL), ERR_IO);
	limit_file_size(RLIM_INFINITY);
	fill(&w, 'e', 7);
	assert_int_equal(write_behind_settle(&w, NULL), 0);
	assert_bytes(fd, SIZE + 100, 'd', 100);
	assert_bytes(fd, SIZE + 200, 'e', 7);
	write_behind_close(&w);
	close(fd);
}

/* So many pages of a file are in memory. */
static size_t resident(int fd, size_t size)
{
	size_t n = 0;
	size_t pages = size / (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *there = malloc(pages);
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(at != MAP_FAILED);
	assert_int_equal(mincore(at, size, there), 0);
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	munmap(at, size);
	free(there);
	return n;
}

static bool is_in_memory(int fd)
{
	struct statfs fs;

	assert_int_equal(fstatfs(fd, &fs), 0);
	return fs.f_type == TMPFS_MAGIC;
}

static void write_all(struct write_behind *w, int from, int to)
{
	for (int i = from; i < to; i++) {
		fill(w, (char)('A' + i), SIZE);
		assert_int_equal(write_behind_flush(w, NULL), 0);
	}
	assert_int_equal(write_behind_settle(w, NULL), 0);
}

/* What was on the disk when more was written. */
static void test_let_go(void **state)
{
	struct write_behind w;
	int fd = open_file(&w);

	(void)state;
	if (is_in_memory(fd))
		skip();
	w.once = true;
	write_all(&w, 0, 32);
	assert_int_equal(fsync(fd), 0);
	write_all(&w, 32, 50);
	assert_true(resident(fd, 32 * SIZE) < 32); /* at the edges */
	for (int i = 0; i < 50; i++)
		assert_bytes(fd, (uint64_t)i * SIZE, (char)('A' + i), SIZE);
	write_behind_close(&w);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_failure_is_kept),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
