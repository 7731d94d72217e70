/*
 * Attachments as they arrive: sizes, digests, spooling, and what is known of
 * them afterwards.
 */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/store/fixture.h"
#include "tests/unit/store/rows.h"

#include "base/hash.h"
#include "store/parts.h"

#define MEBIBYTE 1048576

static struct store_content *start(struct fixture *f, int64_t id, int64_t size)
{
	struct store_content *c = NULL;

	assert_int_equal(
		store_content_begin(f->store, id, size, &c, &f->err), 0);
	return c;
}

/* Knows nothing of pictures, but tells what it was given. */
static void probe(const void *bytes, size_t n, int fd, struct image_info *out)
{
	char head[4] = "";

	if (bytes != NULL)
		memcpy(head, bytes, n < 3 ? n : 3);
	else
		assert_int_equal(read(fd, head, 3), 3);
	snprintf(out->format, sizeof(out->format), "%s", head);
	out->width = (long)n;
	out->height = fd >= 0 ? 2 : 1;
}

static bool has(struct fixture *f, int64_t id, int64_t size, struct str digest,
	struct image_info *image)
{
	struct attachment a = {.id = id, .size = size, .digest = digest};

	assert_int_equal(store_attachment(f->store, &a, &f->err), 0);
	if (image != NULL)
		*image = a.image;
	return a.fetched;
}

static void test_small(void **state)
{
	static const struct str md5 = {"900150983cd24fb0d6963f7d28e17f72", 32};
	struct fixture *f = *state;
	struct image_info image;
	struct store_content *c;

	open_store(f);
	assert_false(has(f, 5, 3, md5, NULL));
	c = start(f, 5, 3);
	assert_int_equal(store_content_add(c, "a", 1, &f->err), 0);
	assert_int_equal(store_content_add(c, "bc", 2, &f->err), 0);
	assert_int_equal(store_content_end(c, 1, md5, &f->err), 0);
	assert_true(has(f, 5, 3, md5, &image));
	assert_string_equal(image.format, "abc");
	assert_int_equal(image.height, 1);
	commit(f); /* a row, and a blob in no tree */
	reopen(f);
	assert_true(has(f, 5, 3, md5, &image));
	assert_true(has(f, 5, 3, STR_NONE, &image));
	assert_int_equal(image.width, 3);
	assert_false(has(f, 5, 4, md5, NULL));
	assert_false(has(f, 5, 3, STR("x"), NULL));
	assert_false(has(f, 6, 3, md5, NULL));

	/* The blob was collected: it must be fetched again. */
	run(GIT "prune --expire=now", f->path);
	reopen(f);
	assert_false(has(f, 5, 3, md5, NULL));
}

static struct store_content *whole(
	struct fixture *f, int64_t id, int64_t size, const char *text)
{
	struct store_arrival a = {.attachment_id = id, .size = size};

	buf_puts(&a.bytes, text);
	store_contents_arrived(f->store, &a, 1);
	assert_null(a.bytes.p);
	return a.content;
}

static void test_whole(void **state)
{
	static const struct str md5 = {"900150983cd24fb0d6963f7d28e17f72", 32};
	struct fixture *f = *state;
	struct image_info image;

	open_store(f);
	assert_int_equal(
		store_content_end(whole(f, 5, 3, "abc"), 1, md5, &f->err), 0);
	assert_true(has(f, 5, 3, md5, &image));
	assert_string_equal(image.format, "abc");
	assert_int_equal(
		store_content_end(whole(f, 6, 3, "abx"), 1, md5, &f->err),
		ERR_DATA);
	assert_non_null(strstr(f->err.text, "MD5"));
	assert_int_equal(
		store_content_end(whole(f, 7, 4, "abc"), 1, STR_NONE, &f->err),
		ERR_DATA);
	assert_non_null(strstr(f->err.text, "ended after 3 of 4"));
	store_content_drop(whole(f, 8, 3, "abc"));
	assert_false(has(f, 6, 3, STR_NONE, NULL));
	commit(f);
	reopen(f);
	assert_true(has(f, 5, 3, md5, NULL));
}

