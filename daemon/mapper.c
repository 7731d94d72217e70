/*
 * mapper - from the server's bytes to staged documents.
 *
 *   read: list --> items        pure, on any thread
 *   take: items                 those whose source is the known one stop
 *   map:  source --> work package --> (schema, list, contents?) --> rendered
 *   stage (mapper_stage.c), commit (mapper_commit.c), tell (mapper_log.c)
 *
 * mapper_map() is called again for an item as often as something is missing;
 * each time at least one more thing is there, so it ends.  A work package
 * that cannot be mapped is recorded with the reason and keeps its documents;
 * only a fault of the store ends the pass.
 */
#include "daemon/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/log.h"

#define DAY (86400 * STAMP_SECOND)
#define RETRY_FIRST (60 * STAMP_SECOND)
#define RETRY_MOST (3600 * STAMP_SECOND)

static struct mapper_item *item_new(void)
{
	return xcalloc(1, sizeof(struct mapper_item));
}

void mapper_item_free(struct mapper_item *item)
{
	if (item == NULL)
		return;
	buf_fini(&item->source);
	buf_fini(&item->attachments);
	buf_fini(&item->comments);
	buf_fini(&item->answer);
	free(item->needs);
	free(item->unreadable);
	free(item);
}

void mapper_page_fini(struct mapper_page *page)
{
	for (size_t i = 0; i < page->n; i++)
		mapper_item_free(page->items[i]);
	free(page->items);
	*page = (struct mapper_page){0};
}

static int load_generation(struct mapper *m, struct err *e)
{
	struct buf text = {0};
	bool found = false;
	long long number = 0;
	int r = state_get(
		store_state(m->store), "full.generation", &text, &found, e);

	if (r == 0 && found && str_to_int64(buf_str(&text), &number))
		m->generation = number;
	buf_fini(&text);
	return r;
}

int mapper_init(struct mapper *m, struct store *store,
	const struct config *config, struct err *e)
{
	int r;

	*m = (struct mapper){.store = store, .config = config};
	m->retry_at = 1; /* what failed before the start: at once */
	r = names_load(&m->names, store_state(store), e);
	if (r == 0)
		r = store_in_use(store, &m->in_use, e);
	return r == 0 ? load_generation(m, e) : r;
}

void mapper_fini(struct mapper *m)
{
	guard_fini(&m->guard);
	frozen_fini(&m->frozen);
	free(m->again);
	free(m->failed);
	free(m->lost);
	names_fini(&m->names);
	lookup_fini(&m->lookup);
	arena_fini(&m->arena);
	*m = (struct mapper){0};
}

/* --- Reading a list ----------------------------------------------------- */

bool mapper_of_future(int64_t stamp)
{
	return stamp > stamp_now() + DAY;
}

static void note_stamp(struct mapper_page *page, int64_t updated_at)
{
	if (page->first == 0)
		page->first = updated_at;
	if (updated_at != 0)
		page->last = updated_at;
	if (updated_at > page->newest && !mapper_of_future(updated_at))
		page->newest = updated_at;
}

static struct mapper_item *read_element(struct str element)
{
	struct mapper_item *item = item_new();
	struct api_source head = {0};
	struct err bad = {0};

	if (api_source_make(element, &item->source, &head, &bad) != 0)
		item->unreadable = xstrdup(bad.text);
	else
		hash_sha256(item->source.p, item->source.n, item->hash);
	item->id = head.id;
	item->pair = (struct api_pair){head.project_id, head.type_id};
	item->updated_at = head.updated_at;
	return item;
}

int mapper_read(
	struct str body, bool forced, struct mapper_page *page, struct err *e)
{
	struct api_list list = {0};
	struct arena arena = {0};
	int r = api_list_scan(&arena, body, &list, e);

	if (r == 0) {
		page->total = list.total;
		page->count = list.count;
		page->page_size = list.page_size;
		page->items = xcalloc(list.n, sizeof(struct mapper_item *));
	}
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		struct mapper_item *item = read_element(list.elements[i]);

		item->forced = forced;
		if (item->unreadable == NULL)
			note_stamp(page, item->updated_at);
		page->items[page->n++] = item;
	}
	arena_fini(&arena);
	return r;
}

/* --- Taking it in ------------------------------------------------------- */

/* What the state has of a work package that is here again. */
struct known {
	struct mapper_item *item;
	bool same;       /* the source is the known one */
	bool distrusted; /* its lists are to be asked for again */
};

static int compare_known(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct known *known = arg;
	struct mapper_item *item = known->item;

	static const uint8_t zero[SHA256_SIZE];

	(void)e;
	known->same = memcmp(wp->hash, item->hash, SHA256_SIZE) == 0;
	item->known_at = wp->updated_at;
	item->known = true;
	item->touched = !known->same && wp->updated_at == item->updated_at &&
			memcmp(wp->hash, zero, SHA256_SIZE) != 0;
	/* Attachments that come or go change the source: the list holds. */
	if (known->same && item->forced && !known->distrusted &&
		wp->attachments.p != NULL) {
		item->attachments_known = true;
		buf_add_str(&item->attachments, wp->attachments);
		item->comments_known = wp->comments.p != NULL;
		buf_add_str(&item->comments, wp->comments);
	}
	return 0;
}

