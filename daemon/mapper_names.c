/*
 * mapper_names - the server's lists of names, and who they concern.
 *
 * Lists of projects, types, statuses and schemas are asked for by themselves;
 * what another name or field means for documents follows from what they
 * read.  The marks that follow are written with the lists themselves, so that
 * no kill parts them.  All other names are seen with work packages: witnesses.
 */
#include <stdlib.h>

#include "daemon/log.h"
#include "daemon/mapper_parts.h"

/*
 * Where the list before is lost, nothing is known to be new: who reads it is
 * rendered again, which asks nothing of the server.
 */
static int learn_anew(struct mapper *m, enum read_kind kind, int64_t id,
	struct str name, struct err *e)
{
	int r = mapper_learn(m, kind, id, name, e);

	return r == 0 ? store_mark_readers(m->store, kind, id, e) : r;
}

/* --- Projects ----------------------------------------------------------- */

/* Does the configuration ask for it without naming it? */
static bool joins(const struct mapper *m, const struct project *p)
{
	const struct config *c = m->config;

	for (size_t i = 0; i < p->n_ancestors; i++) {
		const struct project *above =
			names_project(&m->names, p->ancestors[i]);

		for (size_t k = 0; above != NULL && k < c->n_projects; k++)
			if (c->projects[k].subprojects &&
				str_eq(c->projects[k].name, above->identifier))
				return true;
	}
	return c->all_projects;
}

/*
 * One that was not shown before may have changed unseen meanwhile: what is
 * known of it is asked for again.  So are its relations, which the server did
 * not tell either.
 */
static int learn_project(struct mapper *m, const struct project *old,
	const struct project *now, struct err *e)
{
	int r = mapper_learn(m, READ_PROJECT, now->id, now->name, e);

	if (r == 0 && old == NULL) {
		if (!ids_contain(m->back.items, m->back.n, now->id))
			ids_add(&m->back, now->id);
		return store_mark_unread(m->store, now->id, 0, e);
	}
	if (r != 0 || str_eq(old->identifier, now->identifier))
		return r;
	r = store_mark_readers(m->store, READ_PROJECT, now->id, e);
	return r == 0 ? frozen_add(m, READ_PROJECT, now->id, old->identifier, e)
		      : r;
}

static int learn_projects(
	struct mapper *m, const struct names *old, struct err *e)
{
	const struct names *n = &m->names;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n->n_projects; i++) {
		const struct project *now = &n->projects[i];
		const struct project *before = names_project(old, now->id);

		if (!old->known[NAMES_PROJECTS]) {
			r = learn_anew(m, READ_PROJECT, now->id, now->name, e);
			continue;
		}
		if (before == NULL && old->n_projects > 0 && joins(m, now))
			log_notice("project %s is new here: its work packages "
				   "come in",
				now->identifier.p);
		r = learn_project(m, before, now, e);
	}
	return r;
}

/* --- Types and statuses ------------------------------------------------- */

struct name_list {
	bool known;
	const struct api_name *items;
	size_t n;
};

static int learn_named(struct mapper *m, enum read_kind kind,
	struct name_list old, struct name_list now, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now.n; i++) {
		const struct api_name *one = &now.items[i];

		if (one->name.p != NULL)
			r = mapper_learn(m, kind, one->id, one->name, e);
		if (r == 0 && !old.known)
			r = store_mark_readers(m->store, kind, one->id, e);
		for (size_t k = 0; r == 0 && old.known && k < old.n; k++)
			if (old.items[k].id == one->id &&
				old.items[k].is_closed != one->is_closed)
				r = store_mark_readers(
					m->store, kind, one->id, e);
	}
	return r;
}

static struct name_list list_of(const struct names *n, enum names_kind kind)
{
	size_t more = n->n_nameless[kind];

	return kind == NAMES_TYPES ? (struct name_list){n->known[kind],
					     n->types, n->n_types + more}
				   : (struct name_list){n->known[kind],
					     n->statuses, n->n_statuses + more};
}

static int learn_names(struct mapper *m, enum names_kind kind,
	const struct names *old, struct err *e)
{
	if (kind == NAMES_PROJECTS) {
		m->frozen.known = false;
		return learn_projects(m, old, e);
	}
	return learn_named(m, kind == NAMES_TYPES ? READ_TYPE : READ_STATUS,
		list_of(old, kind), list_of(&m->names, kind), e);
}

