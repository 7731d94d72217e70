/*
 * instance - which OpenProject it is.
 *
 * A staging copy, an empty or a restored server answer as willingly as the
 * real one.  An origin that is another is never asked anything; a key of
 * somebody else, who may see less, and a project that is another under the
 * same number lead to a full read, whose removals the guard sees.  Where many
 * work packages are others, by the time at which they were created, nothing
 * of them is taken until a person accepts it.  A few are what a server does
 * that was set back, and gives numbers a second time.
 */
#include "daemon/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/frozen.h"
#include "store/ids.h"
#include "store/state_guard.h"

#define URL "server.url"
#define USER "server.user"
#define PROJECTS "server.projects"
#define ACCEPTED "server.accepted"
#define INSTANCE "instance"
#define FEW_OTHERS 5

int instance_check_origin(struct mapper *m, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r = state_get(store_state(m->store), URL, &known, &found, e);

	if (r == 0 && found && !str_is(buf_str(&known), m->config->url))
		r = err_set(e, ERR_CONFIG,
			"%s: server.url is %s, but the documents in %s come "
			"from %.*s: if that is meant, opsync accept-server "
			"(which reads all of it, under the guard)",
			m->config->file, m->config->url, m->config->store_path,
			STR_ARGS(buf_str(&known)));
	buf_fini(&known);
	return r;
}

struct sharing {
	const struct names_scope *scope;
	bool shares;
};

static int look_whether_shared(
	void *arg, const struct state_weight *w, struct err *e)
{
	struct sharing *s = arg;

	(void)e;
	s->shares = s->shares ||
		    (w->documents > 0 && ids_contain(s->scope->ids, s->scope->n,
						 w->project_id));
	return 0;
}

/* Are there documents of projects that this configuration names, too? */
static int shares_documents(struct mapper *m, bool *shares, struct err *e)
{
	struct names_scope scope = {0};
	struct sharing sharing = {.scope = &scope};
	struct err none = {0};
	int r = 0;

	if (names_find_scope(&m->names, m->config, false, &scope, &none) == 0)
		r = state_weights(store_state(m->store), INT64_MAX,
			look_whether_shared, &sharing, e);
	free(scope.ids);
	*shares = sharing.shares;
	return r;
}

/* Unless a person said that it is the same. */
static int check_name(struct mapper *m, struct str known, struct err *e)
{
	const struct config *c = m->config;
	bool shares = m->created.accepted;
	int r = shares ? 0 : shares_documents(m, &shares, e);

	if (r != 0 || shares)
		return r;
	return err_set(e, ERR_CONFIG,
		"%s: the documents in %s are those of the instance '%.*s', and "
		"this is '%s': give it a store of its own, or, if it is the "
		"same under another name, opsync accept-server (which reads "
		"all of it, under the guard)",
		c->file, c->store_path, STR_ARGS(known), c->instance);
}

/*
 * Another configuration of the same projects is the same instance under a new
 * name; and any may be tried on a copy.  What was written under the name before
 * is its own, and the history says so before long.
 */
int instance_check_store(struct mapper *m, struct err *e)
{
	const struct config *c = m->config;
	struct state *state = store_state(m->store);
	struct buf known = {0};
	bool found = false;
	int r = state_get(state, INSTANCE, &known, &found, e);

	if (r == 0 && found && !c->rehearsal &&
		!str_is(buf_str(&known), c->instance)) {
		r = check_name(m, buf_str(&known), e);
		if (r == 0)
			r = store_was_called(m->store, buf_str(&known), e);
		if (r == 0)
			r = state_put(state, INSTANCE, str_of(c->instance), e);
	}
	buf_fini(&known);
	return r;
}

/* The next start reads everything, too, if this pass does not. */
static int suspect(struct mapper *m, struct err *e)
{
	return state_put(store_state(m->store), "scope", STR("?"), e);
}

int instance_check_user(struct mapper *m, const struct api_user *user,
	struct err *why, struct err *e)
{
	struct state *state = store_state(m->store);
	struct buf known = {0};
	struct buf now = {0};
	bool found = false;
	int r = state_get(state, USER, &known, &found, e);

