#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/query.h"
#include "store/store.h"
#include "tests/unit/store/descriptors.h"

/*
 * A store in a real repository in a temporary folder, looked at with the real
 * git; and how tests put documents into it.
 */
struct fixture {
	char folder[64]; /* removed at the end */
	char *path;      /* of the store, in it */
	struct store *store;
	bool bare; /* options for open_store() */
	const char *branch;
	store_probe_fn *probe;
	struct err err;
	int n_open; /* files, before there was one */
};

/* --- Helpers -------------------------------------------------------------- */

/* What a command says, in a buffer that lives until the next call. */
static inline const char *run(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline const char *run(const char *fmt, ...)
{
	static char out[65536];
	char command[2048];
	va_list ap;
	FILE *f;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	if (pclose(f) != 0)
		fail_msg("%s: failed: %s", command, out);
	return out;
}

/* A command that goes on by itself, for pclose(). */
static inline FILE *start_command(const char *command)
{
	FILE *f = popen(command, "r");

	assert_non_null(f);
	return f;
}

/* As a person, in the working directory, and in the store. */
#define SELF "git -c safe.directory='*' -c user.name=p -c user.email=p@x "
#define GIT SELF "-C '%s' "

static inline struct store_options options(const struct fixture *f)
{
	return (struct store_options){
		.path = f->path,
		.branch = f->branch,
		.bare = f->bare,
		.instance = "test",
		.author_name = "opsync",
		.author_email = "opsync@example.org",
		.note = "/run/opsync/socket",
		.probe = f->probe,
	};
}

static inline void open_store(struct fixture *f)
{
	struct store_options o = options(f);

	if (store_open(&o, &f->store, &f->err) != 0)
		fail_msg("store_open: %s", f->err.text);
}

static inline void reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	open_store(f);
}

static inline int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->folder, sizeof(f->folder), "%s/opsync-store-XXXXXX",
		tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	f->path = xasprintf("%s/content", f->folder);
	f->branch = "main";
	f->n_open = n_open();
	*state = f;
	return 0;
}

static inline int end(void **state)
{
	struct fixture *f = *state;
	int left;

	store_close(f->store);
	left = n_open() - f->n_open;
	run("rm -rf '%s'", f->folder);
	free(f->path);
	free(f);
	if (left != 0)
		print_error("%d files are left open\n", left);
	return left == 0 ? 0 : -1;
}

/* Text by printf; files "ID:PATH", ended by NULL. */
static inline struct document make(const char *path, const char *text, ...)
{
	struct document d = {
		.entry = xstrdup("default"),
		.natural_path = xstrdup(path),
		.path = xstrdup(path),
	};
	const char *file;
	va_list ap;

	buf_puts(&d.text, text);
	va_start(ap, text);
	d.files = xcalloc(8, sizeof(*d.files));
	while ((file = va_arg(ap, const char *)) != NULL)
		d.files[d.n_files++] =
			(struct saved_file){strtoll(file, NULL, 10),
				xstrdup(strchr(file, ':') + 1)};
	va_end(ap);
	return d;
}

/* Put a document and free it; gives the code of store_put(). */
static inline int put(struct fixture *f, int64_t id, struct document d,
	enum store_change *change)
{
	int code;

	f->err = (struct err){0};
	code = store_put(
		f->store, id, &d, str_of(d.natural_path), change, &f->err);
	document_fini(&d);
	return code;
}

static inline void put_well(struct fixture *f, int64_t id, struct document d,
	enum store_change expected)
{
	enum store_change change = STORE_SAME;

	if (put(f, id, d, &change) != 0)
		fail_msg("store_put: %s", f->err.text);
	assert_int_equal(change, expected);
}

static inline void attach_to(
	struct fixture *f, int64_t work_package, int64_t id, const char *bytes)
{
	struct store_content *c;

	assert_int_equal(store_content_begin(f->store, id,
				 (int64_t)strlen(bytes), &c, &f->err),
		0);
	assert_int_equal(
		store_content_add(c, bytes, strlen(bytes), &f->err), 0);
	assert_int_equal(
		store_content_end(c, work_package, STR_NONE, &f->err), 0);
}

static inline void attach(struct fixture *f, int64_t id, const char *bytes)
{
	attach_to(f, 1, id, bytes);
}

