/*
 * frozen_report - what is frozen, told: in the state for status, and as one
 * event when it begins and when it ends, with how much depends on it.
 *
 *   a line a cause --> not in the state's: frozen; in the state's alone: thawed
 *
 * A line is known by all but its end, which has the count and the way out.
 */
#include "daemon/frozen.h"

#include <string.h>

#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/mapper.h"
#include "daemon/report.h"
#include "store/state_guard.h"

#define FROZEN "frozen" /* the value of the state that has the lines */
#define NAMES "the configuration names the "
#define STAY ": its documents stay as they are"
#define UNLISTED "the server does not list its projects ("

static const char *const kind_words[] = {
	[READ_PROJECT] = "project",
	[READ_TYPE] = "type",
	[READ_STATUS] = "status",
	[READ_PRIORITY] = "priority",
	[READ_CATEGORY] = "category",
	[READ_VERSION] = "version",
	[READ_USER] = "user",
	[READ_OPTION] = "option",
	[READ_ITEM] = "item",
	[READ_SCHEMA] = "custom field",
};

static void say(const struct frozen_thing *t, struct buf *out)
{
	buf_printf(out, NAMES "%s '%s', which the server ", kind_words[t->kind],
		t->was);
	if (t->now[0] != '\0')
		buf_printf(out, "calls '%s' now", t->now);
	else
		buf_puts(out, t->kind == READ_SCHEMA ? "has no more"
						     : "calls otherwise now");
}

void frozen_why(const struct frozen_thing *t, struct err *why)
{
	struct buf text = {0};

	say(t, &text);
	err_set(why, ERR_DATA, "%s" STAY, text.p);
	buf_fini(&text);
}

bool frozen_is_why(const char *text)
{
	size_t n = strlen(text);

	return str_starts(str_of(text), STR(NAMES)) && n > strlen(STAY) &&
	       strcmp(text + n - strlen(STAY), STAY) == 0;
}

/* --- A line a cause ------------------------------------------------------- */

/* Of a custom field there is one for each project and type. */
static bool was_said(const struct frozen *f, size_t i)
{
	const struct frozen_thing *t = &f->items[i];

	for (size_t k = 0; k < i; k++)
		if (f->items[k].kind == t->kind &&
			strcmp(f->items[k].was, t->was) == 0 &&
			strcmp(f->items[k].now, t->now) == 0)
			return true;
	return false;
}

static int report_thing(struct mapper *m, const struct frozen_thing *t,
	struct buf *out, struct err *e)
{
	struct err why = {0};
	int64_t n = 0;
	int r;

	frozen_why(t, &why);
	r = store_count_failed(m->store, str_of(why.text), &n, e);
	say(t, out);
	buf_printf(out,
		": what depends on it stays as it is (%lld work package%s) "
		"until the configuration %s\n",
		(long long)n, n == 1 ? "" : "s",
		t->now[0] != '\0' ? "calls it so, too" : "names it no more");
	return r;
}

static int on_project(void *arg, const struct state_weight *w, struct err *e)
{
	struct buf *out = ((void **)arg)[1];
	struct mapper *m = ((void **)arg)[0];
	struct buf name = {0};
	int r;

	if (w->documents == 0 || w->project_id == 0 ||
		names_project(&m->names, w->project_id) != NULL ||
		!frozen_project(m, w->project_id))
		return 0;
	m->frozen.n_hidden++;
	r = instance_identifier(m, w->project_id, &name, e);
	buf_printf(out, "the server does not show project %lld%s%.*s%s: ",
		(long long)w->project_id, name.n > 0 ? " (" : "",
		STR_ARGS(buf_str(&name)), name.n > 0 ? ")" : "");
	buf_printf(out,
		"its %lld documents stay as they are, until the key's user may "
		"see it again, or they are withdrawn, or %s\n",
		(long long)w->documents,
		m->config->all_projects
			? "the configuration names the other projects "
			  "alone"
			: "the configuration names it no more");
	buf_fini(&name);
	return r;
}

static int report_projects(struct mapper *m, struct buf *out, struct err *e)
{
	struct frozen *f = &m->frozen;
	void *arg[] = {m, out};
	int r;

	if (f->known && f->n_hidden == 0)
		return 0;
	f->n_hidden = 0;
	r = state_weights(store_state(m->store), INT64_MAX, on_project, arg, e);
	f->known = r == 0;
	return r;
}

/* --- What is new of it ---------------------------------------------------- */

static struct str cause_of(struct str line)
{
	struct str rest = line;
	size_t n = 0;

	while (str_find(rest, STR(": ")) < rest.n) {
		size_t at = str_find(rest, STR(": "));

		n = (size_t)(rest.p - line.p) + at;
		rest = str_skip(rest, at + 2);
	}
	return (struct str){line.p, n};
}

static bool has_cause(struct str lines, struct str cause)
{
	struct str line;

	while (str_line(&lines, &line))
		if (str_eq(cause_of(line), cause))
			return true;
	return false;
}

static void tell(struct mapper *m, struct str before, struct str now)
{
	struct str rest = now;
	struct str line;

	while (str_line(&rest, &line))
		if (!str_starts(line, STR(UNLISTED)) &&
			!has_cause(before, cause_of(line)))
			mapper_event(m, LOG_LEVEL_WARNING, "frozen", 0,
				STR_NONE, "%.*s", STR_ARGS(line));
	rest = before;
	while (str_line(&rest, &line))
		if (!str_starts(line, STR(UNLISTED)) &&
			!has_cause(now, cause_of(line)))
			mapper_event(m, LOG_LEVEL_NOTICE, "thawed", 0, STR_NONE,
				"%.*s: this is over, and what depends on it "
				"goes on",
				STR_ARGS(cause_of(line)));
}

int frozen_report(struct mapper *m, struct err *e)
{
	struct state *state = store_state(m->store);
	struct buf now = {0};
	struct buf known = {0};
	bool found = false;
	int r = 0;

	if (m->projects_fault.code != 0)
		buf_printf(&now,
			UNLISTED "%s): those that are known go on, new ones "
				 "wait; its own log says why\n",
			m->projects_fault.text);
	for (size_t i = 0; r == 0 && i < m->frozen.n; i++)
		if (!was_said(&m->frozen, i))
			r = report_thing(m, &m->frozen.items[i], &now, e);
	if (r == 0)
		r = report_projects(m, &now, e);
	if (r == 0)
		r = state_get(state, FROZEN, &known, &found, e);
	if (r == 0 && !str_eq(buf_str(&known), buf_str(&now))) {
		tell(m, buf_str(&known), buf_str(&now));
		store_put_value(m->store, FROZEN, buf_str(&now));
	}
	buf_fini(&now);
	buf_fini(&known);
	return r;
}

int frozen_status(struct state *s, struct buf *out, struct err *e)
{
	struct buf lines = {0};
	struct str rest;
	struct str line;
	bool found = false;
	int r = state_get(s, FROZEN, &lines, &found, e);

	report_open(out, "frozen", '[');
	rest = buf_str(&lines);
	while (str_line(&rest, &line))
		report_text(out, NULL, line);
	buf_putc(out, ']');
	buf_fini(&lines);
	return r;
}
