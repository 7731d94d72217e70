/*
 * frozen - what the configuration names, and the server calls otherwise.
 *
 *   a new name comes (mapper_learn(), lists, a work package that shows it)
 *     --> does the configuration name the old one?  noted, for good
 *   noted, still named so somewhere, and the new name is not there: frozen
 *
 * It thaws when the configuration is changed or the name comes back: who
 * depends on it reads it, and so is rendered again.  A custom field that a
 * type has no more is noted as well: it freezes once no schema has it, which
 * is known only when all have come.
 */
#include "daemon/frozen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content/model.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"
#include "daemon/names_renamed.h"
#include "store/state_guard.h"

#define THINGS "frozen.things" /* a line each: "15 4", kind and id */

void frozen_fini(struct frozen *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].was);
		free(f->items[i].now);
	}
	free(f->items);
	*f = (struct frozen){0};
}

/* --- What is frozen ----------------------------------------------------- */

/* Where the configuration may name a thing: each may lag behind the other. */
enum place { PROJECTS, MATCH, VALUES, CONSTANTS, N_PLACES };

static bool names_it(const struct config *c, enum place place,
	enum read_kind kind, struct str name)
{
	if (place == MATCH)
		return program_mentions(c->program, kind, name);
	if (place == VALUES)
		return program_compares(c->program, kind, name);
	if (place == CONSTANTS)
		return kind == READ_PROJECT &&
		       program_has_constants(c->program, name);
	for (size_t i = 0; kind == READ_PROJECT && i < c->n_projects; i++)
		if (str_eq(c->projects[i].name, name))
			return true;
	return false;
}

static bool is_named(
	const struct mapper *m, enum read_kind kind, struct str name)
{
	bool named = false;

	for (enum place at = PROJECTS; !named && at < N_PLACES; at++)
		named = names_it(m->config, at, kind, name);
	return named;
}

static bool has_field(const struct schema *s, struct str name_or_key)
{
	for (size_t i = 0; i < s->n_fields; i++)
		if (str_eq(s->fields[i].name, name_or_key) ||
			str_eq(s->fields[i].key, name_or_key))
			return true;
	return false;
}

/* Those of what is not shown may be old. */
static bool is_anywhere(const struct names *n, struct str field)
{
	for (size_t i = 0; i < n->n_schemas; i++) {
		const struct schema *s = &n->schemas[i];

		if (names_project(n, s->project_id) != NULL &&
			names_have_type(n, s->type_id) && has_field(s, field))
			return true;
	}
	return false;
}

/* One that was only taken off a type has no value there, by right. */
static bool field_is_back(const struct mapper *m, int64_t pair, struct str was)
{
	const struct names *n = &m->names;

	for (size_t i = 0; i < n->n_schemas; i++) {
		const struct schema *s = &n->schemas[i];

		if (reads_pair(s->project_id, s->type_id) != pair)
			continue;
		if (has_field(s, was))
			return true;
		if (names_field_renamed(n, s, was))
			return false;
		if (schema_unreadable(s) != NULL)
			return true; /* it may be that: not to be known */
	}
	return is_anywhere(n, was);
}

/* Projects have two names: an identifier, and one for people. */
struct called {
	struct buf now;
	struct buf other; /* or none */
};

static int project_called(
	struct mapper *m, int64_t id, struct called *out, struct err *e)
{
	const struct project *p = names_project(&m->names, id);
	bool found = false;
	int r;

	if (p != NULL) {
		buf_add_str(&out->now, p->identifier);
		buf_add_str(&out->other, p->name);
		return 0;
	}
	r = instance_identifier(m, id, &out->now, e); /* not shown now */
	return r == 0 ? store_name(m->store, READ_PROJECT, id, &found,
				out->now.n > 0 ? &out->other : &out->now, e)
		      : r;
}

static int find_called(struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, struct called *out, struct err *e)
{
	bool found = false;

	if (kind == READ_PROJECT)
		return project_called(m, id, out, e);
	if (kind != READ_SCHEMA)
		return store_name(m->store, kind, id, &found, &out->now, e);
	buf_add_str(&out->now, names_field_now(&m->names, was));
	return 0;
}

static bool is_back(const struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, const struct called *called)
{
	struct str now = buf_str(&called->now);
	struct str other = called->other.n > 0 ? buf_str(&called->other) : now;
	bool follows = true;

	if (kind == READ_SCHEMA)
		return field_is_back(m, id, was);
	if (str_eq(was, now) || str_eq(was, other))
		return true;
	for (enum place at = PROJECTS; follows && at < N_PLACES; at++)
		follows = !names_it(m->config, at, kind, was) ||
			  names_it(m->config, at, kind, now) ||
			  names_it(m->config, at, kind, other);
	return follows;
}

