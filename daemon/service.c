/*
 * service - the daemon: its beginning, the loop of passes, and its end.
 *
 *   open store, client, worker, socket --> pass --> wait --> pass --> …
 *                                            ^       |
 *                                            `-- timer, or a request
 *
 * One pass runs at a time; service_plan.c says which, and when.  Requests for
 * more (service_orders.c) wait their turn (wanted.h).  A pass that fails is
 * told of (service_tell.c) and the next one follows as scheduled: nothing that
 * a server does ends the daemon, only that its store was replaced by another:
 * the next start opens that.  What was committed is pushed, and hooks hear
 * of it (service_programs.c), while passes go on.  The end: cancel the pass,
 * let its commit finish, close all.
 */
#include "daemon/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "content/image.h"
#include "daemon/client.h"
#include "daemon/life.h"
#include "daemon/log.h"
#include "daemon/pause.h"
#include "daemon/service_parts.h"
#include "daemon/writable.h"

#define TICK_MS 1000 /* of progress, while somebody may wait */

/* --- Passes -------------------------------------------------------------- */

static void on_pass(struct pass *p)
{
	struct service *s = container_of(p, struct service, pass);
	bool fetch =
		strcmp(p->cause, "request") == 0 || p->kind == PASS_RECONCILE;
	bool happened = p->run != 0;
	bool quiet = p->quiet;
	bool last;

	happened |= service_tell_end(s, p);
	s->running = s->notify.working = false;
	service_plan_next(s, p);
	pass_fini(p);
	s->failed = s->last.code == ERR_REPLACED;
	if (s->stopping || s->failed) {
		service_close(s);
		return;
	}
	last = s->options.once && s->next_at != 0;
	if (!last)
		service_schedule(s);
	if (quiet)
		service_keep_programs(s);
	else
		service_run_programs(s, fetch, happened, last);
}

void service_run_pass(struct service *s)
{
	if (s->pass.err.code != 0)
		on_pass(&s->pass);
	else
		pass_start(&s->pass, on_pass);
}

void service_end_pass(struct service *s)
{
	if (s->verifying)
		verify_cancel(&s->verify, s->stopping);
	else
		pass_cancel(&s->pass);
}

static void on_tick(uv_timer_t *timer)
{
	struct service *s = container_of(timer, struct service, timer);

	if (s->running)
		service_tell_progress(s);
}

static void next_pass(struct service *s, const char *cause)
{
	service_take_over(s);
	service_plan_pass(s, cause);
	s->running = s->notify.working = true;
	s->sync.progress = (struct mapper_counts){0};
	uv_timer_start(&s->timer, on_tick, TICK_MS, TICK_MS);
	if (s->verifying)
		service_verify(s);
	else
		service_run_pass(s);
}

static void on_timer(uv_timer_t *timer)
{
	struct service *s = container_of(timer, struct service, timer);

	next_pass(s, s->started ? "schedule" : "start");
}

void service_schedule(struct service *s)
{
	int64_t wait = s->next_at - stamp_monotonic();
	int64_t slow = slow_wait(&s->slow, s->config);

	if (wait > slow && s->last.code == 0)
		wait = slow;
	if (s->following)
		return; /* on_followed() comes back here */
	if (s->paused && !wanted_has_local(&s->wanted)) {
		uv_timer_stop(&s->timer);
		notify_status(&s->notify, "paused (opsync resume)");
		return;
	}
	if (s->wanted.n > 0 || wait < 0)
		wait = 0;
	uv_timer_start(&s->timer, on_timer, (uint64_t)((wait + 999) / 1000), 0);
	if (s->last.code != 0)
		notify_status(&s->notify, "%s", s->last.text);
	else
		notify_status(&s->notify, "in step; polls every %lld s",
			(long long)(s->config->poll / STAMP_SECOND));
}

void service_begin_passes(struct service *s)
{
	s->begun = true;
	if (!s->paused) {
		next_pass(s, s->options.once ? "once" : "start");
	} else if (s->options.once) {
		service_close(s); /* s->last says why */
	} else {
		service_schedule(s);
		if (s->push != NULL) /* what an earlier process committed */
			push_now(s->push, false);
	}
}

