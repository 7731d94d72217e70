/*
 * Requests under way: order, limits, retries and cancels.
 * waits for most of its time
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/aside.h"
#include "tests/unit/api/fixture.h"

#define N_REQUESTS 12

/* What the routes below need to remember between requests. */
static struct {
	int n_failures; /* to answer before a good answer */
	int status;     /* of a failure */
	const char *headers;
	struct buf order; /* the paths, as they came */
} plan;

static void later(uv_timer_t *timer)
{
	conn_json(timer->data, 200, "{}");
}

/* /slow/NAME, /fail, /drip (half an answer, then nothing). */
static void answer(struct conn *c)
{
	struct str path = str_of(c->path);

	if (str_starts(path, STR("/slow/"))) {
		buf_puts(&plan.order, c->path + 6);
		uv_timer_start(&c->timer, later, 20, 0);
	} else if (str_starts(path, STR("/fail")) && plan.n_failures-- > 0) {
		conn_answer(c, plan.status, plan.headers, "", 0);
	} else if (str_starts(path, STR("/drip"))) {
		conn_puts(c, "HTTP/1.1 200 OK\r\n" JSON_TYPE
			     "Content-Length: 100\r\n\r\n{\"a\":1");
	} else {
		conn_json(c, 200, "{}");
	}
}

static int start(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memset(&plan, 0, sizeof(plan));
	plan.status = 503;
	plan.headers = "";
	fixture_start(f, answer, NULL);
	f->options.max_tries = 4;
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	fixture_stop(f);
	buf_fini(&plan.order);
	free(f);
	return 0;
}

static void test_order_and_limit(void **state)
{
	struct fixture *f = *state;
	struct api_request r[N_REQUESTS] = {0};

	f->options.max_requests = 3;
	fixture_client(f);
	for (int i = 0; i < N_REQUESTS; i++) {
		r[i].path = xasprintf("/slow/%c", 'a' + i);
		api_get(f->client, &r[i], fixture_done);
	}
	for (int i = 0; i < N_REQUESTS; i++) {
		fixture_wait(f, &r[i]);
		assert_int_equal(r[i].err.code, 0);
		api_request_fini(&r[i]);
	}
	assert_int_equal(f->server.most_now, 3);
	assert_int_equal(f->server.n_requests, N_REQUESTS);
	/* Three at once may overtake each other, but not by more. */
	assert_int_equal(plan.order.n, N_REQUESTS);
	for (int i = 0; i < N_REQUESTS; i++)
		assert_true(abs(plan.order.p[i] - 'a' - i) < 3);
}

static void test_one_at_a_time_is_in_order(void **state)
{
	struct fixture *f = *state;
	struct api_request r[4] = {0};

	f->options.max_requests = 1;
	fixture_client(f);
	for (int i = 0; i < 4; i++) {
		r[i].path = xasprintf("/slow/%c", 'a' + i);
		api_get(f->client, &r[i], fixture_done);
	}
	fixture_wait(f, &r[3]);
	assert_string_equal(plan.order.p, "abcd");
	for (int i = 0; i < 4; i++)
		api_request_fini(&r[i]);
}

static void test_retries(void **state)
{
	static const int statuses[] = {408, 429, 500, 502, 503, 504, 520, 521,
		522, 523, 524, 525, 526, 530};
	struct fixture *f = *state;

	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct api_request r = {0};

		plan.n_failures = 1;
		plan.status = statuses[i];
		fetch(f, &r, "/fail");
		assert_int_equal(r.err.code, 0);
		assert_int_equal(r.status, 200);
		assert_string_equal(r.body.p, "{}");
		api_request_fini(&r);
	}
	assert_int_equal(f->server.n_requests, 2 * ARRAY_LEN(statuses));
	assert_int_equal(
		api_client_counters(f->client)->retries, ARRAY_LEN(statuses));
}

