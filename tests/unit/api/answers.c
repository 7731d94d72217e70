/*
 * What each kind of answer becomes: over real HTTP, one try each.
 */
#include <unistd.h>

#include <zlib.h>

#include "tests/unit/api/fixture.h"

#define BIG ((size_t)300000)

/* Sent by every route that gives a good answer. */
static const char good[] = "{\"_type\":\"Root\",\"coreVersion\":\"14.1.0\"}";

static size_t gzip(const void *bytes, size_t n, char *out, size_t size)
{
	z_stream z = {0};

	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
	z.next_in = (z_const Bytef *)bytes;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

#define GZIP_HEADERS JSON_TYPE "Content-Encoding: gzip\r\n"

static void answer_gzip(struct conn *c, size_t cut)
{
	char packed[1000];
	size_t n = gzip(good, strlen(good), packed, sizeof(packed));

	conn_answer(c, 200, GZIP_HEADERS, packed, n - cut);
}

/* Two members, one after the other, as RFC 1952 allows. */
static void answer_gzip_members(struct conn *c)
{
	char packed[1000];
	size_t n = gzip(good, 5, packed, sizeof(packed));

	n += gzip(good + 5, strlen(good) - 5, packed + n, sizeof(packed) - n);
	conn_answer(c, 200, GZIP_HEADERS, packed, n);
}

static void answer_damaged_gzip(struct conn *c)
{
	char packed[1000];
	size_t n = gzip(good, strlen(good), packed, sizeof(packed));

	packed[n / 2] ^= 0x55;
	conn_answer(c, 200, GZIP_HEADERS, packed, n);
}

static void answer_bomb(struct conn *c)
{
	size_t size = (size_t)64 * 1000 * 1000;
	char *zeros = xcalloc(1, size);
	char *packed = xmalloc(BIG);
	size_t n = gzip(zeros, size, packed, BIG);

	conn_answer(c, 200, GZIP_HEADERS, packed, n);
	free(packed);
	free(zeros);
}

static void answer_big(struct conn *c, size_t n)
{
	char *text = xmalloc(n);

	memset(text, ' ', n);
	text[0] = '{';
	text[n - 1] = '}';
	conn_answer(c, 200, JSON_TYPE, text, n);
	free(text);
}

/* One header of n bytes, or n headers of 1000. */
static void answer_headers(struct conn *c, size_t size, int n)
{
	struct buf b = {0};
	char *text = xcalloc(1, size + 1);

	memset(text, 'x', size);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "X-%d: %s\r\n", i, text);
	buf_puts(&b, JSON_TYPE);
	conn_answer(c, 200, b.p, good, strlen(good));
	buf_fini(&b);
	free(text);
}

static void answer_chunks(struct conn *c, bool whole)
{
	conn_puts(c, "HTTP/1.1 200 OK\r\n" JSON_TYPE
		     "Transfer-Encoding: chunked\r\n\r\n"
		     "4\r\n{\"a\"\r\n3\r\n:1}\r\n");
	if (whole)
		conn_puts(c, "0\r\n\r\n");
	else
		conn_close(c);
	conn_end(c);
}

static void answer_short(struct conn *c)
{
	conn_puts(c, "HTTP/1.1 200 OK\r\n" JSON_TYPE
		     "Content-Length: 100\r\n\r\n{\"a\":1}");
	conn_close(c);
}

static void answer_html(struct conn *c, int status)
{
	static const char page[] = "<html><head><TITLE>\n Sign in |\n "
				   "OpenProject</TITLE></head></html>";

	conn_answer(c, status, HTML_TYPE, page, strlen(page));
}

static bool answer_redirect(struct conn *c, struct str what)
{
	static const char *const places[][2] = {
		{"moved", "https://new.example.org/as/moved?a=b"},
		{"below", "https://new.example.org:8443/op/as/below"},
		{"login", "https://login.example.org/authorize?to=/as/login"},
		{"host", "https://as/host"},
	};
	char header[100];

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!str_is(what, places[i][0]))
			continue;
		snprintf(header, sizeof(header), "Location: %s\r\n",
			places[i][1]);
		conn_answer(c, 302, header, "", 0);
		return true;
	}
	return false;
}