/* Made together, each is what it is. */
static void test_many_whole(void **state)
{
	struct fixture *f = *state;
	struct store_arrival many[20] = {0};

	open_store(f);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i].attachment_id = (int64_t)i + 1;
		for (size_t n = 0; n < 100 * (i % 7); n++)
			buf_printf(&many[i].bytes, "%zu ", i);
		many[i].size = (int64_t)many[i].bytes.n;
	}
	store_contents_arrived(f->store, many, ARRAY_LEN(many));
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		assert_int_equal(store_content_end(
					 many[i].content, 1, STR_NONE, &f->err),
			0);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		struct attachment a = {
			.id = (int64_t)i + 1, .size = many[i].size};
		struct buf bytes = {0};
		uint8_t md5[MD5_SIZE];
		char hex[2 * MD5_SIZE + 1];

		for (size_t n = 0; n < 100 * (i % 7); n++)
			buf_printf(&bytes, "%zu ", i);
		hash_md5(buf_str(&bytes).p, bytes.n, md5);
		hash_hex(md5, MD5_SIZE, hex);
		a.digest = str_of(hex);
		assert_int_equal(store_attachment(f->store, &a, &f->err), 0);
		assert_true(a.fetched);
		assert_int_equal(a.image.width, a.size);
		buf_fini(&bytes);
	}
}

/* Among many, too, one with the bytes of one before. */
static void test_packed_once(void **state)
{
	struct fixture *f = *state;
	char text[24];

	open_store(f);
	for (int64_t id = 1; id <= 200; id++) {
		snprintf(text, sizeof(text), "content %lld",
			(long long)(id == 190 ? 50 : id));
		assert_int_equal(
			store_content_end(
				whole(f, id, (int64_t)strlen(text), text), 1,
				STR_NONE, &f->err),
			0);
		if (id % 100 == 0) {
			put_well(f, id, make(text, text, NULL), STORE_ADDED);
			commit(f);
		}
	}
	assert_string_equal(
		run("cd '%s/.git/objects/pack' && ls *.idx | wc -l", f->path),
		"2\n");
	assert_string_equal(run("cd '%s/.git/objects/pack' && for i in *.idx;"
				" do git show-index <$i; done |"
				" cut -d' ' -f2 | sort | uniq -d",
				    f->path),
		"");
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	assert_int_equal(
		store_content_end(start(f, 5, 0), 1, STR_NONE, &f->err), 0);
	put_well(f, 1, make("a.md", "", "5:empty", NULL), STORE_ADDED);
	commit(f);
	assert_string_equal(files(f), "a.md empty ");
	check_clean(f);
}

static void test_wrong_sizes_and_digests(void **state)
{
	struct fixture *f = *state;
	struct store_content *c;

	open_store(f);
	c = start(f, 5, 3);
	assert_int_equal(store_content_add(c, "abcd", 4, &f->err), ERR_DATA);
	assert_string_equal(f->err.text,
		"attachment 5 is larger than the 3 bytes that the server "
		"announced");
	store_content_drop(c);
	c = start(f, 5, 3);
	store_content_add(c, "ab", 2, &f->err);
	assert_int_equal(store_content_end(c, 1, STR_NONE, &f->err), ERR_DATA);
	assert_string_equal(
		f->err.text, "attachment 5 ended after 2 of 3 bytes");
	c = start(f, 5, 1);
	store_content_add(c, "a", 1, &f->err);
	assert_int_equal(store_content_end(c, 1, STR("f"), &f->err), ERR_DATA);
	assert_false(has(f, 5, 1, STR_NONE, NULL));
	assert_int_equal(
		store_content_begin(f->store, 5, -1, &c, &f->err), ERR_DATA);
}

static void test_large(void **state)
{
	const size_t size = (size_t)3 * MEBIBYTE;
	struct fixture *f = *state;
	char *bytes = xcalloc(1, size);
	struct image_info image;
	struct store_content *c;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)('a' + i * 7 % 26);
	open_store(f);
	c = start(f, 5, (int64_t)size);
	for (size_t at = 0; at < size; at += MEBIBYTE / 2)
		assert_int_equal(
			store_content_add(c, bytes + at, MEBIBYTE / 2, &f->err),
			0);
	assert_string_equal(
		run("ls -A '%s/.git/opsync/tmp' | grep spool || true", f->path),
		"");
	assert_int_equal(store_content_end(c, 1, STR_NONE, &f->err), 0);
	assert_true(has(f, 5, (int64_t)size, STR_NONE, &image));
	assert_int_equal(image.height, 2);
	put_well(f, 1, make("a.md", "a\n", "5:a.bin", NULL), STORE_ADDED);
	commit(f);
	assert_memory_equal(
		run("head -c 60000 '%s/a.bin'", f->path), bytes, 60000);
	assert_string_equal(
		run("stat -c %%s '%s/a.bin'", f->path), "3145728\n");
	check_clean(f);
	free(bytes);
}

