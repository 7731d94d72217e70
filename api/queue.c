/*
 * queue - requests to one OpenProject: in order, a few at once, until they
 * are answered.
 *
 *   api_get --> queue --> running --> ended --> done()
 *                 ^          |          ^
 *                 |          v          |
 *                 `------ waiting       `-- api_cancel, from anywhere
 *
 * All moves between the lists are made by advance(), from the timer, so that
 * a caller may ask, cancel and close from any callback, even from one that
 * curl is calling.  How many run, and when, is said by api/pace.  A request
 * that waits for another try holds none of those places; it goes to the head
 * of the queue when its time comes.
 *
 * A pause that the server asks for with a 429 is everybody's.  Whether it is
 * only of one single thing nobody knows who is asked for that alone: it ends
 * with the third pause, and who asked has a look at another; only then does it
 * put off others, or not (api_heed(), api_set_aside()).
 */
#include "api/queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "api/answer.h"
#include "api/mask.h"
#include "base/stamp.h"

#define MAX_HOPS 5
#define FIRST_BACKOFF (STAMP_SECOND / 2)
#define PAUSE_MOST INT64_C(3600) /* seconds that a server may ask for */
#define PAUSES_MOST 3 /* of a single thing, which is asked for first then */
#define NAME_SIZE 200

static void advance(uv_timer_t *timer);

static void wake_in(struct api_client *c, int64_t micros)
{
	uint64_t ms = micros > 0 ? (uint64_t)(micros + 999) / 1000 : 0;

	uv_update_time(c->wake.loop);
	uv_timer_start(&c->wake, advance, ms, 0);
}

/* The sooner of two times to come, of which -1 is none. */
static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static void move(struct api_transfer *t, struct transfers *to, bool first)
{
	struct api_client *c = t->client;

	if (t->list != NULL)
		TAILQ_REMOVE(t->list, t, link);
	c->n_running += (to == &c->running) - (t->list == &c->running);
	t->list = to;
	if (to != NULL && first)
		TAILQ_INSERT_HEAD(to, t, link);
	else if (to != NULL)
		TAILQ_INSERT_TAIL(to, t, link);
}

static enum pace_kind kind_of(const struct api_request *r)
{
	if (r->content)
		return PACE_CONTENT;
	if (r->varies)
		return PACE_ANY;
	if (strchr(r->path, '?') == NULL)
		return PACE_SINGLE;
	return r->batch ? PACE_BATCH : PACE_LIST;
}

/* The exchange is over: count it. */
static void count(struct api_transfer *t)
{
	struct api_client *c = t->client;
	const struct http_get *g = &t->get;
	bool sane = g->status > 0 && g->status < API_STATUSES;
	int status = sane ? g->status : 0;
	const struct pace_answer answer = {
		.kind = kind_of(t->request),
		.status = status,
		.first_byte = g->first_byte,
	};

	c->counters.bytes += (uint64_t)g->n_received;
	c->counters.server_time += g->first_byte;
	c->counters.statuses[status]++;
	if (status == 200)
		aside_drop(&c->aside, t->request->path);
	/* Another host says nothing of the server, nor does what is aside. */
	if (t->where == NULL && !aside_has(&c->aside, t->request->path))
		pace_answered(&c->pace, &answer);
}

static int64_t backoff(int n_tries)
{
	int64_t most = FIRST_BACKOFF;
	uint64_t random = 0;

	for (int i = 1; i < n_tries && most < QUEUE_MAX_BACKOFF; i++)
		most *= 2;
	if (most > QUEUE_MAX_BACKOFF)
		most = QUEUE_MAX_BACKOFF;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint64_t)stamp_monotonic();
	return (int64_t)(random % (uint64_t)(most + 1));
}

static void end(struct api_transfer *t)
{
	move(t, &t->client->ended, false);
}

/*
 * What another host asks for holds for this transfer alone; for whom it does
 * that is asked for at a single thing, who asked will say.
 */
static void leave_alone(struct api_transfer *t, int64_t until)
{
	struct api_request *r = t->request;

	if (t->where != NULL)
		return;
	if (r->single)
		r->pause = until;
	else
		t->client->not_before = until;
}