int mapper_put_names(struct mapper *m, enum names_kind kind,
	const struct str *pages, size_t n_pages, struct err *e)
{
	const struct names old = m->names; /* its texts stay in the arena */
	const struct err *unreadable = &m->names.unreadable[kind];
	int r = names_put(
		&m->names, store_state(m->store), kind, pages, n_pages, e);

	if (r == 0 && unreadable->code != 0 &&
		strcmp(unreadable->text, old.unreadable[kind].text) != 0)
		log_warning("%s: it is left out, and %s", unreadable->text,
			kind == NAMES_PROJECTS
				? "its documents stay as they are"
				: "the name that it had holds");
	if (r == 0 && kind == NAMES_PROJECTS)
		m->projects_fault = (struct err){0};
	if (r == 0)
		r = learn_names(m, kind, &old, e);
	return r == 0 ? frozen_load(m, e) : r;
}

/* --- Schemas ------------------------------------------------------------ */

static const struct schema_field *find_field(
	const struct schema *schema, struct str key)
{
	for (size_t i = 0; i < schema->n_fields; i++)
		if (str_eq(schema->fields[i].key, key))
			return &schema->fields[i];
	return NULL;
}

enum difference { SAME, RENAMED, OTHER_FIELDS };

static enum difference compare(const struct schema *a, const struct schema *b)
{
	enum difference d = SAME;

	if (a->n_fields != b->n_fields)
		return OTHER_FIELDS;
	for (size_t i = 0; i < a->n_fields; i++) {
		const struct schema_field *x = &a->fields[i];
		const struct schema_field *y = find_field(b, x->key);

		if (y == NULL || !str_eq(x->type, y->type))
			return OTHER_FIELDS;
		if (!str_eq(x->name, y->name))
			d = RENAMED;
	}
	return d;
}

/* The mapping may go by its name or its key. */
static int learn_field(struct mapper *m, int64_t pair,
	const struct schema_field *old, const struct schema_field *now,
	struct err *e)
{
	int r = 0;

	if (now != NULL && str_eq(now->name, old->name))
		return 0;
	if (now == NULL)
		r = frozen_add(m, READ_SCHEMA, pair, old->key, e);
	if (r != 0 || old->name.p == NULL)
		return r;
	return frozen_add(m, READ_SCHEMA, pair, old->name, e);
}

static void say_unreadable(const struct schema *old, const struct schema *now)
{
	const struct schema_field *f = schema_unreadable(now);
	const struct schema_field *was =
		old != NULL ? schema_unreadable(old) : NULL;

	if (f != NULL && (was == NULL || !str_eq(f->key, was->key)))
		log_warning("of project %lld and type %lld the server does not "
			    "say what %.*s is called, and of what type it is: "
			    "what may read it is in error",
			(long long)now->project_id, (long long)now->type_id,
			STR_ARGS(f->key));
}

/*
 * Kept sources have no values of fields that came since, and those of another
 * type in another form.
 */
static int learn_schema(struct mapper *m, const struct schema *old,
	const struct schema *now, struct err *e)
{
	int64_t pair = reads_pair(now->project_id, now->type_id);
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->n_fields; i++)
		r = learn_field(m, pair, &old->fields[i],
			find_field(now, old->fields[i].key), e);
	if (r != 0)
		return r;
	switch (compare(old, now)) {
	case SAME:
		return 0;
	case RENAMED:
		return store_mark_readers(m->store, READ_SCHEMA, pair, e);
	case OTHER_FIELDS:
		break;
	}
	return store_mark_unread(m->store, now->project_id, now->type_id, e);
}

static int learn_asked(struct mapper *m, const struct schema *old,
	const struct api_pair *asked, struct err *e)
{
	const struct schema *now =
		names_schema(&m->names, asked->project_id, asked->type_id);

	say_unreadable(old, now);
	return old != NULL ? learn_schema(m, old, now, e) : 0;
}

