/*
 * news_events - from events of the log to what hooks are told.
 *
 *   events since the last one told, the oldest first --> an object each, the
 *   last of its kind and work package only
 *
 * Committed, removed and other documents are not told one by one: a commit
 * is, and the repository says the rest.
 */
#include "daemon/news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/resources.h"
#include "base/arena.h"
#include "daemon/report.h"

#define MANY 2000 /* events that were read over */

static const struct {
	const char *kind; /* of the event */
	unsigned on;
	const char *name; /* as hooks have it */
} kinds[] = {
	{"committed", HOOK_COMMIT, "commit"},
	{"failed", HOOK_ERROR, "error"},
	{"frozen", HOOK_ERROR, "error"},
	{"recovered", HOOK_RECOVERED, "recovered"},
	{"thawed", HOOK_RECOVERED, "recovered"},
	{"held", HOOK_HELD, "held"},
	{"fault", HOOK_FAULT, "fault"},
};

struct gathering {
	struct news *news;
	struct store *store;
	struct arena texts;
	size_t n;                  /* events */
	struct work_package about; /* the event's */
};

static int read_about(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct gathering *g = arg;

	(void)e;
	if (wp->source.n > 0)
		api_work_package_parse(&g->texts, wp->source, &g->about, NULL);
	return 0;
}

static void put_about(
	struct gathering *g, const struct state_event *event, struct buf *out)
{
	int64_t id = event->work_package;
	bool found = false;
	struct str author;
	char url[1024];

	if (id != 0)
		state_work_package(
			store_state(g->store), id, &found, read_about, g, NULL);
	author = g->about.author.title;
	snprintf(url, sizeof(url), "%s/work_packages/%lld", g->news->url,
		(long long)id);
	report_id(out, "work_package", id);
	report_text(out, "subject", g->about.subject);
	report_text(out, "url", id != 0 ? str_of(url) : STR_NONE);
	report_text(out, "author", name_is_address(author) ? STR_NONE : author);
}

/* A commit's text is "ID SUBJECT". */
static void put_object(struct gathering *g, const struct state_event *event,
	const char *name, struct buf *out)
{
	struct str sentence = event->text;
	struct str commit = STR_NONE;
	size_t space = str_find(sentence, STR(" "));

	if (strcmp(name, "commit") == 0 && space < sentence.n) {
		commit = (struct str){sentence.p, space};
		sentence = str_skip(sentence, space + 1);
	}
	report_open(out, NULL, '{');
	report_text(out, "event", str_of(name));
	report_text(out, "instance", str_of(g->news->instance));
	report_int(out, "run", event->run);
	report_stamp(out, "at", event->at);
	put_about(g, event, out);
	report_text(out, "project", event->project);
	report_text(out, "path", event->path);
	report_text(out, "commit", commit);
	report_text(out, "sentence", sentence);
	buf_puts(out, "}\n");
}

/* The last one counts: an earlier one of its kind and work package goes. */
static void forget_same(struct news *n, unsigned on, int64_t work_package)
{
	for (size_t i = 0; i < n->n; i++) {
		if (n->items[i].on != on ||
			n->items[i].work_package != work_package)
			continue;
		free(n->items[i].text);
		memmove(&n->items[i], &n->items[i + 1],
			(--n->n - i) * sizeof(*n->items));
		return;
	}
}

static bool is_of_many(const struct state_event *event)
{
	return str_is(event->kind, "frozen") || str_is(event->kind, "thawed");
}

static int add_event(void *arg, const struct state_event *event, struct err *e)
{
	struct gathering *g = arg;
	struct news *n = g->news;
	struct buf text = {0};
	/* Each of what is frozen is for itself. */
	int64_t about = is_of_many(event) ? -event->id : event->work_package;

	(void)e;
	n->seen = event->id;
	g->n++;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !n->first; i++) {
		if (!str_is(event->kind, kinds[i].kind) ||
			(is_of_many(event) && event->work_package != 0))
			continue;
		arena_reset(&g->texts);
		g->about = (struct work_package){0};
		put_object(g, event, kinds[i].name, &text);
		forget_same(n, kinds[i].on, about);
		n->items = grow(n->items, n->n, &n->cap, sizeof(*n->items));
		n->items[n->n++] = (struct news_item){
			.id = event->id,
			.on = kinds[i].on,
			.work_package = about,
			.text = buf_take(&text),
		};
	}
	return 0;
}

int news_gather(struct news *n, struct store *store, struct err *e)
{
	struct gathering g = {.news = n, .store = store};
	struct state_event_query query = {.after = n->after,
		.limit = n->first ? 1 : NEWS_MOST,
		.oldest = !n->first};
	struct buf wanted = {0};
	int r;

	n->seen = n->after;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		buf_printf(&wanted, " %s ", kinds[i].kind);
	query.kinds = buf_str(&wanted);
	r = state_events(store_state(store), &query, add_event, &g, e);
	n->more = g.n == NEWS_MOST;
	if (n->seen - n->after >= MANY)
		store_rest(store); /* nobody reads them a second time */
	buf_fini(&wanted);
	arena_fini(&g.texts);
	return r;
}
