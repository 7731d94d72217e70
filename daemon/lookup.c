/*
 * lookup - the newest names, and the documents of other work packages.
 *
 * Whoever asks for a neighbour has read it, also where there is none: so it
 * is noted here, and a document is made again when one appears.
 */
#include "daemon/lookup.h"

#include "api/resources.h"
#include "daemon/mapper_parts.h"

static bool find(void *arg, struct arena *a, int64_t work_package,
	struct neighbour *out);
static bool taken(void *arg, const struct unique_wish *wish, int64_t *by);
static size_t own(void *arg, struct arena *a, struct own_document **out);

void lookup_init(struct lookup *l, const struct program *program,
	struct store *store, struct state *state, int64_t work_package)
{
	*l = (struct lookup){
		.work_package = work_package,
		.program = program,
		.store = store,
		.state = state,
		.neighbours = {.find = find,
			.taken = taken,
			.own = own,
			.arg = l},
	};
}

void lookup_fini(struct lookup *l)
{
	reads_fini(&l->reads);
}

/* --- Names -------------------------------------------------------------- */

/* Leaves *name as it is where none is known; "" is somebody not shown. */
static int newest_name(struct lookup *l, struct arena *a, enum read_kind kind,
	int64_t id, struct str *name, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r;

	if (l->mapper != NULL && name->n > 0 &&
		mapper_remembers(l->mapper, kind, id, *name))
		return 0;
	r = l->store != NULL
		    ? store_name(l->store, kind, id, &found, &known, e)
		    : state_name(l->state, kind, id, &found, &known, e);
	if (r == 0 && found && known.n == 0)
		*name = STR("");
	else if (r == 0 && found && !str_eq(buf_str(&known), *name))
		*name = arena_str(a, buf_str(&known));
	else if (r == 0 && found && l->mapper != NULL)
		mapper_remember(l->mapper, kind, id, *name);
	buf_fini(&known);
	return r;
}

static int rename_thing(struct lookup *l, struct arena *a, struct str href,
	struct str *title, struct err *e)
{
	struct str name = *title;
	enum read_kind kind;
	int64_t id;
	int r;

	if (title->p == NULL || !reads_link(href, &kind, &id))
		return 0;
	r = newest_name(l, a, kind, id, &name, e);
	if (name.n > 0) /* else it was not shown when it was asked for */
		*title = name;
	return r;
}

/* The map {id, href, title} that stands for a link, or a list of them. */
static int rename_value(
	struct lookup *l, struct arena *a, struct value *v, struct err *e)
{
	struct str href = STR_NONE;
	int r = 0;

	for (size_t i = 0; v->type == VALUE_LIST && r == 0 && i < v->n; i++)
		if (v->items[i].type == VALUE_MAP)
			r = rename_value(l, a, &v->items[i], e);
	for (size_t i = 0; v->type == VALUE_MAP && r == 0 && i < v->n; i++) {
		struct member *member = &v->members[i];

		if (str_is(member->key, "href"))
			href = member->value.text;
		else if (str_is(member->key, "title"))
			r = rename_thing(l, a, href, &member->value.text, e);
	}
	return r;
}

int lookup_rename(struct lookup *l, struct arena *a, struct work_package *wp,
	struct err *e)
{
	struct link *links[] = {&wp->type, &wp->status, &wp->priority,
		&wp->project, &wp->author, &wp->assignee, &wp->responsible,
		&wp->version, &wp->category, &wp->parent};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(links); i++)
		r = rename_thing(l, a, links[i]->href, &links[i]->title, e);
	for (size_t i = 0; r == 0 && i < wp->n_children; i++)
		r = rename_thing(
			l, a, wp->children[i].href, &wp->children[i].title, e);
	for (size_t i = 0; r == 0 && i < wp->n_fields; i++)
		r = rename_value(l, a, &wp->fields[i].value, e);
	for (size_t i = 0; r == 0 && i < wp->n_attachments; i++)
		r = rename_thing(l, a, wp->attachments[i].author.href,
			&wp->attachments[i].author.title, e);
	return r;
}

/* The name that the work package itself shows for somebody, or NULL. */
static const struct link *shown(
	const struct work_package *wp, const struct link *who)
{
	const struct link *links[] = {
		&wp->author, &wp->assignee, &wp->responsible};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (links[i]->title.p != NULL &&
			str_eq(links[i]->href, who->href))
			return links[i];
	return NULL;
}

int lookup_rename_attachments(struct lookup *l, struct arena *a,
	struct work_package *wp, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wp->n_attachments; i++) {
		struct link *author = &wp->attachments[i].author;
		const struct link *now = shown(wp, author);

		if (now != NULL)
			author->title = now->title;
		else
			r = rename_thing(l, a, author->href, &author->title, e);
	}
	return r;
}

int lookup_authors(struct lookup *l, struct arena *a, struct work_package *wp,
	int64_t *unknown, struct err *e)
{
	int r = 0;

	*unknown = 0;
	for (size_t i = 0; r == 0 && i < wp->n_comments; i++) {
		struct link *author = &wp->comments[i].author;

		if (author->id == 0)
			continue;
		r = newest_name(l, a, READ_USER, author->id, &author->title, e);
		if (author->title.p == NULL)
			*unknown = author->id;
		else if (author->title.n == 0)
			author->title = STR_NONE;
	}
	return r;
}

int lookup_user(struct lookup *l, struct arena *a, int64_t user,
	struct str *name, int64_t *unknown, struct err *e)
{
	int r;

	*name = STR_NONE;
	r = newest_name(l, a, READ_USER, user, name, e);
	if (r == 0 && name->p == NULL)
		*unknown = user;
	return r;
}

