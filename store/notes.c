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

static int put_ids(struct store *s, struct str ids, struct err *e)
{
	int code = state_exec(s->state, "DELETE FROM withdrawn", e);

	while (code == 0 && ids.n > 0) {
		size_t n = str_find(ids, STR(" "));
		long long id = 0;

		if (str_to_int64((struct str){ids.p, n}, &id) && id > 0)
			code = state_withdraw(s->state, id, e);
		ids = str_skip(ids, n < ids.n ? n + 1 : n);
	}
	return code;
}

int notes_restore(struct store *s, const git_oid *tip, struct err *e)
{
	struct last last;
	int code = find_last(s, tip, &last, e);

	if (code == 0 && last.found[NOTE_WITHDRAWN])
		code = put_ids(s, buf_str(&last.text[NOTE_WITHDRAWN]), e);
	if (code == 0 && s->former.n > 0)
		code = state_put(s->state, FORMER, buf_str(&s->former), e);
	last_fini(&last);
	return code;
}
