/*
 * Fetching contents, with a server and a store that only count: how much is
 * under way at once, what a cancel leaves, and who is told when.
 */
#include "daemon/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEBIBYTE ((int64_t)1 << 20)
#define MANY 100

/* --- A server that answers when it is told to, and a store --------------- */

static struct api_request *asked[10 * MANY];
static size_t n_asked, n_answered;

void api_get(struct api_client *c, struct api_request *r, api_done_fn *done)
{
	(void)c;
	r->done = done;
	r->err = (struct err){0};
	asked[n_asked++] = r;
}

void api_cancel(struct api_request *r)
{
	err_set(&r->err, ERR_CANCELED, "canceled");
}

void api_resume(struct api_request *r)
{
	(void)r;
}

void api_request_fini(struct api_request *r)
{
	free(r->path);
	r->path = NULL;
}

struct store_content {
	struct buf bytes;
	const void *lent; /* by the last add, and as it was then */
	struct buf copy;
};

/* The worker's thread and the pool's change them, too. */
static atomic_size_t in_memory, most_in_memory; /* bytes, of contents */
static atomic_int n_wrong;    /* contents of which the digest shall be wrong */
static atomic_size_t n_added; /* bytes of contents in pieces */
static atomic_bool torn;      /* some changed while they were lent */

static void note_memory(size_t more)
{
	in_memory += more;
	if (in_memory > most_in_memory)
		most_in_memory = in_memory;
}

static atomic_size_t most_together; /* contents */

static struct store_content *new_content(struct buf bytes)
{
	struct store_content *c = xcalloc(1, sizeof(*c));

	c->bytes = bytes;
	return c;
}

void store_contents_arrived(
	struct store *s, struct store_arrival *arrivals, size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(arrivals[i].bytes.n, arrivals[i].size);
		arrivals[i].content = new_content(arrivals[i].bytes);
		arrivals[i].bytes = (struct buf){0};
	}
	if (n > most_together)
		most_together = n;
}

size_t store_content_memory(const struct store_content *c)
{
	return c->bytes.n;
}

int store_content_begin(struct store *s, int64_t attachment_id, int64_t size,
	struct store_content **out, struct err *e)
{
	(void)s;
	(void)attachment_id;
	(void)size;
	(void)e;
	*out = new_content((struct buf){0});
	return 0;
}

static void look_at_lent(const struct store_content *c)
{
	if (c->copy.n > 0 && memcmp(c->lent, c->copy.p, c->copy.n) != 0)
		torn = true;
}

int store_content_add(
	struct store_content *c, const void *bytes, size_t n, struct err *e)
{
	(void)e;
	look_at_lent(c);
	c->lent = bytes;
	buf_clear(&c->copy);
	buf_add(&c->copy, bytes, n);
	in_memory -= n;
	n_added += n;
	return 0;
}

void store_content_drop(struct store_content *c)
{
	if (c == NULL)
		return;
	look_at_lent(c);
	in_memory -= c->bytes.n;
	buf_fini(&c->copy);
	buf_fini(&c->bytes);
	free(c);
}

int store_content_end(struct store_content *c, int64_t work_package,
	struct str digest, struct err *e)
{
	bool wrong = n_wrong > 0;

	(void)work_package;
	(void)digest;
	n_wrong -= wrong;
	store_content_drop(c);
	return wrong ? err_set(e, ERR_DATA, "a wrong digest") : 0;
}

struct state *store_state(struct store *s)
{
	(void)s;
	return NULL;
}

int state_hold(struct state *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

void mapper_event(struct mapper *m, enum log_level level, const char *kind,
	int64_t work_package, struct str path, const char *fmt, ...)
{
	(void)m;
	(void)level;
	(void)kind;
	(void)work_package;
	(void)path;
	(void)fmt;
}

/* --- A pass of fetches ---------------------------------------------------- */

struct fixture {
	uv_loop_t loop;
	uv_thread_t thread;
	struct mapper *mapper;
	struct sync sync;
	struct fetch_room room;
	struct fetch fetches[MANY];
	size_t n_done, n_failed;
	atomic_size_t n_staged; /* by the worker */
	bool early;             /* done before it was staged, */
	atomic_bool wrong;      /* or staged on the loop's thread */
};

static int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	n_asked = n_answered = 0;
	in_memory = most_in_memory = most_together = 0;
	n_wrong = 0;
	n_added = 0;
	torn = false;
	uv_loop_init(&f->loop);
	f->thread = uv_thread_self();
	f->mapper = xcalloc(1, sizeof(*f->mapper));
	f->sync.loop = &f->loop;
	f->sync.worker = worker_new(&f->loop);
	f->sync.mapper = f->mapper;
	fetch_room_init(&f->room);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->room.taken, 0);
	assert_int_equal(in_memory, 0);
	assert_false(torn);
	for (size_t i = 0; i < MANY; i++)
		fetch_fini(&f->fetches[i]);
	worker_close(f->sync.worker);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f->mapper);
	free(f);
	return 0;
}

static void on_staged(struct fetch *fetch)
{
	struct fixture *f = fetch->owner;
	uv_thread_t self = uv_thread_self();

	f->wrong |= uv_thread_equal(&self, &f->thread) != 0;
	f->n_staged++;
}

