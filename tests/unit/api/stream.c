/*
 * Contents as they arrive: pauses, restarts, cancels from inside.
 */
#include <unistd.h>

#include "tests/unit/api/fixture.h"

static int n_cuts; /* answers to cut short */

static void answer(struct conn *c)
{
	if (n_cuts-- > 0) {
		conn_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
		conn_close(c);
	} else {
		conn_answer(c, 200, "", "abcdefghi", 9);
	}
}

static int start(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	n_cuts = 0;
	fixture_start(f, answer, NULL);
	f->options.max_tries = 4;
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	fixture_stop(f);
	free(f);
	return 0;
}

/* A stream that pauses now and then, and is canceled or not. */
struct stream {
	struct api_request request;
	struct fixture *fixture;
	struct buf got;
	uv_timer_t timer;
	int n_pauses;
	uint64_t pause; /* ms; 0: a moment */
	int n_restarts;
	bool cancel;
	bool close;
};

static void resume(uv_timer_t *timer)
{
	api_resume(timer->data);
}

static int take(struct api_request *r, const void *bytes, size_t n)
{
	struct stream *s = container_of(r, struct stream, request);

	if (s->cancel)
		api_cancel(r);
	if (s->close) {
		api_client_close(
			s->fixture->client, fixture_closed, s->fixture);
		s->fixture->client = NULL;
	}
	if (s->n_pauses > 0) {
		s->n_pauses--;
		uv_timer_start(&s->timer, resume, s->pause + 1, 0);
		return 1;
	}
	buf_add(&s->got, bytes, n);
	return 0;
}

static void restart(struct api_request *r)
{
	struct stream *s = container_of(r, struct stream, request);

	s->n_restarts++;
	buf_clear(&s->got);
}

static void stream_start(struct fixture *f, struct stream *s, const char *path)
{
	struct api_request *r = &s->request;

	s->fixture = f;
	uv_timer_init(&f->loop, &s->timer);
	s->timer.data = r;
	r->on_bytes = take;
	r->on_restart = restart;
	r->content = true;
	if (r->max_size == 0)
		r->max_size = 9;
	r->path = xstrdup(path);
	api_get(f->client, r, fixture_done);
}

static void stream_wait(struct fixture *f, struct stream *s)
{
	fixture_wait(f, &s->request);
	api_request_fini(&s->request);
	uv_close((uv_handle_t *)&s->timer, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT); /* until it is closed */
}

static void stream_run(struct fixture *f, struct stream *s, const char *path)
{
	stream_start(f, s, path);
	stream_wait(f, s);
}

static void test_stream(void **state)
{
	struct fixture *f = *state;
	struct stream s = {.n_pauses = 3};
	struct str head;

	fixture_client(f);
	stream_run(f, &s, "/content");
	assert_int_equal(s.request.err.code, 0);
	assert_int_equal(s.n_pauses, 0);
	assert_int_equal(s.n_restarts, 0);
	assert_string_equal(s.got.p, "abcdefghi");
	head = buf_str(&f->server.head);
	assert_true(
		str_find(head, STR("Accept-Encoding: identity\r\n")) < head.n);
	buf_fini(&s.got);
}

static void test_stream_restarts(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};

	fixture_client(f);
	n_cuts = 1;
	stream_run(f, &s, "/content");
	assert_int_equal(s.request.err.code, 0);
	assert_int_equal(s.n_restarts, 1);
	assert_string_equal(s.got.p, "abcdefghi");
	buf_fini(&s.got);
}

static void test_stream_too_large(void **state)
{
	struct fixture *f = *state;
	struct stream s = {.request.max_size = 8};

	fixture_client(f);
	stream_run(f, &s, "/content");
	assert_int_equal(s.request.err.code, ERR_DATA);
	assert_string_equal(
		s.request.err.text, "GET /content: larger than 8 bytes");
	assert_int_equal(f->server.n_requests, 1);
	buf_fini(&s.got);
}

static void test_stream_canceled_inside(void **state)
{
	struct fixture *f = *state;

	fixture_client(f);
	for (int pauses = 0; pauses < 2; pauses++) {
		struct stream s = {.cancel = true, .n_pauses = pauses};

		stream_run(f, &s, "/content");
		assert_int_equal(s.request.err.code, ERR_CANCELED);
		buf_fini(&s.got);
	}
}

static void test_closed_inside(void **state)
{
	struct fixture *f = *state;
	struct stream s = {.close = true};

	fixture_client(f);
	stream_run(f, &s, "/content");
	assert_int_equal(s.request.err.code, ERR_CANCELED);
	buf_fini(&s.got);
	while (!f->client_closed)
		uv_run(&f->loop, UV_RUN_ONCE);
}

/* A pause is no stall, however long. */
static void test_pause_is_no_stall(void **state)
{
	struct fixture *f = *state;
	struct stream s = {.n_pauses = 1, .pause = 2500};
	int64_t begin = stamp_monotonic();

	f->options.stall_timeout = STAMP_SECOND;
	f->options.max_tries = 1;
	fixture_client(f);
	stream_start(f, &s, "/content");
	stream_wait(f, &s);
	assert_true(stamp_monotonic() - begin > 2 * STAMP_SECOND);
	if (s.request.err.code != 0)
		fail_msg("%s", s.request.err.text);
	assert_string_equal(s.got.p, "abcdefghi");
	buf_fini(&s.got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stream),
		TEST(test_stream_restarts),
		TEST(test_stream_too_large),
		TEST(test_stream_canceled_inside),
		TEST(test_closed_inside),
		TEST(test_pause_is_no_stall),
	};

	alarm(120); /* a hang is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
