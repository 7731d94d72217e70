/*
 * mapper_reread - what documents read, and rendering them again when it
 * changes.
 *
 * A document is made of a source, and of names and other work packages that
 * may change without it.  What it read is recorded, with the newest name of
 * each thing.  Names come with every work package that the server shows, and
 * with what is looked up by itself; a source that is kept has old ones, so
 * the newest take their place before it is rendered again.
 *
 *   learn: another name?  place, drop: another path? --> its readers are stale
 *   stale --> rendered again, before the pass commits what it staged last
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/mapper_parts.h"

int mapper_reread(
	struct mapper *m, enum read_kind kind, int64_t id, struct err *e)
{
	if (kind == READ_WORK_PACKAGE && !m->in_use.neighbours)
		return 0;
	return store_put_readers_stale(
		m->store, kind, id, STORE_STALE, NULL, e);
}

/* Where it is remembered, or may be: the ids of a kind are close together. */
static struct mapper_name *slot_of(
	struct mapper *m, enum read_kind kind, int64_t id)
{
	return &m->known[((uint64_t)id + (uint64_t)kind * 64) % MAPPER_NAMES];
}

void mapper_forget_name(struct mapper *m, enum read_kind kind, int64_t id)
{
	*slot_of(m, kind, id) = (struct mapper_name){0};
}

void mapper_forget_names(struct mapper *m)
{
	memset(m->known, 0, sizeof(m->known));
	m->lost_users.n = 0;
}

int mapper_forget_unread(struct mapper *m, struct err *e)
{
	mapper_forget_names(m);
	return store_forget_unread(m->store, e);
}

bool mapper_remembers(
	struct mapper *m, enum read_kind kind, int64_t id, struct str name)
{
	const struct mapper_name *slot = slot_of(m, kind, id);

	return slot->kind == kind && slot->id == id &&
	       str_eq((struct str){slot->name, slot->n}, name);
}

void mapper_remember(
	struct mapper *m, enum read_kind kind, int64_t id, struct str name)
{
	struct mapper_name *slot = slot_of(m, kind, id);

	if (name.n > sizeof(slot->name)) {
		mapper_forget_name(m, kind, id);
		return;
	}
	*slot = (struct mapper_name){
		.id = id, .kind = kind, .n = (uint32_t)name.n};
	memcpy(slot->name, name.p, name.n);
}

int mapper_learn(struct mapper *m, enum read_kind kind, int64_t id,
	struct str name, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	bool read = true;
	int r;

	if (name.p == NULL || id == 0 ||
		(kind == READ_WORK_PACKAGE && !m->in_use.neighbours) ||
		mapper_remembers(m, kind, id, name))
		return 0;
	r = store_name(m->store, kind, id, &found, &known, e);
	if (r == 0 && (!found || !str_eq(buf_str(&known), name))) {
		r = store_put_readers_stale(
			m->store, kind, id, STORE_STALE, &read, e);
		if (read || found)
			store_put_name(m->store, kind, id, name);
		if (r == 0 && found)
			r = frozen_note(m, kind, id, buf_str(&known), e);
	}
	if (r == 0 && (read || found))
		mapper_remember(m, kind, id, name);
	buf_fini(&known);
	return r;
}

/* --- What was read ------------------------------------------------------ */

struct parentage {
	struct str child; /* "/work_packages/16\"" */
	bool known;
};

static int look_for_child(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct parentage *p = arg;

	(void)e;
	p->known = wp->source.p != NULL &&
		   str_find(wp->source, p->child) < wp->source.n;
	return 0;
}

/*
 * Attaching a child moves nothing at the parent, whose kept source does not
 * name it then: it is asked for again, if its children are read.
 */
static int adopted(
	struct mapper *m, const struct work_package *wp, struct err *e)
{
	char child[48];
	struct parentage p = {.known = true};
	int64_t parent = wp->parent.id;
	bool read = false;
	bool found;
	int r;

	if (parent == 0 || !m->in_use.neighbours)
		return 0;
	r = store_is_read(m->store, READ_CHILDREN, parent, &read, e);
	if (r != 0 || !read)
		return r;
	snprintf(child, sizeof(child), "/work_packages/%lld\"",
		(long long)wp->id);
	p.child = str_of(child);
	r = store_work_package(m->store, parent, &found, look_for_child, &p, e);
	if (r == 0 && !p.known)
		store_put_stale(m->store, parent, STORE_UNREAD);
	return r;
}

/*
 * The name that a source gave, if none is known: it is not the newest.  What
 * a work package is called, its own source knows better: *newer, if so.
 */
static int learn_old(
	struct mapper *m, const struct read *read, bool *newer, struct err *e)
{
	struct str name = STR_NONE;
	struct buf known = {0};
	bool found = false;
	int r = 0;

	if (read->name.p == NULL ||
		mapper_remembers(m, read->kind, read->id, read->name))
		return 0;
	r = store_name(m->store, read->kind, read->id, &found, &known, e);
	if (r == 0 && !found && read->kind == READ_WORK_PACKAGE)
		r = lookup_subject(&m->lookup, &m->arena, read->id, &name, e);
	if (name.p == NULL)
		name = read->name;
	if (r == 0 && !found)
		store_put_name(m->store, read->kind, read->id, name);
	*newer |= !str_eq(name, read->name);
	buf_fini(&known);
	return r;
}