int mapper_put_schemas(struct mapper *m, struct str body,
	const struct api_pair *asked, size_t n_asked, struct err *e)
{
	struct names *n = &m->names;
	struct schema *old = xcalloc(n_asked, sizeof(*old));
	bool *known = xcalloc(n_asked, sizeof(*known));
	int r;

	for (size_t i = 0; i < n_asked; i++) {
		const struct schema *s =
			names_schema(n, asked[i].project_id, asked[i].type_id);

		known[i] = s != NULL;
		if (known[i])
			old[i] = *s;
	}
	r = names_put_schemas(
		n, store_state(m->store), body, asked, n_asked, e);
	for (size_t i = 0; r == 0 && i < n_asked; i++)
		r = learn_asked(m, known[i] ? &old[i] : NULL, &asked[i], e);
	free(old);
	free(known);
	return r == 0 ? frozen_load(m, e) : r;
}

/* --- The transaction in which they come --------------------------------- */

static int drop_lost(struct mapper *m, struct err *e)
{
	struct str rest = buf_str(&m->names.lost);
	struct str line;

	while (str_line(&rest, &line))
		log_warning("what the state has of the server's names cannot "
			    "be read, and is asked for again: %.*s",
			STR_ARGS(line));
	return names_drop_lost(&m->names, store_state(m->store), e);
}

/* Lists are asked for by the next pass, schemas by what needs them. */
int mapper_reload_names(struct mapper *m, struct err *e)
{
	int r;

	names_fini(&m->names);
	r = names_load(&m->names, store_state(m->store), e);
	if (r == 0)
		r = drop_lost(m, e);
	m->names_lost = r != 0;
	return r;
}

/*
 * The next answer is compared with what is here: were that what the state does
 * not have, another name would pass for the old one.
 */
int mapper_end_names(struct mapper *m, int code, struct err *e)
{
	struct state *state = store_state(m->store);
	struct err fault = {0}; /* comes again with the next pass */

	code = state_end(state, code, e);
	if (code != 0)
		mapper_reload_names(m, &fault);
	return code;
}

/* --- Witnesses ---------------------------------------------------------- */

/* Each takes a request of its own. */
#define USERS_AT_ONCE 200
#define LAST_USER "names.last_user"

struct witnesses {
	struct ids *ids;
	struct ids *users;
};

static void add_witness(void *arg, int64_t work_package, int64_t user)
{
	struct witnesses *w = arg;

	if (work_package == 0)
		ids_add(w->users, user);
	else
		ids_add(w->ids, work_package);
}

/* Those that follow the last time's, and the first ones behind the last. */
static int choose_users(struct mapper *m, struct ids *users, struct err *e)
{
	struct state *s = store_state(m->store);
	struct ids chosen = {0};
	int64_t last = 0;
	size_t first = 0;
	int r = state_get_int(s, LAST_USER, NULL, &last, e);

	while (first < users->n && users->items[first] <= last)
		first++;
	for (size_t i = 0; i < USERS_AT_ONCE; i++)
		ids_add(&chosen, users->items[(first + i) % users->n]);
	free(users->items);
	*users = chosen;
	last = chosen.items[USERS_AT_ONCE - 1];
	return r == 0 ? state_put_int(s, LAST_USER, last, e) : r;
}

int mapper_witnesses(struct mapper *m, bool all, const struct ids *shown,
	struct ids *ids, struct ids *users, struct err *e)
{
	struct witnesses w = {ids, users};
	int r = store_witnesses(m->store, shown, add_witness, &w, e);

	return r == 0 && !all && users->n > USERS_AT_ONCE
		       ? choose_users(m, users, e)
		       : r;
}

/*
 * Lists of attachments may name people whom the key may not ask for, but not
 * those who were deleted.  So one that named this one is asked for again: if
 * it does no more, none does (mapper_reread.c).
 */
static int miss_user(
	struct mapper *m, const struct ids *shown, int64_t id, struct err *e)
{
	int64_t lister;
	int r = store_lister(m->store, shown, id, &lister, e);

	if (r == 0 && lister == 0)
		return mapper_learn(m, READ_USER, id, STR(""), e);
	if (r == 0)
		store_put_stale(m->store, lister, STORE_UNLISTED);
	return r;
}

int mapper_take_user(struct mapper *m, const struct ids *shown, int64_t id,
	struct str body, struct err *e)
{
	struct api_user user = {0};
	int r;

	if (body.p == NULL)
		return miss_user(m, shown, id, e);
	arena_reset(&m->arena);
	r = api_user_parse(&m->arena, body, &user, e);
	return r == 0 ? mapper_learn(m, READ_USER, id, user.name, e) : r;
}
