#ifndef TESTS_UNIT_STORE_OPERATIONS_H
#define TESTS_UNIT_STORE_OPERATIONS_H

#include "store/ids.h"
#include "store/parts.h"
#include "store/shadow.h"
#include "store/state_guard.h"
#include "tests/unit/store/fixture.h"

/*
 * All that is done with a store, and what it finds there, for tests in which it
 * goes wrong.
 */
#define REMOTE "refs/opsync/fetched/main"

static char first[41]; /* commit */

struct operation {
	const char *name;
	const char *before; /* by the shell, in the store */
	int (*act)(struct fixture *f, struct err *e);
	/* Before it, in its process, all is well still; or NULL. */
	int (*ready)(struct fixture *f, struct err *e);
	void (*leave)(struct fixture *f); /* before the shell; or NULL */
};

static int act_open(struct fixture *f, struct err *e)
{
	struct store_options o = options(f);

	return f->store != NULL ? 0 : store_open(&o, &f->store, e);
}

static int put_one(struct fixture *f, int64_t id, struct document d)
{
	enum store_change change;

	return put(f, id, d, &change);
}

static int attach_one(struct fixture *f, int64_t id, struct err *e)
{
	struct store_content *c;
	int code = store_content_begin(f->store, id, 5, &c, e);

	if (code != 0)
		return code;
	code = store_content_add(c, "bytes", 5, e);
	if (code != 0) {
		store_content_drop(c);
		return code;
	}
	return store_content_end(c, 3, STR_NONE, e);
}

static int commit_now(struct fixture *f, struct err *e)
{
	struct store_commit c = commit_of(9);

	return store_commit(f->store, &c, e);
}

static int act_commit(struct fixture *f, struct err *e)
{
	int code = attach_one(f, 77, e);

	if (code == 0)
		code = put_one(f, 1, make("a/one.md", "changed\n", NULL));
	if (code == 0)
		code = put_one(f, 2, make("b/two.md", "two\n", NULL));
	if (code == 0)
		code = put_one(
			f, 3, make("c.md", "three\n", "77:c/file.bin", NULL));
	if (code == 0)
		code = store_drop(f->store, 4, STR("default"), e);
	if (code == 0)
		store_put_value(f->store, "key", STR("value"));
	return code == 0 ? commit_now(f, e) : code;
}

#define MANY 150 /* documents, of which a pack is made */

/* A large attachment is spooled, and not kept in memory. */
static int attach_large(struct fixture *f, struct err *e)
{
	static char bytes[1 << 16];
	struct store_content *c;
	int code = store_content_begin(f->store, 78, 2 << 20, &c, e);

	if (code != 0)
		return code;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i % 251);
	for (int i = 0; i < 32 && code == 0; i++)
		code = store_content_add(c, bytes, sizeof(bytes), e);
	if (code == 0)
		return store_content_end(c, 5, STR_NONE, e);
	store_content_drop(c);
	return code;
}

static int put_numbers(struct fixture *f, int n, const char *text)
{
	int code = 0;

	for (int i = 0; code == 0 && i < n; i++) {
		char path[32];

		snprintf(path, sizeof(path), "many/%d/%d.md", i % 7, i);
		code = put_one(f, 100 + i, make(path, text, NULL));
	}
	return code;
}

static int act_many(struct fixture *f, struct err *e)
{
	int code = attach_large(f, e);

	if (code == 0)
		code = put_one(f, 5, make("e.md", "e\n", "78:large.bin", NULL));
	if (code == 0)
		code = put_numbers(f, MANY, "one of many\n");
	return code == 0 ? commit_now(f, e) : code;
}

static int act_few(struct fixture *f, struct err *e)
{
	int code = put_numbers(f, 3, "changed at last\n");

	return code == 0 ? commit_now(f, e) : code;
}

/* From the second such commit on, the index is changed in its place. */
static int ready_few(struct fixture *f, struct err *e)
{
	static const char *const texts[] = {"once\n", "twice\n", "thrice\n"};
	int code = act_many(f, e);

	for (size_t i = 0; code == 0 && i < ARRAY_LEN(texts); i++) {
		code = put_numbers(f, 2, texts[i]);
		if (code == 0)
			code = commit_now(f, e);
	}
	return code;
}

static int act_look(struct fixture *f, struct err *e)
{
	int n = 0;
	int code = store_look(f->store, true, count_adrift, &n, e);

	return code == 0 ? commit_now(f, e) : code;
}

