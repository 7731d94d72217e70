/*
 * relay - what the server calls its things, for somebody without its key.
 *
 * opsync has no key where the daemon runs as another user: what it checks a
 * configuration against is asked for here.  Only lists of names may be, and
 * not what people wrote.
 */
#include <stdlib.h>

#include "daemon/commands.h"
#include "daemon/report.h"

struct relay {
	struct control_request *client;
	struct api_request request;
};

static bool may_be_asked(struct str path)
{
	static const char *const lists[] = {"/api/v3/users/me",
		"/api/v3/projects", "/api/v3/types", "/api/v3/statuses",
		"/api/v3/work_packages/schemas"};
	struct str list = {path.p, str_find(path, STR("?"))};

	if (path.p == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (str_is(list, lists[i]))
			return true;
	return false;
}

static void on_answer(struct api_request *request)
{
	struct relay *relay = container_of(request, struct relay, request);
	struct control_request *r = relay->client;

	r->err = request->err;
	if (r->err.code == 0) {
		buf_putc(&r->out, '{');
		report_text(&r->out, "body", buf_str(&request->body));
		buf_puts(&r->out, "}\n");
	}
	api_request_fini(request);
	free(relay);
	control_end(r);
}

static void cancel(struct control_request *r)
{
	struct relay *relay = r->flow;

	api_cancel(&relay->request);
}

void order_get(struct control_request *r)
{
	struct str path =
		str_of(json_string_value(json_object_get(r->what, "path")));
	struct relay *relay;

	if (!may_be_asked(path)) {
		err_set(&r->err, ERR_USAGE,
			"get: path: is not one of the server's lists of names");
		control_end(r);
		return;
	}
	relay = xcalloc(1, sizeof(*relay));
	relay->client = r;
	relay->request.path = str_dup(path);
	r->flow = relay;
	r->cancel = cancel;
	api_get(r->host->sync->client, &relay->request, on_answer);
}