/* Lists of attachments name people, too. */
static int lose_user(struct mapper *m, int64_t id, struct err *e)
{
	if (ids_contain(m->lost_users.items, m->lost_users.n, id))
		return 0;
	ids_add(&m->lost_users, id);
	return store_put_readers_stale(
		m->store, READ_USER, id, STORE_UNLISTED, NULL, e);
}

/*
 * It names a thing no more, though nobody touched it: the thing is gone, and
 * so it is with all that named it.
 */
static int on_lost(void *arg, enum read_kind kind, int64_t id, struct err *e)
{
	struct mapper *m = arg;

	if (kind < READ_PROJECT || kind > READ_ITEM)
		return 0;
	if (kind == READ_USER)
		return lose_user(m, id, e);
	return store_put_readers_stale(
		m->store, kind, id, STORE_UNREAD, NULL, e);
}

/* It came, of those that were asked for. */
static void note_come(struct mapper *m, int64_t id)
{
	struct ids *asked = &m->asked;

	for (size_t i = 0; i < asked->n; i++)
		if (asked->items[i] == id)
			asked->items[i--] = asked->items[--asked->n];
}

/* A list that was kept is as old as it was. */
void mapper_renewed(struct mapper *m, const struct mapper_item *item)
{
	note_come(m, item->id);
	store_put_fresh(m->store, item->id,
		item->attachments_kept ? STORE_UNREAD : STORE_UNLISTED);
}

static void note_use(struct mapper *m, const struct reads *reads)
{
	for (size_t i = 0; i < reads->n; i++) {
		enum read_kind kind = reads->items[i].kind;

		if (kind == READ_WORK_PACKAGE || kind == READ_CHILDREN)
			m->in_use.neighbours = true;
		if (kind == READ_RELATIONS)
			m->in_use.relations = true;
	}
}

int mapper_made_of(struct mapper *m, const struct mapper_item *item,
	const struct work_package *wp, struct reads *reads, struct err *e)
{
	const struct reads *asked = &m->lookup.reads;
	bool fresh = !item->known && !item->kept;
	bool newer = false;
	int r = m->lookup.err.code;

	if (r != 0)
		*e = m->lookup.err;
	for (size_t i = 0; i < asked->n; i++)
		reads_add(reads, asked->items[i].kind, asked->items[i].id,
			asked->items[i].name);
	reads_sort(reads);
	if (r == 0 && (item->touched || item->relisted))
		r = store_lost_reads(m->store, item->id, reads, on_lost, m, e);
	note_use(m, reads);
	store_put_reads(m->store, item->id, fresh, reads);
	for (size_t i = 0; r == 0 && i < reads->n; i++) {
		const struct read *read = &reads->items[i];

		r = item->kept ? learn_old(m, read, &newer, e)
			       : mapper_learn(m, read->kind, read->id,
					 read->name, e);
	}
	if (r == 0 && !item->kept)
		r = mapper_learn(m, READ_WORK_PACKAGE, wp->id, wp->subject, e);
	if (r == 0 && !item->kept)
		r = adopted(m, wp, e);
	/* Whoever reads a name first is a reader of a new one, too. */
	if (!fresh || reads->n > 0)
		mapper_renewed(m, item);
	if (newer)
		store_put_stale(m->store, item->id, STORE_STALE);
	if (mapper_is_unread(item))
		store_put_stale(m->store, item->id, STORE_UNREAD);
	return r;
}

/* --- Those that are stale ----------------------------------------------- */

struct stale {
	struct mapper *m;
	size_t n;
	int64_t *ids;
	bool *unread;
};

static void add_stale(void *arg, int64_t work_package, enum store_stale stale)
{
	struct stale *s = arg;

	s->ids[s->n] = work_package;
	s->unread[s->n++] = stale >= STORE_UNREAD;
	if (stale == STORE_UNLISTED)
		ids_add(&s->m->unlisted, work_package);
}

int mapper_stale(struct mapper *m, size_t limit, struct mapper_page *page,
	struct ids *unread, struct err *e)
{
	struct stale s = {
		.m = m,
		.ids = xcalloc(limit, sizeof(*s.ids)),
		.unread = xcalloc(limit, sizeof(*s.unread)),
	};
	int r;

	m->renewing = true;
	m->unlisted.n = m->asked.n = 0;
	r = store_stale(m->store, limit, add_stale, &s, e);
	unread->n = 0;
	page->items = xcalloc(limit, sizeof(struct mapper_item *));
	for (size_t i = 0; r == 0 && i < s.n; i++) {
		struct mapper_item *item = NULL;

		if (!s.unread[i])
			r = mapper_recall(m, s.ids[i], &item, e);
		if (item != NULL)
			page->items[page->n++] = item;
		else
			ids_add(unread, s.ids[i]);
	}
	for (size_t i = 0; i < unread->n; i++)
		ids_add(&m->asked, unread->items[i]);
	free(s.ids);
	free(s.unread);
	return r;
}

/* Those that came may be stale again by now. */
void mapper_give_up_stale(struct mapper *m)
{
	const struct ids *u = &m->unlisted;

	for (size_t i = 0; i < m->asked.n; i++)
		store_put_fresh(m->store, m->asked.items[i],
			ids_have(u->items, u->n, m->asked.items[i])
				? STORE_UNLISTED
				: STORE_UNREAD);
	m->asked.n = 0;
}