/* What the list of relations calls it is for what is not known here. */
static int rename_other(
	struct lookup *l, struct arena *a, struct link *other, struct err *e)
{
	struct str subject = STR_NONE;
	int r = 0;

	if (other->title.p != NULL)
		r = lookup_subject(l, a, other->id, &subject, e);
	if (subject.p != NULL)
		other->title = subject;
	return r;
}

int lookup_relations(struct lookup *l, struct arena *a, struct work_package *wp,
	struct err *e)
{
	struct buf source = {0};
	bool found = false;
	int r = l->store != NULL
			? store_relations(l->store, wp->id, &found, &source, e)
			: state_relations(l->state, wp->id, &found, &source, e);

	if (r == 0 && found)
		r = api_relations_parse(a, buf_str(&source), wp, e);
	for (size_t i = 0; r == 0 && i < wp->n_relations; i++)
		r = rename_other(l, a, &wp->relations[i].other, e);
	buf_fini(&source);
	return r;
}

/* --- Neighbours --------------------------------------------------------- */

/* The document of the entry that comes first. */
struct first {
	const struct program *program;
	struct arena *arena;
	int entry;
	struct str path;
};

static int on_document(void *arg, const struct state_document *d, struct err *e)
{
	struct first *first = arg;
	int entry = program_entry(first->program, d->entry);

	(void)e;
	if (first->path.p != NULL && (entry < 0 || entry >= first->entry))
		return 0;
	first->entry = entry < 0 ? INT32_MAX : entry;
	first->path = arena_str(first->arena, d->files[0].path);
	return 0;
}

struct subject {
	struct arena *arena;
	struct str text;
};

static int on_source(
	void *arg, const struct state_work_package *row, struct err *e)
{
	struct subject *subject = arg;
	struct work_package wp;

	(void)e;
	if (row->source.p != NULL && api_work_package_parse(subject->arena,
					     row->source, &wp, NULL) == 0)
		subject->text = wp.subject;
	return 0;
}

int lookup_subject(struct lookup *l, struct arena *a, int64_t id,
	struct str *out, struct err *e)
{
	struct subject subject = {.arena = a};
	bool found;
	int r = newest_name(l, a, READ_WORK_PACKAGE, id, &subject.text, e);

	if (r == 0 && subject.text.p == NULL)
		r = l->store != NULL ? store_work_package(l->store, id, &found,
					       on_source, &subject, e)
				     : state_work_package(l->state, id, &found,
					       on_source, &subject, e);
	*out = subject.text;
	return r;
}

static bool find(
	void *arg, struct arena *a, int64_t work_package, struct neighbour *out)
{
	struct lookup *l = arg;
	struct first first = {.program = l->program, .arena = a};
	struct neighbour n = {0};
	int r = l->store != NULL ? store_documents(l->store, work_package,
					   on_document, &first, &l->err)
				 : state_documents(l->state, work_package,
					   on_document, &first, &l->err);

	if (r == 0 && first.path.p != NULL)
		r = lookup_subject(l, a, work_package, &n.subject, &l->err);
	reads_add(&l->reads, READ_WORK_PACKAGE, work_package, STR_NONE);
	if (r != 0 || first.path.p == NULL)
		return false;
	n.path = first.path;
	*out = n;
	return true;
}

/* --- Values of unique: -------------------------------------------------- */

struct rival {
	const struct lookup *l;
	const struct unique_wish *wish;
	int64_t by; /* who goes first; 0: nobody */
};

/* The lower level, then the lower work package. */
static void on_claim(void *arg, const struct store_value *v)
{
	struct rival *r = arg;
	bool first = v->level < r->wish->level;

	if (v->work_package == r->l->work_package)
		first = r->wish->stands(r->wish, v->entry);
	else if (v->level == r->wish->level)
		first = v->work_package < r->l->work_package;
	if (first && (r->by == 0 || v->work_package < r->by))
		r->by = v->work_package;
}

static bool taken(void *arg, const struct unique_wish *wish, int64_t *by)
{
	struct lookup *l = arg;
	struct rival rival = {.l = l, .wish = wish};
	int r = l->store != NULL ? store_value_claims(l->store, wish->value,
					   on_claim, &rival, &l->err)
				 : state_value_claims(l->state, wish->value,
					   on_claim, &rival, &l->err);

	reads_add(&l->reads, READ_VALUE, reads_value(wish->value), STR_NONE);
	*by = rival.by;
	return r == 0 && rival.by != 0;
}

/* --- Documents of its own ----------------------------------------------- */

struct own {
	struct arena *arena;
	size_t n, cap;
	struct own_document *items;
};

static int on_own(void *arg, const struct state_document *d, struct err *e)
{
	struct own *o = arg;

	(void)e;
	o->items = arena_grow(
		o->arena, o->items, o->n, &o->cap, sizeof(*o->items));
	o->items[o->n++] = (struct own_document){
		.entry = arena_str(o->arena, d->entry),
		.path = arena_str(o->arena, d->files[0].path),
		.claim = arena_str(o->arena, d->claim),
		.keep_when_gone = d->keep_when_gone,
		.successor = -1,
	};
	return 0;
}

int lookup_own(struct lookup *l, struct arena *a, struct own_document **out,
	size_t *n, struct err *e)
{
	struct own o = {.arena = a};
	int r = l->store != NULL ? store_documents(l->store, l->work_package,
					   on_own, &o, e)
				 : state_documents(l->state, l->work_package,
					   on_own, &o, e);

	*out = o.items;
	*n = o.n;
	return r;
}

static size_t own(void *arg, struct arena *a, struct own_document **out)
{
	struct lookup *l = arg;
	size_t n = 0;

	return lookup_own(l, a, out, &n, &l->err) == 0 ? n : 0;
}
