/*
 * show - what the state knows of a work package, and then the last commit.
 */
#include <stdlib.h>

#include "daemon/commands.h"
#include "daemon/show_commit.h"

#define MOST 16 /* that are asked of git at once: others ask again */

struct show {
	struct control_request *client;
	struct show_commit commit;
};

static void on_commit(struct show_commit *commit)
{
	struct show *show = container_of(commit, struct show, commit);
	struct control_request *r = show->client;

	r->err = commit->err;
	if (r->err.code != 0)
		buf_clear(&r->out);
	r->host->sync->n_showing--;
	free(show);
	control_end(r);
}

static void cancel(struct control_request *r)
{
	struct show *show = r->flow;

	show_commit_cancel(&show->commit);
}

void order_show(struct control_request *r)
{
	struct sync *sync = r->host->sync;
	struct show *show;

	if (sync->n_showing >= MOST) {
		buf_clear(&r->out);
		err_set(&r->err, ERR_AGAIN,
			"so many ask for so much: ask again later");
		control_end(r);
		return;
	}
	show = xcalloc(1, sizeof(*show));
	show->client = r;
	show->commit = (struct show_commit){
		.loop = sync->loop,
		.config = sync->config,
		.path = str_of(
			json_string_value(json_object_get(r->what, "path"))),
		.line = &r->out,
	};
	r->flow = show;
	r->cancel = cancel;
	sync->n_showing++;
	show_commit_start(&show->commit, on_commit);
}