static inline struct store_commit commit_of(int64_t run_id)
{
	return (struct store_commit){
		.run = run_id,
		.subject = "Sync",
		.author_time = 1700000000 * STAMP_SECOND,
		.cursor = "2023-11-14T22:13:20Z",
	};
}

/* A file by another's hand; path and text without quotes. */
static inline void write_file(
	struct fixture *f, const char *path, const char *text)
{
	run("mkdir -p \"$(dirname '%s/%s')\" && printf '%%s' '%s' > '%s/%s'",
		f->path, path, text, f->path, path);
}

static inline struct store_commit commit(struct fixture *f)
{
	struct store_commit c = commit_of(7);

	if (store_commit(f->store, &c, &f->err) != 0)
		fail_msg("store_commit: %s", f->err.text);
	return c;
}

/* A store with two documents. */
static inline void open_with_two(struct fixture *f)
{
	open_store(f);
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("two.md", "two\n", NULL), STORE_ADDED);
	commit(f);
}

/* A commit of somebody else. */
static inline void commit_theirs(struct fixture *f, const char *path)
{
	write_file(f, path, "theirs");
	run(GIT "add '%s'", f->path, path);
	run(GIT "commit -q -m theirs -- '%s'", f->path, path);
}

/* Work tree, index, objects and leftovers are as they must be. */
static inline void check_clean(struct fixture *f)
{
	assert_string_equal(run(GIT "status --porcelain", f->path), "");
	run(GIT "fsck --full --strict --no-dangling 2>&1", f->path);
	assert_string_equal(
		run("find '%s/.git' -name '*.lock' -o -path '*/opsync/tmp/?*'",
			f->path),
		"");
}

static inline int count_told(
	void *arg, const struct state_event *event, struct err *e)
{
	(void)e;
	*(int *)arg += str_is(event->kind, "committed");
	return 0;
}

/* How many commits the log tells of. */
static inline int n_told(struct fixture *f)
{
	const struct state_event_query all = {0};
	int n = 0;

	assert_int_equal(state_events(store_state(f->store), &all, count_told,
				 &n, &f->err),
		0);
	return n;
}

/* Documents staged since the last commit, put or dropped, that change. */
static inline int64_t n_staged(struct fixture *f)
{
	struct query q = query_open(store_state(f->store),
		"SELECT count(*) FROM staged_document WHERE change <> 0");
	int64_t n;

	assert_int_equal(query_one(&q, 0, &n, &f->err), 0);
	return n;
}

static inline void count_adrift(void *arg, int64_t work_package,
	struct str entry, struct str path, bool lost)
{
	(void)work_package;
	(void)entry;
	(void)path;
	(void)lost;
	++*(int *)arg;
}

/* How many documents does a look find not to be as recorded? */
static inline int n_adrift(struct fixture *f)
{
	int n = 0;

	if (store_look(f->store, false, count_adrift, &n, &f->err) != 0)
		fail_msg("store_look: %s", f->err.text);
	return n;
}

static inline const char *subjects(struct fixture *f)
{
	return run(GIT "log --format=%%s | tr '\\n' ' '", f->path);
}

static inline const char *branches(struct fixture *f)
{
	return run(GIT "for-each-ref --format='%%(refname:short)' refs/heads "
		       "| tr '\\n' ' '",
		f->path);
}

static inline const char *files(struct fixture *f)
{
	return run(GIT "ls-tree -r --name-only HEAD | tr '\\n' ' '", f->path);
}

static inline const char *text_of(struct fixture *f, const char *path)
{
	return run("cat '%s/%s'", f->path, path);
}

static inline void check_log(struct fixture *f, const char *id)
{
	static const char format[] = "%H %an <%ae> %ad %cn%n%B";
	char *expected = xasprintf(
		"%s opsync <opsync@example.org> 2023-11-14 22:13:20 +0000 "
		"opsync\nSync\n\nOpsync-Instance: test\nOpsync-Run: 7\n"
		"Opsync-Cursor: 2023-11-14T22:13:20Z\n\n",
		id);

	assert_string_equal(
		run(GIT "log -1 --date=iso --format='%s'", f->path, format),
		expected);
	free(expected);
}

#endif
