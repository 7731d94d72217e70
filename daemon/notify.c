/*
 * notify - READY, STATUS, RELOADING, STOPPING, and the watchdog.
 *
 * The watchdog is fed from a timer of the loop, so a loop that hangs starves
 * it; and only while work advances: a worker's job that never ends, or a
 * pass that waits for nothing, starve it too.  Then the manager kills us and
 * starts us again, which loses nothing.  A request that waits for a slow
 * server is given the time that its own limits allow.
 */
#include "daemon/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/stamp.h"

#define OPENING (600 * STAMP_SECOND) /* after a crash, there is more to do */
#define OPENING_TICK (30 * STAMP_SECOND)
#define CLOSING (15 * STAMP_SECOND)
#define CLOSING_TICK_MS 1000

bool notify_watch_good(struct notify_watch *w, bool busy, uint64_t mark,
	int64_t patience, int64_t now)
{
	if (!busy || mark != w->mark || w->moved_at == 0) {
		w->mark = mark;
		w->moved_at = now;
	}
	return now - w->moved_at <= patience;
}

/* All of these only grow: their sum is another when one has moved. */
static uint64_t mark(const struct sync *sync)
{
	const struct api_counters *c = api_client_counters(sync->client);

	return worker_done(sync->worker) + c->requests + c->retries +
	       c->pieces + store_n_looked(sync->mapper->store);
}

static void extend(int64_t micros)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, micros);
}

static void on_timer(uv_timer_t *timer)
{
	struct notify *n = container_of(timer, struct notify, timer);
	const struct sync *sync = n->sync;
	bool busy = n->working || worker_pending(sync->worker) > 0;
	int64_t most = n->interval > 0 ? n->interval / 2 : CLOSING;

	if (!notify_watch_good(&n->watch, busy, mark(sync),
		    most + api_client_patience(sync->client),
		    stamp_monotonic()))
		return;
	if (n->interval > 0)
		sd_notify(0, "WATCHDOG=1");
	if (n->stopping && busy)
		extend(CLOSING);
}

void notify_init(struct notify *n, uv_loop_t *loop)
{
	uv_timer_init(loop, &n->timer);
	uv_unref((uv_handle_t *)&n->timer);
}

void notify_ready(struct notify *n)
{
	uint64_t interval = 0;

	if (sd_watchdog_enabled(0, &interval) > 0)
		n->interval = (int64_t)interval;
	if (n->interval > 0)
		uv_timer_start(
			&n->timer, on_timer, 0, (interval / 4 + 999) / 1000);
	sd_notify(0, "READY=1");
}

void notify_status(struct notify *n, const char *fmt, ...)
{
	char status[sizeof(n->status)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(status, sizeof(status), fmt, ap);
	va_end(ap);
	status[strcspn(status, "\n")] = '\0'; /* the next would be a variable */
	if (strcmp(status, n->status) == 0)
		return;
	memcpy(n->status, status, sizeof(status));
	sd_notifyf(0, "STATUS=%s", status);
}

void notify_opening(struct notify *n)
{
	int64_t now = stamp_monotonic();

	if (n->opening_at != 0 && now - n->opening_at < OPENING_TICK)
		return;
	n->opening_at = now;
	notify_status(n, "opening the store");
	extend(OPENING);
}

void notify_reloading(void)
{
	sd_notifyf(
		0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, stamp_monotonic());
}

void notify_reloaded(void)
{
	sd_notify(0, "READY=1");
}

void notify_stopping(struct notify *n)
{
	n->stopping = true;
	sd_notify(0, "STOPPING=1");
	notify_status(n, "stopping");
	extend(CLOSING);
	uv_timer_start(&n->timer, on_timer, CLOSING_TICK_MS, CLOSING_TICK_MS);
}

void notify_close(struct notify *n)
{
	uv_close((uv_handle_t *)&n->timer, NULL);
}