static void test_tries_end(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};

	f->options.max_tries = 3;
	fixture_client(f);
	plan.n_failures = 100;
	fetch(f, &r, "/fail");
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_int_equal(r.status, 503);
	assert_int_equal(api_client_not_before(f->client), 0);
	assert_int_equal(f->server.n_requests, 3);
	assert_non_null(strstr(r.err.text, "GET /fail: 503 empty answer"));
	api_request_fini(&r);
}

static void test_retry_after(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};
	int64_t begin = stamp_monotonic();

	fixture_client(f);
	plan.n_failures = 1;
	plan.headers = "Retry-After: 1\r\n";
	fetch(f, &r, "/fail");
	assert_int_equal(r.err.code, 0);
	assert_true(stamp_monotonic() - begin >= STAMP_SECOND);
	api_request_fini(&r);
}

/* Too long to wait for: the end, with the time, which is an hour at most. */
static void check_far(struct fixture *f, const char *headers, int64_t seconds)
{
	struct api_request r = {0};
	int64_t now = stamp_monotonic();
	int before = f->server.n_requests;
	int64_t until;

	plan.n_failures = 1;
	plan.headers = headers;
	fetch(f, &r, "/fail");
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_int_equal(f->server.n_requests, before + 1);
	until = api_client_not_before(f->client);
	assert_true(until >= now + (seconds - 2) * STAMP_SECOND);
	assert_true(until < now + (seconds + 2) * STAMP_SECOND);
	assert_non_null(strstr(r.err.text, "not to be asked again for "));
	api_request_fini(&r);
}

static void test_far_retry_after(void **state)
{
	struct fixture *f = *state;
	char date[64];
	time_t then = time(NULL) + 3600;
	struct tm tm;

	fixture_client(f);
	check_far(f, "Retry-After: 600\r\n", 600);
	gmtime_r(&then, &tm);
	strftime(date, sizeof(date),
		"Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	check_far(f, date, 3600);
	check_far(f, "Retry-After: 9223372036854775807\r\n", 3600);
}

/* What is no number of seconds, or is past, is as good as none. */
static void test_odd_retry_after(void **state)
{
	static const char *const odd[] = {
		"Retry-After: -5\r\n",
		"Retry-After: soon\r\n",
		"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
	};
	struct fixture *f = *state;

	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct api_request r = {0};

		plan.n_failures = 1;
		plan.headers = odd[i];
		fetch(f, &r, "/fail");
		assert_int_equal(r.err.code, 0);
		api_request_fini(&r);
	}
}

/* One that waits for another try leaves its place to others. */
static void test_waiting_holds_no_place(void **state)
{
	struct fixture *f = *state;
	struct api_request slow = {.path = xstrdup("/fail")};
	struct api_request quick = {.path = xstrdup("/quick")};

	f->options.max_requests = 1;
	fixture_client(f);
	plan.n_failures = 1;
	plan.headers = "Retry-After: 1\r\n";
	api_get(f->client, &slow, fixture_done);
	api_get(f->client, &quick, fixture_done);
	fixture_wait(f, &quick);
	assert_int_equal(quick.err.code, 0);
	assert_non_null(slow.transfer);
	fixture_wait(f, &slow);
	assert_int_equal(slow.err.code, 0);
	api_request_fini(&slow);
	api_request_fini(&quick);
}

