/*
 * service_orders - what the control socket asks of the daemon: a pass, its
 * end, a pause, the configuration read again, and what it is doing.
 *
 * A pass that is asked for has its number at once, by which whoever waits
 * knows it.  A new configuration waits for the pass that runs: flows borrow
 * the old one.
 */
#include "daemon/service_parts.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/fixed.h"
#include "daemon/log.h"
#include "daemon/progress.h"
#include "daemon/report.h"

/* --- Passes -------------------------------------------------------------- */

/* Gives the number of the pass that does it. */
static uint64_t want(struct service *s, struct wanted_what *what)
{
	size_t place = wanted_add(&s->wanted, what);
	struct wanted_what *waits = &s->wanted.what[place];

	if (waits->number == 0)
		waits->number = ++s->numbers;
	return waits->number;
}

static void schedule_asked(struct service *s)
{
	if (!s->running && !s->stopping && s->begun)
		service_schedule(s);
}

static uint64_t on_resync(void *arg, struct wanted_what *what)
{
	struct service *s = arg;
	uint64_t pass = want(s, what);

	schedule_asked(s);
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
		schedule_asked(s);
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
		if (wanted_kind(&s->wanted.what[i]) != PASS_LOCAL)
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
	schedule_asked(s);
	return 0;
}

/* --- The configuration --------------------------------------------------- */

/* That it was read again, in the sync log: when may matter years later. */
struct reloaded {
	struct job job;
	struct state *state;
	struct state_event event;
	char *text;
};

static void run_reloaded(struct job *job)
{
	const struct reloaded *r = container_of(job, struct reloaded, job);
	struct err e = {0};

	if (state_event_add(r->state, &r->event, &e) != 0)
		log_error("%s", e.text);
}

static void on_reloaded(struct job *job)
{
	struct reloaded *r = container_of(job, struct reloaded, job);

	free(r->text);
	free(r);
}

static void note_reloaded(struct service *s, const char *file)
{
	struct reloaded *r = xcalloc(1, sizeof(*r));

	r->text = xasprintf("%s is read again", file);
	r->state = store_state(s->store);
	r->event = (struct state_event){
		.at = stamp_now(),
		.level = LOG_LEVEL_NOTICE,
		.kind = STR("reloaded"),
		.text = str_of(r->text),
	};
	event_log(&r->event, "reloaded");
	r->job = (struct job){.run = run_reloaded, .done = on_reloaded};
	worker_give(s->sync.worker, &r->job);
}

static int reload(struct service *s, struct err *e)
{
	struct config *fresh = xcalloc(1, sizeof(*fresh));
	char *token = NULL;
	int r = config_load(s->config->file, fresh, e);

	if (r == 0)
		r = fixed_check(s->config, fresh, e);
	if (r == 0)
		r = config_token(fresh, &token, e);
	if (r != 0) {
		config_free(fresh);
		log_error("%s (the old configuration stays)", e->text);
		return r;
	}
	api_client_set_token(s->sync.client, token);
	config_wipe_token(token);
	config_free(s->fresh);
	s->fresh = fresh;
	want(s, &(struct wanted_what){0});
	note_reloaded(s, fresh->file);
	schedule_asked(s);
	return 0;
}

int service_reload(struct service *s, struct err *e)
{
	int r;

	notify_reloading();
	r = reload(s, e);
	notify_reloaded();
	return r;
}

static int on_reload(void *arg, struct err *e)
{
	return service_reload(arg, e);
}

void service_take_over(struct service *s)
{
	if (s->fresh == NULL)
		return;
	config_free(s->config);
	s->config = s->fresh;
	s->fresh = NULL;
	mapper_configure(&s->mapper, s->config);
	s->sync.config = s->config;
	s->sync.resolved = false;
	s->compare = true;
}

/* --- What it is doing ---------------------------------------------------- */

static void on_live(void *arg, struct buf *out)
{
	struct service *s = arg;
	int64_t wait = (s->next_at - stamp_monotonic()) / STAMP_SECOND;
	int64_t lag = monitor_lag(&s->monitor);

	buf_printf(out, "\"pid\":%lld,", (long long)getpid());
	report_stamp(out, "since", s->monitor.started);
	buf_putc(out, ',');
	report_text(out, "server", str_of(s->config->url));
	buf_putc(out, ',');
	report_stamp(out, "last_good", s->monitor.last_success);
	if (lag < 0)
		buf_puts(out, ",\"lag\":null");
	else
		buf_printf(
			out, ",\"lag\":%lld", (long long)(lag / STAMP_SECOND));
	buf_printf(out, ",\"fault\":%s,",
		s->monitor.health.fault ? "true" : "false");
	report_text(out, "error",
		s->last.code != 0 ? str_of(s->last.text) : STR_NONE);
	buf_putc(out, ',');
	push_report(s->push, out);
	buf_putc(out, ',');
	hooks_report(s->hooks, out);
	if (s->running) {
		buf_puts(out, ",\"running\":{");
		progress_put(s->number, &s->pass, out);
		buf_puts(out, "},\"next\":0");
	} else {
		buf_printf(out, ",\"running\":null,\"next\":%lld",
			(long long)(wait > 0 ? wait : 0));
	}
}

int service_open_control(struct service *s, const char *path, struct err *e)
{
	s->host = (struct control_host){
		.sync = &s->sync,
		.arg = s,
		.live = on_live,
		.resync = on_resync,
		.cancel = on_cancel,
		.pause = on_pause,
		.reload = on_reload,
	};
	return control_open(&s->host, path, &s->control, e);
}
