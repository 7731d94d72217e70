/*
 * history_state - what the state knows of the history; and a lost state, made
 * again of it.
 *
 *   the tip's files listed -> commits, newest first: the one that brought a
 *   file to what it is now -> is it of our instance? -> a document of work
 *   package 0
 *
 * The state knows all that; this is for the day on which the state is lost,
 * or is an older copy.  Then everything is read from the server, each
 * document takes over the path that it had, and what is left at the end
 * belongs to work packages that are gone.
 */
#include "store/history.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/git_error.h"
#include "store/intent.h"
#include "store/notes.h"
#include "store/setback.h"
#include "store/tree_news.h"

#define TIP "store.tip" /* the branch's commit, as far as the state knows */
#define ROWS "store.rows"
#define BEHIND "store.behind"
#define MANY_COMMITS 3000

/* --- What is ours --------------------------------------------------------- */

/* What is ours, and what was withdrawn, may be said where nobody can read. */
static int refuse_shallow(struct store *s, const git_oid *tip, struct err *e)
{
	if (git_oid_is_zero(tip) || git_repository_is_shallow(s->repo) != 1)
		return 0;
	return history_ends_early(s, ERR_CONFIG, e);
}

struct marking {
	struct store *store;
	const atomic_bool *stop; /* set when it is to end early; or NULL */
	struct tree_sides sides;
	bool ours;    /* the commit */
	int64_t left; /* paths that are not marked yet */
};

static int mark_path(
	void *arg, const char *path, const git_oid *oid, struct err *e)
{
	struct marking *m = arg;
	struct query q = query_open(m->store->state,
		"UPDATE tip_path SET ours = ? WHERE path = ? AND oid = ?"
		" AND ours = 0");
	int code;

	bind_int(&q, m->ours ? 1 : -1);
	bind_text(&q, str_of(path));
	bind_oid(&q, oid);
	code = query_run(&q, e);
	if (code == 0)
		m->left -= sqlite3_changes(m->store->state->db);
	return code;
}

static bool is_there(struct store *s, const git_oid *oid)
{
	git_commit *commit;

	if (git_commit_lookup(&commit, s->repo, oid) != 0)
		return false;
	git_commit_free(commit);
	return true;
}

/*
 * A merge brings nothing that its parents do not; of a commit whose parent is
 * not there, nobody knows what it brought.
 */
static int mark_commit(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct marking *m = arg;
	git_oid before = {{0}};
	int code = 0;

	if (m->stop != NULL && atomic_load(m->stop))
		return err_set(e, ERR_CANCELED, "stopped");
	if (git_commit_parentcount(commit) > 1 ||
		(git_commit_parentcount(commit) == 1 &&
			!is_there(m->store, git_commit_parent_id(commit, 0))))
		return 0;
	m->ours = history_is_ours(m->store, commit);
	if (git_commit_parentcount(commit) == 1)
		code = tree_of(m->store->repo, git_commit_parent_id(commit, 0),
			&before, e);
	if (code == 0)
		code = tree_news(&m->sides, &before, git_commit_tree_id(commit),
			mark_path, m, e);
	*on = m->left > 0;
	return code;
}

static int count_unmarked(struct store *s, int64_t *n, struct err *e)
{
	struct query q = query_open(
		s->state, "SELECT count(*) FROM tip_path WHERE ours = 0");

	if (query_next(&q))
		*n = column_int(&q);
	return query_close(&q, e);
}

/*
 * A history with a gap leaves paths unmarked.  Trees are
 * read as git log does it, without their digests, which would take longer than
 * all else: those of the tip were seen to be whole.
 */
static int mark_all(struct store *s, const git_oid *tip,
	const atomic_bool *stop, struct err *e)
{
	const git_oid none = {{0}};
	struct marking m = {
		.store = s, .stop = stop, .sides.objects = s->objects};
	int code = count_unmarked(s, &m.left, e);

	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	if (code == 0 && m.left > 0)
		code = history_walk(s, tip, &none, mark_commit, &m, e);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	tree_sides_fini(&m.sides);
	return code;
}