	buf_printf(&now, "%lld", (long long)user->id);
	if (r == 0 && found && !str_eq(buf_str(&known), buf_str(&now))) {
		err_set(why, ERR_DATA,
			"the key is another user's (%.*s), who may see less or "
			"more",
			STR_ARGS(user->name));
		r = suspect(m, e);
	}
	if (r == 0)
		r = state_put(state, USER, buf_str(&now), e);
	if (r == 0)
		r = state_put(state, URL, str_of(m->config->url), e);
	if (r == 0)
		r = state_put(state, INSTANCE, str_of(m->config->instance), e);
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

/* --- Projects, a line each: "1=2021-…Z ccm" ----------------------------- */

static struct str line_of(struct str lines, const char *head)
{
	struct str line;

	while (str_line(&lines, &line))
		if (str_starts(line, str_of(head)))
			return str_skip(line, strlen(head));
	return STR_NONE;
}

/* Older sources of stamps have them finer. */
static bool is_same_second(struct str a, struct str b)
{
	int64_t x;
	int64_t y;

	if (!stamp_parse(a, &x) || !stamp_parse(b, &y))
		return str_eq(a, b);
	return x / STAMP_SECOND == y / STAMP_SECOND;
}

static void note_project(const struct project *p, struct str known,
	struct buf *out, struct err *why)
{
	char head[32];
	struct str before;

	snprintf(head, sizeof(head), "%lld=", (long long)p->id);
	before = line_of(known, head);
	before.n = str_find(before, STR(" "));
	if (before.p != NULL && !is_same_second(before, p->created_at))
		err_set(why, ERR_DATA,
			"project %.*s (%lld) was created %.*s, and was %.*s "
			"before: this is another OpenProject under the same "
			"address, or a copy that was made anew",
			STR_ARGS(p->identifier), (long long)p->id,
			STR_ARGS(p->created_at), STR_ARGS(before));
	buf_printf(out, "%s%.*s %.*s\n", head, STR_ARGS(p->created_at),
		STR_ARGS(p->identifier));
}

/* Those that are not shown now are remembered, too. */
static void keep_others(
	const struct names *names, struct str known, struct buf *out)
{
	struct str line;

	while (str_line(&known, &line)) {
		size_t sign = str_find(line, STR("="));
		long long id = 0;

		if (str_to_int64((struct str){line.p, sign}, &id) &&
			names_project(names, id) == NULL)
			buf_printf(out, "%.*s\n", STR_ARGS(line));
	}
}

int instance_check_projects(struct mapper *m, struct err *why, struct err *e)
{
	struct state *state = store_state(m->store);
	const struct names *names = &m->names;
	struct buf known = {0};
	struct buf now = {0};
	struct err other = {0};
	bool found = false;
	int r = state_get(state, PROJECTS, &known, &found, e);

	for (size_t i = 0; r == 0 && i < names->n_projects; i++)
		note_project(
			&names->projects[i], buf_str(&known), &now, &other);
	keep_others(names, buf_str(&known), &now);
	if (r == 0 && other.code != 0) {
		*why = other;
		r = suspect(m, e);
	}
	if (r == 0 && !str_eq(buf_str(&known), buf_str(&now)))
		r = state_put(state, PROJECTS, buf_str(&now), e);
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

int instance_identifier(
	struct mapper *m, int64_t id, struct buf *out, struct err *e)
{
	struct buf known = {0};
	char head[32];
	bool found = false;
	int r = state_get(store_state(m->store), PROJECTS, &known, &found, e);
	struct str line;

	snprintf(head, sizeof(head), "%lld=", (long long)id);
	line = line_of(buf_str(&known), head);
	buf_clear(out);
	if (str_find(line, STR(" ")) < line.n)
		buf_add_str(out, str_skip(line, str_find(line, STR(" ")) + 1));
	buf_fini(&known);
	return r;
}

static bool was_shown(struct str known, struct str name)
{
	struct str line;

	while (str_line(&known, &line)) {
		struct str id = {line.p, str_find(line, STR("="))};
		struct str rest = str_skip(line, str_find(line, STR(" ")));

		if (str_eq(id, name) ||
			(rest.n > 0 && str_eq(str_skip(rest, 1), name)))
			return true;
	}
	return false;
}

int instance_knows_projects(struct mapper *m, bool *all, struct err *e)
{
	const struct config *c = m->config;
	struct buf known = {0};
	bool found = false;
	int r = state_get(store_state(m->store), PROJECTS, &known, &found, e);

	*all = r == 0;
	for (size_t i = 0; i < c->n_projects; i++)
		*all = *all && was_shown(buf_str(&known), c->projects[i].name);
	buf_fini(&known);
	return r;
}

/* Of a project that is called otherwise now. */
static bool was_called(const struct frozen *f, struct str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].kind == READ_PROJECT &&
			str_is(name, f->items[i].was))
			return true;
	return false;
}