/* A pause that only one thing asks for, each time. */
static void test_set_aside(void **state)
{
	struct fixture *f = *state;
	struct api_request bad = {.single = true};
	struct api_request good = {0};
	int64_t begin = stamp_monotonic();

	f->options.max_tries = 9;
	fixture_client(f);
	plan.status = 429;
	plan.n_failures = 6;
	plan.headers = "Retry-After: 1\r\n";
	fetch(f, &bad, "/fail");
	assert_int_equal(bad.err.code, ERR_UNAVAILABLE);
	assert_int_equal(f->server.n_requests, 3);
	assert_int_equal(api_client_not_before(f->client), 0);
	fetch(f, &good, "/good");
	assert_true(stamp_monotonic() - begin >= 3 * STAMP_SECOND);
	api_set_aside(f->client, &good);
	api_set_aside(f->client, &bad);
	assert_int_equal(api_client_not_before(f->client), 0);
	begin = stamp_monotonic();
	for (int i = 0; i < 3; i++) {
		api_request_fini(&bad);
		api_request_fini(&good);
		fetch(f, &bad, "/fail");
		assert_int_equal(bad.status, 429);
		fetch(f, &good, "/good");
	}
	assert_true(stamp_monotonic() - begin < STAMP_SECOND);
	assert_int_equal(api_client_not_before(f->client), 0);
	api_request_fini(&bad);
	fetch(f, &bad, "/fail"); /* it has its answer: */
	assert_int_equal(bad.status, 200);
	api_request_fini(&bad);
	plan.n_failures = 1; /* then it is as all others */
	fetch(f, &bad, "/fail");
	assert_int_equal(bad.status, 200);
	assert_true(stamp_monotonic() - begin >= STAMP_SECOND);
	api_request_fini(&bad);
	api_request_fini(&good);
}

/* Of two things that ask for a pause each, it puts off who asks by himself. */
static void test_heed(void **state)
{
	struct fixture *f = *state;
	struct api_request one = {.single = true};
	struct api_request other = {.single = true};
	int64_t begin = stamp_monotonic();
	int64_t until;

	fixture_client(f);
	plan.status = 429;
	plan.n_failures = 2;
	plan.headers = "Retry-After: 600\r\n";
	fetch(f, &one, "/fail/one");
	fetch(f, &other, "/fail/other");
	api_set_aside(f->client, &one);
	assert_int_equal(api_client_not_before(f->client), 0);
	api_heed(f->client, &other);
	until = api_client_not_before(f->client);
	assert_true(until >= begin + 600 * STAMP_SECOND);
	plan.n_failures = 1;
	plan.headers = "Retry-After: 60\r\n";
	api_request_fini(&other);
	fetch(f, &other, "/fail/other");
	api_heed(f->client, &other);
	assert_int_equal(api_client_not_before(f->client), until);
	api_request_fini(&one);
	api_request_fini(&other);
}

/* So many are remembered. */
static void test_many_aside(void **state)
{
	struct aside a = {0};
	char path[16];

	(void)state;
	for (int i = 0; i <= ASIDE_MOST; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		aside_add(&a, path);
		aside_add(&a, path);
	}
	assert_false(aside_has(&a, "/0"));
	assert_true(aside_has(&a, "/1"));
	assert_true(aside_has(&a, path));
	aside_drop(&a, "/0");
	aside_drop(&a, "/1");
	assert_false(aside_has(&a, "/1"));
	aside_fini(&a);
}

static void test_stall(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};

	f->options.stall_timeout = STAMP_SECOND;
	f->options.max_tries = 1;
	fixture_client(f);
	fetch(f, &r, "/drip");
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(r.err.text, "too slow"));
	api_request_fini(&r);
}

static void count_done(struct api_request *r)
{
	(void)r;
	plan.status++;
}

/* In every state that a request can be in: done() once, and later. */
static void test_cancel(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = {"/drip", "/drip", "/fail"};
	struct api_request r[4] = {0};

	f->options.max_requests = 4; /* two, once it has failed */
	fixture_client(f);
	plan.n_failures = 100;
	plan.headers = "Retry-After: 2\r\n";
	for (int i = 0; i < 4; i++) {
		r[i].path = xstrdup(i < 3 ? paths[2 - i] : "/queued");
		api_get(f->client, &r[i], count_done);
		if (i == 1)
			while (f->server.n_requests < 2)
				uv_run(&f->loop, UV_RUN_ONCE);
		if (i == 2)
			while (f->server.n_requests < 3)
				uv_run(&f->loop, UV_RUN_ONCE);
	}
	plan.status = 0;
	for (int i = 0; i < 4; i++) {
		assert_non_null(r[i].transfer);
		api_cancel(&r[i]);
		api_cancel(&r[i]);
	}
	assert_int_equal(plan.status, 0);
	for (int i = 0; i < 4; i++) {
		fixture_wait(f, &r[i]);
		assert_int_equal(r[i].err.code, ERR_CANCELED);
		api_cancel(&r[i]);
	}
	for (int i = 0; i < 4; i++)
		api_request_fini(&r[i]);
	assert_int_equal(plan.status, 4);
	assert_int_equal(f->server.n_requests, 3);
}