/*
 * A type or status in use is not deleted: nothing depends on it then.  What a
 * custom field leads to may be, and is null then.
 */
static bool is_deleted(
	const struct names *n, enum read_kind kind, int64_t id, struct str now)
{
	return (kind == READ_TYPE && n->known[NAMES_TYPES] &&
		       !names_have_type(n, id)) ||
	       (kind == READ_STATUS && n->known[NAMES_STATUSES] &&
		       !names_have_status(n, id)) ||
	       (kind >= READ_VERSION && kind <= READ_ITEM &&
		       model_is_dangling(id, now));
}

static int on_renamed(
	void *arg, int64_t number, int64_t id, struct str was, struct err *e)
{
	struct mapper *m = arg;
	struct frozen *f = &m->frozen;
	enum read_kind kind = (enum read_kind)number;
	struct called called = {0};
	int r = 1;

	if (is_named(m, kind, was))
		r = find_called(m, kind, id, was, &called, e);
	if (r == 0 && !is_deleted(&m->names, kind, id, buf_str(&called.now)) &&
		!is_back(m, kind, id, was, &called)) {
		f->items = grow(f->items, f->n, &f->cap, sizeof(*f->items));
		f->items[f->n++] = (struct frozen_thing){
			.kind = kind,
			.id = id,
			.was = str_dup(was),
			.now = str_dup(buf_str(&called.now)),
		};
	}
	buf_fini(&called.now);
	buf_fini(&called.other);
	return r < 0 ? r : 0;
}

static bool is_frozen(const struct frozen *f, long long kind, long long id)
{
	for (size_t i = 0; i < f->n; i++)
		if ((long long)f->items[i].kind == kind && f->items[i].id == id)
			return true;
	return false;
}

/* What thaws may have failed while it was frozen: it is rendered again. */
static int thaw(struct mapper *m, struct str things, struct err *e)
{
	struct str line;
	int r = 0;

	while (r == 0 && str_line(&things, &line)) {
		size_t space = str_find(line, STR(" "));
		long long kind;
		long long id;

		if (str_to_int64((struct str){line.p, space}, &kind) &&
			str_to_int64(str_skip(line, space + 1), &id) &&
			!is_frozen(&m->frozen, kind, id))
			r = store_mark_readers(
				m->store, (enum read_kind)kind, id, e);
	}
	return r;
}

/* In the state, as the configuration may change while nothing runs. */
static int settle(struct mapper *m, struct err *e)
{
	struct state *state = store_state(m->store);
	struct buf known = {0};
	struct buf now = {0};
	bool found = false;
	int r = state_get(state, THINGS, &known, &found, e);

	for (size_t i = 0; i < m->frozen.n; i++)
		buf_printf(&now, "%d %lld\n", (int)m->frozen.items[i].kind,
			(long long)m->frozen.items[i].id);
	if (r == 0)
		r = thaw(m, buf_str(&known), e);
	if (r == 0 && !str_eq(buf_str(&known), buf_str(&now)))
		r = state_put(state, THINGS, buf_str(&now), e);
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

int frozen_load(struct mapper *m, struct err *e)
{
	struct frozen *f = &m->frozen;
	struct frozen before = *f;
	int r;

	f->n = f->cap = 0;
	f->items = NULL;
	r = state_renamed(store_state(m->store), on_renamed, m, e);
	if (r == 0)
		r = settle(m, e);
	frozen_fini(&before);
	return r;
}

int frozen_add(struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, struct err *e)
{
	if (!is_named(m, kind, was))
		return 0;
	return state_renamed_add(store_state(m->store), kind, id, was, e);
}

int frozen_note(struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, struct err *e)
{
	int r;

	if (!is_named(m, kind, was) && m->frozen.n == 0)
		return 0;
	r = frozen_add(m, kind, id, was, e);
	return r == 0 ? frozen_load(m, e) : r;
}

/* A project that is not shown: does the configuration still ask for it? */
static int is_asked_for(
	struct mapper *m, int64_t id, bool *asked, struct err *e)
{
	const struct config *c = m->config;
	struct buf identifier = {0};
	int r = instance_identifier(m, id, &identifier, e);
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)id);
	*asked = c->all_projects || identifier.n == 0;
	for (size_t i = 0; i < c->n_projects; i++)
		if (c->projects[i].subprojects ||
			str_is(c->projects[i].name, number) ||
			str_eq(c->projects[i].name, buf_str(&identifier)))
			*asked = true;
	buf_fini(&identifier);
	return r;
}

