/*
 * orders - what only the running daemon can answer or do: live status, a
 * pass, the configuration read again.
 */
#include <stdlib.h>

#include "daemon/commands.h"

/* The state's line is an object: what only the daemon knows goes into it. */
void order_status(struct control_request *r)
{
	struct buf *out = &r->out;

	while (out->n > 0 && out->p[out->n - 1] != '}')
		out->n--;
	if (out->n > 0) {
		out->n--;
		buf_puts(out, ",\"daemon\":{");
		r->host->live(r->host->arg, out);
		buf_puts(out, "}}\n");
	}
	control_end(r);
}

static int read_ids(
	const json_t *list, struct control_resync *what, struct err *e)
{
	size_t n = json_array_size(list);

	what->ids = xcalloc(n, sizeof(*what->ids));
	for (size_t i = 0; i < n; i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_integer(id) || json_integer_value(id) <= 0)
			return err_set(e, ERR_USAGE,
				"work_packages: is a list of work package ids");
		what->ids[what->n_ids++] = json_integer_value(id);
	}
	return 0;
}

/* The answer is the pass's number; with wait, how it went, too. */
static void ask_for_pass(struct control_request *r, struct control_resync *what)
{
	uint64_t pass = r->host->resync(r->host->arg, what);

	buf_printf(&r->out, "{\"pass\":%llu}\n", (unsigned long long)pass);
	if (!json_is_true(json_object_get(r->what, "wait"))) {
		control_end(r);
		return;
	}
	r->pass = pass;
	r->cancel = control_end;
	control_flush(r);
}

void order_resync(struct control_request *r)
{
	struct control_resync what = {
		.full = json_is_true(json_object_get(r->what, "full"))};

	if (read_ids(json_object_get(r->what, "work_packages"), &what,
		    &r->err) != 0) {
		free(what.ids);
		control_end(r);
		return;
	}
	ask_for_pass(r, &what);
}

void order_release(struct control_request *r)
{
	struct control_resync what = {.reconcile = true};

	if (json_is_true(json_object_get(r->what, "dry_run")))
		control_end(r);
	else
		ask_for_pass(r, &what);
}

void order_withdraw(struct control_request *r)
{
	struct control_resync what = {.local = true};

	ask_for_pass(r, &what);
}

void order_publish(struct control_request *r)
{
	struct control_resync what = {0};

	ask_for_pass(r, &what);
}

void order_accept_server(struct control_request *r)
{
	struct control_resync what = {.full = true};

	ask_for_pass(r, &what);
}
void order_reload(struct control_request *r)
{
	r->host->reload(r->host->arg, &r->err);
	control_end(r);
}