int instance_check_named(struct mapper *m, const struct names *names,
	const struct config *c, struct err *e)
{
	struct names_scope scope = {0};
	struct buf known = {0};
	bool found = false;
	int r = state_get(store_state(m->store), PROJECTS, &known, &found, e);

	for (size_t i = 0; r == 0 && i < c->n_projects; i++) {
		const struct config one = {
			.n_projects = 1, .projects = &c->projects[i]};

		if (was_shown(buf_str(&known), c->projects[i].name))
			continue;
		if (names_find_scope(names, &one, false, &scope, e) != 0)
			r = names_unknown_project(names, c, one.projects, e);
		free(scope.ids);
		scope.ids = NULL;
	}
	buf_fini(&known);
	return r;
}

struct losing {
	struct mapper *m;
	const struct names_scope *scope;
	bool lost;
};

/* Of what is not shown nothing goes. */
static int look_whether_lost(
	void *arg, const struct state_weight *w, struct err *e)
{
	struct losing *l = arg;
	bool kept = w->documents == 0 ||
		    names_project(&l->m->names, w->project_id) == NULL ||
		    frozen_project(l->m, w->project_id);

	(void)e;
	l->lost = l->lost || (!kept && !ids_contain(l->scope->ids, l->scope->n,
					       w->project_id));
	return 0;
}

int instance_check_scope(
	struct mapper *m, const struct names_scope *scope, struct err *e)
{
	const struct config *c = m->config;
	struct state *state = store_state(m->store);
	struct losing losing = {.m = m, .scope = scope};
	struct buf known = {0};
	bool found = false;
	size_t i = 0;
	int r = state_get(state, PROJECTS, &known, &found, e);

	while (i < c->n_projects &&
		(was_shown(buf_str(&known), c->projects[i].name) ||
			was_called(&m->frozen, c->projects[i].name)))
		i++;
	if (r == 0 && i < c->n_projects)
		r = state_weights(
			state, INT64_MAX, look_whether_lost, &losing, e);
	if (losing.lost)
		r = names_unknown_project(&m->names, c, &c->projects[i], e);
	buf_fini(&known);
	return r;
}

/* --- Work packages, by when they were created --------------------------- */

int instance_begin(struct mapper *m, struct err *e)
{
	struct buf text = {0};
	int r;

	m->created = (struct mapper_created){0};
	r = state_get(store_state(m->store), ACCEPTED, &text,
		&m->created.accepted, e);
	m->created.accepted = m->created.accepted && text.n > 0;
	buf_fini(&text);
	return r;
}

int instance_accept(struct state *s, struct err *e)
{
	static const char *const known[] = {URL, USER, PROJECTS};
	int r = state_put(s, ACCEPTED, STR("yes"), e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(known); i++)
		r = state_delete(s, known[i], e);
	return r == 0 ? state_put(s, "scope", STR("?"), e) : r;
}

void instance_accepted(struct mapper *m)
{
	if (m->created.accepted)
		store_put_value(m->store, ACCEPTED, STR(""));
}

/* Within a text its quotes would be escaped.  Older sources have it finer. */
static bool created_at(struct str source, int64_t *second)
{
	const struct str key = STR("\"createdAt\":\"");
	struct str at = str_skip(source, str_find(source, key));

	if (at.n == 0)
		return false;
	at = str_skip(at, key.n);
	at.n = str_find(at, STR("\""));
	if (!stamp_parse(at, second))
		return false;
	*second /= STAMP_SECOND;
	return true;
}

void instance_compare(
	struct mapper *m, int64_t id, struct str known, struct str now)
{
	struct mapper_created *c = &m->created;
	int64_t before;
	int64_t after;

	c->n++;
	if (!created_at(known, &before) || !created_at(now, &after) ||
		before == after)
		return;
	if (c->n_others++ == 0)
		c->first = id;
}

int instance_check_created(const struct mapper *m, struct err *e)
{
	const struct mapper_created *c = &m->created;

	if (c->accepted || c->n_others < FEW_OTHERS || c->n_others * 2 < c->n)
		return 0;
	return err_set(e, ERR_CONFIG,
		"%lld of the first %lld work packages that are known were "
		"created at other times than before (%lld is one): this is "
		"another OpenProject under the same address, a copy, or one "
		"that was set back: if that is meant, opsync accept-server "
		"(which reads all of it, under the guard)",
		(long long)c->n_others, (long long)c->n, (long long)c->first);
}
