/*
 * put - a document on its way to being staged.
 *
 *   gather its files with their blobs' ids -> compare with what is recorded
 *   -> see that its new paths are free -> blob -> staged
 *
 * One that another entry takes over is compared with what that one had, and
 * has its row until this one is made.
 *
 * A document that is as recorded costs a hash and a query.  Whether a path
 * that another document has on record becomes free is known only when all is
 * staged: that is judged by the commit (settle.c).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "store/intent.h"
#include "store/parts.h"
#include "store/staging.h"
#include "store/trees.h"

#define PATH_LIMIT 4096 /* bytes, as PATH_MAX */
#define NAME_LIMIT 255

struct put {
	struct store *store;
	const struct document *document;
	struct parcel text;        /* of the document, hashed */
	struct state_document row; /* files and texts in the arena */
	struct str was;            /* the entry that has made it by now, */
	struct buf known_as;       /* and by which the state has it */
	struct state_file *files;
	struct arena texts;
	bool recorded;   /* the state has it, */
	bool same;       /* and all of it is the same, */
	bool text_known; /* or at least the text's blob */
	bool known_path; /* one of its paths is on record, */
	bool unclaimed;  /* and its own is, since before the state was lost */
	enum store_change change;
};

/* Git's own folder, under the names that file systems take for it. */
static bool is_dot_git(struct str name)
{
	struct str rest;

	if (name.n == 5 && strncasecmp(name.p, "git~1", 5) == 0)
		return true;
	if (name.n < 4 || strncasecmp(name.p, ".git", 4) != 0)
		return false;
	rest = str_skip(name, 4);
	if (rest.n > 0 && rest.p[0] == ':')
		return true;
	while (rest.n > 0 && (rest.p[0] == '.' || rest.p[0] == ' '))
		rest = str_skip(rest, 1);
	return rest.n == 0;
}

static bool is_name(struct str name)
{
	return name.n > 0 && name.n <= NAME_LIMIT &&
	       memchr(name.p, '\\', name.n) == NULL && !str_is(name, ".") &&
	       !str_is(name, "..") && !is_dot_git(name);
}

/* The mapping cleans paths; whatever comes here stays in the store. */
static int check_path(const char *path, struct err *e)
{
	const char *at = path;

	for (;;) {
		size_t n = strcspn(at, "/");

		if (strlen(path) > PATH_LIMIT || !is_name((struct str){at, n}))
			return err_set(e, ERR_DATA,
				"'%.300s' cannot be a path in the store", path);
		if (at[n] == '\0')
			return 0;
		at += n + 1;
	}
}

static int take_oid(void *arg, const struct state_attachment *a, struct err *e)
{
	git_oid *oid = arg;

	(void)e;
	return git_oid_fromstrn(oid, a->oid.p, a->oid.n) == 0 ? 0 : ERR_IO;
}

static struct str oid_text(struct put *p, const git_oid *oid)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), oid);
	return arena_str(&p->texts, str_of(hex));
}

static int add_saved(struct put *p, const struct saved_file *f, struct err *e)
{
	git_oid oid;
	bool found;
	int code = staging_attachment(
		p->store->state, f->attachment_id, &found, take_oid, &oid, e);

	if (code == 0)
		code = check_path(f->path, e);
	if (code != 0)
		return code;
	if (!found || !objects_has(p->store->objects, &oid))
		return err_set(e, ERR_DATA,
			"%s: the contents of attachment %lld are not stored",
			f->path, (long long)f->attachment_id);
	p->files[p->row.n_files++] = (struct state_file){
		.path = str_of(f->path),
		.oid = oid_text(p, &oid),
		.attachment_id = f->attachment_id,
	};
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct state_file *x = a;
	const struct state_file *y = b;

	return str_cmp(x->path, y->path);
}

static int check_twins(const struct put *p, struct err *e)
{
	for (size_t i = 1; i < p->row.n_files; i++)
		if (str_eq(p->files[i].path, p->files[0].path) ||
			str_eq(p->files[i].path, p->files[i - 1].path))
			return err_set(e, ERR_DATA,
				"%.*s is the path of two files of the document",
				STR_ARGS(p->files[i].path));
	return 0;
}

/* The document's own file first, then attachments by path. */
static int gather(struct put *p, struct err *e)
{
	const struct document *d = p->document;
	struct str text = buf_str(&d->text);
	int code = check_path(d->path, e);

	p->text = (struct parcel){.bytes = text.p, .n = text.n};
	if (code != 0)
		return code;
	blob_name(text.p, text.n, &p->text.oid);
	p->files = ARENA_ARRAY(&p->texts, struct state_file, d->n_files + 1);
	p->row.files = p->files;
	p->files[p->row.n_files++] = (struct state_file){
		.path = str_of(d->path), .oid = oid_text(p, &p->text.oid)};
	for (size_t i = 0; code == 0 && i < d->n_files; i++)
		code = add_saved(p, &d->files[i], e);
	if (code != 0)
		return code;
	qsort(p->files + 1, d->n_files, sizeof(*p->files), by_path);
	return check_twins(p, e);
}

