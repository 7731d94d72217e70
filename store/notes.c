/*
 * notes - what people said of documents, in the history.
 *
 *   Opsync-Withdrawn: 3 17 20      (or: none)
 *   Opsync-Formerly: docs/site     (or: none; a name has no slash)
 */
#include "store/notes.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/history.h"
#include "store/state_guard.h"

#define FORMER "store.former" /* as in the trailer, but all of them */
#define NONE "none"

/* --- What is so now ------------------------------------------------------- */

static int add_id(void *arg, int64_t id, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	buf_printf(out, "%s%lld", out->n > 0 ? " " : "", (long long)id);
	return 0;
}

static int withdrawn_now(struct store *s, struct buf *out, struct err *e)
{
	return state_withdrawn(s->state, add_id, out, e);
}

/* Cut the next name off; false: there is none. */
static bool next_name(struct str *names, struct str *name)
{
	size_t n = str_find(*names, STR("/"));

	*name = (struct str){names->p, n};
	*names = str_skip(*names, n < names->n ? n + 1 : n);
	return n > 0;
}

static void add_name(struct buf *names, struct str name)
{
	buf_printf(names, "%s%.*s", names->n > 0 ? "/" : "", STR_ARGS(name));
}

/* It may have one of them again. */
static int formerly_now(struct store *s, struct buf *out, struct err *e)
{
	struct str names = buf_str(&s->former);
	struct str name;

	(void)e;
	while (next_name(&names, &name))
		if (!str_is(name, s->instance))
			add_name(out, name);
	return 0;
}

static const struct {
	const char *trailer;
	const char *said; /* the state's value: as a commit said it last */
	int (*now)(struct store *s, struct buf *out, struct err *e);
} kinds[N_NOTES] = {
	[NOTE_WITHDRAWN] = {"Withdrawn", "withdrawn.said", withdrawn_now},
	[NOTE_FORMERLY] = {"Formerly", "formerly.said", formerly_now},
};

bool notes_were_called(const struct store *s, struct str name)
{
	struct str names = buf_str(&s->former);
	struct str one;

	while (next_name(&names, &one))
		if (str_eq(one, name))
			return true;
	return false;
}

int notes_load(struct store *s, struct err *e)
{
	bool found;

	return state_get(s->state, FORMER, &s->former, &found, e);
}

int store_was_called(struct store *s, struct str name, struct err *e)
{
	if (!notes_were_called(s, name))
		add_name(&s->former, name);
	return state_put(s->state, FORMER, buf_str(&s->former), e);
}

/* --- What is to be said --------------------------------------------------- */

void notes_fini(struct notes *n)
{
	for (size_t i = 0; i < N_NOTES; i++)
		free(n->text[i]);
	*n = (struct notes){0};
}

static int due(struct store *s, enum note kind, char **text, struct err *e)
{
	struct buf now = {0};
	struct buf said = {0};
	bool found = false;
	int code = kinds[kind].now(s, &now, e);

	if (code == 0)
		code = state_get(s->state, kinds[kind].said, &said, &found, e);
	if (now.n == 0)
		buf_puts(&now, NONE);
	if (!found)
		buf_puts(&said, NONE);
	if (code == 0 && !str_eq(buf_str(&now), buf_str(&said)))
		*text = buf_take(&now);
	buf_fini(&now);
	buf_fini(&said);
	return code;
}

int notes_due(struct store *s, struct notes *out, struct err *e)
{
	int code = 0;

	*out = (struct notes){0};
	for (size_t i = 0; code == 0 && i < N_NOTES; i++)
		code = due(s, (enum note)i, &out->text[i], e);
	return code;
}

bool notes_any(const struct notes *n)
{
	for (size_t i = 0; i < N_NOTES; i++)
		if (n->text[i] != NULL)
			return true;
	return false;
}

void notes_put(const struct notes *n, struct buf *message)
{
	for (size_t i = 0; i < N_NOTES; i++)
		history_put_trailer(message, kinds[i].trailer, n->text[i]);
}

bool notes_are_in(const git_commit *commit)
{
	struct buf text = {0};
	bool any = false;

	for (size_t i = 0; !any && i < N_NOTES; i++)
		any = history_trailer(commit, kinds[i].trailer, &text);
	buf_fini(&text);
	return any;
}

int notes_said(struct store *s, const struct notes *n, struct err *e)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < N_NOTES; i++)
		if (n->text[i] != NULL)
			code = state_put(
				s->state, kinds[i].said, str_of(n->text[i]), e);
	return code;
}

/* The first commit says all that is due: before it there is nothing to lose. */
int store_has_notes(struct store *s, bool *has, struct err *e)
{
	struct notes n;
	git_oid tip = {{0}};
	int code = notes_due(s, &n, e);

	*has = notes_any(&n);
	if (code == 0 && *has)
		code = store_tip(s, &tip, e);
	*has = *has && !git_oid_is_zero(&tip);
	notes_fini(&n);
	return code;
}

/* --- From the history ----------------------------------------------------- */

/* What the newest trailers say. */
struct last {
	struct store *store;
	bool found[N_NOTES];
	struct buf text[N_NOTES];
};

/* From here on, what has such a name is ours. */
static void learn_names(struct store *s, struct str names)
{
	struct str name;

	if (str_is(names, NONE))
		return;
	while (next_name(&names, &name))
		if (!notes_were_called(s, name))
			add_name(&s->former, name);
}

