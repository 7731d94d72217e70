/*
 * service_orders - what the control socket asks of the daemon: a pass, its
 * end, a pause, and what it is doing.
 *
 * A pass that is asked for has its number at once, by which whoever waits
 * knows it.
 */
#include "daemon/service_parts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/stamp.h"
#include "daemon/progress.h"
#include "daemon/rehearsal.h"
#include "daemon/report.h"

/* --- Passes -------------------------------------------------------------- */

uint64_t service_want(struct service *s, struct wanted_what *what)
{
	size_t place = wanted_add(&s->wanted, what);
	struct wanted_what *waits = &s->wanted.what[place];

	if (waits->number == 0)
		waits->number = ++s->numbers;
	return waits->number;
}

void service_schedule_asked(struct service *s)
{
	if (!s->running && !s->stopping && s->begun)
		service_schedule(s);
}

static uint64_t on_resync(void *arg, struct wanted_what *what)
{
	struct service *s = arg;
	uint64_t pass = service_want(s, what);

	service_schedule_asked(s);
	return pass;
}

static uint64_t on_cancel(void *arg, size_t *n)
{
	struct service *s = arg;
	static const struct err canceled = {
		ERR_CANCELED, "canceled before it began"};

	*n = s->wanted.n;
	for (size_t i = 0; i < *n; i++)
		progress_not_begun(
			s->control, s->wanted.what[i].number, &canceled);
	wanted_fini(&s->wanted);
	if (!s->running) {
		service_schedule_asked(s);
		return 0;
	}
	s->pass.abandon = true;
	service_end_pass(s);
	return s->number;
}

/* What they asked for is done after the pause, which may be a long one. */
static void tell_those_who_wait(struct service *s)
{
	static const struct err late = {ERR_AGAIN,
		"paused before it began (opsync resume lets it go on)"};

	for (size_t i = 0; i < s->wanted.n; i++)
		if (s->wanted.what[i].kind != PASS_LOCAL)
			progress_not_begun(
				s->control, s->wanted.what[i].number, &late);
}

static uint64_t on_pause(void *arg, bool paused)
{
	struct service *s = arg;

	s->paused = paused;
	if (paused)
		tell_those_who_wait(s);
	if (s->running) {
		if (paused)
			service_end_pass(s);
		return s->number;
	}
	if (!paused)
		s->next_at = stamp_monotonic();
	service_schedule_asked(s);
	return 0;
}

/* --- What it is doing ---------------------------------------------------- */

static void on_live(void *arg, struct buf *out)
{
	struct service *s = arg;
	int64_t wait = (s->next_at - stamp_monotonic()) / STAMP_SECOND;
	int64_t lag = monitor_lag(&s->monitor);

	report_int(out, "pid", getpid());
	report_stamp(out, "since", s->monitor.started);
	report_text(out, "server", str_of(s->config->url));
	report_stamp(out, "last_good", s->monitor.last_success);
	if (lag < 0)
		report_text(out, "lag", STR_NONE);
	else
		report_int(out, "lag", lag / STAMP_SECOND);
	report_bool(out, "fault", s->monitor.health.fault);
	report_text(out, "error",
		s->last.code != 0 ? str_of(s->last.text) : STR_NONE);
	push_report(s->push, out);
	hooks_report(s->hooks, out);
	if (s->running) {
		report_open(out, "running", '{');
		progress_put(s->number, &s->pass, out);
		buf_putc(out, '}');
	} else {
		report_text(out, "running", STR_NONE);
	}
	report_int(out, "next", s->running || wait < 0 ? 0 : wait);
}

int service_open_control(struct service *s, const char *path, struct err *e)
{
	rehearsal_clear(); /* of the daemon before this one */
	s->host = (struct control_host){
		.sync = &s->sync,
		.arg = s,
		.live = on_live,
		.resync = on_resync,
		.cancel = on_cancel,
		.pause = on_pause,
		.reload = service_wait_for_reload,
	};
	return control_open(&s->host, path, &s->control, e);
}