static bool same_files(
	const struct state_document *a, const struct state_document *b)
{
	for (size_t i = 0; i < a->n_files; i++)
		if (!str_eq(a->files[i].path, b->files[i].path) ||
			!str_eq(a->files[i].oid, b->files[i].oid))
			return false;
	return true;
}

static bool same_ids(
	const struct state_document *a, const struct state_document *b)
{
	for (size_t i = 0; i < a->n_files; i++)
		if (a->files[i].attachment_id != b->files[i].attachment_id)
			return false;
	return true;
}

static int compare(void *arg, const struct state_document *d, struct err *e)
{
	struct put *p = arg;

	(void)e;
	if (!str_eq(d->entry, buf_str(&p->known_as)) || d->n_files == 0)
		return 0;
	p->recorded = true;
	p->text_known = str_eq(d->files[0].oid, p->files[0].oid);
	if (!str_eq(d->files[0].path, p->files[0].path))
		p->change = STORE_MOVED;
	else if (d->n_files != p->row.n_files || !same_files(d, &p->row))
		p->change = STORE_CHANGED;
	else
		p->change = STORE_SAME;
	p->same = p->change == STORE_SAME && same_ids(d, &p->row) &&
		  str_eq(d->entry, p->row.entry) &&
		  str_eq(d->natural_path, p->row.natural_path) &&
		  str_eq(d->claim, p->row.claim) &&
		  d->keep_when_gone == p->row.keep_when_gone;
	return 0;
}

static int taken(struct str path, struct err *e)
{
	return err_set(e, ERR_DATA,
		"%.*s is taken by a file that opsync did not write: move it "
		"away, change the mapping's path, or let opsync adopt take it "
		"over",
		STR_ARGS(path));
}

static bool may_adopt(const struct store *s, struct str path)
{
	struct str rest;
	struct str line;

	if (s->adopt == NULL)
		return false;
	rest = buf_str(s->adopt);
	if (rest.n == 0)
		return true;
	while (str_line(&rest, &line))
		if (str_eq(path, line))
			return true;
	return false;
}

/* A file of others is in the way, or taken over: then as if it was ours. */
static int adopt_spot(struct store *s, struct str path, const struct spot *spot,
	struct err *e)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid none = {{0}};

	if (!may_adopt(s, path))
		return taken(path, e);
	git_oid_tostr(
		hex, sizeof(hex), spot->kind == SPOT_FILE ? &spot->oid : &none);
	return staging_adopt(s->state, path, str_of(hex), e);
}

/* A path that no document has on record: is a file there, and another? */
static int check_foreign(
	struct put *p, const git_oid *tree, size_t i, struct err *e)
{
	struct str path = p->files[i].path;
	struct worktree_change change = {.path = path.p, .has = true};
	size_t n_foreign = 0;
	struct spot spot = {.kind = SPOT_FREE};
	int code = 0;

	if (!p->store->alone)
		code = tree_find(&p->store->trees, tree, path.p, &spot, e);
	if (code != 0)
		return code;
	git_oid_fromstr(&change.new_oid, p->files[i].oid.p);
	if (spot.kind == SPOT_OTHER ||
		(spot.kind == SPOT_FILE &&
			!git_oid_equal(&spot.oid, &change.new_oid)))
		return adopt_spot(p->store, path, &spot, e);
	if (!p->store->checked_out ||
		worktree_is_free(p->store->worktree, path.p))
		return 0;
	intent_catch_up(p->store);
	code = worktree_inspect(p->store->worktree, &change, 1, &n_foreign, e);
	if (code == 0 && n_foreign > 0) {
		spot.kind = SPOT_OTHER; /* not in git: it is kept */
		return adopt_spot(p->store, path, &spot, e);
	}
	return code;
}

static int check_free(
	struct put *p, const git_oid *tree, size_t i, struct err *e)
{
	struct state *s = p->store->state;
	struct str path = p->files[i].path;
	int64_t other = 0;
	bool found = false;
	int code = staging_owner(s, path, &p->row, p->was, &other, e);

	if (code == 0 && other < 0 && i > 0 && p->document->yields)
		code = staging_keeper(s, path, p->row.work_package, &other, e);
	if (code == 0 && other >= 0)
		return err_set(e, ERR_DATA,
			"%.*s is taken by work package %lld: "
			"save_as can give files a name with an id",
			STR_ARGS(path), (long long)other);
	if (code == 0)
		code = state_owner(s, path, &found, &other, e);
	p->known_path |= found;
	if (code == 0 && i == 0)
		p->unclaimed = found && other == 0;
	if (code == 0 && !found)
		code = check_foreign(p, tree, i, e);
	return code;
}

/*
 * One that is new to the state may be there all the same: adopted as it is,
 * or ours since before the state was lost.
 */