/* That is meant for all, if the server says so. */
static void hold_all(struct api_transfer *t, int64_t until)
{
	if (t->get.status == 429 && t->where == NULL)
		pace_hold(&t->client->pace, until);
}

static bool has_tried_enough(const struct api_transfer *t)
{
	const struct api_request *r = t->request;

	return r->once || t->n_tries >= t->client->max_tries ||
	       (r->single && t->n_pauses >= PAUSES_MOST);
}

static void retry(struct api_transfer *t)
{
	struct api_client *c = t->client;
	struct api_request *r = t->request;
	int64_t now = stamp_monotonic();
	int64_t after = t->get.retry_after > 0 ? t->get.retry_after : 0;

	r->told_pause = after > 0;
	t->n_pauses += r->told_pause;
	if (r->told_pause && aside_has(&c->aside, r->path)) {
		end(t);
		return;
	}
	/* Seconds may be any number: compare before they are multiplied. */
	if (after > c->max_retry_after / STAMP_SECOND) {
		size_t n = strlen(r->err.text);

		leave_alone(t, now + (after < PAUSE_MOST ? after : PAUSE_MOST) *
					       STAMP_SECOND);
		snprintf(r->err.text + n, sizeof(r->err.text) - n,
			" (not to be asked again for %lld s)",
			(long long)after);
		end(t);
		return;
	}
	after *= STAMP_SECOND;
	if (after > 0 && (r->single || !has_tried_enough(t)))
		hold_all(t, now + after);
	if (has_tried_enough(t)) {
		if (after > 0)
			leave_alone(t, now + after);
		end(t);
		return;
	}
	t->due = backoff(t->n_tries);
	if (t->due < after)
		t->due = after;
	t->due += now;
	c->counters.retries++;
	move(t, &c->waiting, false);
}

static void forget_redirect(struct api_transfer *t)
{
	free(t->redirect);
	free(t->where);
	t->redirect = NULL;
	t->where = NULL;
	t->public_only = false;
}

static void start_exchange(struct api_transfer *t);

/* Contents are elsewhere: go there, if that is allowed. */
static void follow(struct api_transfer *t, const char *url)
{
	struct api_request *r = t->request;
	const struct redirect_policy *policy = &t->client->redirects;
	char name[NAME_SIZE];
	char where[NAME_SIZE] = "an unknown place";
	const char *why;
	enum redirect to = redirect_check(policy, url, &why);
	struct origin o;

	answer_name(r, name, sizeof(name));
	if (origin_parse(&o, url)) {
		origin_name(&o, where, sizeof(where));
		origin_fini(&o);
	}
	if (++t->n_hops > MAX_HOPS)
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: more than %d redirects, the last to %s", name,
			MAX_HOPS, where);
	else if (to == REDIRECT_REFUSED)
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: redirected to %s, where it may not go: %s", name,
			where, why);
	if (r->err.code != 0) {
		end(t);
		return;
	}
	forget_redirect(t);
	t->redirect = xstrdup(url);
	t->public_only = to == REDIRECT_PUBLIC;
	if (to != REDIRECT_HOME)
		t->where = xstrdup(where);
	start_exchange(t);
}

/* What is no data may be told: not the key, if the server shows it there. */
static void mask_answer(struct api_transfer *t)
{
	struct api_client *c = t->client;

	if (t->get.status == 200 &&
		(t->request->content ||
			strcasestr(t->get.content_type, "json") != NULL))
		return;
	mask_text(&t->request->body, c->key);
	mask_text(&t->request->body, c->code);
}

/* On with t after an exchange, which may have given an address to go to. */
static void act(struct api_transfer *t, const char *redirect)
{
	const char *where = t->where != NULL ? t->where : t->client->name;
	enum verdict verdict;

	mask_answer(t);
	verdict = answer_judge(t->request, &t->get, where, t->where != NULL,
		transfer_whole(t));
	mask_error(&t->request->err, t->client->key);
	mask_error(&t->request->err, t->client->code);
	switch (verdict) {
	case VERDICT_FOLLOW:
		follow(t, redirect);
		break;
	case VERDICT_RETRY:
		retry(t);
		break;
	case VERDICT_END:
		end(t);
		break;
	}
}