static void on_done(struct fetch *fetch)
{
	struct fixture *f = fetch->owner;

	f->n_done++;
	f->n_failed += fetch->err.code != 0;
	f->early |= f->n_done - f->n_failed > f->n_staged;
}

static void start(struct fixture *f, size_t i, int64_t size)
{
	f->fetches[i] = (struct fetch){
		.sync = &f->sync,
		.room = &f->room,
		.need = {.attachment_id = (int64_t)i + 1, .size = size},
		.owner = f,
		.staged = on_staged,
	};
	fetch_start(&f->fetches[i], on_done);
}

static void start_all(struct fixture *f, int64_t size)
{
	for (size_t i = 0; i < MANY; i++)
		start(f, i, size);
}

/* The whole content arrives, or the end of a request that was canceled. */
static void answer(struct api_request *r)
{
	static char piece[1 << 20];
	size_t n = (size_t)r->max_size;

	if (r->err.code == 0) {
		note_memory(n);
		assert_int_equal(r->on_bytes(r, piece, n), 0);
	}
	r->done(r);
}

static void run(struct fixture *f, size_t n)
{
	while (f->n_done < n) {
		while (n_answered < n_asked)
			answer(asked[n_answered++]);
		uv_run(&f->loop, UV_RUN_ONCE);
	}
}

static void many_wait_for_room(void **state)
{
	struct fixture *f = *state;

	start_all(f, MEBIBYTE);
	assert_in_range(n_asked, 2, 16);
	run(f, MANY);
	assert_int_equal(n_asked, MANY);
	assert_int_equal(f->n_failed, 0);
	assert_in_range(most_in_memory, 2 * MEBIBYTE, 17 * MEBIBYTE);
}

/* More of them fit than the worker takes at a time. */
static void small_ones_come_all_the_time(void **state)
{
	struct fixture *f = *state;

	start_all(f, MEBIBYTE / 20);
	assert_int_equal(n_asked, MANY);
	run(f, MANY);
	assert_int_equal(f->n_staged, MANY);
	assert_in_range(most_together, 2, 8);
}

/* Nor does it wait for one that does not come. */
static void one_waits_for_no_others(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 100);
	start(f, 1, 100);
	answer(asked[n_answered++]);
	while (f->n_done == 0)
		uv_run(&f->loop, UV_RUN_ONCE);
	run(f, 2);
	assert_int_equal(f->n_failed, 0);
}

/* In pieces, of which no two are alike: some come while one is worked on. */
static void a_large_one_comes_in_pieces(void **state)
{
	static char piece[100000];
	struct fixture *f = *state;
	const int64_t size = 200 * (int64_t)sizeof(piece);
	struct api_request *r;

	start(f, 0, size);
	r = asked[n_answered++];
	for (int i = 0; i < 200; i++) {
		memset(piece, i, sizeof(piece));
		while (r->on_bytes(r, piece, sizeof(piece)) != 0)
			uv_run(&f->loop, UV_RUN_ONCE);
		note_memory(sizeof(piece));
		uv_run(&f->loop, UV_RUN_NOWAIT);
	}
	r->done(r);
	run(f, 1);
	assert_int_equal(f->n_failed, 0);
	assert_int_equal(n_added, size);
}

static void one_larger_than_the_room(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 1024 * MEBIBYTE);
	assert_int_equal(n_asked, 1);
	api_cancel(asked[0]);
	run(f, 1);
	assert_int_equal(f->n_failed, 1);
}

static void all_are_canceled(void **state)
{
	struct fixture *f = *state;

	start_all(f, MEBIBYTE);
	for (size_t i = 0; i < MANY; i++)
		fetch_cancel(&f->fetches[i]);
	run(f, MANY);
	assert_in_range(n_asked, 2, 16); /* nobody else was let in */
	assert_int_equal(f->n_failed, MANY);
	assert_int_equal(f->n_staged, 0);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(f->fetches[i].err.code, ERR_CANCELED);
}

static void staged_before_done(void **state)
{
	struct fixture *f = *state;

	start_all(f, 100);
	run(f, MANY);
	assert_int_equal(f->n_staged, MANY);
	assert_false(f->early);
	assert_false(f->wrong);
}

static void a_wrong_one_is_not_staged(void **state)
{
	struct fixture *f = *state;

	n_wrong = 2;
	start(f, 0, 100);
	run(f, 1);
	assert_int_equal(n_asked, 2);
	assert_int_equal(f->fetches[0].err.code, ERR_DATA);
	assert_int_equal(f->n_staged, 0);
	n_wrong = 1;
	start(f, 1, 100);
	run(f, 2);
	assert_int_equal(n_asked, 4);
	assert_int_equal(f->fetches[1].err.code, 0);
	assert_int_equal(f->n_staged, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_wait_for_room),
		TEST(small_ones_come_all_the_time),
		TEST(one_waits_for_no_others),
		TEST(a_large_one_comes_in_pieces),
		TEST(one_larger_than_the_room),
		TEST(all_are_canceled),
		TEST(staged_before_done),
		TEST(a_wrong_one_is_not_staged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