/* A coding that was not asked for, or is none; no type; and lists. */
static bool answer_odd(struct conn *c, struct str what)
{
	static const char *const answers[][3] = {
		{"brotli", JSON_TYPE "Content-Encoding: br\r\n", "{\"a\":1}"},
		{"no-coding", JSON_TYPE "Content-Encoding:\r\n", "{\"a\":1}"},
		{"none", JSON_TYPE "Content-Encoding: none\r\n", "{\"a\":1}"},
		{"aws", JSON_TYPE "Content-Encoding: aws-chunked\r\n",
			"{\"a\":1}"},
		{"no-type", "", "{}"},
		{"list", JSON_TYPE, "[1] \n"},
		{"half-list", JSON_TYPE, "[1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (!str_is(what, answers[i][0]))
			continue;
		conn_answer(c, 200, answers[i][1], answers[i][2],
			strlen(answers[i][2]));
		return true;
	}
	return false;
}

/* /as/WHAT */
static void answer_as(struct conn *c, struct str what)
{
	if (str_is(what, "gzip"))
		answer_gzip(c, 0);
	else if (str_is(what, "gzip-cut"))
		answer_gzip(c, 9);
	else if (str_is(what, "gzip-members"))
		answer_gzip_members(c);
	else if (str_is(what, "gzip-damaged"))
		answer_damaged_gzip(c);
	else if (str_is(what, "bomb"))
		answer_bomb(c);
	else if (str_is(what, "big"))
		answer_big(c, 1000001);
	else if (str_is(what, "nearly-big"))
		answer_big(c, 1000000);
	else if (str_is(what, "long-header"))
		answer_headers(c, 70000, 1);
	else if (str_is(what, "many-headers"))
		answer_headers(c, 1000, 320);
	else if (str_is(what, "chunked"))
		answer_chunks(c, true);
	else if (str_is(what, "chunked-cut"))
		answer_chunks(c, false);
	else if (str_is(what, "short"))
		answer_short(c);
	else if (str_is(what, "html"))
		answer_html(c, 200);
	else if (str_is(what, "html404"))
		answer_html(c, 404);
	else if (answer_redirect(c, what) || answer_odd(c, what))
		return;
	else if (str_is(what, "empty"))
		conn_json(c, 200, "");
	else if (str_is(what, "half"))
		conn_json(c, 200, "{\"_type\":\"Roo");
	else if (str_is(what, "garbage"))
		conn_puts(c, "SSH-2.0-OpenSSH\r\n");
	else
		conn_close(c);
}

static const char invalid_query[] =
	"{\"_type\":\"Error\",\"errorIdentifier\":\"urn:openproject-org:api:v3:"
	"errors:InvalidQuery\",\"message\":\"Project filter has\\n invalid "
	"values.\"}";
static const char unauthenticated[] =
	"{\"_type\":\"Error\",\"errorIdentifier\":\"urn:openproject-org:api:v3:"
	"errors:Unauthenticated\",\"message\":\"You did not provide the "
	"correct "
	"credentials.\"}";
static const char not_found[] =
	"{\"_type\":\"Error\",\"errorIdentifier\":\"urn:openproject-org:api:v3:"
	"errors:NotFound\",\"message\":\"Gone.\"}";

static void answer(struct conn *c)
{
	struct str path = str_of(c->path);

	if (str_starts(path, STR("/as/")))
		answer_as(c, str_skip(path, 4));
	else if (str_starts(path, STR("/status/")))
		conn_json(c, (int)strtol(c->path + 8, NULL, 10), "{}");
	else if (str_starts(path, STR("/query")))
		conn_json(c, 400, invalid_query);
	else if (str_starts(path, STR("/bad")))
		conn_json(c, 400, not_found);
	else if (str_starts(path, STR("/key")))
		conn_json(c, 401, unauthenticated);
	else if (str_starts(path, STR("/missing")))
		conn_json(c, 404, not_found);
	else
		conn_json(c, 200, good);
}

static const struct {
	const char *path;
	int code;
	const char *text; /* part of the error; or the body */
} cases[] = {
	{"/api/v3", 0, good},
	{"/as/gzip", 0, good},
	{"/as/gzip-members", 0, good},
	{"/as/chunked", 0, "{\"a\":1}"},
	{"/as/no-coding", 0, "{\"a\":1}"},
	{"/as/none", 0, "{\"a\":1}"},
	{"/as/aws", 0, "{\"a\":1}"},
	{"/as/list", 0, "[1] \n"},
	{"/as/half-list", ERR_UNAVAILABLE, "cut short"},
	{"/as/no-type", 0, "{}"},
	{"/as/nearly-big", 0, NULL},
	{"/key", ERR_AUTH,
		"GET /key: 401 Unauthenticated: You did not provide the "
		"correct credentials. (is the key right? OpenProject makes one "
		"under My account → Access tokens; or is Basic "
		"authentication for the API switched off? server.auth: bearer "
		"does without)"},
	{"/missing", ERR_NOT_FOUND, "GET /missing: 404 NotFound: Gone."},
	{"/bad", ERR_UNAVAILABLE, "GET /bad: 400 NotFound: Gone."},
	{"/query?a=b", ERR_QUERY,
		"GET /query?a=b: 400 InvalidQuery: Project filter has invalid "
		"values."},
	{"/as/html404", ERR_UNAVAILABLE, "404 Sign in | OpenProject (is this"},
	{"/as/html", ERR_UNAVAILABLE,
		"answered with a page of HTML, not with JSON (a login page? a "
		"proxy?): Sign in | OpenProject"},
	{"/as/moved", ERR_UNAVAILABLE,
		"redirected to https://new.example.org: put that address into "
		"server.url"},
	{"/as/below", ERR_UNAVAILABLE,
		"redirected to https://new.example.org:8443/op: put that "
		"address into server.url"},
	{"/as/login", ERR_UNAVAILABLE,
		"GET /as/login: 302, redirected to https://login.example.org "
		"(a login page? programs must reach the API without one)"},
	{"/as/host", ERR_UNAVAILABLE, "redirected to https://as (a login"},
	{"/as/gzip-cut", ERR_UNAVAILABLE, "damaged"},
	{"/as/gzip-damaged", ERR_UNAVAILABLE, "damaged"},
	{"/as/brotli", ERR_UNAVAILABLE, "packed in a way not asked for"},
	{"/as/bomb", ERR_UNAVAILABLE, "too big"},
	{"/as/big", ERR_UNAVAILABLE, "too big"},
	{"/as/long-header", ERR_UNAVAILABLE, "headers"},
	{"/as/many-headers", ERR_UNAVAILABLE, "headers"},
	{"/as/chunked-cut", ERR_UNAVAILABLE, "GET /as/chunked-cut: "},
	{"/as/short", ERR_UNAVAILABLE, "GET /as/short: "},
	{"/as/empty", ERR_UNAVAILABLE, "empty answer"},
	{"/as/half", ERR_UNAVAILABLE, "cut short"},
	{"/as/garbage", ERR_UNAVAILABLE, "GET /as/garbage: "},
	{"/as/closed", ERR_UNAVAILABLE, "GET /as/closed: "},
};

static void test_answers(void **state)
{
	struct fixture f;

	(void)state;
	fixture_start(&f, answer, NULL);
	fixture_client(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct api_request r = {0};

		fetch(&f, &r, cases[i].path);
		if (r.err.code != cases[i].code)
			fail_msg("%s: %d %s", cases[i].path, r.err.code,
				r.err.text);
		if (r.err.code == 0 && cases[i].text != NULL)
			assert_string_equal(r.body.p, cases[i].text);
		else if (r.err.code != 0 &&
			 strstr(r.err.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].path, r.err.text);
		assert_int_equal(r.too_big,
			strstr(r.err.text, "the answer is too big") != NULL);
		api_request_fini(&r);
	}
	fixture_stop(&f);
}

/* Every status there might be: an error each, and of the right kind. */
static void test_statuses(void **state)
{
	struct fixture f;

	(void)state;
	fixture_start(&f, answer, NULL);
	fixture_client(&f);
	for (int status = 201; status < 600; status++) {
		struct api_request r = {0};
		char path[32];
		int want = status == 401 || status == 403 ? ERR_AUTH
							  : ERR_UNAVAILABLE;

		snprintf(path, sizeof(path), "/status/%d", status);
		fetch(&f, &r, path);
		assert_int_equal(r.err.code, want);
		assert_int_equal(r.status, status);
		assert_int_equal(r.too_slow, status == 504 || status == 524);
		api_request_fini(&r);
	}
	fixture_stop(&f);
}

/* The web server before it refuses what is longer than 2, 8 or 12 kB. */
static void test_long_address(void **state)
{
	static const struct {
		const char *path;
		bool of_projects;
	} addresses[] = {{"/status/400?%%22project%%22%0*d", true},
		{"/status/404?%%22project%%22%0*d", true},
		{"/status/414?%%22project%%22%0*d", true},
		{"/status/414?%%22id%%22%0*d", false}};
	struct fixture f;

	(void)state;
	fixture_start(&f, answer, NULL);
	fixture_client(&f);
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct api_request r = {0};
		char path[6000];

		snprintf(path, sizeof(path), addresses[i].path, 2100, 0);
		fetch(&f, &r, path);
		assert_int_equal(r.err.code, ERR_UNAVAILABLE);
		assert_true(r.too_long);
		assert_non_null(strstr(r.err.text, "too long for it"));
		assert_int_equal(strstr(r.err.text, "'*' needs none") != NULL,
			addresses[i].of_projects);
		api_request_fini(&r);
	}
	fixture_stop(&f);
}