bool frozen_project(struct mapper *m, int64_t id)
{
	struct err fault = {0}; /* comes again with the next question */
	bool asked = true;

	for (size_t i = 0; i < m->frozen.n; i++)
		if (m->frozen.items[i].kind == READ_PROJECT &&
			m->frozen.items[i].id == id)
			return true;
	if (names_project(&m->names, id) != NULL)
		return names_may_be_below(&m->names, m->config, id);
	is_asked_for(m, id, &asked, &fault);
	return asked;
}

/* --- Who depends on it -------------------------------------------------- */

/* What a work package names, of the kinds that conditions name. */
static void add_link(struct reads *names, struct str href, struct str title)
{
	enum read_kind kind;
	int64_t id;

	if (reads_link(href, &kind, &id) && kind != READ_WORK_PACKAGE)
		reads_add(names, kind, id, title);
}

static void add_value(struct reads *names, const struct value *v)
{
	struct str href = STR_NONE;
	struct str title = STR_NONE;

	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		add_value(names, &v->items[i]);
	for (size_t i = 0; v->type == VALUE_MAP && i < v->n; i++) {
		if (str_is(v->members[i].key, "href"))
			href = v->members[i].value.text;
		if (str_is(v->members[i].key, "title"))
			title = v->members[i].value.text;
	}
	if (href.p != NULL)
		add_link(names, href, title);
}

static void add_all(struct reads *names, const struct work_package *wp)
{
	const struct link *links[] = {&wp->type, &wp->status, &wp->priority,
		&wp->project, &wp->author, &wp->assignee, &wp->responsible,
		&wp->version, &wp->category};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		add_link(names, links[i]->href, links[i]->title);
	for (size_t i = 0; i < wp->n_fields; i++)
		add_value(names, &wp->fields[i].value);
}

/* The work package may be the first to show a new name, or the old one. */
static int look_at(struct mapper *m, const struct read *read, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r = 0;

	if (read->name.p == NULL || read->kind == READ_PROJECT ||
		mapper_remembers(m, read->kind, read->id, read->name) ||
		!is_named(m, read->kind, STR_NONE))
		return 0;
	r = store_name(m->store, read->kind, read->id, &found, &known, e);
	if (r == 0 && found && !str_eq(buf_str(&known), read->name) &&
		(is_frozen(&m->frozen, read->kind, read->id) ||
			is_named(m, read->kind, buf_str(&known)) ||
			is_named(m, read->kind, read->name)))
		r = mapper_learn(m, read->kind, read->id, read->name, e);
	buf_fini(&known);
	return r;
}

static const struct frozen_thing *find(
	const struct mapper *m, const struct reads *reads, int64_t pair)
{
	for (size_t i = 0; i < m->frozen.n; i++) {
		const struct frozen_thing *t = &m->frozen.items[i];

		if (t->kind == READ_SCHEMA && t->id == pair)
			return t;
		for (size_t k = 0; k < reads->n; k++)
			if (reads->items[k].kind == t->kind &&
				reads->items[k].id == t->id)
				return t;
	}
	return NULL;
}

static void keep(struct mapper *m, const struct mapper_item *item,
	const struct frozen_thing *t)
{
	struct reads reads = {0};
	struct err why = {0};

	frozen_why(t, &why);
	reads_add(&reads, t->kind, t->id, STR_NONE);
	store_put_reads(m->store, item->id, false, &reads);
	mapper_fail(m, item, &why);
	reads_fini(&reads);
}

int frozen_keeps(struct mapper *m, const struct mapper_item *item,
	const struct work_package *wp, bool *kept, struct err *e)
{
	struct reads names = {0};
	const struct frozen_thing *t;
	int r = 0;

	*kept = false;
	if (item->kept && m->frozen.n == 0)
		return 0; /* its names were looked at before */
	add_all(&names, wp);
	for (size_t i = 0; !item->kept && r == 0 && i < names.n; i++)
		r = look_at(m, &names.items[i], e);
	t = r == 0 ? find(m, &names,
			     reads_pair(
				     item->pair.project_id, item->pair.type_id))
		   : NULL;
	if (t != NULL) {
		keep(m, item, t);
		*kept = true;
	}
	reads_fini(&names);
	return r;
}
