/*
 * Contents that come from elsewhere: where a redirect may lead, and that the
 * key never goes along.
 */
#include <arpa/inet.h>
#include <unistd.h>

#include "api/address.h"
#include "api/redirect.h"
#include "tests/unit/api/fixture.h"

/* What the server answers to a request of contents. */
static struct {
	int status;
	char location[256];
	int n_redirects; /* then the contents */
	int other_status;
} plan;

static void answer(struct conn *c)
{
	char header[300];

	if (plan.n_redirects-- <= 0) {
		conn_answer(c, 200, "", "contents", 8);
		return;
	}
	snprintf(header, sizeof(header), "Location: %s\r\n", plan.location);
	conn_answer(c, plan.status, header, "", 0);
}

static void answer_other(struct conn *c)
{
	if (plan.other_status != 200 && c->server->n_requests == 1)
		conn_answer(c, plan.other_status, HTML_TYPE,
			"<title>expired</title>", 22);
	else if (strcmp(c->path, "/loop") == 0)
		conn_answer(c, 302, "Location: /loop\r\n", "", 0);
	else
		conn_answer(c, 200, "", "elsewhere", 9);
}

static int start(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memset(&plan, 0, sizeof(plan));
	plan.status = 302;
	plan.n_redirects = 1;
	plan.other_status = 200;
	fixture_start(f, answer, answer_other);
	snprintf(plan.location, sizeof(plan.location),
		"http://127.0.0.1:%d/bucket/file?signature=abc", f->other.port);
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

static void fetch_content(struct fixture *f, struct api_request *r)
{
	r->content = true;
	r->max_size = 100;
	fetch(f, r, "/api/v3/attachments/9/content");
}

static const char *const listed[] = {"localhost", "127.0.0.1"};

static void list_storage(struct fixture *f)
{
	f->options.n_storage_hosts = ARRAY_LEN(listed);
	f->options.storage_hosts = listed;
}

static void check_refused(struct fixture *f, const char *why)
{
	struct api_request r = {0};

	plan.n_redirects = 1;
	fetch_content(f, &r);
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	if (strstr(r.err.text, why) == NULL)
		fail_msg("%s: %s", plan.location, r.err.text);
	assert_int_equal(f->other.n_requests, 0);
	api_request_fini(&r);
}

static void test_no_key_elsewhere(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	struct fixture *f = *state;

	list_storage(f);
	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct api_request r = {0};

		plan.n_redirects = 1;
		plan.status = statuses[i];
		fetch_content(f, &r);
		if (r.err.code != 0)
			fail_msg("%s", r.err.text);
		assert_string_equal(r.body.p, "elsewhere");
		assert_true(str_starts(buf_str(&f->other.head),
			STR("GET /bucket/file?signature=abc HTTP/1.1")));
		api_request_fini(&r);
	}
	assert_int_equal(f->other.n_requests, ARRAY_LEN(statuses));
	assert_int_equal(f->other.n_keys, 0);
	assert_int_equal(f->server.n_keys, ARRAY_LEN(statuses));
}

static void test_home(void **state)
{
	static const char *const paths[] = {"/uploads/file", "file?a=b", "?x"};
	struct fixture *f = *state;

	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct api_request r = {0};

		plan.n_redirects = 1;
		snprintf(plan.location, sizeof(plan.location), "%s", paths[i]);
		fetch_content(f, &r);
		if (r.err.code != 0)
			fail_msg("%s", r.err.text);
		assert_string_equal(r.body.p, "contents");
		api_request_fini(&r);
	}
	assert_int_equal(f->server.n_keys, 2 * ARRAY_LEN(paths));
	assert_int_equal(f->other.n_requests, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *location;
		const char *why;
	} bad[] = {
		{"http://127.0.0.1:9/x", "it is not https"},
		{"//example.org/x", "it is not https"},
		{"https://user:pw@example.org/x", "user name"},
		{"file:///etc/passwd", "no web address"},
		{"gopher://127.0.0.1:70/x", "no web address"},
		{"https://127.0.0.1:9/x", "private address"},
		{"https://localhost:9/x", "private address"},
		{"https://[::1]:9/x", "private address"},
		{"https://2130706433:9/x", "private address"},
		{"https://169.254.169.254/latest/meta-data", "private address"},
		{"https://10.1.2.3/x", "private address"},
	};
	struct fixture *f = *state;

	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(plan.location, sizeof(plan.location), "%s",
			bad[i].location);
		check_refused(f, bad[i].why);
	}
}

static void test_not_listed(void **state)
{
	struct fixture *f = *state;

	list_storage(f);
	fixture_client(f);
	snprintf(plan.location, sizeof(plan.location),
		"https://127.0.0.1.example.org/x");
	check_refused(f, "server.storage_hosts does not name it");
}

/* An empty list names nobody, also none that is public. */
static void test_none_listed(void **state)
{
	static const char *const none[] = {NULL};
	struct fixture *f = *state;

	f->options.storage_hosts = none;
	fixture_client(f);
	snprintf(plan.location, sizeof(plan.location), "https://example.org/x");
	check_refused(f, "server.storage_hosts does not name it");
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};

	list_storage(f);
	fixture_client(f);
	snprintf(plan.location, sizeof(plan.location),
		"http://127.0.0.1:%d/loop", f->other.port);
	fetch_content(f, &r);
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(r.err.text, "more than 5 redirects"));
	assert_int_equal(f->other.n_requests, 5);
	assert_int_equal(f->other.n_keys, 0);
	api_request_fini(&r);
}

