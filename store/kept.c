/*
 * kept - what a person wrote in our files, on a branch of its own before the
 * files are ours again.
 */
#include "store/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "store/branch.h"
#include "store/git_error.h"
#include "store/trees.h"

#define NAMES 1000 /* kept branches of one run */

int commit_make(struct store *s, const struct commit_parts *parts, git_oid *out,
	struct err *e)
{
	bool root = git_oid_is_zero(parts->parent);
	git_signature *now = NULL;
	git_commit *parent = NULL;
	git_tree *tree = NULL;
	const git_commit *parents[1];
	git_buf bytes = {0};
	int code = 0;

	if (git_signature_now(&now, s->author_name, s->author_email) != 0 ||
		git_tree_lookup(&tree, s->repo, parts->tree) != 0 ||
		(!root && git_commit_lookup(&parent, s->repo, parts->parent) !=
				  0)) {
		code = git_failed(e, "cannot make a commit");
	} else {
		parents[0] = parent;
		if (git_commit_create_buffer(&bytes, s->repo,
			    parts->author != NULL ? parts->author : now, now,
			    NULL, parts->message, tree, root ? 0 : 1,
			    parents) != 0)
			code = git_failed(e, "cannot make a commit");
		else
			code = objects_made(s->objects, GIT_OBJECT_COMMIT,
				bytes.ptr, bytes.size, out, e);
	}
	git_buf_dispose(&bytes);
	git_tree_free(tree);
	git_commit_free(parent);
	git_signature_free(now);
	return code;
}

bool store_has_branch(struct store *s, const char *branch)
{
	char *ref = xasprintf("refs/heads/%s", branch);
	git_oid oid;
	bool there = git_reference_name_to_id(&oid, s->repo, ref) == 0;

	free(ref);
	return there;
}

/* Nor may there be branches below it. */
static bool is_free(struct store *s, const char *branch)
{
	char *below = xasprintf("refs/heads/%s/*", branch);
	git_reference_iterator *refs = NULL;
	const char *name;
	bool is = !store_has_branch(s, branch);

	if (is && git_reference_iterator_glob_new(&refs, s->repo, below) == 0)
		is = git_reference_next_name(&name, refs) != 0;
	git_reference_iterator_free(refs);
	free(below);
	return is;
}

/* A branch called opsync leaves no room for opsync/kept. */
int kept_name(
	struct store *s, int64_t run, char branch[KEPT_BRANCH], struct err *e)
{
	const char *folder = store_has_branch(s, "opsync") ||
					     store_has_branch(s, "opsync/kept")
				     ? "opsync-kept"
				     : "opsync/kept";

	snprintf(branch, KEPT_BRANCH, "%s/%lld", folder, (long long)run);
	for (int i = 2; i < NAMES && !is_free(s, branch); i++)
		snprintf(branch, KEPT_BRANCH, "%s/%lld-%d", folder,
			(long long)run, i);
	if (!is_free(s, branch))
		return err_set(e, ERR_IO,
			"%s: there are too many branches like %s: delete those "
			"that are not needed",
			s->path, branch);
	return 0;
}

static int make_commit(struct store *s, int64_t run, const git_oid *tip,
	const git_oid *tree, git_oid *commit, struct err *e)
{
	char *message = xasprintf(
		"Keep edits of files that opsync writes\n\n"
		"They were found where run %lld writes documents.  Edit them "
		"in OpenProject\ninstead, or take them from here.\n\n"
		"Opsync-Instance: %s\nOpsync-Run: %lld\n",
		(long long)run, s->instance, (long long)run);
	struct commit_parts parts = {
		.parent = tip, .tree = tree, .message = message};
	int code = commit_make(s, &parts, commit, e);

	free(message);
	return code;
}