/* --- What the state knows ------------------------------------------------- */

static int put_oid(
	struct state *s, const char *key, const git_oid *oid, struct err *e)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), oid);
	return state_put(s, key, str_of(hex), e);
}

static int get_oid(struct state *s, const char *key, bool *found, git_oid *out,
	struct err *e)
{
	struct buf text = {0};
	int code = state_get(s, key, &text, found, e);

	*out = (git_oid){{0}};
	if (*found && git_oid_fromstrn(out, buf_str(&text).p, text.n) != 0)
		*found = false;
	buf_fini(&text);
	return code;
}

int history_note(struct store *s, const git_oid *tip, struct err *e)
{
	return put_oid(s->state, TIP, tip, e);
}

int history_known_tip(struct store *s, bool *known, git_oid *out, struct err *e)
{
	return get_oid(s->state, TIP, known, out, e);
}

int history_note_rows(struct store *s, const git_oid *commit, struct err *e)
{
	return put_oid(s->state, ROWS, commit, e);
}

int history_rows(struct store *s, bool *known, git_oid *out, struct err *e)
{
	return get_oid(s->state, ROWS, known, out, e);
}

/* As a digit; 0: not known yet.  What is surest stays. */
static int put_behind(struct store *s, int word, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT INTO value (key, value) VALUES ('" BEHIND "', ?)"
		" ON CONFLICT DO UPDATE SET value = max(value, "
		"excluded.value)");
	char digit[] = {(char)('0' + word), '\0'};

	bind_text(&q, str_of(digit));
	return query_run(&q, e);
}

int history_put_behind(struct store *s, const git_oid *to, struct err *e)
{
	enum notes_word word = NOTES_OF_BOTH;
	int code = notes_weigh(s, to, &word, e);

	return code == 0 ? put_behind(s, (int)word, e) : code;
}

static int is_put_behind(struct store *s, const git_oid *tip, bool *is,
	enum notes_word *word, struct err *e)
{
	struct buf digit = {0};
	int code = state_get(s->state, BEHIND, &digit, is, e);
	bool weighed = digit.n == 1 && digit.p[0] > '0' &&
		       digit.p[0] <= '0' + NOTES_OF_BOTH;

	if (weighed)
		*word = (enum notes_word)(digit.p[0] - '0');
	else if (code == 0)
		code = notes_weigh(s, tip, word, e);
	buf_fini(&digit);
	return code;
}

int history_distrust(struct store *s, const char *why, struct err *e)
{
	store_tell(s, LOG_LEVEL_WARNING, "rows of the state %s", why);
	return put_behind(s, 0, e);
}

/*
 * Documents that stay when their work package is gone go on to do so; of others
 * nobody knows whether they are among these.  Files of what was withdrawn go
 * again without the guard, unless another document had their path since.
 */
static const char rebuild[] =
	"CREATE TEMP TABLE stays AS SELECT path FROM file f JOIN document d"
	" ON d.work_package = f.work_package AND d.entry = f.entry"
	" WHERE d.keep_when_gone = 1 UNION SELECT natural_path FROM document d"
	" WHERE d.keep_when_gone = 1 AND NOT EXISTS (SELECT 1 FROM file f WHERE"
	" f.work_package = d.work_package AND f.entry = d.entry);"
	"CREATE TEMP TABLE owner (path TEXT PRIMARY KEY, work_package INTEGER)"
	" WITHOUT ROWID; INSERT INTO owner SELECT path, work_package FROM"
	" withdrawn_file w WHERE work_package IN (SELECT work_package FROM"
	" withdrawn) AND NOT EXISTS (SELECT 1 FROM file f WHERE f.path = w.path"
	" AND f.work_package <> w.work_package);"
	"DELETE FROM document; DELETE FROM file; DELETE FROM work_package;"
	"DELETE FROM read; DELETE FROM stale; DELETE FROM unique_value;"
	"DELETE FROM value WHERE key IN"
	" ('cursor', 'low', 'seen', 'full.open', 'scope', 'mapping',"
	" 'store.behind');"
	"INSERT INTO document (work_package, entry, natural_path, claim,"
	" keep_when_gone) SELECT ifnull((SELECT work_package FROM owner o"
	" WHERE o.path = t.path), 0), path, path, '/' || path,"
	" iif(path IN (SELECT path FROM stays), 1, 2)"
	" FROM tip_path t WHERE ours = 1;"
	"INSERT INTO file (path, oid, attachment_id, work_package, entry)"
	" SELECT path, oid, 0, ifnull((SELECT work_package FROM owner o"
	" WHERE o.path = t.path), 0), path FROM tip_path t WHERE ours = 1;"
	"DROP TABLE stays; DROP TABLE owner;";

