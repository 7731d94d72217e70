/*
 * diff - a run rehearsed for somebody without the server's key.
 *
 *   child: opsyncd --rehearse --> ticks, then its lines to the client, as it
 *     reads them --> ended, or killed for a client that is gone --> folder
 *     removed
 *
 * It is a process of its own, so that neither passes nor other clients wait
 * for it, and whatever it needs is gone with it.  One at a time: it asks the
 * server as a pass does.
 */
#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/child.h"
#include "daemon/commands.h"
#include "daemon/rehearsal.h"
#include "store/shadow.h"

#define LIMIT (INT64_C(6) * 3600 * STAMP_SECOND)

#define TICK_MS 1000

struct diff {
	struct control_request *client;
	struct child child;
	uv_timer_t timer; /* until it says something */
	int64_t started;  /* monotonic */
	char *folder;
	char *argv[5];
};

/* --- What it says ------------------------------------------------------- */

static void on_heard(struct child *child, struct str bytes)
{
	struct diff *d = container_of(child, struct diff, child);

	uv_timer_stop(&d->timer);
	buf_add_str(&d->client->out, bytes);
	control_flush(d->client);
	if (control_is_full(d->client))
		child_hold(child);
}

static void on_drained(struct control_request *r)
{
	struct diff *d = r->flow;

	child_go_on(&d->child);
}

/* For those who wait; and so one who has gone is noticed. */
static void on_tick(uv_timer_t *timer)
{
	struct diff *d = timer->data;

	buf_printf(&d->client->out, "{\"progress\":true,\"elapsed\":%lld}\n",
		(long long)((stamp_monotonic() - d->started) / STAMP_SECOND));
	control_flush(d->client);
}

/* {"code":N,"error":"…"}, if it came so far. */
static void take_error(const struct child *child, struct err *e)
{
	struct str said = buf_str(&child->errors);
	json_t *why = json_loadb(said.p, said.n, 0, NULL);
	const char *text = json_string_value(json_object_get(why, "error"));
	int64_t code = control_int(why, "code", 0);

	if (text != NULL && code < 0)
		err_set(e, (enum err_code)code, "%s", text);
	else
		*e = child->err;
	json_decref(why);
}

/* --- The process -------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct diff *d = handle->data;
	struct control_request *r = d->client;

	free(d->folder);
	free(d->argv[2]);
	free(d);
	r->host->sync->rehearsing = false;
	control_end(r);
}

static void on_ended(struct child *child)
{
	struct diff *d = container_of(child, struct diff, child);

	if (child->err.code != 0)
		take_error(child, &d->client->err);
	child_fini(child);
	shadow_remove(d->folder); /* where it was killed */
	uv_close((uv_handle_t *)&d->timer, on_closed);
}

static void cancel(struct control_request *r)
{
	struct diff *d = r->flow;

	child_kill(&d->child);
}

static void give_request(const struct control_request *r, struct diff *d)
{
	json_t *what = json_copy((json_t *)r->what);
	char *text;

	json_object_set_new(what, "folder", json_string(d->folder));
	text = json_dumps(what, JSON_COMPACT);
	buf_puts(&d->child.input, text);
	free(text);
	json_decref(what);
}

static void start(struct control_request *r, char *folder)
{
	struct diff *d = xcalloc(1, sizeof(*d));

	*d = (struct diff){
		.client = r,
		.started = stamp_monotonic(),
		.folder = folder,
		.argv = {"opsyncd", "--config",
			xstrdup(r->host->sync->config->file), "--rehearse"},
		.child = {.loop = r->host->sync->loop,
			.program = "/proc/self/exe", /* though upgraded */
			.argv = d->argv,
			.heard = on_heard,
			.timeout = LIMIT},
	};
	give_request(r, d);
	r->flow = d;
	r->cancel = cancel;
	r->drained = on_drained;
	r->host->sync->rehearsing = true;
	uv_timer_init(d->child.loop, &d->timer);
	d->timer.data = d;
	uv_timer_start(&d->timer, on_tick, TICK_MS, TICK_MS);
	child_start(&d->child, on_ended);
}

void order_diff(struct control_request *r)
{
	char *folder = NULL;

	if (r->host->sync->rehearsing)
		err_set(&r->err, ERR_AGAIN,
			"a diff is being made for somebody else: ask again "
			"later");
	else
		rehearsal_folder(&folder, &r->err);
	if (folder != NULL)
		start(r, folder);
	else
		control_end(r);
}