/* One that is short is too long only where the answer says so. */
static void test_short_address(void **state)
{
	static const struct {
		const char *path;
		bool too_long;
	} asked[] = {{"/status/400?id=1", false}, {"/status/404?id=1", false},
		{"/status/414?id=1", true}, {"/status/431?id=1", true}};
	struct fixture f;

	(void)state;
	fixture_start(&f, answer, NULL);
	fixture_client(&f);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct api_request r = {0};

		fetch(&f, &r, asked[i].path);
		assert_int_equal(r.err.code, ERR_UNAVAILABLE);
		assert_int_equal(r.too_long, asked[i].too_long);
		api_request_fini(&r);
	}
	fixture_stop(&f);
}

static void test_bearer(void **state)
{
	struct fixture f;
	struct api_request r = {0};
	struct str head;

	(void)state;
	fixture_start(&f, answer, NULL);
	f.options.bearer = true;
	fixture_client(&f);
	for (size_t i = 0; i < 2; i++) {
		if (i == 1)
			api_client_set_token(f.client, "other");
		fetch(&f, &r, "/api/v3/users/me");
		head = buf_str(&f.server.head);
		assert_true(
			str_find(head, STR("Authorization: Basic")) == head.n);
		assert_true(str_find(head, i == 0 ? STR("Authorization: Bearer "
							"5ecret-t0ken\r\n")
						  : STR("Authorization: Bearer "
							"other\r\n")) < head.n);
		api_request_fini(&r);
	}
	fixture_stop(&f);
}

