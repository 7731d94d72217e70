/*
 * mapper_map - an item becomes staged documents, as far as all is there.
 *
 *   source --> work package, with what is known of it --> rendered --> staged
 *                 |                                          |
 *                 `--> its schema, or who wrote a comment    |
 *      attachment list, comments, contents, last editor <----'
 *
 * What is wanting is asked for by the loop's side (items.c), and mapper_map()
 * is called again; each time at least one more thing is there, so it ends.
 */
#include "daemon/log.h"
#include "daemon/mapper_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "content/utf8.h"

/* --- What it waited for ------------------------------------------------- */

/* Somebody who is not shown has the name "", so that it is not asked again. */
static void take_user(
	struct mapper *m, const struct mapper_item *item, struct err *why)
{
	struct api_user user = {.name = STR("")};
	int r = 0;

	arena_reset(&m->arena);
	if (item->answer.n > 0)
		r = api_user_parse(
			&m->arena, buf_str(&item->answer), &user, why);
	if (r == 0)
		store_put_name(m->store, READ_USER, item->user, user.name);
	mapper_forget_name(m, READ_USER, item->user);
}

/* Would a commit name who changed it? */
static bool has_editor(const struct mapper *m, const struct mapper_item *item)
{
	return m->config->last_editor && !item->kept && !m->dry &&
	       item->updated_at != item->known_at;
}

/* From an answer that may be none: a commit can do without. */
static void take_editor(struct mapper_item *item)
{
	struct err ignored = {0};

	item->editor_known = true;
	api_last_editor(buf_str(&item->answer), &item->editor, &ignored);
}

void mapper_take_answer(
	struct mapper *m, struct mapper_item *item, struct err *why)
{
	struct str answer = buf_str(&item->answer);

	item->recorded = false;
	if (item->waits == MAPPED_USER)
		take_user(m, item, why);
	else if (item->waits == MAPPED_LIST)
		item->attachments_known = api_attachments_source_make(answer,
						  &item->attachments, why) == 0;
	else if (item->waits == MAPPED_COMMENTS)
		item->comments_known = api_comments_source_make(answer,
					       &item->comments, why) == 0;
	if (item->waits == MAPPED_EDITOR ||
		(item->waits == MAPPED_COMMENTS && has_editor(m, item)))
		take_editor(item);
	buf_fini(&item->answer);
}

/* --- Mapping ------------------------------------------------------------ */

/* What the API does not say in the work package itself. */
static bool complete(struct mapper *m, const struct mapper_item *item,
	struct work_package *wp)
{
	const struct project *project =
		names_project(&m->names, wp->project.id);

	if (project != NULL)
		wp->project_identifier = project->identifier;
	wp->status_is_closed = names_status_is_closed(&m->names, wp->status.id);
	wp->url = arena_printf(&m->arena, "%s/work_packages/%lld",
		m->config->url, (long long)wp->id);
	wp->neighbours = &m->lookup.neighbours;
	wp->schema = names_schema(
		&m->names, item->pair.project_id, item->pair.type_id);
	return wp->schema != NULL;
}

static int look_up_contents(
	struct mapper *m, struct work_package *wp, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wp->n_attachments; i++)
		r = store_attachment(m->store, &wp->attachments[i], e);
	return r;
}

static void set_needs(struct mapper_item *item, const struct work_package *wp,
	const struct rendered *rendered)
{
	free(item->needs);
	item->needs = xcalloc(rendered->n_needs, sizeof(*item->needs));
	item->n_needs = 0;
	for (size_t i = 0; i < rendered->n_needs; i++) {
		const struct attachment *a =
			work_package_attachment(wp, rendered->needs[i]);
		struct mapper_need *need = &item->needs[item->n_needs];

		if (a == NULL)
			continue;
		need->attachment_id = a->id;
		need->size = a->size;
		snprintf(need->digest, sizeof(need->digest), "%.*s",
			STR_ARGS(a->digest));
		snprintf(need->name, sizeof(need->name), "%.*s",
			(int)utf8_cut(a->file_name, sizeof(need->name) - 1),
			a->file_name.p);
		item->n_needs++;
	}
}

static enum mapped failed(
	struct mapper *m, struct mapper_item *item, const struct err *why)
{
	mapper_fail(m, item, why);
	return MAPPED_DONE;
}