static int compare_tree(struct put *p, struct err *e)
{
	struct spot spot;
	bool equal = true;

	if (p->store->alone && !p->known_path)
		return 0; /* nothing is where it will be */
	for (size_t i = 0; i < p->row.n_files; i++) {
		git_oid oid;
		int code = tree_find(&p->store->trees, &p->store->tip_tree,
			p->files[i].path.p, &spot, e);

		if (code != 0)
			return code;
		git_oid_fromstr(&oid, p->files[i].oid.p);
		equal &= spot.kind == SPOT_FILE &&
			 git_oid_equal(&spot.oid, &oid);
	}
	if (equal)
		p->change = STORE_SAME;
	else if (p->unclaimed)
		p->change = STORE_CHANGED;
	return 0;
}

/* Where the branch stands, once a batch. */
static int look(struct store *s, struct err *e)
{
	git_oid tip;
	int code;

	if (s->looked)
		return 0;
	code = store_tip(s, &tip, e);
	if (code == 0)
		code = tree_of(s->repo, &tip, &s->tip_tree, e);
	s->checked_out = store_is_checked_out(s);
	s->alone = git_oid_equal(&tip, &s->seen_tip) && s->n_foreign == 0;
	s->looked = code == 0;
	return code;
}

/* Its document is not put: its files are somebody's all the same (adopt.c). */
static int remain(struct put *p, struct err *e)
{
	struct err why = {0};
	int code = 0;

	for (size_t i = 0; code == 0 && i < p->row.n_files; i++)
		code = staging_block(p->store->state, p->files[i].path, &why);
	return code == 0 ? ERR_DATA : err_set(e, code, "%s", why.text);
}

static int check_paths(struct put *p, struct err *e)
{
	int code = look(p->store, e);

	for (size_t i = 0; code == 0 && i < p->row.n_files; i++)
		code = check_free(p, &p->store->tip_tree, i, e);
	return code == ERR_DATA && p->store->adopt != NULL ? remain(p, e)
							   : code;
}

/* What is staged of it, also by the entry that has made it by now, goes. */
static int replace(struct put *p, bool as_recorded, struct err *e)
{
	struct state *s = p->store->state;
	int64_t id = p->row.work_package;
	int code = 0;

	if (!str_eq(p->was, p->row.entry))
		code = staging_forget(s, id, p->was, e);
	if (code == 0 && as_recorded)
		return staging_forget(s, id, p->row.entry, e);
	if (code == 0)
		code = staging_put(
			s, &p->row, buf_str(&p->known_as), p->change, e);
	return code == 0 ? staging_put_values(s, id, p->document, e) : code;
}

static int stage(struct put *p, struct err *e)
{
	struct state *s = p->store->state;
	bool adrift = false;
	bool fresh;
	git_oid oid;
	int code = gather(p, e);

	if (code == 0)
		code = staging_was(
			s, p->row.work_package, p->was, &p->known_as, e);
	if (code == 0)
		code = state_documents(s, p->row.work_package, compare, p, e);
	if (code == 0 && p->same)
		code = state_same_values(
			s, p->row.work_package, p->document, &p->same, e);
	if (code == 0 && p->same)
		code = staging_is_adrift(
			s, p->row.work_package, p->row.entry, &adrift, e);
	if (code == 0 && p->same && !adrift)
		return replace(p, true, e);
	if (code == 0)
		code = check_paths(p, e);
	if (code == 0 && !p->recorded)
		code = compare_tree(p, e);
	fresh = p->change != STORE_SAME;
	if (code == 0 && !p->text_known)
		code = objects_parcel(
			p->store->objects, &p->text, fresh, &oid, e);
	if (code == 0 && fresh && !p->text_known && p->store->checked_out)
		worktree_expect(
			p->store->worktree, &oid, p->text.bytes, p->text.n);
	return code == 0 ? replace(p, false, e) : code;
}

int store_put(struct store *s, int64_t work_package, const struct document *d,
	struct str claim, enum store_change *change, struct err *e)
{
	struct put p = {
		.store = s,
		.document = d,
		.row = {.work_package = work_package,
			.entry = str_of(d->entry),
			.natural_path = str_of(d->natural_path),
			.claim = claim,
			.keep_when_gone = d->keep_when_gone},
		.was = d->was.p != NULL ? d->was : str_of(d->entry),
		.change = STORE_ADDED,
	};
	int code = stage(&p, e);

	if (code == 0)
		*change = p.change;
	buf_fini(&p.known_as);
	arena_fini(&p.texts);
	return code;
}

int store_change_of(struct store *s, int64_t work_package, struct str entry,
	enum store_change *out, struct err *e)
{
	return staging_change(s->state, work_package, entry, out, e);
}

int store_drop(
	struct store *s, int64_t work_package, struct str entry, struct err *e)
{
	return staging_drop(s->state, work_package, entry, e);
}

int store_unstage(
	struct store *s, int64_t work_package, struct str entry, struct err *e)
{
	return staging_forget(s->state, work_package, entry, e);
}

int store_untell(
	struct store *s, int64_t work_package, struct str entry, struct err *e)
{
	return staging_untell(s->state, work_package, entry, e);
}

int store_untell_at(
	struct store *s, int64_t work_package, struct str path, struct err *e)
{
	return staging_untell_at(s->state, work_package, path, e);
}
