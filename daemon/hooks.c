/*
 * hooks - what others do when something happened.
 *
 *   a pass ended --> quiet for a while --> job: log read, head written
 *     --> each hook's queue --> one program after the other --> job: noted
 *     how far each was told --> where the log has more: read on
 *
 * A program that fails is run again, later and later, and given up after a
 * day; meanwhile what follows waits behind it, in the queue or, where that is
 * full, in the log.  Sync goes on.
 */
#include "daemon/hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/child.h"
#include "daemon/log.h"
#include "daemon/news.h"
#include "daemon/report.h"

#define RETRY_FIRST (10 * STAMP_SECOND)
#define RETRY_MOST (900 * STAMP_SECOND)
#define GIVE_UP (86400 * STAMP_SECOND)
#define NEVER_QUIET 12 /* times settle */
#define MOST NEWS_MOST /* that wait for one hook */

struct call {
	struct call *next;
	int64_t id; /* the event's */
	char *text;
	int64_t since; /* monotonic: of its first try; 0: not tried */
};

/* One of the configuration, with its queue. */
struct hook {
	struct hooks *hooks;
	unsigned on;
	char **argv; /* owned, as all in it */
	int64_t timeout;
	struct call *first, **last;
	size_t n;
	int64_t at;  /* the last event that was looked at for it; or -1 */
	bool behind; /* the log has more for it, once its queue is empty */
	bool running;
	int64_t wait; /* before the next try */
	struct err fault;
	uv_timer_t timer;
	struct child child;
};

struct hooks {
	struct hooks_host host;
	int64_t settle;
	char *env[16]; /* owned; ends with NULL */
	char *folder;
	struct news news; /* of the job */
	struct job job;
	bool collecting;
	bool again;    /* something happened meanwhile */
	bool flushing; /* --once */
	int64_t since; /* monotonic: when the timer was started first */
	int64_t at;    /* where there is no hook: the last event seen; or -1 */
	int64_t noted; /* where there is no hook: the last one noted; or -1 */
	bool closing;
	uv_timer_t timer;
	size_t n;
	struct hook *items;
	struct hooks **owner; /* at the end: NULL is put there */
};

static void run_next(struct hook *hook);
static void rest(struct hooks *h);

/* --- One hook ----------------------------------------------------------- */

static void drop_first(struct hook *hook)
{
	struct call *call = hook->first;

	hook->first = call->next;
	if (hook->first == NULL)
		hook->last = &hook->first;
	hook->n--;
	free(call->text);
	free(call);
}

static void add_call(struct hook *hook, const struct news_item *item)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->id = item->id;
	call->text = xstrdup(item->text);
	*hook->last = call;
	hook->last = &call->next;
	hook->n++;
}

/* It goes on where it was when all that waits is told. */
static bool is_busy(const struct hook *hook)
{
	return hook->behind && hook->n > 0;
}

static void take_news(struct hook *hook, const struct news *news)
{
	if (is_busy(hook))
		return;
	hook->behind = news->more;
	for (size_t i = 0; i < news->n; i++) {
		const struct news_item *item = &news->items[i];

		if (item->id <= hook->at)
			continue;
		if (hook->n == MOST) {
			hook->behind = true;
			return;
		}
		if ((hook->on & item->on) != 0)
			add_call(hook, item);
		hook->at = item->id;
	}
	if (news->seen > hook->at)
		hook->at = news->seen;
}

static void on_retry(uv_timer_t *timer)
{
	run_next(timer->data);
}

static void say(struct hook *hook, const struct child *child)
{
	struct str said = buf_str(&child->errors);
	struct err e = {0};

	said.n = str_find(said, STR("\n"));
	if (said.n > 200)
		said.n = 200;
	err_set(&e, ERR_AGAIN, "hook %s%s%.*s", child->err.text,
		said.n > 0 ? ": " : "", STR_ARGS(said));
	for (char *p = e.text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	if (strcmp(e.text, hook->fault.text) != 0)
		log_error("%s (tried again; the sync goes on)", e.text);
	hook->fault = e;
}

static void fail(struct hook *hook)
{
	struct call *call = hook->first;

	if (call->since == 0)
		call->since = stamp_monotonic();
	if (stamp_monotonic() - call->since > GIVE_UP) {
		log_error("hook %s: given up after a day: %s", hook->argv[0],
			call->text);
		drop_first(hook);
	}
	hook->wait = hook->wait == 0 ? RETRY_FIRST : hook->wait * 2;
	if (hook->wait > RETRY_MOST)
		hook->wait = RETRY_MOST;
	if (!hook->hooks->flushing)
		uv_timer_start(&hook->timer, on_retry,
			(uint64_t)(hook->wait / 1000), 0);
}

static void finish_closing(struct hooks *h);

static void on_child(struct child *child)
{
	struct hook *hook = container_of(child, struct hook, child);
	struct hooks *h = hook->hooks;
	bool good = child->err.code == 0;

	hook->running = false;
	if (!good && !h->closing)
		say(hook, child);
	child_fini(child);
	if (good) {
		hook->wait = 0;
		hook->fault = (struct err){0};
		drop_first(hook);
	}
	if (h->closing) {
		finish_closing(h);
		return;
	}
	if (good)
		run_next(hook);
	else
		fail(hook);
	rest(h);
}

static void run_next(struct hook *hook)
{
	struct hooks *h = hook->hooks;

	if (hook->running || hook->first == NULL || h->closing)
		return;
	hook->running = true;
	hook->child = (struct child){
		.loop = h->host.loop,
		.argv = hook->argv,
		.env = h->env,
		.folder = h->folder,
		.timeout = hook->timeout,
	};
	buf_puts(&hook->child.input, hook->first->text);
	child_start(&hook->child, on_child);
}

/* --- All of them -------------------------------------------------------- */

static bool is_running(const struct hooks *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].running)
			return true;
	return false;
}

