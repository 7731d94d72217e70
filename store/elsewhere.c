/*
 * elsewhere - our history, where our branch is not.
 *
 *   all refs but our own -> the newest commit of ours -> the ref that leads to
 *   it, first of all a remote's branch of our branch's name
 */
#include "store/elsewhere.h"

#include "store/git_error.h"
#include "store/history.h"

#define OWN "refs/opsync/" /* what was fetched is followed */

typedef int ref_fn(
	void *arg, git_reference *ref, const git_oid *commit, struct err *e);

/* Those that lead to a commit by themselves. */
static int each_ref(struct store *s, ref_fn *fn, void *arg, struct err *e)
{
	git_reference_iterator *refs = NULL;
	git_reference *ref;
	git_object *commit;
	int code = 0;

	if (git_reference_iterator_new(&refs, s->repo) != 0)
		return git_failed(e, "cannot read the refs of %s", s->path);
	while (code == 0 && git_reference_next(&ref, refs) == 0) {
		if (git_reference_type(ref) == GIT_REFERENCE_DIRECT &&
			!str_starts(
				str_of(git_reference_name(ref)), STR(OWN)) &&
			git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT) ==
				0) {
			code = fn(arg, ref, git_object_id(commit), e);
			git_object_free(commit);
		}
		git_reference_free(ref);
	}
	git_reference_iterator_free(refs);
	return code;
}

static int push_ref(
	void *arg, git_reference *ref, const git_oid *commit, struct err *e)
{
	git_revwalk *walk = arg;

	if (git_revwalk_push(walk, commit) != 0)
		return git_failed(e, "cannot read %s", git_reference_name(ref));
	return 0;
}

/* The newest commit of ours; or *any is false. */
static int find_ours(struct store *s, git_oid *out, bool *any, struct err *e)
{
	git_revwalk *walk = NULL;
	git_commit *commit;
	int code;

	if (git_revwalk_new(&walk, s->repo) != 0)
		return git_failed(e, "cannot read the history");
	code = each_ref(s, push_ref, walk, e);
	while (code == 0 && !*any && git_revwalk_next(out, walk) == 0 &&
		git_commit_lookup(&commit, s->repo, out) == 0) {
		*any = history_is_ours(s, commit);
		git_commit_free(commit);
		store_gets_on(s);
	}
	git_revwalk_free(walk);
	return code;
}

struct leading {
	struct store *store;
	git_oid to;
	const char *branch;
	struct buf name; /* as git commands take it */
	bool is_remotes;
};

static int note_ref(
	void *arg, git_reference *ref, const git_oid *commit, struct err *e)
{
	struct leading *l = arg;
	struct str name = str_of(git_reference_shorthand(ref));
	size_t slash = str_find(name, STR("/")); /* behind the remote's name */
	bool is_remotes = git_reference_is_remote(ref) == 1 && slash < name.n &&
			  str_is(str_skip(name, slash + 1), l->branch);

	(void)e;
	if ((l->name.n > 0 && (l->is_remotes || !is_remotes)) ||
		(!git_oid_equal(commit, &l->to) &&
			git_graph_descendant_of(
				l->store->repo, commit, &l->to) != 1))
		return 0;
	buf_clear(&l->name);
	buf_add_str(&l->name, name);
	l->is_remotes = is_remotes;
	return 0;
}

int elsewhere_refuse(struct store *s, struct err *e)
{
	struct leading l = {
		.store = s,
		.branch = s->ref + STR("refs/heads/").n,
	};
	git_oid known;
	bool told;
	bool any = false;
	int code = history_known_tip(s, &told, &known, e);

	if (code != 0 || told)
		return code;
	code = find_ours(s, &l.to, &any, e);
	if (code == 0 && any)
		code = each_ref(s, note_ref, &l, e);
	if (code == 0 && l.name.n > 0)
		code = err_set(e, ERR_CONFIG,
			"%s has no branch %s, but %s has commits of this "
			"instance (%s): run 'git branch %s %s' there to go on "
			"from them, or give the configuration file another "
			"name for a history of its own",
			s->path, l.branch, l.name.p, s->instance, l.branch,
			l.name.p);
	buf_fini(&l.name);
	return code;
}