/* --- The end ------------------------------------------------------------- */

static void on_closed(void *arg)
{
	(void)arg;
}

static void close_worker(struct service *s)
{
	worker_close(s->sync.worker);
	api_client_close(s->sync.client, on_closed, s);
	uv_close((uv_handle_t *)&s->timer, NULL);
	uv_close((uv_handle_t *)&s->sigterm, NULL);
	uv_close((uv_handle_t *)&s->sigint, NULL);
	uv_close((uv_handle_t *)&s->sighup, NULL);
	notify_close(&s->notify);
}

/* The socket goes first: then no question is left for the worker. */
static void on_timer_closing(uv_timer_t *timer)
{
	struct service *s = container_of(timer, struct service, timer);

	if (worker_pending(s->sync.worker) > 0 || service_has_programs(s) ||
		service_reloads(s))
		return;
	uv_timer_stop(timer);
	close_worker(s);
}

void service_close(struct service *s)
{
	if (!s->stopping)
		notify_stopping(&s->notify);
	s->stopping = true;
	if (s->control != NULL)
		control_close(s->control);
	s->control = NULL;
	service_end_reload(s);
	service_close_programs(s);
	uv_timer_start(&s->timer, on_timer_closing, 0, 5);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct service *s = handle->data;

	if (s->stopping)
		return;
	s->stopping = true;
	s->why = number == SIGTERM ? "told to end (SIGTERM)"
				   : "told to end (SIGINT)";
	notify_stopping(&s->notify);
	log_notice("stopping");
	if (s->running) {
		service_end_pass(s);
	} else {
		monitor_flush(&s->monitor);
		service_close(s);
	}
}

/* --- The beginning ------------------------------------------------------- */

static int open_client(struct service *s, struct err *e)
{
	char *token = NULL;
	int r = config_token(s->config, &token, e);

	if (r == 0)
		r = client_open(&s->loop, s->config, token, &s->sync.client, e);
	config_wipe_token(token);
	return r;
}

static void on_told(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	log_line(level, "%s", text);
}

static void on_opening(void *arg)
{
	struct service *s = arg;

	notify_opening(&s->notify);
}

/* Of any thread. */
static void look_at_picture(
	const void *bytes, size_t n, int fd, struct image_info *out)
{
	if (bytes != NULL)
		image_probe(bytes, n, out);
	else
		image_probe_fd(fd, out);
}

static int open_store(struct service *s, const char *socket, struct err *e)
{
	const struct config *c = s->config;
	const struct store_options o = {
		.path = c->store_path,
		.branch = c->branch,
		.bare = c->bare,
		.instance = c->instance,
		.author_name = c->author_name,
		.author_email = c->author_email,
		.note = socket,
		.told = on_told,
		.gets_on = on_opening,
		.told_arg = s,
		.probe = look_at_picture,
		.watches = !s->options.once,
	};
	int r = writable_check(c->store_path, e);

	if (r == 0)
		r = store_open(&o, &s->store, e);
	if (r != 0)
		writable_explain(c->store_path, e);
	if (r == 0)
		r = mapper_init(&s->mapper, s->store, c, e);
	return r == 0 ? slow_load(&s->slow, store_state(s->store), e) : r;
}

static void on_sighup(uv_signal_t *handle, int number)
{
	struct service *s = handle->data;

	(void)number;
	if (!s->stopping)
		service_reload(s);
}

static void watch_signal(
	struct service *s, uv_signal_t *handle, uv_signal_cb on_it, int number)
{
	uv_signal_init(&s->loop, handle);
	handle->data = s;
	uv_signal_start(handle, on_it, number);
}

