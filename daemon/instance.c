/*
 * instance - which OpenProject it is.
 *
 * A staging copy, an empty or a restored server answer as willingly as the
 * real one.  An origin that is another is never asked anything; a key of
 * somebody else, who may see less, and a project that is another under the
 * same number lead to a full read, whose removals the guard sees.
 */
#include "daemon/instance.h"

#include <stdio.h>
#include <string.h>

#define URL "server.url"
#define USER "server.user"
#define PROJECTS "server.projects"

static struct str origin(const struct mapper *m)
{
	struct str url = str_of(m->config->url);

	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

int instance_check_origin(struct mapper *m, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r = state_get(store_state(m->store), URL, &known, &found, e);

	if (r == 0 && found && !str_eq(buf_str(&known), origin(m)))
		r = err_set(e, ERR_CONFIG,
			"%s: server.url is %s, but the documents in %s come "
			"from %.*s: if that is meant, opsync accept-server "
			"(which reads all of it, under the guard)",
			m->config->file, m->config->url, m->config->store_path,
			STR_ARGS(buf_str(&known)));
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
		r = state_put(state, URL, origin(m), e);
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

/* --- Projects, a line each: "1=2021-…Z ccm" ----------------------------- */

static struct str line_of(struct str lines, const char *head)
{
	while (lines.n > 0) {
		size_t n = str_find(lines, STR("\n"));
		struct str line = {lines.p, n};

		if (str_starts(line, str_of(head)))
			return str_skip(line, strlen(head));
		lines = str_skip(lines, n < lines.n ? n + 1 : n);
	}
	return STR_NONE;
}

static void note_project(const struct project *p, struct str known,
	struct buf *out, struct err *why)
{
	char head[32];
	struct str before;

	snprintf(head, sizeof(head), "%lld=", (long long)p->id);
	before = line_of(known, head);
	before.n = str_find(before, STR(" "));
	if (before.p != NULL && !str_eq(before, p->created_at))
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
	while (known.n > 0) {
		size_t n = str_find(known, STR("\n"));
		struct str line = {known.p, n};
		size_t sign = str_find(line, STR("="));
		long long id = 0;

		if (str_to_int64((struct str){line.p, sign}, &id) &&
			names_project(names, id) == NULL)
			buf_printf(out, "%.*s\n", STR_ARGS(line));
		known = str_skip(known, n < known.n ? n + 1 : n);
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
