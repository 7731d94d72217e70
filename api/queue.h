#ifndef API_QUEUE_H
#define API_QUEUE_H

#include "api/aside.h"
#include "api/client.h"
#include "api/http.h"
#include "api/pace.h"
#include "api/redirect.h"
#include "api/transfer.h"

#define QUEUE_MAX_BACKOFF INT64_C(60000000) /* microseconds */

struct api_client {
	struct http http;
	struct http_config config;
	char *user_agent;
	char *ca_file;
	char *base;     /* where paths are added */
	char name[200]; /* of the server's origin, for errors */
	bool bearer;
	char *authorization; /* "Authorization: Basic …", or Bearer */
	char *key;           /* the same two, to be masked where they show */
	char *code;
	struct redirect_policy redirects;
	struct pace pace;
	struct aside aside;
	int max_tries;
	int64_t max_retry_after;
	size_t max_body;
	int64_t not_before; /* monotonic: what a Retry-After asked for */

	struct transfers queue;
	struct transfers running;
	struct transfers waiting;
	struct transfers ended;
	int n_running;
	uv_timer_t wake;
	struct api_counters counters;

	bool closing;
	uv_close_cb drained; /* all requests ended, wake closed */
	void (*closed)(void *arg);
	void *closed_arg;
};

/* Prepare the lists and the timer of c. */
void queue_init(struct api_client *c, uv_loop_t *loop);

/*
 * Cancel all requests; when all are done, close the timer and call drained(),
 * with it as its argument.
 */
void queue_close(struct api_client *c, uv_close_cb drained);

#endif
