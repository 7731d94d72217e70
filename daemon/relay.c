/*
 * relay - what the server calls its things, and a work package, for somebody
 * without its key.
 *
 * opsync has no key where the daemon runs as another user: what it checks a
 * configuration against, or explains, is asked for here.  Only lists of names
 * may be, and of what people wrote only what is in scope.
 */
#include <stdlib.h>

#include "api/resources.h"
#include "daemon/commands.h"
#include "daemon/report.h"

struct relay {
	int64_t work_package; /* 0: a list of names */
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

static void put_names(struct relay *relay)
{
	struct control_request *r = relay->client;

	const struct api_request *request = &relay->request;

	r->err = request->err;
	report_open(&r->out, NULL, '{');
	if (r->err.code == 0) {
		report_text(&r->out, "body", buf_str(&request->body));
	} else {
		report_int(&r->out, "status", request->status);
		report_bool(&r->out, "too_slow", request->too_slow);
		report_bool(&r->out, "too_long", request->too_long);
	}
	buf_puts(&r->out, "}\n");
}

/*
 * Only what a mapping may read of it: no addresses of people.  What is not
 * for us is as if it were not there.
 */
static void put_work_package(struct relay *relay)
{
	struct control_request *r = relay->client;
	const struct sync *sync = r->host->sync;
	struct api_source head = {0};
	struct buf source = {0};
	struct buf attachments = {0};

	r->err = relay->request.err;
	if (r->err.code == 0)
		api_whole_make(buf_str(&relay->request.body), &source,
			&attachments, &head, &r->err);
	if (r->err.code == ERR_NOT_FOUND ||
		(r->err.code == 0 &&
			(!sync->resolved ||
				!names_in_scope(sync->scope.projects,
					sync->scope.n_projects,
					head.project_id))))
		err_set(&r->err, ERR_NOT_FOUND,
			"work package %lld is not in the projects that are "
			"synced, or the server does not show it",
			(long long)relay->work_package);
	if (r->err.code == 0) {
		report_open(&r->out, NULL, '{');
		report_text(&r->out, "body", buf_str(&source));
		report_text(&r->out, "attachments", buf_str(&attachments));
		buf_puts(&r->out, "}\n");
	}
	buf_fini(&source);
	buf_fini(&attachments);
}

static void on_answer(struct api_request *request)
{
	struct relay *relay = container_of(request, struct relay, request);
	struct control_request *r = relay->client;

	if (relay->work_package != 0)
		put_work_package(relay);
	else
		put_names(relay);
	api_request_fini(request);
	free(relay);
	control_end(r);
}

static void cancel(struct control_request *r)
{
	struct relay *relay = r->flow;

	api_cancel(&relay->request);
}

/* Takes the path. */
static void ask(struct control_request *r, char *path, int64_t work_package)
{
	struct relay *relay = xcalloc(1, sizeof(*relay));

	relay->client = r;
	relay->work_package = work_package;
	relay->request.path = path;
	relay->request.once = json_is_true(json_object_get(r->what, "once"));
	r->flow = relay;
	r->cancel = cancel;
	api_get(r->host->sync->client, &relay->request, on_answer);
}

void order_get(struct control_request *r)
{
	struct str path =
		str_of(json_string_value(json_object_get(r->what, "path")));

	if (!may_be_asked(path)) {
		err_set(&r->err, ERR_USAGE,
			"get: path: is not one of the server's lists of names");
		control_end(r);
		return;
	}
	ask(r, str_dup(path), 0);
}

void order_work_package(struct control_request *r)
{
	int64_t id = control_int(r->what, "work_package", 0);
	struct buf path = {0};

	if (id <= 0)
		err_set(&r->err, ERR_USAGE, "work_package: which one?");
	else if (!r->host->sync->resolved)
		err_set(&r->err, ERR_AGAIN,
			"the projects are not looked up yet: ask again later");
	if (r->err.code != 0) {
		control_end(r);
		return;
	}
	api_path_work_package(&path, id);
	ask(r, buf_take(&path), id);
}