static void tell_fetched(struct mapper *m, const struct mapper_item *item)
{
	char changed[STAMP_TEXT];

	stamp_format(item->updated_at, 0, changed);
	mapper_event(m, LOG_LEVEL_DEBUG, "fetched", item->id, STR_NONE,
		"read as it was changed at %s", changed);
}

/* Is it to be mapped? */
static int take_item(
	struct mapper *m, struct mapper_item *item, bool *wanted, struct err *e)
{
	struct known known = {.item = item, .distrusted = m->verifying};
	bool found = false;
	int r;

	m->counts.seen++;
	m->at = item->id;
	m->at_project = item->pair.project_id;
	*wanted = false;
	if (item->unreadable != NULL) {
		mapper_failed(m, item->id, item->unreadable);
		return 0;
	}
	item->generation = m->generation;
	r = store_work_package(
		m->store, item->id, &found, compare_known, &known, e);
	if (r == 0 && !known.same && mapper_of_future(item->updated_at))
		log_warning("work package %lld was changed in the future, if "
			    "the server is right: polls do not begin there",
			(long long)item->id);
	*wanted = !known.same || item->forced;
	if (r == 0 && !known.same)
		tell_fetched(m, item);
	return r;
}

int mapper_take(struct mapper *m, struct mapper_page *page, struct err *e)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < page->n; i++) {
		bool wanted = false;

		if (r == 0)
			r = take_item(m, page->items[i], &wanted, e);
		if (r == 0 && wanted)
			page->items[kept++] = page->items[i];
		else
			mapper_item_free(page->items[i]);
	}
	page->n = kept;
	return r;
}

static int recall_row(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct mapper_item *item = arg;

	(void)e;
	item->id = wp->id;
	item->pair = (struct api_pair){wp->project_id, wp->type_id};
	item->updated_at = wp->updated_at;
	item->known_at = wp->updated_at;
	item->generation = wp->generation;
	memcpy(item->hash, wp->hash, SHA256_SIZE);
	buf_add_str(&item->source, wp->source);
	item->attachments_known = wp->attachments.p != NULL;
	buf_add_str(&item->attachments, wp->attachments);
	item->comments_known = wp->comments.p != NULL;
	buf_add_str(&item->comments, wp->comments);
	item->kept = true;
	return 0;
}

int mapper_recall(
	struct mapper *m, int64_t id, struct mapper_item **out, struct err *e)
{
	struct mapper_item *item = item_new();
	bool found = false;
	int r = store_work_package(m->store, id, &found, recall_row, item, e);

	if (r != 0 || !found || item->source.n == 0) {
		mapper_item_free(item);
		*out = NULL;
		return r;
	}
	item->forced = true;
	*out = item;
	return 0;
}

/* Those whose hash was zeroed are to be tried again. */
struct retry {
	struct mapper *m;
	size_t n, cap;
	int64_t *ids;
};

static int add_retry(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	static const uint8_t zero[SHA256_SIZE];
	struct retry *retry = arg;

	(void)e;
	if (memcmp(wp->hash, zero, SHA256_SIZE) != 0)
		return 0;
	retry->ids =
		grow(retry->ids, retry->n, &retry->cap, sizeof(*retry->ids));
	retry->ids[retry->n++] = wp->id;
	return 0;
}

static void wait_longer(struct mapper *m, bool more)
{
	m->retry_wait = m->retry_wait > 0 ? m->retry_wait * 2 : RETRY_FIRST;
	if (m->retry_wait > RETRY_MOST)
		m->retry_wait = RETRY_MOST;
	if (!more)
		m->retry_wait = 0;
	m->retry_at = more ? stamp_monotonic() + m->retry_wait : 0;
}

int mapper_retry(struct mapper *m, struct mapper_page *page, struct err *e)
{
	struct retry retry = {.m = m};
	bool due = m->retry_at != 0 && stamp_monotonic() >= m->retry_at;
	int r = 0;

	retry.ids = m->lost;
	retry.n = m->n_lost;
	retry.cap = m->cap_lost;
	m->lost = NULL;
	m->n_lost = m->cap_lost = 0;
	if (due)
		r = state_work_packages_of(store_state(m->store),
			OUTCOME_FAILED, add_retry, &retry, e);
	page->items = xcalloc(retry.n, sizeof(struct mapper_item *));
	for (size_t i = 0; r == 0 && i < retry.n; i++) {
		struct mapper_item *item;

		r = mapper_recall(m, retry.ids[i], &item, e);
		if (r != 0 || item == NULL)
			continue;
		/* The list may have changed too: ask for it again. */
		item->attachments_known = false;
		buf_clear(&item->attachments);
		item->comments_known = false;
		buf_clear(&item->comments);
		hash_sha256(item->source.p, item->source.n, item->hash);
		page->items[page->n++] = item;
	}
	if (due)
		wait_longer(m, retry.n > 0);
	free(retry.ids);
	return r;
}

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