static void on_finding(void *arg, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	(void)arg;
	(void)place;
	(void)work_package;
	(void)path;
	(void)text;
}

static int act_check(struct fixture *f, struct err *e)
{
	bool again;
	int code = store_check(f->store, NULL, on_finding, NULL, e);

	if (code == 0)
		code = store_repair_state(f->store, &again, e);
	if (code == 0)
		code = put_one(f, 2, make("b/two.md", "two\n", NULL));
	if (code == 0)
		code = store_differences(f->store, on_finding, NULL, e);
	return code == 0 ? commit_now(f, e) : code;
}

static void on_adopted(void *arg, int64_t work_package, struct str path)
{
	(void)arg;
	(void)work_package;
	(void)path;
}

static int act_adopt(struct fixture *f, struct err *e)
{
	const struct buf all = {0};
	int code;

	store_adopt(f->store, &all);
	code = put_one(f, 3, make("a/theirs.md", "three\n", NULL));
	if (code == 0)
		code = store_adopted(f->store, on_adopted, NULL, e);
	if (code == 0)
		code = commit_now(f, e);
	store_adopt(f->store, NULL);
	return code;
}

static int act_follow(struct fixture *f, struct err *e)
{
	struct store_follow out;

	return store_follow(f->store, REMOTE, &out, e);
}

static int act_consolidate(struct fixture *f, struct err *e)
{
	struct store_gc gc;
	int code = store_gc_begin(f->store, &gc, e);

	if (code != 0)
		return code;
	if (gc.fd >= 0)
		store_gc_end(f->store, gc.fd, true);
	buf_fini(&gc.keep);
	return store_reopen(f->store, e);
}

static int act_set_aside(struct fixture *f, struct err *e)
{
	const struct buf none = {0};
	struct buf packs = {0};
	struct buf indexes = {0};
	int code = store_set_aside(f->store, &none, &packs, &indexes, e);

	buf_fini(&packs);
	buf_fini(&indexes);
	return code == 0 ? store_open_again(f->store, e) : code;
}

#define THEIRS                                                                 \
	SELF "worktree add -q --detach t HEAD^ && cd t && echo x >theirs.md "  \
	     "&& " SELF "add -A && " SELF "commit -qm theirs && " SELF         \
	     "update-ref " REMOTE " HEAD && cd .. && " SELF                    \
	     "worktree remove --force t"

static int on_shadow(
	void *arg, const struct shadow_change *change, struct err *e)
{
	(void)arg;
	(void)change;
	(void)e;
	return 0;
}

/* Beside an open store, as the program that shows differences does. */
static int act_shadow(struct fixture *f, struct err *e)
{
	char *folder = xasprintf("%s/shadow", f->folder);
	char commit[SHADOW_ID] = "";
	char other[SHADOW_ID];
	int code;

	shadow_remove(folder);
	code = shadow_make(f->path, "main", folder, commit, e);
	if (code == 0)
		code = shadow_tip(folder, "main", other, e);
	if (code == 0)
		code = shadow_compare(
			folder, first, commit, on_shadow, NULL, e);
	shadow_remove(folder);
	free(folder);
	return code;
}

static int on_held(void *arg, const struct state_held *held, struct err *e)
{
	(void)arg;
	(void)held;
	(void)e;
	return 0;
}

static void on_stale(void *arg, int64_t work_package, enum store_stale stale)
{
	(void)arg;
	(void)work_package;
	(void)stale;
}

/* What else is written to the state, and asked of it. */
static int act_state(struct fixture *f, struct err *e)
{
	struct state *s = store_state(f->store);
	const struct state_held held = {.kind = HELD_REMOVAL,
		.work_package = 1,
		.entry = STR("default"),
		.path = STR("a/one.md"),
		.reason = STR("reason")};
	struct state_event event = {.kind = STR("added"), .at = 5};
	struct state_counts counts;
	struct store_use use;
	int64_t project = 1;
	const struct ids projects = {.items = &project, .n = 1};
	int64_t *ids = NULL;
	size_t n_ids;
	int64_t n;
	bool was;
	int code = state_held_put(s, &held, e);

	if (code == 0)
		code = state_event_add(s, &event, e);
	if (code == 0)
		code = state_held_tidy(s, e);
	if (code == 0)
		code = state_held(s, HELD_REMOVAL, on_held, NULL, e);
	if (code == 0)
		code = state_held_count(s, &n, e);
	if (code == 0)
		code = state_held_release(s, HELD_REMOVAL, 0, 0, e);
	if (code == 0)
		code = state_changing(s, &n, &n, e);
	if (code == 0)
		code = state_hold_changes(s, false, STR("r"), e);
	if (code == 0)
		code = state_removal_prune(s, 1, 2, e);
	if (code == 0)
		code = state_prune(s, 1, 1, e);
	if (code == 0)
		code = state_count(s, &counts, e);
	if (code == 0)
		code = state_withdraw(s, 1, e);
	if (code == 0)
		code = state_publish(s, 1, &was, e);
	if (code == 0)
		code = store_in_use(f->store, &use, e);
	if (code == 0)
		code = store_mark_readers(f->store, READ_USER, 3, e);
	if (code == 0)
		code = store_mark_unread(f->store, 1, 0, e);
	if (code == 0)
		code = store_stale(f->store, 5, on_stale, NULL, e);
	if (code == 0)
		code = store_forget_unread(f->store, e);
	if (code == 0)
		code = store_relating(
			f->store, NULL, &projects, &ids, &n_ids, e);
	free(ids);
	if (code == 0)
		code = store_was_called(f->store, STR("before"), e);
	return code == 0 ? commit_now(f, e) : code;
}

