/*
 * mapper - from the server's bytes to staged documents.
 *
 *   read: list --> items        pure, on any thread
 *   take: items                 those whose source is the known one stop
 *   map (mapper_map.c), stage (mapper_stage.c), commit (mapper_commit.c),
 *   tell (mapper_log.c)
 *
 * A work package that cannot be mapped is recorded with the reason and keeps
 * its documents; only a fault of the store ends the pass.
 */
#include "daemon/mapper.h"

#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"

#define DAY (86400 * STAMP_SECOND)
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

int mapper_init(struct mapper *m, struct store *store,
	const struct config *config, struct err *e)
{
	int r;

	*m = (struct mapper){.store = store,
		.config = config,
		.names = {.frozen = &m->frozen}};
	m->retry_at = 1;    /* what failed before the start: at once */
	m->rest_due = true; /* a start looks at everything */
	r = mapper_reload_names(m, e);
	if (r == 0)
		r = store_in_use(store, &m->in_use, e);
	return r == 0 ? state_get_int(store_state(store), "full.generation",
				NULL, &m->generation, e)
		      : r;
}

void mapper_configure(struct mapper *m, const struct config *config)
{
	m->config = config;
	m->frozen.known = false;
	m->rests = false;
}

void mapper_fini(struct mapper *m)
{
	guard_fini(&m->guard);
	frozen_fini(&m->frozen);
	free(m->again.items);
	mapper_forget_verdicts(m);
	free(m->verdicts);
	free(m->unmade.items);
	free(m->stuck.items);
	free(m->displaced.items);
	free(m->refused.items);
	mapper_forget_denied(m);
	free(m->denied);
	free(m->missed);
	free(m->lost.items);
	free(m->unlisted.items);
	free(m->asked.items);
	free(m->lost_users.items);
	free(m->back.items);
	free(m->nameless_projects.items);
	free(m->unnamed);
	buf_fini(&m->unrelated);
	free(m->nameless_statuses.items);
	free(m->retried.items);
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
	item->status = head.status_id;
	item->n_fields = head.n_fields;
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
		note_stamp(page, item->updated_at);
		page->items[page->n++] = item;
	}
	arena_fini(&arena);
	return r;
}

/* --- Taking it in ------------------------------------------------------- */

/* What the state has of a work package that is here again. */
struct known {
	struct mapper *m;
	struct mapper_item *item;
	bool hears; /* comments, too: where the source is the known one */
	bool same;  /* it is, */
	bool heard; /* but its comments are to be asked for again */
	bool tried; /* it failed before, and was tried again in this pass */
};

static bool compare_head(struct mapper *m, struct mapper_item *item,
	const struct state_head *head)
{
	static const uint8_t none[SHA256_SIZE];
	bool same = memcmp(head->hash, item->hash, SHA256_SIZE) == 0;

	m->created.n += same;
	item->known_at = head->updated_at;
	item->known = true;
	item->touched = !same && head->updated_at == item->updated_at &&
			memcmp(head->hash, none, SHA256_SIZE) != 0;
	return same;
}

