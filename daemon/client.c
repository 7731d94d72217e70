/*
 * client - from a configuration to a client of its server.
 */
#include "daemon/client.h"

#include <stdlib.h>

#include "base/version.h"

#define MAX_BODY ((size_t)64 * 1024 * 1024)

int client_check_ca_file(const struct config *c, struct err *e)
{
	struct err why = {0};

	if (c->ca_file == NULL || api_check_ca_file(c->ca_file, &why) == 0)
		return 0;
	return node_err(c->ca_file_at, e, "%s", why.text);
}

int client_open(uv_loop_t *loop, const struct config *c, const char *token,
	struct api_client **out, struct err *e)
{
	char *user_agent = xasprintf("opsync/%s (%s%s%s)", OPSYNC_VERSION,
		c->instance, c->contact != NULL ? "; " : "",
		c->contact != NULL ? c->contact : "");
	const struct api_options o = {
		.url = c->url,
		.token = token,
		.bearer = c->bearer,
		.user_agent = user_agent,
		.max_requests = c->max_requests,
		.max_rate = c->max_rate,
		.max_bytes = c->max_bytes,
		.max_tries = c->max_tries,
		.connect_timeout = c->connect_timeout,
		.stall_timeout = c->stall_timeout,
		.max_retry_after = c->max_retry_after,
		.max_body = MAX_BODY,
		.n_storage_hosts = c->n_storage_hosts,
		.storage_hosts = c->storage_hosts,
		.ca_file = c->ca_file,
	};
	int r = client_check_ca_file(c, e);

	if (r == 0)
		r = api_client_new(loop, &o, out, e);
	free(user_agent);
	return r;
}