/* A git holds our branch: it is committed, but not yet there. */
static void leave_promise(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	open_store(f);
	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	put_well(f, 1, make("a/one.md", "newer\n", NULL), STORE_CHANGED);
	put_well(f, 2, make("b/two.md", "two\n", NULL), STORE_MOVED);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_LOCKED);
	store_close(f->store);
	f->store = NULL;
}

/* The last byte of files among packs is another. */
#define SPOIL(names)                                                           \
	"cd .git/objects/pack; chmod 644 *; for i in " names "; do "           \
	"truncate -s -1 $i; printf x >>$i; done"

static const struct operation operations[] = {
	{"first", "rm -rf .git *", act_open, NULL, NULL},
	{"open", "true", act_open, NULL, NULL},
	{"commit", "true", act_commit, NULL, NULL},
	{"commit over an edit", "echo edited >a/one.md; echo x >b", act_commit,
		NULL, NULL},
	{"commit of many", "true", act_many, NULL, NULL},
	{"commit of few", "true", act_few, ready_few, NULL},
	{"damaged refs",
		SELF "branch other; " SELF
		     "pack-refs --all; echo garbage >>.git/packed-refs",
		act_open, NULL, NULL},
	{"without state", "rm .git/opsync/state.db*", act_open, NULL, NULL},
	{"without branch", "rm .git/refs/heads/main", act_open, NULL, NULL},
	{"without index", "rm .git/index", act_open, NULL, NULL},
	{"damaged index", SELF "gc -q; " SPOIL("*.idx"), act_open, NULL, NULL},
	{"without a tree",
		"i=$(" SELF "rev-parse HEAD^{tree}); rm -f .git/objects/$(echo "
		"$i | sed 's,..,&/,')",
		act_open, NULL, NULL},
	{"promised", "rm .git/refs/heads/main.lock", act_open, NULL,
		leave_promise},
	{"look",
		"echo edited >a/one.md; " SELF "rm -q two.md; " SELF
		"commit -qm theirs",
		act_look, NULL, NULL},
	{"check", "true", act_check, NULL, NULL},
	{"adopt",
		"echo t >a/theirs.md; echo t >a/other.md; " SELF "add a; " SELF
		"commit -qm theirs",
		act_adopt, NULL, NULL},
	{"follow", THEIRS, act_follow, NULL, NULL},
	{"shadow", "true", act_shadow, NULL, NULL},
	{"state", "true", act_state, NULL, NULL},
	{"locks",
		"touch -d '1 hour ago' .git/index.lock .git/HEAD.lock "
		".git/refs/heads/main.lock .git/opsync/tmp/spool-1 "
		".git/opsync/tmp/tmp_obj_1 .git/opsync/index_1",
		act_open, NULL, NULL},
	{"consolidate",
		"for i in $(seq 60); do echo $i | " SELF
		"hash-object -w --stdin | " SELF "pack-objects -q "
		".git/objects/pack/pack; done >/dev/null",
		act_consolidate, NULL, NULL},
	{"set aside",
		SELF "repack -qad; " SELF
		     "commit-graph write --reachable; " SELF
		     "multi-pack-index write; cd .git/objects; chmod -R u+w .; "
		     "truncate -s -3 info/commit-graph pack/multi-pack-index; "
		     "for i in pack/*.pack; do printf x >>$i; done",
		act_set_aside, NULL, NULL},
};

#endif
