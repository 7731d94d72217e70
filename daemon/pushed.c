/*
 * pushed - what is on a remote, as values of the state, and what is told of it.
 *
 * Between two fetches it is what was pushed; a fetch knows better.  A fault
 * outlives the process, so that whoever sees its end tells it.
 */
#include "daemon/pushed.h"

#include <stdlib.h>

#include "daemon/event.h"
#include "daemon/log.h"
#include "daemon/report.h"

#define DONE "push.done" /* "REMOTE BRANCH COMMIT" */
#define FAULT "push.fault"

static void put_done(
	const struct config_push *where, const char *commit, struct buf *out)
{
	buf_printf(out, "%s %s %s", where->remote, where->branch, commit);
}

int pushed_get(struct state *s, const struct config_push *where,
	struct buf *commit, struct err *e)
{
	struct buf known = {0};
	struct buf here = {0};
	bool found = false;
	int r = state_get(s, DONE, &known, &found, e);

	buf_clear(commit);
	put_done(where, "", &here);
	if (r == 0 && found && str_starts(buf_str(&known), buf_str(&here)))
		buf_add_str(commit, str_skip(buf_str(&known), here.n));
	buf_fini(&known);
	buf_fini(&here);
	return r;
}

int pushed_put(struct state *s, const struct config_push *where,
	const char *commit, struct err *e)
{
	struct buf known = {0};
	struct buf done = {0};
	int r = pushed_get(s, where, &known, e);

	put_done(where, commit, &done);
	if (r == 0 && !str_is(buf_str(&known), commit))
		r = commit[0] != '\0' ? state_put(s, DONE, buf_str(&done), e)
				      : state_delete(s, DONE, e);
	buf_fini(&known);
	buf_fini(&done);
	return r;
}

int pushed_done(struct state *s, const struct config_push *where,
	const char *commit, int64_t n, struct err *e)
{
	char *text = xasprintf("%lld commit%s to %s, up to %s", (long long)n,
		n == 1 ? "" : "s", where->remote, commit);
	int r = pushed_put(s, where, commit, e);

	if (r == 0 && n > 0)
		r = event_happened(s, LOG_LEVEL_INFO, "pushed", text, e);
	free(text);
	return r;
}

/* --- Faults ------------------------------------------------------------- */

int pushed_fail(struct state *s, const char *text, bool *said, struct err *e)
{
	bool told = false;
	int r = state_is(s, FAULT, str_of(text), &told, e);

	if (!*said)
		event_say(LOG_LEVEL_ERROR, "fault", text);
	*said = true;
	if (r != 0 || told)
		return r;
	r = state_begin(s, e);
	if (r != 0)
		return r;
	r = event_add(s, LOG_LEVEL_ERROR, "fault", text, e);
	if (r == 0)
		r = state_put(s, FAULT, str_of(text), e);
	return state_end(s, r, e);
}

int pushed_well(struct state *s, const char *text, struct err *e)
{
	bool found = false;
	int r = state_has(s, FAULT, &found, e);

	if (r == 0 && found)
		r = state_begin(s, e);
	if (r != 0 || !found)
		return r;
	r = event_add(s, LOG_LEVEL_NOTICE, "recovered", text, e);
	if (r == 0)
		r = state_delete(s, FAULT, e);
	r = state_end(s, r, e);
	if (r == 0)
		event_say(LOG_LEVEL_NOTICE, "recovered", text);
	return r;
}

void pushed_kept(
	struct state *s, const struct config_push *where, const char *branch)
{
	struct err e = {0};
	char *text;

	if (branch[0] == '\0')
		return;
	text = xasprintf("commits of this store that do not fit what is on %s "
			 "are kept on the branch %s",
		where->remote, branch);
	if (event_happened(s, LOG_LEVEL_WARNING, "kept", text, &e) != 0 ||
		state_put(s, "kept", str_of(branch), &e) != 0)
		log_error("%s", e.text);
	free(text);
}

/* --- Status ------------------------------------------------------------- */

/* The remote's name may hold a blank. */
static struct str take_last(struct str *text)
{
	size_t n = text->n;
	struct str last;

	while (n > 0 && text->p[n - 1] != ' ')
		n--;
	last = str_skip(*text, n);
	text->n = n > 0 ? n - 1 : 0;
	return last;
}

int pushed_report(struct state *s, struct buf *out, struct err *e)
{
	struct buf tip = {0};
	struct buf done = {0};
	struct buf fault = {0};
	struct str rest;
	bool found = false;
	int r = state_tip(s, &tip, &found, e);

	report_text(out, "tip", found ? buf_str(&tip) : STR_NONE);
	if (r == 0)
		r = state_get(s, FAULT, &fault, &found, e);
	report_text(out, "push_fault",
		r == 0 && found ? buf_str(&fault) : STR_NONE);
	if (r == 0)
		r = state_get(s, DONE, &done, &found, e);
	rest = buf_str(&done);
	if (r == 0 && found) {
		struct str commit = take_last(&rest);
		struct str branch = take_last(&rest);

		report_open(out, "pushed", '{');
		report_text(out, "remote", rest);
		report_text(out, "branch", branch);
		report_text(out, "commit", commit);
		buf_putc(out, '}');
	} else {
		report_text(out, "pushed", STR_NONE);
	}
	buf_fini(&tip);
	buf_fini(&done);
	buf_fini(&fault);
	return r;
}