static size_t count_waiting(const struct hooks *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->items[i].n;
	return n;
}

/* From where the log is to be read: not for those that are busy. */
static int64_t first_wanted(const struct hooks *h)
{
	int64_t at = h->n == 0 ? h->at : INT64_MAX;

	for (size_t i = 0; i < h->n; i++)
		if (!is_busy(&h->items[i]) && h->items[i].at < at)
			at = h->items[i].at;
	return at;
}

static bool wants_more(const struct hooks *h)
{
	if (h->n == 0)
		return h->news.more;
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].behind && h->items[i].n == 0)
			return true;
	return false;
}

/* The last event before what waits, or of all that was looked at. */
static int64_t told(const struct hook *hook)
{
	return hook->first != NULL ? hook->first->id - 1 : hook->at;
}

/* Has a hook been told more, which rests now? */
static bool mark(struct hooks *h)
{
	bool more = h->n == 0 && h->at > h->noted;

	for (size_t i = 0; i < h->n; i++) {
		const struct hook *hook = &h->items[i];
		int64_t *at = &h->news.marks[i].at;

		if (!hook->running && told(hook) > *at) {
			*at = told(hook);
			more = true;
		}
	}
	h->news.seen = h->noted = h->at;
	return more;
}

static void run_note(struct job *job)
{
	struct hooks *h = container_of(job, struct hooks, job);

	news_note(&h->news, h->host.store);
}

static void on_noted(struct job *job)
{
	struct hooks *h = container_of(job, struct hooks, job);

	h->collecting = false;
	if (h->news.err.code != 0) /* it is noted with what comes next */
		log_error("%s", h->news.err.text);
	if (h->closing)
		finish_closing(h);
	else
		rest(h);
}

static void collect(struct hooks *h);

static void rest(struct hooks *h)
{
	if (h->collecting)
		return;
	if (mark(h)) {
		h->collecting = true;
		worker_run(h->host.worker, &h->job, run_note, on_noted);
	} else if (wants_more(h) || (h->again && !is_running(h))) {
		h->again = false;
		collect(h);
	} else if (!is_running(h)) {
		h->host.idle(h->host.arg);
	}
}

static void run_collect(struct job *job)
{
	struct hooks *h = container_of(job, struct hooks, job);

	news_collect(&h->news, h->host.store);
}

/* What waits from before a state that was made again has no number in it. */
static void begin_at(struct hook *hook, int64_t at)
{
	hook->at = at;
	for (struct call *call = hook->first; call != NULL; call = call->next)
		call->id = at + 1;
}

/* At first the state says how far; one that was made again counts anew. */
static void take_all(struct hooks *h)
{
	const struct news *news = &h->news;

	if (news->anew)
		h->noted = news->after;
	for (size_t i = 0; i < h->n; i++) {
		if (news->anew)
			begin_at(&h->items[i], news->marks[i].at);
		take_news(&h->items[i], news);
	}
	h->at = news->seen;
}

static void on_collected(struct job *job)
{
	struct hooks *h = container_of(job, struct hooks, job);

	h->collecting = false;
	if (h->news.err.code != 0)
		log_error("%s", h->news.err.text);
	take_all(h);
	news_clear(&h->news);
	if (h->closing) {
		finish_closing(h);
		return;
	}
	for (size_t k = 0; k < h->n; k++)
		if (!uv_is_active((uv_handle_t *)&h->items[k].timer))
			run_next(&h->items[k]);
	rest(h);
}