static int make_again(struct store *s, const git_oid *tip, struct err *e)
{
	enum notes_word word;
	bool behind;
	int code = refuse_shallow(s, tip, e);

	if (code == 0)
		code = is_put_behind(s, tip, &behind, &word, e);
	if (code == 0)
		code = history_list(s, tip, e);
	if (code == 0)
		code = state_nest(s->state, e);
	if (code != 0)
		return code;
	/* It knows whose commits are ours. */
	code = notes_restore(s, tip, word, e);
	if (code == 0)
		code = mark_all(s, tip, NULL, e);
	if (code == 0)
		code = state_exec(s->state, rebuild, e);
	if (code == 0)
		code = history_unlist(s, e);
	if (code == 0)
		code = history_note(s, tip, e);
	if (code == 0)
		code = history_note_rows(s, tip, e);
	return state_unnest(s->state, code, e);
}

/* --- What is ours, and in no row ------------------------------------------ */

/* Those that a row has need no commit to say whose they are. */
static int list_unrecorded(
	struct store *s, const git_oid *tip, bool *any, struct err *e)
{
	struct query q;
	int code = history_list(s, tip, e);

	if (code == 0)
		code = state_exec(s->state,
			"DELETE FROM tip_path WHERE path IN"
			" (SELECT path FROM file)",
			e);
	if (code != 0)
		return code;
	q = query_open(s->state, "SELECT EXISTS (SELECT 1 FROM tip_path)");
	return query_any(&q, any, e);
}

static int tell_ours(
	struct store *s, history_path_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT path FROM tip_path WHERE ours = 1 ORDER BY path");

	while (query_next(&q))
		fn(arg, column_text(&q));
	return query_close(&q, e);
}

int history_orphans(struct store *s, const atomic_bool *stop,
	history_path_fn *fn, void *arg, struct err *e)
{
	int64_t since = INT64_MAX;
	bool any = false;
	git_oid tip;
	int code = intent_since(s->state, &since, e);

	if (code == 0)
		code = store_tip(s, &tip, e);
	if (code != 0 || since != INT64_MAX ||
		refuse_shallow(s, &tip, NULL) != 0)
		return code;
	code = list_unrecorded(s, &tip, &any, e);
	if (code == 0 && any)
		code = mark_all(s, &tip, stop, e);
	if (code == 0 && any)
		code = tell_ours(s, fn, arg, e);
	history_unlist(s, NULL);
	return code;
}

/* --- Is it made again? ---------------------------------------------------- */

int state_tip(struct state *s, struct buf *out, bool *found, struct err *e)
{
	return state_get(s, TIP, out, found, e);
}

static int has_documents(struct store *s, bool *has, struct err *e)
{
	struct query q =
		query_open(s->state, "SELECT EXISTS (SELECT 1 FROM document)");

	return query_any(&q, has, e);
}

/*
 * Is the state behind the branch?  One of an earlier program has documents,
 * but was never told where the branch is.  A commit that is not there any
 * more is as good as none.
 */