/* Is it worth a request, who has changed this? */
static bool wants_editor(const struct mapper *m, const struct mapper_item *item,
	const struct rendered *rendered)
{
	return has_editor(m, item) && !item->editor_known && rendered->n > 0 &&
	       (m->config->commit_each || m->staged.editor != MAPPER_EDITORS);
}

struct hearing {
	struct str comments;
	bool same;
};

static int compare_comments(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct hearing *h = arg;

	(void)e;
	h->same = str_eq(wp->comments, h->comments);
	return 0;
}

/* It came for its comments alone: are they what they were, or not read? */
static bool is_old(struct mapper *m, const struct mapper_item *item)
{
	struct hearing h = {.comments = buf_str(&item->comments)};
	struct err fault = {0}; /* comes again with the next question */
	bool found = false;

	if (!item->heard || !item->comments_known)
		return item->heard;
	store_work_package(
		m->store, item->id, &found, compare_comments, &h, &fault);
	return h.same;
}

static enum mapped render(struct mapper *m, struct mapper_item *item,
	const struct work_package *wp, struct err *e)
{
	struct rendered rendered = {0};
	enum mapped mapped = MAPPED_DONE;
	int r = program_render(
		m->config->program, wp, NULL, &m->arena, &rendered);

	if (r == ERR_NEED && rendered.needs_list) {
		mapped = MAPPED_LIST;
	} else if (r == ERR_NEED && rendered.needs_comments) {
		mapped = MAPPED_COMMENTS;
	} else if (r == ERR_NEED) {
		set_needs(item, wp, &rendered);
		mapped = MAPPED_NEEDS;
	} else if (m->lookup.err.code != 0) {
		*e = m->lookup.err;
		mapped = MAPPED_FAULT;
	} else if (is_old(m, item)) {
		mapped = MAPPED_DONE;
	} else if (wants_editor(m, item, &rendered)) {
		mapped = MAPPED_EDITOR;
	} else if (mapper_stage(m, item, wp, &rendered, e) != 0) {
		mapped = MAPPED_FAULT;
	}
	rendered_fini(&rendered);
	return mapped;
}

/* From the source and what came with it; why says what is wrong with it. */
static int parse(struct mapper *m, const struct mapper_item *item,
	struct work_package *wp, struct err *why)
{
	int r = api_work_package_parse(
		&m->arena, buf_str(&item->source), wp, why);

	if (r == 0 && item->attachments_known)
		r = api_attachments_parse(
			&m->arena, buf_str(&item->attachments), wp, why);
	if (r == 0 && item->comments_known)
		r = api_comments_parse(
			&m->arena, buf_str(&item->comments), wp, why);
	return r;
}

/* What is known here beside the source. */
static int look_up(struct mapper *m, struct mapper_item *item,
	struct work_package *wp, struct err *e)
{
	int r = look_up_contents(m, wp, e);

	if (r == 0 && (m->in_use.relations || m->in_use.related))
		r = lookup_relations(&m->lookup, &m->arena, wp, e);
	if (r == 0)
		r = lookup_authors(&m->lookup, &m->arena, wp, &item->user, e);
	if (r == 0 && item->user == 0 && item->editor != 0)
		r = lookup_user(&m->lookup, &m->arena, item->editor,
			&item->editor_name, &item->user, e);
	if (r == 0 && item->kept)
		r = lookup_rename(&m->lookup, &m->arena, wp, e);
	else if (r == 0 && item->attachments_kept)
		r = lookup_rename_attachments(&m->lookup, &m->arena, wp, e);
	return r;
}

/* Until it is back, documents stay, and what comes all the same waits. */
static enum mapped wait_for_project(struct mapper *m, struct mapper_item *item)
{
	struct err why = {0};

	if (item->kept) {
		store_put_fresh(m->store, item->id, STORE_UNLISTED);
		return MAPPED_DONE;
	}
	err_set(&why, ERR_AGAIN,
		"its project %lld is not among those that the server shows",
		(long long)item->pair.project_id);
	return failed(m, item, &why);
}

void mapper_miss_user(
	struct mapper *m, const struct mapper_item *item, const struct err *why)
{
	m->unnamed = grow(
		m->unnamed, m->n_unnamed, &m->cap_unnamed, sizeof(*m->unnamed));
	m->unnamed[m->n_unnamed++] = (struct mapper_missed){item->user, *why};
}

/* One who did not come is why for all who name him. */
static enum mapped wait_for_user(struct mapper *m, struct mapper_item *item)
{
	for (size_t i = 0; i < m->n_unnamed; i++)
		if (m->unnamed[i].id == item->user)
			return failed(m, item, &m->unnamed[i].why);
	return MAPPED_USER;
}