static void test_close_cancels(void **state)
{
	struct fixture *f = *state;
	struct api_request r[4] = {0};

	f->options.max_requests = 2;
	fixture_client(f);
	plan.status = 0;
	for (int i = 0; i < 4; i++) {
		r[i].path = xstrdup("/drip");
		api_get(f->client, &r[i], count_done);
	}
	while (f->server.n_requests < 2)
		uv_run(&f->loop, UV_RUN_ONCE);
	api_client_close(f->client, fixture_closed, f);
	f->client = NULL;
	assert_int_equal(plan.status, 0);
	while (!f->client_closed)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(plan.status, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(r[i].err.code, ERR_CANCELED);
		api_request_fini(&r[i]);
	}
}

/* It listens, and its queue is full: who connects waits. */
struct crowd {
	int listener;
	int first[2]; /* those in the queue */
};

static void crowd_start(struct fixture *f, struct crowd *c)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr *address = (struct sockaddr *)&in;
	socklen_t size = sizeof(in);

	c->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(c->listener, address, size), 0);
	assert_int_equal(listen(c->listener, 0), 0);
	assert_int_equal(getsockname(c->listener, address, &size), 0);
	for (size_t i = 0; i < ARRAY_LEN(c->first); i++) {
		c->first[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(c->first[i], address, size);
	}
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d",
		ntohs(in.sin_port));
}

static void crowd_stop(struct crowd *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->first); i++)
		close(c->first[i]);
	close(c->listener);
}

/* Connections that are given up do not keep the client from its end. */
static void test_given_up_connections(void **state)
{
	struct fixture *f = *state;
	struct crowd crowd;

	crowd_start(f, &crowd);
	f->options.connect_timeout = STAMP_SECOND / 5;
	fixture_client(f);
	for (int i = 0; i < 3; i++) {
		struct api_request r = {0};

		fetch(f, &r, "/any");
		assert_int_equal(r.err.code, ERR_UNAVAILABLE);
		assert_non_null(strstr(r.err.text, "Timeout"));
		api_request_fini(&r);
	}
	crowd_stop(&crowd);
}

/* Of several, the quickest: other work on the machine does not count. */
#define N_BATCHES 60
#define BATCH 5

/* Many in a row over one connection: no timer tick between the steps. */
static void test_sequence_is_quick(void **state)
{
	struct fixture *f = *state;
	int64_t best = INT64_MAX;

	fixture_client(f);
	for (int i = 0; i < N_BATCHES; i++) {
		int64_t begin = stamp_monotonic();

		for (int k = 0; k < BATCH; k++) {
			struct api_request r = {0};

			fetch(f, &r, "/quick");
			assert_int_equal(r.err.code, 0);
			api_request_fini(&r);
		}
		begin = stamp_monotonic() - begin;
		best = begin < best ? begin : best;
	}
	print_message("a request: %lld us\n", (long long)best / BATCH);
	assert_true(best / BATCH < 800);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order_and_limit),
		TEST(test_one_at_a_time_is_in_order),
		TEST(test_retries),
		TEST(test_tries_end),
		TEST(test_retry_after),
		TEST(test_far_retry_after),
		TEST(test_odd_retry_after),
		TEST(test_waiting_holds_no_place),
		TEST(test_set_aside),
		TEST(test_heed),
		cmocka_unit_test(test_many_aside),
		TEST(test_stall),
		TEST(test_cancel),
		TEST(test_close_cancels),
		TEST(test_given_up_connections),
		TEST(test_sequence_is_quick),
	};

	alarm(120); /* a hang is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