static void test_what_is_sent(void **state)
{
	struct fixture f;
	struct api_request r = {0};
	struct str head;

	(void)state;
	fixture_start(&f, answer, NULL);
	snprintf(
		f.url, sizeof(f.url), "http://127.0.0.1:%d/op/", f.server.port);
	fixture_client(&f);
	fetch(&f, &r, "/api/v3/users/me");
	head = buf_str(&f.server.head);
	assert_true(
		str_starts(head, STR("GET /op/api/v3/users/me HTTP/1.1\r\n")));
	assert_true(str_find(head, STR(TOKEN_LINE)) < head.n);
	assert_true(str_find(head, STR("Accept-Encoding: gzip\r\n")) < head.n);
	assert_true(str_find(head, STR("Accept-Language: en\r\n")) < head.n);
	assert_true(
		str_find(head, STR("User-Agent: opsync-test\r\n")) < head.n);
	assert_int_equal(api_client_counters(f.client)->requests, 1);
	assert_int_equal(api_client_counters(f.client)->retries, 0);
	assert_true(api_client_counters(f.client)->bytes > strlen(good));
	api_request_fini(&r);

	api_client_set_token(f.client, "other");
	fetch(&f, &r, "/api/v3/users/me");
	head = buf_str(&f.server.head);
	assert_true(str_find(head, STR("Basic YXBpa2V5Om90aGVy\r\n")) < head.n);
	api_request_fini(&r);
	fixture_stop(&f);
}

/* No server, no name, no TLS, no trust. */
static void test_no_server(void **state)
{
	static const struct {
		const char *url;
		const char *text;
	} nowhere[] = {
		{"http://127.0.0.1:1",
			"GET /api/v3: http://127.0.0.1:1: Failed to connect"},
		{"http://nowhere.invalid", "Could not resolve host"},
		{NULL, "SSL"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nowhere); i++) {
		struct fixture f;
		struct api_request r = {0};
		char url[64];

		fixture_start(&f, answer, NULL);
		snprintf(url, sizeof(url), "https://127.0.0.1:%d",
			f.server.port);
		f.options.url = nowhere[i].url != NULL ? nowhere[i].url : url;
		f.options.connect_timeout = STAMP_SECOND;
		fixture_client(&f);
		fetch(&f, &r, "/api/v3");
		assert_int_equal(r.err.code, ERR_UNAVAILABLE);
		assert_int_equal(r.status, 0);
		if (strstr(r.err.text, nowhere[i].text) == NULL)
			fail_msg("%s", r.err.text);
		assert_int_equal(f.server.n_keys, 0);
		api_request_fini(&r);
		fixture_stop(&f);
	}
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {
		"openproject.example.org",
		"ftp://example.org",
		"https://",
		"https://user:5ecret-t0ken@example.org",
		"https://example.org/?a=b",
		"https://example.org/#top",
		"https://example.org/api/v3/",
		"https://exa mple.org",
		"",
	};
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct api_options o = {.url = bad[i],
			.token = "",
			.user_agent = "",
			.max_requests = 1,
			.max_tries = 1};
		struct api_client *c;
		struct err e = {0};

		assert_int_equal(api_client_new(&loop, &o, &c, &e), ERR_CONFIG);
		assert_non_null(strstr(e.text, "server.url"));
		assert_null(strstr(e.text, TOKEN));
	}
	uv_loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_long_address),
		cmocka_unit_test(test_short_address),
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_addresses),
	};

	alarm(120); /* a hang is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