static enum mapped map_one(
	struct mapper *m, struct mapper_item *item, struct err *e)
{
	struct work_package wp = {0};
	struct err why = {0};
	bool kept;

	m->at = item->id;
	m->at_project = item->pair.project_id;
	arena_reset(&m->arena);
	if (guard_withdrawn(&m->guard, item->id))
		return mapper_stage_withdrawn(m, item, e) == 0 ? MAPPED_DONE
							       : MAPPED_FAULT;
	if (names_project(&m->names, item->pair.project_id) == NULL)
		return wait_for_project(m, item);
	lookup_fini(&m->lookup);
	lookup_init(&m->lookup, m->config->program, m->store, NULL, item->id);
	m->lookup.mapper = m;
	if (parse(m, item, &wp, &why) != 0)
		return failed(m, item, &why);
	if (!complete(m, item, &wp))
		return MAPPED_SCHEMA;
	if (look_up(m, item, &wp, e) != 0)
		return MAPPED_FAULT;
	if (item->user != 0)
		return wait_for_user(m, item);
	if (frozen_keeps(m, item, &wp, &kept, e) != 0)
		return MAPPED_FAULT;
	return kept ? MAPPED_DONE : render(m, item, &wp, e);
}

/*
 * A server that was set back shows older ones than we know: those count.
 * Only what came after the item, and is staged before it, is newer.
 */
bool mapper_overtaken(struct mapper *m, const struct mapper_item *item)
{
	struct state_head head = {0};
	struct err fault = {0}; /* comes again with the next question */
	bool found = false;

	store_head_of(m->store, item->id, &found, &head, &fault);
	return found && head.updated_at > item->updated_at &&
	       head.updated_at != item->known_at;
}

static enum mapped map_with_others(
	struct mapper *m, struct mapper_item *item, struct err *e)
{
	enum mapped mapped = MAPPED_DONE;
	char subject[sizeof(m->subject)];

	if (!mapper_overtaken(m, item))
		mapped = map_one(m, item, e);
	memcpy(subject, m->subject, sizeof(subject));
	if (mapped == MAPPED_DONE && mapper_map_again(m, e) != 0)
		mapped = MAPPED_FAULT;
	memcpy(m->subject, subject, sizeof(subject)); /* not of the others */
	return mapped;
}

enum mapped mapper_map(
	struct mapper *m, struct mapper_item *item, struct err *e)
{
	enum mapped mapped = MAPPED_FAULT;

	if (state_hold(store_state(m->store), e) == 0)
		mapped = map_with_others(m, item, e);
	if (mapped == MAPPED_DONE && mapper_commit_one(m, item, e) != 0)
		mapped = MAPPED_FAULT;
	item->waits = mapped;
	return mapped;
}

/* Work packages whose path may change have all that mapping needs: it was
 * there when they got their document. */
static int map_known(
	struct mapper *m, const struct mapper_item *item, enum mapped mapped)
{
	struct err why = {0};

	if (mapped == MAPPED_FAULT)
		return ERR_IO;
	if (mapped != MAPPED_DONE) {
		err_set(&why, ERR_AGAIN,
			"its path may change, but its attachments are not "
			"here any more: they are fetched again");
		mapper_fail(m, item, &why);
	}
	return 0;
}

#define AGAIN_MOST 20000 /* in one go */

void mapper_put_off(struct mapper *m)
{
	while (m->again.n > 0)
		store_put_stale(
			m->store, m->again.items[--m->again.n], STORE_STALE);
}

/* They may be in each other's way for ever: the next pass goes on. */
static void give_up(struct mapper *m)
{
	log_warning("%zu work packages are in each other's way: the next pass "
		    "goes on with them",
		m->again.n);
	mapper_put_off(m);
}

int mapper_map_again(struct mapper *m, struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && m->again.n > 0; i++) {
		struct mapper_item *item;

		if (i == AGAIN_MOST) {
			give_up(m);
			break;
		}
		if (ids_contain(m->refused.items, m->refused.n,
			    m->again.items[m->again.n - 1])) {
			m->again.n--;
			continue;
		}
		r = mapper_recall(m, m->again.items[--m->again.n], &item, e);
		if (r == 0 && item != NULL)
			r = map_known(m, item, map_one(m, item, e));
		mapper_item_free(item);
	}
	return r;
}
