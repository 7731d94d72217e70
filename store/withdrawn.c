/*
 * withdrawn - the work packages that people withdrew, in the history.
 *
 *   Opsync-Withdrawn: 3 17 20      (or: none)
 */
#include "store/withdrawn.h"

#include "store/history.h"
#include "store/state_guard.h"

#define SAID "withdrawn.said"
#define NONE "none"

static int add_id(void *arg, int64_t id, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	buf_printf(out, "%s%lld", out->n > 0 ? " " : "", (long long)id);
	return 0;
}

int withdrawn_due(struct store *s, char **text, struct err *e)
{
	struct buf now = {0};
	struct buf said = {0};
	bool found = false;
	int code = state_withdrawn(s->state, add_id, &now, e);

	*text = NULL;
	if (code == 0)
		code = state_get(s->state, SAID, &said, &found, e);
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

int withdrawn_said(struct store *s, const char *text, struct err *e)
{
	return state_put(s->state, SAID, str_of(text), e);
}

int withdrawn_forget_said(struct store *s, struct err *e)
{
	return state_delete(s->state, SAID, e);
}

/* --- After the state was lost ------------------------------------------- */

struct last {
	const struct store *store;
	bool found;
	struct buf text;
};

static int look_for_trailer(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct last *last = arg;

	(void)e;
	last->found = history_is_ours(last->store, commit) &&
		      history_trailer(commit, "Withdrawn", &last->text);
	*on = !last->found;
	return 0;
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

int withdrawn_restore(struct store *s, const git_oid *tip, struct err *e)
{
	const git_oid none = {{0}};
	struct last last = {.store = s};
	int code = 0;

	if (!git_oid_is_zero(tip))
		code = history_walk(s, tip, &none, look_for_trailer, &last, e);
	if (code == 0 && last.found)
		code = put_ids(s, buf_str(&last.text), e);
	if (code == 0 && last.found)
		code = withdrawn_said(s, last.text.p, e);
	buf_fini(&last.text);
	return code;
}