static void on_exchange(struct http_get *g)
{
	struct api_transfer *t = container_of(g, struct api_transfer, get);
	struct api_client *c = t->client;
	char *redirect = g->redirect;

	t->attached = false;
	count(t);
	if (t->list == &c->running) { /* else canceled */
		transfer_end(t);
		act(t, redirect);
	}
	free(redirect);
	wake_in(c, 0);
}

static enum http_take on_bytes(struct http_get *g, const void *bytes, size_t n)
{
	struct api_transfer *t = container_of(g, struct api_transfer, get);

	struct api_client *c = t->client;
	int64_t now = stamp_monotonic();
	int64_t wait = pace_byte_wait(&c->pace, now);

	if (t->list != &c->running)
		return HTTP_STOP; /* canceled */
	if (wait > 0) {
		t->paused = true;
		t->resume_at = now + wait;
		wake_in(c, 0);
		return HTTP_PAUSE;
	}
	c->counters.pieces++;
	pace_took(&c->pace, (int64_t)n, now);
	return transfer_take(t, bytes, n);
}

/* One exchange of a try: with the server, or where it redirects to. */
static void start_exchange(struct api_transfer *t)
{
	struct api_client *c = t->client;
	struct api_request *r = t->request;

	transfer_restart(t);
	t->get.url = t->redirect != NULL ? xstrdup(t->redirect)
					 : xasprintf("%s%s", c->base, r->path);
	if (t->where == NULL)
		t->get.authorization = xstrdup(c->authorization);
	t->get.gzip = !r->content && r->on_bytes == NULL;
	t->get.public_only = t->public_only;
	t->get.on_bytes = on_bytes;
	t->get.on_done = on_exchange;
	t->attached = true;
	c->counters.requests++;
	pace_started(&c->pace, stamp_monotonic());
	http_start(&c->http, &t->get);
}

static void start_try(struct api_transfer *t)
{
	struct api_request *r = t->request;

	move(t, &t->client->running, false);
	r->err = (struct err){0};
	r->status = 0;
	r->told_pause = false;
	r->pause = 0;
	t->n_hops = 0;
	forget_redirect(t);
	if (t->n_tries++ > 0 && r->on_restart != NULL)
		r->on_restart(r);
	if (t->list == &t->client->running) /* not canceled by that */
		start_exchange(t);
}

/* The end of t: what it holds goes, and the caller is told. */
static void finish(struct api_transfer *t)
{
	struct api_request *r = t->request;

	move(t, NULL, false);
	if (t->attached)
		http_stop(&t->get);
	gunzip_fini(&t->gunzip);
	forget_redirect(t);
	free(t);
	r->transfer = NULL;
	r->done(r);
}

/* Now, or in how many microseconds; -1: until the caller says so. */
static int64_t resume_wait(const struct api_transfer *t, int64_t now)
{
	if (t->resume)
		return 0;
	if (t->resume_at == 0)
		return -1;
	return t->resume_at > now ? t->resume_at - now : 0;
}

/*
 * Let go on what was paused; any callback may come out of it.  Gives the time
 * to the next that has to wait for its bytes, or -1.
 */
static int64_t resume_paused(struct api_client *c)
{
	struct api_transfer *t = TAILQ_FIRST(&c->running);
	int64_t next = -1;

	while (t != NULL) {
		int64_t wait = resume_wait(t, stamp_monotonic());
		bool paused = t->paused;

		if (wait != 0) {
			next = sooner(next, wait);
			t = TAILQ_NEXT(t, link);
			continue;
		}
		t->resume = false;
		t->resume_at = 0;
		t->paused = false;
		if (paused && t->attached)
			http_resume(&t->get);
		next = -1;
		t = TAILQ_FIRST(&c->running);
	}
	return next;
}

/* Queue those whose time has come; gives the time of the next, or -1. */
static int64_t queue_due(struct api_client *c)
{
	int64_t now = stamp_monotonic();
	int64_t next = -1;
	struct api_transfer *t = TAILQ_FIRST(&c->waiting);

	while (t != NULL) {
		struct api_transfer *after = TAILQ_NEXT(t, link);

		if (t->due <= now)
			move(t, &c->queue, true);
		else
			next = sooner(next, t->due - now);
		t = after;
	}
	return next;
}

