#ifndef TESTS_UNIT_API_FIXTURE_H
#define TESTS_UNIT_API_FIXTURE_H

/* A client and the servers that it asks, on one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/client.h"
#include "base/stamp.h"
#include "tests/unit/api/server.h"

#define TOKEN "5ecret-t0ken"
#define TOKEN_LINE "Authorization: Basic YXBpa2V5OjVlY3JldC10MGtlbg==\r\n"

struct fixture {
	uv_loop_t loop;
	struct server server;
	struct server other; /* the storage, or whoever is redirected to */
	struct api_client *client;
	struct api_options options;
	char url[64];
	bool client_closed;
	int n_done;
};

static inline void fixture_start(struct fixture *f,
	void (*answer)(struct conn *c), void (*other)(struct conn *c))
{
	static const char *const proxies[] = {"http_proxy", "https_proxy",
		"HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		unsetenv(proxies[i]);
	memset(f, 0, sizeof(*f));
	uv_loop_init(&f->loop);
	server_start(&f->server, &f->loop, answer);
	server_start(&f->other, &f->loop, other != NULL ? other : answer);
	f->loop.data = f;
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d", f->server.port);
	f->options = (struct api_options){
		.url = f->url,
		.token = TOKEN,
		.user_agent = "opsync-test",
		.max_requests = 4,
		.max_tries = 1,
		.connect_timeout = 5 * STAMP_SECOND,
		.stall_timeout = 30 * STAMP_SECOND,
		.max_retry_after = 2 * STAMP_SECOND,
		.max_body = 1000000,
	};
}

/* After the options are as the test wants them. */
static inline void fixture_client(struct fixture *f)
{
	struct err e = {0};

	if (api_client_new(&f->loop, &f->options, &f->client, &e) != 0)
		fail_msg("%s", e.text);
}

static inline void fixture_closed(void *arg)
{
	struct fixture *f = arg;

	f->client_closed = true;
}

static inline void fixture_stop(struct fixture *f)
{
	if (f->client != NULL) {
		api_client_close(f->client, fixture_closed, f);
		while (!f->client_closed)
			uv_run(&f->loop, UV_RUN_ONCE);
	}
	server_stop(&f->server);
	server_stop(&f->other);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
}

static inline void fixture_done(struct api_request *r)
{
	(void)r;
}

/* Run the loop until r is done. */
static inline void fixture_wait(struct fixture *f, struct api_request *r)
{
	while (r->transfer != NULL)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_null(strstr(r->err.text, TOKEN));
}

/* One request from start to end. */
static inline void fetch(
	struct fixture *f, struct api_request *r, const char *path)
{
	r->path = xstrdup(path);
	api_get(f->client, r, fixture_done);
	fixture_wait(f, r);
}

#endif