static int compare_known(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct known *known = arg;
	struct mapper *m = known->m;
	struct mapper_item *item = known->item;

	(void)e;
	if (!known->same && wp->source.n > 0)
		instance_compare(
			m, item->id, wp->source, buf_str(&item->source));
	known->tried = !known->same && !m->verifying &&
		       ids_have(m->retried.items, m->retried.n, wp->id) &&
		       str_eq(wp->source, buf_str(&item->source));
	known->heard = known->hears && known->same && wp->comments.p != NULL;
	item->relisted = known->same &&
			 ids_have(m->unlisted.items, m->unlisted.n, wp->id);
	/*
	 * Attachments that come or go change the source: the list holds.  Of
	 * comments, one that is written again or deleted need not.
	 */
	if (known->same && (item->forced || known->heard) && !m->verifying &&
		!item->relisted && wp->attachments.p != NULL) {
		item->attachments_known = item->attachments_kept = true;
		buf_add_str(&item->attachments, wp->attachments);
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

/* If it says which one it is, that is in error, and asked for again. */
static int take_unreadable(
	struct mapper *m, const struct mapper_item *item, struct err *e)
{
	struct err why = {0};

	if (item->id != 0) {
		err_set(&why, ERR_UNAVAILABLE, "%s", item->unreadable);
		return mapper_fail_unread(m, item->id, &why, e);
	}
	mapper_failed(m, 0, item->unreadable);
	return 0;
}

/*
 * While changes are held, what is read without a sign that it changed brings
 * none of them.  What became stale is read for news, and one that was held as
 * gone is news itself.
 */
static bool stays_held(const struct mapper *m, const struct mapper_item *item)
{
	return m->guard.changes_held && !m->dry && !m->renewing &&
	       !guard_holds_gone(&m->guard, item->id);
}

/* Is it to be mapped? */
static int take_item(
	struct mapper *m, struct mapper_item *item, bool *wanted, struct err *e)
{
	struct known known = {.m = m, .item = item};
	struct state_head head = {0};
	bool found = false;
	int r;

	known.hears = m->hears || item->forced;
	item->forced = item->forced && !stays_held(m, item);
	m->counts.seen++;
	m->at = item->id;
	m->at_project = item->pair.project_id;
	*wanted = false;
	if (item->unreadable != NULL)
		return take_unreadable(m, item, e);
	item->generation = m->generation;
	r = store_head_of(m->store, item->id, &found, &head, e);
	if (r == 0 && found)
		known.same = compare_head(m, item, &head);
	if (r == 0 && found && (!known.same || known.hears))
		r = store_work_package(
			m->store, item->id, &found, compare_known, &known, e);
	if (known.tried) {
		m->counts.again++;
		return r;
	}
	if (r == 0 && !known.same && mapper_of_future(item->updated_at))
		log_warning("work package %lld was changed in the future, if "
			    "the server is right: polls do not begin there",
			(long long)item->id);
	item->heard = known.heard && !item->forced;
	*wanted = !known.same || item->forced || known.heard;
	m->counts.again += known.same;
	if (r == 0 && !known.same)
		tell_fetched(m, item);
	return r;
}

int mapper_take(struct mapper *m, struct mapper_page *page, struct err *e)
{
	int r = state_hold(store_state(m->store), e);
	size_t kept = 0;

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
	return r == 0 ? instance_check_created(m, e) : r;
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
	item->attachments_kept = item->attachments_known;
	if (item->attachments_known)
		buf_add_str(&item->attachments, wp->attachments);
	item->comments_known = wp->comments.p != NULL;
	if (item->comments_known)
		buf_add_str(&item->comments, wp->comments);
	item->damaged = wp->damaged;
	item->kept = true;
	item->gone = wp->outcome == OUTCOME_GONE;
	item->recorded = item->gone ||
			 (wp->outcome == OUTCOME_MADE && wp->reason.p == NULL);
	return 0;
}

int mapper_recall(
	struct mapper *m, int64_t id, struct mapper_item **out, struct err *e)
{
	struct mapper_item *item = item_new();
	bool found = false;
	int r = store_work_package(m->store, id, &found, recall_row, item, e);

	if (r == 0 && item->damaged) {
		log_warning("what the state has of work package %lld is "
			    "damaged: it is asked for again",
			(long long)id);
		store_put_stale(m->store, id, STORE_UNREAD);
	}
	if (r != 0 || !found || item->source.n == 0) {
		mapper_item_free(item);
		*out = NULL;
		return r;
	}
	item->forced = true;
	*out = item;
	return 0;
}

/* Its moment is none from then on, so that it is asked for again. */
int mapper_fail_unread(
	struct mapper *m, int64_t id, const struct err *why, struct err *e)
{
	struct mapper_item *item = item_new();
	bool found = false;
	int r = state_hold(store_state(m->store), e);

	if (r == 0)
		r = store_work_package(
			m->store, id, &found, recall_row, item, e);
	if (r == 0) {
		item->id = id;
		item->updated_at = 0;
		item->generation = m->generation;
		mapper_fail(m, item, why);
	}
	mapper_item_free(item);
	return r;
}

bool mapper_is_unread(const struct mapper_item *item)
{
	return item->kept && item->updated_at == 0;
}

/* Those whose hash was zeroed are to be tried again. */
struct retry {
	struct mapper *m;
	struct ids *unread;
	struct ids kept;
};

static int add_retry(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	static const uint8_t zero[SHA256_SIZE];
	struct retry *retry = arg;
	struct mapper *m = retry->m;

	(void)e;
	if (memcmp(wp->hash, zero, SHA256_SIZE) != 0)
		return 0;
	if (wp->updated_at == 0) {
		ids_add(retry->unread, wp->id);
		return 0;
	}
	ids_add(&retry->kept, wp->id);
	/* Without its project it only waits for that. */
	if (names_project(&m->names, wp->project_id) != NULL)
		ids_add(&m->retried, wp->id);
	return 0;
}

static void wait_longer(struct mapper *m, bool more)
{
	m->retry_wait = m->retry_wait > 0 ? m->retry_wait * 2 : MAPPER_RETRY;
	if (m->retry_wait > RETRY_MOST)
		m->retry_wait = RETRY_MOST;
	if (!more)
		m->retry_wait = 0;
	m->retry_at = more ? stamp_monotonic() + m->retry_wait : 0;
}

int mapper_retry(struct mapper *m, struct mapper_page *page, struct ids *unread,
	struct err *e)
{
	struct retry retry = {.m = m, .unread = unread, .kept = m->lost};
	size_t n_unread = unread->n;
	bool due = m->retry_at != 0 && stamp_monotonic() >= m->retry_at;
	int r = 0;

	m->lost = (struct ids){0};
	if (due)
		r = state_work_packages_of(store_state(m->store),
			OUTCOME_FAILED, add_retry, &retry, e);
	page->items = xcalloc(retry.kept.n, sizeof(struct mapper_item *));
	for (size_t i = 0; r == 0 && i < retry.kept.n; i++) {
		struct mapper_item *item;

		r = mapper_recall(m, retry.kept.items[i], &item, e);
		if (r != 0 || item == NULL)
			continue;
		/* The list may have changed too: ask for it again. */
		item->recorded = false;
		item->attachments_known = item->attachments_kept = false;
		buf_clear(&item->attachments);
		item->comments_known = false;
		buf_clear(&item->comments);
		hash_sha256(item->source.p, item->source.n, item->hash);
		page->items[page->n++] = item;
	}
	if (due)
		wait_longer(
			m, r != 0 || retry.kept.n > 0 || unread->n > n_unread);
	free(retry.kept.items);
	return r;
}