static void collect(struct hooks *h)
{
	h->collecting = true;
	h->news.after = first_wanted(h);
	worker_run(h->host.worker, &h->job, run_collect, on_collected);
}

static void on_settled(uv_timer_t *timer)
{
	struct hooks *h = timer->data;

	if (h->collecting || is_running(h))
		h->again = true;
	else
		collect(h);
}

void hooks_begin(struct hooks *h)
{
	h->news.first = true;
	collect(h);
}

/* Where it is never quiet, they are told all the same now and then. */
void hooks_now(struct hooks *h, bool happened)
{
	int64_t now = stamp_monotonic();

	if (!uv_is_active((uv_handle_t *)&h->timer))
		h->since = now;
	else if (!happened || now - h->since > NEVER_QUIET * h->settle)
		return;
	uv_timer_start(&h->timer, on_settled, (uint64_t)(h->settle / 1000), 0);
}

void hooks_flush(struct hooks *h)
{
	h->flushing = true;
	on_settled(&h->timer);
}

void hooks_report(const struct hooks *h, struct buf *out)
{
	struct str error = STR_NONE;

	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].fault.code != 0)
			error = str_of(h->items[i].fault.text);
	report_open(out, "hooks", '{');
	report_int(out, "waiting", (int64_t)count_waiting(h));
	report_text(out, "error", error);
	buf_putc(out, '}');
}

/* --- The beginning and the end ------------------------------------------ */

/* Nothing that may hold the key goes along. */
static void make_env(struct hooks *h, const struct config *config)
{
	static const char *const names[] = {"PATH", "HOME", "LANG", "LC_ALL",
		"TZ", "TMPDIR", "XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY"};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (getenv(names[i]) != NULL)
			h->env[n++] =
				xasprintf("%s=%s", names[i], getenv(names[i]));
	h->env[n++] = xasprintf("OPSYNC_INSTANCE=%s", config->instance);
	h->env[n++] = xasprintf("OPSYNC_STORE=%s", config->store_path);
	_Static_assert(ARRAY_LEN(names) + 3 <= 16, "env has room");
}

static void init_hook(
	struct hooks *h, struct hook *hook, const struct config_hook *from)
{
	*hook = (struct hook){
		.hooks = h, .on = from->on, .timeout = from->timeout, .at = -1};
	hook->argv = xcalloc(from->n_argv + 1, sizeof(char *));
	for (size_t i = 0; i < from->n_argv; i++)
		hook->argv[i] = xstrdup(from->argv[i]);
	hook->last = &hook->first;
	uv_timer_init(h->host.loop, &hook->timer);
	hook->timer.data = hook;
}

struct hooks *hooks_new(
	const struct hooks_host *host, const struct config *config)
{
	struct hooks *h = xcalloc(1, sizeof(*h));

	h->host = *host;
	h->settle = config->hooks.settle;
	h->folder = xstrdup(config->store_path);
	h->at = h->noted = -1;
	make_env(h, config);
	news_init(&h->news, config);
	uv_timer_init(host->loop, &h->timer);
	h->timer.data = h;
	h->n = config->hooks.n;
	h->items = xcalloc(h->n, sizeof(*h->items));
	for (size_t i = 0; i < h->n; i++)
		init_hook(h, &h->items[i], &config->hooks.items[i]);
	return h;
}

static void free_hook(struct hook *hook)
{
	while (hook->first != NULL)
		drop_first(hook);
	for (size_t i = 0; hook->argv[i] != NULL; i++)
		free(hook->argv[i]);
	free(hook->argv);
}

static void on_last_closed(uv_handle_t *handle)
{
	struct hooks *h = handle->data;

	*h->owner = NULL;
	for (size_t i = 0; i < h->n; i++)
		free_hook(&h->items[i]);
	for (size_t i = 0; h->env[i] != NULL; i++)
		free(h->env[i]);
	news_fini(&h->news);
	free(h->items);
	free(h->folder);
	free(h);
}

/*
 * How far each was told is noted before.  Handles are closed in the order in
 * which that was asked.
 */
static void finish_closing(struct hooks *h)
{
	if (h->collecting || is_running(h))
		return;
	if (mark(h)) {
		h->collecting = true;
		worker_run(h->host.worker, &h->job, run_note, on_noted);
		return;
	}
	for (size_t i = 0; i < h->n; i++)
		uv_close((uv_handle_t *)&h->items[i].timer, NULL);
	uv_close((uv_handle_t *)&h->timer, on_last_closed);
}

void hooks_close(struct hooks **owner)
{
	struct hooks *h = *owner;

	if (h == NULL)
		return;
	h->closing = true;
	h->owner = owner;
	uv_timer_stop(&h->timer);
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].running)
			child_kill(&h->items[i].child);
	finish_closing(h);
}