void mapper_take_answer(
	struct mapper *m, struct mapper_item *item, struct err *why)
{
	struct str answer = buf_str(&item->answer);

	if (item->waits == MAPPED_USER)
		take_user(m, item, why);
	else if (item->waits == MAPPED_LIST)
		item->attachments_known = api_attachments_source_make(answer,
						  &item->attachments, why) == 0;
	else
		item->comments_known = api_comments_source_make(answer,
					       &item->comments, why) == 0;
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

static const struct attachment *find_attachment(
	const struct work_package *wp, int64_t id)
{
	for (size_t i = 0; i < wp->n_attachments; i++)
		if (wp->attachments[i].id == id)
			return &wp->attachments[i];
	return NULL;
}

static void set_needs(struct mapper_item *item, const struct work_package *wp,
	const struct rendered *rendered)
{
	free(item->needs);
	item->needs = xcalloc(rendered->n_needs, sizeof(*item->needs));
	item->n_needs = 0;
	for (size_t i = 0; i < rendered->n_needs; i++) {
		const struct attachment *a =
			find_attachment(wp, rendered->needs[i]);
		struct mapper_need *need = &item->needs[item->n_needs];

		if (a == NULL)
			continue;
		need->attachment_id = a->id;
		need->size = a->size;
		snprintf(need->digest, sizeof(need->digest), "%.*s",
			STR_ARGS(a->digest));
		item->n_needs++;
	}
}

static enum mapped failed(
	struct mapper *m, struct mapper_item *item, const struct err *why)
{
	mapper_fail(m, item, why);
	return MAPPED_DONE;
}

static enum mapped render(struct mapper *m, struct mapper_item *item,
	const struct work_package *wp, struct err *e)
{
	struct rendered rendered = {0};
	enum mapped mapped = MAPPED_DONE;
	int r = program_render(m->config->program, wp, 0, &m->arena, &rendered);

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
	} else if (mapper_stage(m, item, wp, &rendered, e) != 0) {
		mapped = MAPPED_FAULT;
	}
	rendered_fini(&rendered);
	return mapped;
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
	if (item->kept &&
		names_project(&m->names, item->pair.project_id) == NULL) {
		store_put_fresh(m->store, item->id); /* until it is back */
		return MAPPED_DONE;
	}
	lookup_fini(&m->lookup);
	lookup_init(&m->lookup, m->config->program, m->store, NULL, item->id);
	if (api_work_package_parse(
		    &m->arena, buf_str(&item->source), &wp, &why) != 0)
		return failed(m, item, &why);
	if (!complete(m, item, &wp))
		return MAPPED_SCHEMA;
	if (item->attachments_known) {
		if (api_attachments_parse(&m->arena,
			    buf_str(&item->attachments), &wp, &why) != 0)
			return failed(m, item, &why);
		if (look_up_contents(m, &wp, e) != 0)
			return MAPPED_FAULT;
	}
	if (item->comments_known &&
		api_comments_parse(
			&m->arena, buf_str(&item->comments), &wp, &why) != 0)
		return failed(m, item, &why);
	if (m->in_use.relations &&
		lookup_relations(&m->lookup, &m->arena, &wp, e) != 0)
		return MAPPED_FAULT;
	if (lookup_authors(&m->lookup, &m->arena, &wp, &item->user, e) != 0)
		return MAPPED_FAULT;
	if (item->user != 0)
		return MAPPED_USER;
	if (item->kept && lookup_rename(&m->lookup, &m->arena, &wp, e) != 0)
		return MAPPED_FAULT;
	if (frozen_keeps(m, item, &wp, &kept, e) != 0)
		return MAPPED_FAULT;
	return kept ? MAPPED_DONE : render(m, item, &wp, e);
}

struct overtaken {
	const struct mapper_item *item;
	bool yes;
};

static int compare_staged(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct overtaken *o = arg;

	(void)e;
	o->yes = wp->updated_at > o->item->updated_at &&
		 wp->updated_at != o->item->known_at;
	return 0;
}

/*
 * A server that was set back shows older ones than we know: those count.
 * Only what came after the item, and is staged before it, is newer.
 */
bool mapper_overtaken(struct mapper *m, const struct mapper_item *item)
{
	struct overtaken o = {.item = item};
	struct err fault = {0}; /* comes again with the next question */
	bool found = false;

	store_work_package(
		m->store, item->id, &found, compare_staged, &o, &fault);
	return o.yes;
}

enum mapped mapper_map(
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

int mapper_map_again(struct mapper *m, struct err *e)
{
	int r = 0;

	while (r == 0 && m->n_again > 0) {
		struct mapper_item *item;

		r = mapper_recall(m, m->again[--m->n_again], &item, e);
		if (r == 0 && item != NULL)
			r = map_known(m, item, map_one(m, item, e));
		mapper_item_free(item);
	}
	return r;
}