static void put_very_large(struct fixture *f)
{
	const size_t size = (size_t)17 * MEBIBYTE;
	struct store_content *c = start(f, 5, (int64_t)size);
	char *bytes = xcalloc(1, size);

	assert_int_equal(store_content_add(c, bytes, size, &f->err), 0);
	free(bytes);
	assert_int_equal(store_content_end(c, 1, STR_NONE, &f->err), 0);
	put_well(f, 1, make("a.md", "a\n", "5:a.bin", NULL), STORE_ADDED);
}

/* Another git takes what no commit names yet: none will name what is gone. */
static void test_taken_before_its_commit(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = {.run = 1, .subject = "x"};
	struct image_info image;

	open_store(f);
	put_very_large(f);
	run(GIT "gc -q --prune=now", f->path);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_non_null(strstr(f->err.text, "what came for a.bin was removed"));
	assert_false(c.promised);
	store_discard(f->store);
	assert_false(has(f, 5, (int64_t)17 * MEBIBYTE, STR_NONE, &image));
	put_very_large(f);
	commit(f);
	run(GIT "fsck --full", f->path);
	check_clean(f);
}

/* What it only put elsewhere is there. */
static void test_packed_before_its_commit(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_very_large(f);
	run(GIT "repack -q -A -d", f->path);
	commit(f);
	run(GIT "fsck --full", f->path);
	check_clean(f);
}

static void on_finding(void *arg, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	size_t *n = arg;

	(void)place, (void)work_package, (void)path;
	*n += strstr(text, "picture") != NULL;
}

static size_t n_found(struct fixture *f)
{
	size_t n = 0;

	assert_int_equal(
		store_check(f->store, NULL, on_finding, &n, &f->err), 0);
	return n;
}

/* What is known of a picture is what its content shows. */
static void test_check_looks_at_pictures(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_very_large(f);
	attach_to(f, 2, 6, "abc");
	attach_to(f, 2, 7, "");
	put_well(f, 2, make("b.md", "b\n", "6:b.png", "7:c.png", NULL),
		STORE_ADDED);
	commit(f);
	assert_int_equal(n_found(f), 0);
	assert_int_equal(
		state_exec(store_state(f->store),
			"UPDATE attachment SET width = width + 1", &f->err),
		0);
	assert_int_equal(n_found(f), 3);
}

/* Where no more fits, its folder is named. */
static void test_no_room(void **state)
{
	static const char bytes[2 * 4096];
	static const struct rlimit little = {4096, RLIM_INFINITY};
	static const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct fixture *f = *state;
	struct store_content *c;
	char *folder = xasprintf("%s/.git/opsync/tmp: ", f->path);
	int r;

	open_store(f);
	signal(SIGXFSZ, SIG_IGN);
	c = start(f, 5, (int64_t)2 * MEBIBYTE);
	setrlimit(RLIMIT_FSIZE, &little);
	r = store_content_add(c, bytes, sizeof(bytes), &f->err);
	setrlimit(RLIMIT_FSIZE, &all);
	assert_int_equal(r, ERR_IO);
	assert_non_null(strstr(f->err.text, folder));
	store_content_drop(c);
	free(folder);
}