/* Start as many as may; gives the time to the next, or -1. */
static int64_t start_more(struct api_client *c)
{
	struct api_transfer *t;

	while ((t = TAILQ_FIRST(&c->queue)) != NULL) {
		int64_t wait =
			pace_wait(&c->pace, c->n_running, stamp_monotonic());

		if (wait != 0)
			return wait;
		start_try(t);
	}
	return -1;
}

static void advance(uv_timer_t *timer)
{
	struct api_client *c = timer->data;
	struct api_transfer *t;
	int64_t next = resume_paused(c);

	next = sooner(next, queue_due(c));
	while ((t = TAILQ_FIRST(&c->ended)) != NULL)
		finish(t); /* NOLINT(clang-analyzer-unix.Malloc): t is off */
	if (c->closing) {
		uv_close((uv_handle_t *)&c->wake, c->drained);
		return;
	}
	next = sooner(next, start_more(c));
	if (!uv_is_active((uv_handle_t *)&c->wake) && next >= 0)
		wake_in(c, next);
}

void api_get(struct api_client *c, struct api_request *r, api_done_fn *done)
{
	struct api_transfer *t = xcalloc(1, sizeof(*t));

	assert(r->transfer == NULL && r->path != NULL && r->path[0] == '/');
	assert(!r->content || r->max_size > 0);
	r->transfer = t;
	r->done = done;
	r->err = (struct err){0};
	t->client = c;
	t->request = r;
	t->max_body = c->max_body;
	move(t, &c->queue, false);
	if (c->closing)
		api_cancel(r);
	wake_in(c, 0);
}

static void ask(struct api_client *c, struct api_request *r, struct buf *path,
	bool once, api_done_fn *done)
{
	api_request_fini(r);
	*r = (struct api_request){.path = buf_take(path), .once = once};
	api_get(c, r, done);
}

void api_ask(struct api_client *c, struct api_request *r, struct buf *path,
	api_done_fn *done)
{
	ask(c, r, path, false, done);
}

void api_ask_once(struct api_client *c, struct api_request *r, struct buf *path,
	api_done_fn *done)
{
	ask(c, r, path, true, done);
}

void api_set_aside(struct api_client *c, const struct api_request *r)
{
	if (r->told_pause && r->path != NULL)
		aside_add(&c->aside, r->path);
}

void api_heed(struct api_client *c, const struct api_request *r)
{
	if (r->pause > c->not_before)
		c->not_before = r->pause;
}

void api_cancel(struct api_request *r)
{
	struct api_transfer *t = r->transfer;
	char name[NAME_SIZE];

	if (t == NULL || r->err.code == ERR_CANCELED)
		return;
	answer_name(r, name, sizeof(name));
	err_set(&r->err, ERR_CANCELED, "%s: canceled", name);
	end(t);
	wake_in(t->client, 0);
}

void api_resume(struct api_request *r)
{
	struct api_transfer *t = r->transfer;

	if (t == NULL)
		return;
	t->resume = true;
	wake_in(t->client, 0);
}

void api_request_fini(struct api_request *r)
{
	assert(r->transfer == NULL);
	free(r->path);
	r->path = NULL;
	buf_fini(&r->body);
}

static void cancel_all(struct transfers *list)
{
	struct api_transfer *t;

	while ((t = TAILQ_FIRST(list)) != NULL)
		api_cancel(t->request);
}

void queue_init(struct api_client *c, uv_loop_t *loop)
{
	TAILQ_INIT(&c->queue);
	TAILQ_INIT(&c->running);
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->ended);
	uv_timer_init(loop, &c->wake);
	c->wake.data = c;
}

void queue_close(struct api_client *c, uv_close_cb drained)
{
	assert(!c->closing);
	c->closing = true;
	c->drained = drained;
	cancel_all(&c->queue);
	cancel_all(&c->running);
	cancel_all(&c->waiting);
	wake_in(c, 0);
}