/* It was held back from before the configuration was read. */
static void take_reload(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Jobs of a pass look at the state together; nobody waits with it. */
static void let_go(void *arg)
{
	struct service *s = arg;

	store_let_go(s->store);
}

/* One that is there at the start; a single pass ends with it. */
static void tell_pause(struct service *s)
{
	if (!s->paused || s->options.once)
		return;
	log_notice("%s", s->last.text);
	s->last = (struct err){0};
}

static void begin(struct service *s, struct err *e)
{
	char *socket = config_socket(s->config);

	uv_timer_init(&s->loop, &s->timer);
	watch_signal(s, &s->sigterm, on_signal, SIGTERM);
	watch_signal(s, &s->sigint, on_signal, SIGINT);
	watch_signal(s, &s->sighup, on_sighup, SIGHUP);
	take_reload();
	s->sync.loop = &s->loop;
	s->sync.mapper = &s->mapper;
	s->sync.config = s->config;
	s->sync.worker = worker_new(&s->loop);
	worker_set_rest(s->sync.worker, let_go, s);
	s->notify.sync = &s->sync;
	notify_init(&s->notify, &s->loop);
	if (!s->options.once && service_open_control(s, socket, e) != 0) {
		s->failed = true;
		s->last = *e;
		service_close(s);
	} else {
		notify_ready(&s->notify);
		log_notice("syncing %s into %s", s->config->url,
			s->config->store_path);
		tell_pause(s);
		service_open_programs(s);
		if (s->push != NULL)
			push_begin(s->push);
		else
			service_begin_passes(s);
	}
	free(socket);
}

/* If there is one, the last error is to say so.  A rehearsal may go on. */
static int read_pause(struct service *s, struct err *e)
{
	int r;

	if (s->config->rehearsal)
		return 0;
	r = pause_check(store_state(s->store), &s->last);
	s->paused = r == ERR_AGAIN;
	if (r != 0 && !s->paused)
		*e = s->last;
	return s->paused ? 0 : r;
}

static void tell_end(struct service *s)
{
	struct err e = {0};

	if (life_end(store_state(s->store),
		    s->why != NULL ? s->why : s->last.text, s->failed, &e) != 0)
		log_error("%s", e.text);
}

static int start_loop(uv_loop_t *loop, struct err *e)
{
	int r = uv_loop_init(loop);

	return r == 0 ? 0
		      : err_set(e, ERR_IO, "cannot start the event loop: %s",
				uv_strerror(r));
}

int service_run(struct config *config, const struct service_options *options,
	struct err *e)
{
	struct service s = {.config = config, .options = *options};
	char *socket = options->once ? NULL : config_socket(config);
	int r = start_loop(&s.loop, e);

	if (r != 0) {
		free(socket);
		config_free(config);
		return r;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full quota is an error, not a death */
	s.monitor.started = stamp_now();
	s.monitor.sync = &s.sync;
	s.monitor.single = options->once;
	s.reconcile_at = service_first_reconcile(config);
	r = open_client(&s, e);
	if (r == 0) {
		notify_opening(&s.notify);
		r = open_store(&s, socket, e);
		if (r == 0)
			r = monitor_init(&s.monitor, store_state(s.store),
				s.config->instance, e);
		if (r == 0)
			r = read_pause(&s, e);
		if (r == 0 && !options->once)
			r = life_begin(store_state(s.store), e);
		if (r == 0)
			service_end_push_fault(&s);
		if (r != 0)
			api_client_close(s.sync.client, on_closed, &s);
	}
	free(socket);
	if (r == 0)
		begin(&s, e);
	uv_run(&s.loop, UV_RUN_DEFAULT);
	uv_loop_close(&s.loop);
	if (r == 0 && !options->once)
		tell_end(&s);
	mapper_fini(&s.mapper);
	store_close(s.store);
	free(s.sync.scope_ids);
	quiet_fini(&s.sync.quiet);
	wanted_fini(&s.wanted);
	slow_fini(&s.slow);
	monitor_fini(&s.monitor);
	config_free(s.fresh);
	config_free(s.config);
	if (r == 0 && (options->once || s.failed) && s.last.code != 0) {
		*e = s.last;
		r = e->code;
	}
	return r;
}