/* One object id with two contents: what an attack on SHA-1 would show. */
static void put_file(
	struct fixture *f, const char *name, const char *bytes, size_t n)
{
	char *path = xasprintf("%s/%s", f->path, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* Attachment 5, as far as n of its bytes come; gives how it ends. */
static int take_large(struct fixture *f, const char *bytes, size_t size,
	size_t n, struct str digest)
{
	struct store_content *c = start(f, 5, (int64_t)size);

	for (size_t at = 0; at < n;) {
		size_t k = n - at < 300000 ? n - at : 300000;

		assert_int_equal(
			store_content_add(c, bytes + at, k, &f->err), 0);
		at += k;
	}
	return store_content_end(c, 1, digest, &f->err);
}

/* So many packs, and files for the work tree; none half done. */
static void check_made(struct fixture *f, const char *packs, const char *files)
{
	assert_string_equal(
		run("ls '%s/.git/objects/pack' | grep -c pack$ || true",
			f->path),
		packs);
	assert_string_equal(
		run("ls -A '%s/.git/opsync/tmp' | grep pack || true", f->path),
		"");
	assert_string_equal(run("ls '%s/.git/opsync/tmp' | grep -c tmp_file ||"
				" true",
				    f->path),
		files);
}

/*
 * A pack of its own, at once, and the work tree's file; what is wrong leaves
 * none, and what is there already no second pack.
 */
static void test_very_large(void **state)
{
	const size_t size = (size_t)17 * MEBIBYTE + 5;
	struct fixture *f = *state;
	char *bytes = xcalloc(1, size);
	struct image_info image;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 21);
	open_store(f);
	assert_int_equal(
		take_large(f, bytes, size, size / 2, STR_NONE), ERR_DATA);
	check_made(f, "0\n", "0\n");
	assert_int_equal(take_large(f, bytes, size, size, STR("f")), ERR_DATA);
	check_made(f, "0\n", "0\n");
	assert_int_equal(take_large(f, bytes, size, size, STR_NONE), 0);
	check_made(f, "1\n", "1\n");
	assert_int_equal(take_large(f, bytes, size, size, STR_NONE), 0);
	check_made(f, "1\n", "2\n");
	run("mkdir '%s/held' && ln '%s/.git/opsync/tmp/'tmp_file* '%s/held'",
		f->folder, f->path, f->folder);
	assert_true(has(f, 5, (int64_t)size, STR_NONE, &image));
	assert_int_equal(image.width, MEBIBYTE);
	put_well(f, 1, make("a.md", "x", "5:big", NULL), STORE_ADDED);
	commit(f);
	check_clean(f);
	assert_string_equal(
		run("find '%s/held' -type f -links +1 | wc -l", f->folder),
		"1\n");
	put_file(f, ".git/expected", bytes, size);
	run("cmp '%s/.git/expected' '%s/big'", f->path, f->path);
	free(bytes);
}

/* The store has something else under the name that these bytes will get. */
static void take_their_name(
	struct fixture *f, int64_t id, const char *bytes, size_t n)
{
	char *others = memcpy(xmalloc(n), bytes, n);
	char hex[GIT_OID_HEXSZ + 1];
	struct parcel lie = {.bytes = others, .n = n};
	struct state_attachment a = {.id = id, .size = (int64_t)n};
	git_oid oid;

	others[n - 1] ^= 1;
	blob_name(bytes, n, &lie.oid);
	assert_int_equal(
		objects_parcel(f->store->objects, &lie, false, &oid, &f->err),
		0);
	a.oid = str_of(git_oid_tostr(hex, sizeof(hex), &oid));
	assert_int_equal(put_attachment(store_state(f->store), &a, &f->err), 0);
	free(others);
}

static void check_refused(struct fixture *f, int code)
{
	assert_int_equal(code, ERR_DATA);
	assert_non_null(strstr(f->err.text, "attachment 4"));
	assert_non_null(strstr(f->err.text, "made to deceive"));
	f->err = (struct err){0};
}

/* However a content comes, and wherever it is kept. */
static void test_collision(void **state)
{
	static const size_t sizes[] = {3, 2 * MEBIBYTE + 1, 17 * MEBIBYTE + 1};
	struct fixture *f = *state;

	open_store(f);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *bytes = xcalloc(1, sizes[i]);

		memset(bytes, 'a' + (int)i, sizes[i]);
		take_their_name(f, 4, bytes, sizes[i]);
		check_refused(
			f, take_large(f, bytes, sizes[i], sizes[i], STR_NONE));
		free(bytes);
	}
	take_their_name(f, 4, "abc", 3);
	check_refused(f,
		store_content_end(whole(f, 5, 3, "abc"), 1, STR_NONE, &f->err));
}

/* What the store cannot read of another is no reason to refuse this one. */
static void test_unreadable_twin(void **state)
{
	struct fixture *f = *state;
	struct state_attachment a = {.id = 4,
		.size = 3,
		.oid = STR("f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f")};

	open_store(f);
	assert_int_equal(put_attachment(store_state(f->store), &a, &f->err), 0);
	assert_int_equal(
		store_content_end(whole(f, 5, 3, "abc"), 1, STR_NONE, &f->err),
		0);
	assert_true(has(f, 5, 3, STR_NONE, NULL));
}

static int begin_probing(void **state)
{
	int r = begin(state);

	if (r == 0)
		((struct fixture *)*state)->probe = probe;
	return r;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_probing, end)
	const struct CMUnitTest tests[] = {
		TEST(test_small),
		TEST(test_whole),
		TEST(test_many_whole),
		TEST(test_packed_once),
		TEST(test_empty),
		TEST(test_wrong_sizes_and_digests),
		TEST(test_large),
		TEST(test_no_room),
		TEST(test_very_large),
		TEST(test_taken_before_its_commit),
		TEST(test_packed_before_its_commit),
		TEST(test_check_looks_at_pictures),
		TEST(test_collision),
		TEST(test_unreadable_twin),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