static int is_behind(
	struct store *s, const git_oid *tip, bool *behind, struct err *e)
{
	git_oid known;
	bool told;
	bool any = false;
	int code = history_known_tip(s, &told, &known, e);

	if (code == 0 && !told)
		code = has_documents(s, &any, e);
	if (code == 0 && !told && !any)
		code = refuse_shallow(s, tip, e);
	if (code != 0 || any || (told && git_oid_equal(&known, tip)))
		return code;
	if (!is_there(s, &known))
		known = (git_oid){{0}};
	return history_has_more(s, tip, &known, behind, e);
}

/* It takes as long as git log would. */
static void announce(struct store *s, const git_oid *tip)
{
	git_revwalk *walk = NULL;
	git_oid oid;
	size_t n = 0;

	if (git_revwalk_new(&walk, s->repo) == 0 &&
		git_revwalk_push(walk, tip) == 0)
		while (git_revwalk_next(&oid, walk) == 0) {
			store_gets_on(s);
			n++;
		}
	git_revwalk_free(walk);
	if (n >= MANY_COMMITS)
		store_tell(s, LOG_LEVEL_NOTICE,
			"the state is made again from a history of %zu "
			"commits, which may take a while",
			n);
}

/* What was set back is put right by the way; or it cannot be. */
static int find_out(
	struct store *s, const git_oid *tip, bool *behind, struct err *e)
{
	int code = is_behind(s, tip, behind, e);

	if (code != 0 || *behind)
		return code;
	code = setback_claim(s, tip, e);
	return code == 0 ? state_has(s->state, BEHIND, behind, e) : code;
}

static void tell_gap(struct store *s)
{
	if (!git_oid_is_zero(&s->gap))
		store_tell(s, LOG_LEVEL_WARNING,
			"commit %.10s is not there, and nobody knows what the "
			"history said before it: what was withdrawn or removed "
			"then may come back, or stay; see what is added "
			"(opsync "
			"log), and withdraw what is not to be seen",
			git_oid_tostr_s(&s->gap));
	s->gap = (git_oid){{0}};
}

int history_check(struct store *s, bool *again, struct err *e)
{
	bool behind = false;
	int64_t since = INT64_MAX;
	git_oid tip;
	int code = state_has(s->state, BEHIND, &behind, e);

	if (again != NULL)
		*again = false;
	if (code == 0 && !behind)
		code = intent_since(s->state, &since, e);
	if (code != 0 || since != INT64_MAX)
		return code; /* noted when the intent's work tree is done */
	s->gap = (git_oid){{0}};
	code = store_tip(s, &tip, e);
	if (code == 0 && !behind)
		code = find_out(s, &tip, &behind, e);
	if (code == 0 && behind)
		announce(s, &tip);
	if (code == 0)
		code = behind ? make_again(s, &tip, e)
			      : history_note(s, &tip, e);
	if (code == 0 && behind)
		store_tell(s, LOG_LEVEL_NOTICE,
			"the state knew less than the repository: it is made "
			"again, and everything is read from the server");
	if (code == 0)
		tell_gap(s);
	if (again != NULL)
		*again = code == 0 && behind;
	return code;
}

/* Only a state that is new knows of no tip, not even of none. */
static int is_unchecked(struct store *s, bool *is, struct err *e)
{
	git_oid known;
	bool told = true;
	int code = state_has(s->state, BEHIND, is, e);

	if (code == 0 && !*is)
		code = history_known_tip(s, &told, &known, e);
	*is = *is || !told;
	return code;
}

int store_check_history(struct store *s, bool *again, struct err *e)
{
	bool unchecked = false;
	int code = store_check_place(s, e);

	*again = false;
	if (code == 0)
		code = is_unchecked(s, &unchecked, e);
	if (code == 0 && unchecked)
		code = state_let_go(s->state, e);
	if (code != 0 || !unchecked)
		return code;
	code = intent_settle(s, e);
	return code == 0 ? history_check(s, again, e) : code;
}