static int look_for_trailers(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct last *last = arg;
	bool all = true;

	(void)e;
	if (!history_is_ours(last->store, commit))
		return 0;
	for (size_t i = 0; i < N_NOTES; i++) {
		if (last->found[i])
			continue;
		last->found[i] = history_trailer(
			commit, kinds[i].trailer, &last->text[i]);
		if (last->found[i] && i == NOTE_FORMERLY)
			learn_names(last->store, buf_str(&last->text[i]));
		all = all && last->found[i];
	}
	*on = !all;
	return 0;
}

/* What they say is what was said. */
static int find_last(
	struct store *s, const git_oid *tip, struct last *last, struct err *e)
{
	const git_oid none = {{0}};
	int code = 0;

	*last = (struct last){.store = s};
	if (!git_oid_is_zero(tip))
		code = history_walk(s, tip, &none, look_for_trailers, last, e);
	for (size_t i = 0; code == 0 && i < N_NOTES; i++)
		code = last->found[i]
			       ? state_put(s->state, kinds[i].said,
					 buf_str(&last->text[i]), e)
			       : state_delete(s->state, kinds[i].said, e);
	return code;
}

static void last_fini(struct last *last)
{
	for (size_t i = 0; i < N_NOTES; i++)
		buf_fini(&last->text[i]);
}

int notes_reread(struct store *s, const git_oid *tip, struct err *e)
{
	struct last last;
	int code = find_last(s, tip, &last, e);

	last_fini(&last);
	return code;
}

/* --- Into the state --------------------------------------------------------
 */

/* Is the newest commit of ours one that the log tells of? */
struct newest {
	struct store *store;
	bool logged;
};

static int look_in_log(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct newest *n = arg;
	struct query q;

	if (!history_is_ours(n->store, commit))
		return 0;
	*on = false;
	q = query_open(n->store->state,
		"SELECT EXISTS (SELECT 1 FROM event WHERE kind = 'committed'"
		" AND substr(text, 1, 40) = ?)");
	bind_oid(&q, git_commit_id(commit));
	return query_any(&q, &n->logged, e);
}

/*
 * A commit of ours that the log has, but that nothing was made on, is one from
 * which the branch was set back: no other program of our name was there since.
 */
int notes_weigh(struct store *s, const git_oid *tip, enum notes_word *out,
	struct err *e)
{
	const git_oid none = {{0}};
	struct newest newest = {.store = s};
	git_oid known;
	bool told;
	int code = history_known_tip(s, &told, &known, e);

	*out = NOTES_OF_BRANCH;
	if (code != 0 || !told || git_oid_is_zero(&known))
		return code;
	newest.logged = git_oid_equal(&known, tip);
	if (!newest.logged &&
		git_graph_descendant_of(s->repo, tip, &known) == 1)
		return 0;
	if (!newest.logged && !git_oid_is_zero(tip))
		code = history_walk(s, tip, &none, look_in_log, &newest, e);
	*out = newest.logged ? NOTES_OF_STATE : NOTES_OF_BOTH;
	return code;
}

typedef int id_fn(struct state *s, int64_t id, struct err *e);

static int each_id(struct state *s, struct str ids, id_fn *fn, struct err *e)
{
	int code = 0;

	while (code == 0 && ids.n > 0) {
		size_t n = str_find(ids, STR(" "));
		long long id = 0;

		if (str_to_int64((struct str){ids.p, n}, &id) && id > 0)
			code = fn(s, id, e);
		ids = str_skip(ids, n < ids.n ? n + 1 : n);
	}
	return code;
}

static int forget_id(struct state *s, int64_t id, struct err *e)
{
	struct query q =
		query_open(s, "DELETE FROM withdrawn WHERE work_package = ?");

	bind_int(&q, id);
	return query_run(&q, e);
}

/* What was said since is in ids; what is not said yet stays. */
static int put_newer(
	struct store *s, struct str said, struct str ids, struct err *e)
{
	int code = each_id(s->state, said, forget_id, e);

	return code == 0 ? each_id(s->state, ids, state_withdraw, e) : code;
}

static int put_both(struct store *s, struct str ids, struct err *e)
{
	struct buf before = {0};
	struct buf all = {0};
	int code = withdrawn_now(s, &before, e);

	if (code == 0)
		code = each_id(s->state, ids, state_withdraw, e);
	if (code == 0)
		code = withdrawn_now(s, &all, e);
	if (code == 0 && (!str_eq(buf_str(&before), buf_str(&all)) ||
				 !str_eq(ids, buf_str(&all))))
		store_tell(s, LOG_LEVEL_WARNING,
			"state and history do not agree on what was withdrawn, "
			"and nobody knows which is newer: all of it is (opsync "
			"publish brings back what is not to be): %s",
			all.p);
	buf_fini(&before);
	buf_fini(&all);
	return code;
}

int notes_restore(struct store *s, const git_oid *tip, enum notes_word word,
	struct err *e)
{
	struct buf said = {0};
	struct last last = {0};
	bool found;
	int code = state_get(
		s->state, kinds[NOTE_WITHDRAWN].said, &said, &found, e);
	struct str ids;

	if (code == 0)
		code = find_last(s, tip, &last, e);
	ids = buf_str(&last.text[NOTE_WITHDRAWN]);
	if (str_is(ids, NONE))
		ids = STR("");
	if (code == 0 && last.found[NOTE_WITHDRAWN] && word == NOTES_OF_BRANCH)
		code = put_newer(s, buf_str(&said), ids, e);
	if (code == 0 && last.found[NOTE_WITHDRAWN] && word == NOTES_OF_BOTH)
		code = put_both(s, ids, e);
	if (code == 0 && s->former.n > 0)
		code = state_put(s->state, FORMER, buf_str(&s->former), e);
	last_fini(&last);
	buf_fini(&said);
	return code;
}