/* What was staged is a commit below what the files hold. */
static int keep_staged(struct store *s, int64_t run, const git_oid *before,
	const struct changes *c, git_oid *parent, struct err *e)
{
	struct worktree_change *staged = xcalloc(c->n, sizeof(*staged));
	git_oid tree;
	int code;

	for (size_t i = 0; i < c->n; i++)
		staged[i] = (struct worktree_change){.path = c->items[i].path,
			.foreign = c->items[i].staged,
			.kept_oid = c->items[i].staged_oid};
	code = tree_with_kept(&s->trees, before, staged, c->n, &tree, e);
	if (code == 0 && !git_oid_equal(&tree, before))
		code = make_commit(s, run, parent, &tree, parent, e);
	free(staged);
	return code;
}

static bool has_tree(git_reference *ref, const git_oid *tree)
{
	git_object *object = NULL;
	bool has = git_reference_peel(&object, ref, GIT_OBJECT_TREE) == 0 &&
		   git_oid_equal(git_object_id(object), tree);

	git_object_free(object);
	return has;
}

/*
 * A branch that has just that already: a program that writes the same into our
 * file again and again gets no branch for each time.
 */
static bool find_same(struct store *s, const git_oid *tree, struct kept *out)
{
	git_reference_iterator *refs = NULL;
	git_reference *ref = NULL;
	bool found = false;

	if (git_reference_iterator_glob_new(
		    &refs, s->repo, "refs/heads/opsync?kept/*") != 0)
		return false;
	while (!found && git_reference_next(&ref, refs) == 0) {
		const git_oid *commit = git_reference_target(ref);
		const char *name = git_reference_shorthand(ref);

		found = commit != NULL && strlen(name) < KEPT_BRANCH &&
			has_tree(ref, tree);
		if (found) {
			out->commit = *commit;
			snprintf(out->branch, KEPT_BRANCH, "%s", name);
		}
		git_reference_free(ref);
	}
	git_reference_iterator_free(refs);
	return found;
}

int kept_make(struct store *s, int64_t run, const git_oid *tip,
	const struct changes *c, struct kept *out, struct err *e)
{
	git_oid before;
	git_oid tree;
	git_oid parent = *tip;
	int code = tree_of(s->repo, tip, &before, e);

	if (code == 0)
		code = tree_with_kept(
			&s->trees, &before, c->items, c->n, &tree, e);
	if (code == 0)
		code = kept_name(s, run, out->branch, e);
	if (code == 0)
		code = keep_staged(s, run, &before, c, &parent, e);
	if (code != 0)
		return code;
	if (git_oid_equal(&tree, &before)) {
		out->commit = parent;
		return 0;
	}
	if (git_oid_equal(&parent, tip) && find_same(s, &tree, out))
		return 0;
	return make_commit(s, run, &parent, &tree, &out->commit, e);
}

/* It may have more on top by now. */
static bool has_commit(struct store *s, const char *ref, const git_oid *commit)
{
	git_oid tip;

	return git_reference_name_to_id(&tip, s->repo, ref) == 0 &&
	       (git_oid_equal(&tip, commit) ||
		       git_graph_descendant_of(s->repo, &tip, commit) == 1);
}

static int create(struct store *s, const struct kept *kept, struct err *e)
{
	char *ref = xasprintf("refs/heads/%s", kept->branch);
	git_reference *made = NULL;
	int rc = git_reference_create(&made, s->repo, ref, &kept->commit, 0,
		"opsync: keep a person's edits");
	int code = 0;

	git_reference_free(made);
	if (rc == 0)
		branch_share(s, ref);
	if (rc != 0 &&
		(rc != GIT_EEXISTS || !has_commit(s, ref, &kept->commit)))
		code = git_failed(e, "cannot make branch %s", kept->branch);
	free(ref);
	return code;
}

int kept_create(struct store *s, int64_t run, struct kept *kept, struct err *e)
{
	struct kept other = {.commit = kept->commit};
	struct err fault = {0};
	int code = create(s, kept, &fault);

	if (code == 0)
		return 0;
	if (kept_name(s, run, other.branch, NULL) != 0 ||
		strcmp(other.branch, kept->branch) == 0) {
		if (e != NULL)
			*e = fault;
		return code;
	}
	code = create(s, &other, e);
	if (code == 0) {
		store_tell(s, LOG_LEVEL_WARNING,
			"%s: what was to be kept there is on %s", fault.text,
			other.branch);
		*kept = other;
	}
	return code;
}