/* An address that has expired says nothing about the key: ask anew. */
static void test_expired(void **state)
{
	static const int statuses[] = {401, 403, 404, 410};
	struct fixture *f = *state;

	list_storage(f);
	f->options.max_tries = 2;
	fixture_client(f);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct api_request r = {0};

		plan.n_redirects = 2;
		plan.other_status = statuses[i];
		f->other.n_requests = 0;
		fetch_content(f, &r);
		assert_int_equal(r.err.code, 0);
		assert_string_equal(r.body.p, "elsewhere");
		api_request_fini(&r);
	}
	assert_int_equal(f->server.n_requests, 2 * ARRAY_LEN(statuses));
}

static void test_expired_for_good(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};

	list_storage(f);
	fixture_client(f);
	plan.other_status = 403;
	fetch_content(f, &r);
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(r.err.text, "which answers 403 (expired)"));
	assert_null(strstr(r.err.text, "signature"));
	api_request_fini(&r);
}

static void test_json_is_not_redirected(void **state)
{
	struct fixture *f = *state;
	struct api_request r = {0};

	list_storage(f);
	fixture_client(f);
	fetch(f, &r, "/api/v3/users/me");
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(r.err.text, "a login page?"));
	assert_int_equal(f->other.n_requests, 0);
	api_request_fini(&r);
}

static void test_policy(void **state)
{
	static char *hosts[] = {"S3.example.org", "store.example.org:9000"};
	static const struct {
		const char *home;
		long n_hosts; /* -1: nothing is said of them */
		const char *url;
		enum redirect want;
	} cases[] = {
		{"https://op.org", -1, "https://op.org/x", REDIRECT_HOME},
		{"https://op.org", -1, "https://OP.org:443/x", REDIRECT_HOME},
		{"https://op.org", -1, "http://op.org/x", REDIRECT_REFUSED},
		{"https://op.org", -1, "https://op.org:8443/", REDIRECT_PUBLIC},
		{"https://op.org", -1, "https://op.org.evil/", REDIRECT_PUBLIC},
		{"https://op.org", 2, "https://op.org.evil/", REDIRECT_REFUSED},
		{"https://op.org", 2, "https://s3.example.org/",
			REDIRECT_LISTED},
		{"https://op.org", 2, "https://s3.example.org:8/",
			REDIRECT_LISTED},
		{"https://op.org", 2, "https://store.example.org:9000/",
			REDIRECT_LISTED},
		{"https://op.org", 2, "https://store.example.org/",
			REDIRECT_REFUSED},
		{"https://op.org", 2, "http://s3.example.org/",
			REDIRECT_REFUSED},
		{"http://op.org", 2, "http://s3.example.org/", REDIRECT_LISTED},
		{"http://op.org", -1, "http://s3.example.org/",
			REDIRECT_REFUSED},
		{"http://op.org", -1, "ftp://op.org/", REDIRECT_REFUSED},
		{"https://op.org", 2, "https://s3.example/", REDIRECT_REFUSED},
		{"https://op.org", 0, "https://op.org/x", REDIRECT_HOME},
		{"https://op.org", 0, "https://s3.example.org/",
			REDIRECT_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct redirect_policy p = {0};
		const char *why;

		if (cases[i].n_hosts >= 0) {
			p.n_hosts = (size_t)cases[i].n_hosts;
			p.hosts = hosts;
		}
		assert_true(origin_parse(&p.home, cases[i].home));
		assert_int_equal(
			redirect_check(&p, cases[i].url, &why), cases[i].want);
		origin_fini(&p.home);
	}
}

static void test_public(void **state)
{
	static const struct {
		const char *address;
		bool is_public;
	} cases[] = {
		{"8.8.8.8", true},
		{"1.1.1.1", true},
		{"172.15.255.255", true},
		{"172.32.0.1", true},
		{"100.128.0.1", true},
		{"223.255.255.255", true},
		{"0.0.0.0", false},
		{"10.0.0.1", false},
		{"100.64.0.1", false},
		{"127.0.0.1", false},
		{"127.255.255.255", false},
		{"169.254.169.254", false},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"192.168.1.1", false},
		{"198.18.0.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"2606:4700::1111", true},
		{"::ffff:8.8.8.8", true},
		{"::", false},
		{"::1", false},
		{"::ffff:127.0.0.1", false},
		{"::127.0.0.1", false},
		{"64:ff9b::10.0.0.1", false},
		{"64:ff9b::8.8.8.8", true},
		{"2002:7f00:1::", false},
		{"2001:db8::1", false},
		{"2001::1", false},
		{"2001:4860:4860::8888", true},
		{"fc00::1", false},
		{"fd12::1", false},
		{"fe80::1", false},
		{"ff02::1", false},
	};

	const struct sockaddr no_address = {.sa_family = AF_UNIX};

	(void)state;
	assert_false(address_is_public(&no_address));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sockaddr_storage a = {0};
		struct sockaddr_in *in4 = (void *)&a;
		struct sockaddr_in6 *in6 = (void *)&a;

		if (strchr(cases[i].address, ':') == NULL) {
			a.ss_family = AF_INET;
			inet_pton(AF_INET, cases[i].address, &in4->sin_addr);
		} else {
			a.ss_family = AF_INET6;
			inet_pton(AF_INET6, cases[i].address, &in6->sin6_addr);
		}
		if (address_is_public((struct sockaddr *)&a) !=
			cases[i].is_public)
			fail_msg("%s", cases[i].address);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_key_elsewhere),
		TEST(test_home),
		TEST(test_refused),
		TEST(test_not_listed),
		TEST(test_none_listed),
		TEST(test_too_many),
		TEST(test_expired),
		TEST(test_expired_for_good),
		TEST(test_json_is_not_redirected),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_public),
	};

	alarm(120); /* a hang is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
