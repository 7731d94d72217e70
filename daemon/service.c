/*
 * service - the daemon: when a pass runs, and what is asked of it meanwhile.
 *
 *   open store, client, worker, socket --> pass --> wait --> pass --> …
 *                                            ^       |
 *                                            `-- timer, or a request
 *
 * One pass runs at a time.  Requests for more wait their turn (wanted.h).
 * A pass that fails is logged (once, while the reason stays the same) and
 * the next one follows as scheduled: nothing that a server does ends the
 * daemon.  The end: cancel the pass, let its commit finish, close all.
 */
#include "daemon/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"
#include "daemon/client.h"
#include "daemon/control.h"
#include "daemon/fixed.h"
#include "daemon/hooks.h"
#include "daemon/life.h"
#include "daemon/log.h"
#include "daemon/maintain.h"
#include "daemon/monitor.h"
#include "daemon/notify.h"
#include "daemon/pass.h"
#include "daemon/pause.h"
#include "daemon/progress.h"
#include "daemon/push.h"
#include "daemon/report.h"
#include "daemon/verify.h"
#include "daemon/writable.h"

#define RECONCILE_FIRST (60 * STAMP_SECOND) /* after the start */
#define MAX_PAUSE (3600 * STAMP_SECOND)     /* that a server may ask for */
#define TICK_MS 1000 /* of progress, while somebody may wait */

struct service {
	uv_loop_t loop;
	uv_timer_t timer; /* to the next pass, or the tick while one runs */
	uv_signal_t sigterm, sigint, sighup;
	struct service_options options;
	struct config *config; /* owned */
	struct config *fresh;  /* owned: takes over before the next pass */
	struct store *store;
	struct mapper mapper;
	struct sync sync;
	struct control_host host;
	struct control *control;
	struct notify notify;
	struct monitor monitor;
	struct cursor cursor;
	struct pass pass;
	struct verify verify; /* before the pass, while verifying */
	bool verifying;
	struct push *push;         /* owned; NULL: no remote */
	struct hooks *hooks;       /* owned */
	struct maintain *maintain; /* owned */
	int64_t n_findings;        /* of the last verify */
	bool flushed;              /* the hooks of --once are told */
	bool running;
	bool following; /* the branch is moved: no pass may begin */
	bool stopping;
	const char *why; /* it stops: a literal, or NULL for s->last */
	bool failed;     /* it could not begin */
	bool mended;     /* the state was, and all is read again */
	uint64_t number; /* of the pass that runs, or ran last */
	int64_t next_at; /* monotonic, as the next */
	int64_t reconcile_at;
	bool reconciled; /* or tried to: then a poll is due first */
	struct err last; /* of the last pass */

	bool compare;  /* the mapping may be another one */
	bool read_all; /* the next poll reads all, for all may be another's */
	bool paused;
	struct slow_list slow;
	struct wanted wanted; /* asked for, and not begun yet */
};

static void schedule(struct service *s);
static void flush_hooks(struct service *s);
static void tell_findings(struct service *s, const struct buf *findings);

/* --- Logging a pass ----------------------------------------------------- */

static void log_pass(const struct service *s, const struct pass *p)
{
	const struct mapper_counts *n = &p->counts;
	const struct log_about about = {.kind = "run", .run = p->run};
	double seconds =
		(double)(stamp_monotonic() - p->started) / (double)STAMP_SECOND;

	if (p->err.code == ERR_CANCELED) {
		log_send(LOG_LEVEL_NOTICE,
			&(struct log_about){.kind = "canceled", .run = p->run},
			"pass stopped");
	} else if (p->err.code != 0 && !s->options.once) {
		log_send(LOG_LEVEL_ERROR, &(struct log_about){.run = p->run},
			"%s", p->err.text);
	} else if (p->err.code == 0 && s->last.code != 0 &&
		   s->last.code != ERR_PARTIAL) {
		log_settle();
		log_notice("the server answers again");
	}
	if (p->run != 0 && p->err.code == 0)
		log_send(LOG_LEVEL_NOTICE, &about,
			"run %lld: %lld read, %lld added, %lld changed, "
			"%lld removed, %lld failed in %.2f s%s%.10s",
			(long long)p->run, (long long)n->seen,
			(long long)n->added, (long long)n->changed,
			(long long)n->removed, (long long)n->failed, seconds,
			p->commit[0] != '\0' ? ", commit " : "", p->commit);
}

/* --- Passes ------------------------------------------------------------- */

static void close_all(struct service *s);

/* What --once ends with: the pass's error, or "some failed". */
static void judge(struct service *s, const struct pass *p)
{
	const struct err before = s->last;

	if (p->err.code != ERR_CANCELED || s->options.once)
		s->last = p->err;
	if (p->err.code != 0 || !s->options.once)
		return;
	if (p->counts.held > 0)
		err_set(&s->last, ERR_PARTIAL,
			"%lld document%s held by the guard (opsync held "
			"lists them)",
			(long long)p->counts.held,
			p->counts.held == 1 ? " is" : "s are");
	else if (p->counts.failed > 0)
		err_set(&s->last, ERR_PARTIAL,
			"%lld work packages failed (opsync status names them)",
			(long long)p->counts.failed);
	else if (before.code == ERR_PARTIAL)
		s->last = before; /* of the reconcile before the poll */
}

/* What a pass that failed was to compare, the next one has to. */
static void keep_in_mind(struct service *s, const struct pass *p)
{
	if (p->err.code == 0)
		return;
	s->read_all |= p->suspicious;
	if (!p->compare)
		return;
	s->compare = true;
	s->sync.resolved = false;
}

/* When it is time for a poll, and the server has not asked for a pause. */
static int64_t next_poll(const struct service *s)
{
	int64_t now = stamp_monotonic();
	int64_t at = now + s->config->poll;
	int64_t asked = api_client_not_before(s->sync.client);

	if (asked > now + MAX_PAUSE)
		asked = now + MAX_PAUSE;
	return asked > at ? asked : at;
}

/*
 * A single pass ends when what it committed is pushed, or cannot be, and the
 * hooks are told.
 */
static void after_pass(struct service *s, bool fetch, bool happened)
{
	bool last = s->options.once && s->next_at != 0;

	if (s->stopping) {
		close_all(s);
		return;
	}
	if (!last) {
		schedule(s);
		hooks_now(s->hooks, happened);
		maintain_now(s->maintain, false);
	}
	if (last && s->push == NULL)
		flush_hooks(s);
	if (s->push == NULL)
		return;
	push_now(s->push, fetch || (last && push_fault(s->push)->code != 0));
	push_continue(s->push);
}

/* True if a fault begins or ends with it. */
static bool watch_over(struct service *s, const struct pass *p)
{
	struct monitor *m = &s->monitor;

	m->pushes = s->push != NULL;
	if (m->pushes) {
		m->push_pending = push_pending(s->push);
		m->push_failing = push_fault(s->push)->code != 0;
	}
	return monitor_pass(m, p, s->options.once || s->stopping) !=
	       HEALTH_SAME;
}

/* Slices of a slow full read come between polls, and move none. */
static void plan_slow(struct service *s, const struct pass *p)
{
	struct slow_list *list = &s->slow;

	slow_pause(list, s->config, stamp_monotonic() - p->started);
	if (p->err.code != 0) {
		list->at = stamp_monotonic() + s->config->poll;
		return;
	}
	if (list->next < list->n)
		return;
	log_notice("everything was read again, slowly: %zu work packages",
		list->n);
	slow_fini(list);
	list->ended = stamp_now();
}

static void plan_next(struct service *s, const struct pass *p, bool asked)
{
	if (p->kind == PASS_SLOW) {
		plan_slow(s, p);
		return;
	}
	s->next_at = next_poll(s);
	s->reconciled = p->kind == PASS_RECONCILE;
	if (p->err.code == 0 && s->reconciled && !asked) /* beside the polls */
		s->next_at = s->options.once ? 0 : stamp_monotonic();
	if (p->err.code == 0 && (s->reconciled || p->kind == PASS_FULL))
		s->reconcile_at = stamp_monotonic() + s->config->reconcile;
	if (p->err.code == 0 && p->kind == PASS_FULL)
		s->slow.ended = stamp_now();
}

static void on_pass(struct pass *p)
{
	struct service *s = container_of(p, struct service, pass);
	bool mended = p->mended;
	bool asked = strcmp(p->cause, "request") == 0;
	bool fetch = asked || p->kind == PASS_RECONCILE;
	bool happened = p->run != 0;

	tell_findings(s, &p->findings);
	keep_in_mind(s, p);
	log_pass(s, p);
	judge(s, p);
	happened |= watch_over(s, p);
	if (s->control != NULL)
		progress_finished(s->control, s->number, p);
	s->running = s->notify.working = false;
	plan_next(s, p, asked);
	pass_fini(p);
	if (mended && !s->mended) { /* once: it may be the disk */
		s->mended = true;
		s->next_at = 0;
	}
	after_pass(s, fetch, happened);
}

static void on_tick(uv_timer_t *timer)
{
	struct service *s = container_of(timer, struct service, timer);

	if (!s->running)
		return;
	if (s->control != NULL)
		progress_tell(s->control, s->number, &s->pass);
	if (!s->stopping)
		notify_status(&s->notify, "syncing: %lld read, %lld failed",
			(long long)s->sync.progress.seen,
			(long long)s->sync.progress.failed);
}

static void free_config(struct config *config)
{
	if (config != NULL)
		config_fini(config);
	free(config);
}

/* No pass runs: nobody but us holds the configuration. */
static void take_over(struct service *s)
{
	if (s->fresh == NULL)
		return;
	free_config(s->config);
	s->config = s->fresh;
	s->fresh = NULL;
	s->mapper.config = s->sync.config = s->config;
	s->sync.resolved = false;
	s->compare = true;
}

static enum pass_kind next_kind(
	const struct service *s, bool first, const struct wanted_what *asked)
{
	enum pass_kind kind = asked != NULL ? wanted_kind(asked) : PASS_POLL;

	if (kind != PASS_POLL)
		return kind;
	if (first && s->options.verify)
		return PASS_VERIFY;
	if (s->read_all || (first && s->options.full))
		return PASS_FULL;
	if (!first && asked == NULL && stamp_monotonic() < s->next_at &&
		slow_wait(&s->slow, s->config) == 0)
		return PASS_SLOW;
	if (first)
		return s->options.reconcile ? PASS_RECONCILE : PASS_POLL;
	if (asked == NULL && !s->reconciled &&
		stamp_monotonic() >= s->reconcile_at)
		return PASS_RECONCILE;
	return PASS_POLL;
}

/* --- Verifying, before a pass that reads everything --------------------- */

/* An object a line, for who waits, or who started us for it. */
static void tell_findings(struct service *s, const struct buf *findings)
{
	struct str rest = buf_str(findings);

	while (rest.n > 0) {
		size_t n = str_find(rest, STR("\n"));
		struct str line = {rest.p, n};

		s->n_findings++;
		if (s->control != NULL)
			control_progress(s->control, s->number, line);
		if (s->options.found != NULL)
			s->options.found(s->options.arg, line);
		rest = str_skip(rest, n < rest.n ? n + 1 : n);
	}
}

static void on_verified(struct verify *v)
{
	struct service *s = container_of(v, struct service, verify);

	s->verifying = false;
	s->notify.working = true;
	tell_findings(s, &v->findings);
	if (v->err.code != 0 && v->err.code != ERR_CANCELED)
		log_error("%s", v->err.text);
	verify_fini(v);
	if (s->stopping)
		s->pass.canceled = true;
	pass_start(&s->pass, on_pass);
}

static void start_verify(struct service *s)
{
	s->n_findings = 0;
	s->notify.working = false; /* git has a limit of its own */
	s->verify.sync = &s->sync;
	verify_start(&s->verify, on_verified);
}

static void set_adopt(struct service *s, const struct wanted_what *what)
{
	s->pass.kind = PASS_SOME;
	s->pass.adopt = true;
	s->pass.dry = what->dry;
	if (what->paths != NULL)
		buf_puts(&s->pass.paths, what->paths);
}

static void start_pass(struct service *s, const char *cause)
{
	struct wanted_what what = {0};
	bool first = s->number == 0;
	bool asked = !first && wanted_take(&s->wanted, &what);

	take_over(s);
	s->number++;
	s->running = s->notify.working = true;
	s->sync.progress = (struct mapper_counts){0};
	s->pass = (struct pass){
		.sync = &s->sync,
		.cursor = &s->cursor,
		.kind = next_kind(s, first, asked ? &what : NULL),
		.cause = asked ? "request" : cause,
		.first = first,
		.compare = first || s->compare,
		.record = asked,
		.ids = what.ids,
		.n_ids = what.n_ids,
		.reconcile = what.reconcile,
		.slow_list = &s->slow,
	};
	if (s->pass.kind == PASS_FULL)
		s->read_all = false;
	if (s->pass.kind == PASS_LOCAL)
		s->pass.compare = false;
	else
		s->compare = false;
	if (s->pass.kind == PASS_VERIFY) {
		s->verifying = true;
		s->verify.repair = asked ? what.repair : s->options.repair;
		s->pass.kind = PASS_FULL;
		s->pass.deep = s->verify.repair;
		s->pass.dry = !s->verify.repair;
	}
	if (s->pass.kind == PASS_ADOPT)
		set_adopt(s, &what);
	if (s->pass.dry && !first) { /* it commits no other mapping */
		s->compare = s->pass.compare;
		s->pass.compare = false;
	}
	free(what.paths);
	uv_timer_start(&s->timer, on_tick, TICK_MS, TICK_MS);
	if (s->verifying)
		start_verify(s);
	else
		pass_start(&s->pass, on_pass);
}

static void on_timer(uv_timer_t *timer)
{
	struct service *s = container_of(timer, struct service, timer);

	start_pass(s, s->number == 0 ? "start" : "schedule");
}

static void schedule(struct service *s)
{
	int64_t wait = s->next_at - stamp_monotonic();
	int64_t slow = slow_wait(&s->slow, s->config);

	if (wait > slow && s->last.code == 0)
		wait = slow;
	if (s->following)
		return; /* on_followed() comes back here */
	if (s->paused) {
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

/* --- Pushing ------------------------------------------------------------ */

static bool may_follow(void *arg)
{
	struct service *s = arg;

	if (s->running)
		return false;
	s->following = true;
	uv_timer_stop(&s->timer);
	return true;
}

static void on_followed(void *arg, bool again)
{
	struct service *s = arg;

	s->following = false;
	if (again) {
		s->cursor = (struct cursor){0};
		s->next_at = 0;
	}
	if (s->number > 0 && !s->stopping && !s->options.once)
		schedule(s);
}

/* The first pass, unless a person ordered a pause. */
static void begin_passes(struct service *s)
{
	if (!s->paused) {
		start_pass(s, s->options.once ? "once" : "start");
	} else if (s->options.once) {
		close_all(s); /* s->last says why */
	} else {
		log_notice("%s", s->last.text);
		s->last = (struct err){0};
		schedule(s);
	}
}

/* Nothing is pushed at the moment: the beginning, or the end, of --once. */
static void on_push_idle(void *arg)
{
	struct service *s = arg;

	if (s->stopping || s->running)
		return;
	if (s->number == 0) {
		begin_passes(s);
	} else if (s->options.once) {
		if (s->last.code == 0)
			s->last = *push_fault(s->push);
		flush_hooks(s);
	} else {
		hooks_now(s->hooks, false);
	}
}

/* --- Hooks -------------------------------------------------------------- */

static void on_hooks_idle(void *arg)
{
	struct service *s = arg;

	if (s->flushed && !s->stopping)
		maintain_now(s->maintain, true);
}

static void on_maintained(void *arg)
{
	struct service *s = arg;

	if (!s->stopping)
		close_all(s);
}

static void on_maintain_closed(void *arg)
{
	struct service *s = arg;

	s->maintain = NULL;
}

/* The last thing that --once does. */
static void flush_hooks(struct service *s)
{
	s->flushed = true;
	hooks_flush(s->hooks);
}

static void open_hooks(struct service *s)
{
	const struct hooks_host host = {
		.loop = &s->loop,
		.worker = s->sync.worker,
		.store = s->store,
		.arg = s,
		.idle = on_hooks_idle,
	};

	const struct maintain_host maintain = {
		.loop = &s->loop,
		.worker = s->sync.worker,
		.store = s->store,
		.arg = s,
		.idle = on_maintained,
	};

	s->maintain = maintain_new(&maintain, s->config);
	s->hooks = hooks_new(&host, s->config);
	hooks_begin(s->hooks);
}

static void on_hooks_closed(void *arg)
{
	struct service *s = arg;

	s->hooks = NULL;
}

static void open_push(struct service *s)
{
	const struct push_host host = {
		.loop = &s->loop,
		.worker = s->sync.worker,
		.store = s->store,
		.arg = s,
		.may_follow = may_follow,
		.followed = on_followed,
		.idle = on_push_idle,
	};

	s->push = push_new(&host, s->config);
}

static void on_push_closed(void *arg)
{
	struct service *s = arg;

	s->push = NULL;
}

/* --- What the control socket asks --------------------------------------- */

/* The number of the pass that does what waits at that place. */
static uint64_t number_of(const struct service *s, size_t place)
{
	return s->number + 1 + place + (s->number == 0 ? 1 : 0);
}

static void schedule_asked(struct service *s)
{
	if (!s->running && !s->stopping && s->number > 0)
		schedule(s);
}

static uint64_t on_resync(void *arg, struct wanted_what *what)
{
	struct service *s = arg;
	uint64_t pass = number_of(s, wanted_add(&s->wanted, what));

	schedule_asked(s);
	return pass;
}

static uint64_t on_cancel(void *arg, size_t *n)
{
	struct service *s = arg;

	*n = s->wanted.n;
	for (size_t i = 0; i < *n; i++)
		progress_canceled(s->control, number_of(s, i));
	wanted_fini(&s->wanted);
	if (!s->running)
		return 0;
	s->pass.abandon = true;
	pass_cancel(&s->pass);
	return s->number;
}

static uint64_t on_pause(void *arg, bool paused)
{
	struct service *s = arg;

	s->paused = paused;
	if (s->running) {
		if (paused)
			pass_cancel(&s->pass);
		return s->number;
	}
	if (!paused)
		s->next_at = stamp_monotonic();
	if (!s->stopping)
		schedule(s);
	return 0;
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
		free_config(fresh);
		log_error("%s (the old configuration stays)", e->text);
		return r;
	}
	api_client_set_token(s->sync.client, token);
	config_wipe_token(token);
	free_config(s->fresh);
	s->fresh = fresh;
	wanted_add(&s->wanted, &(struct wanted_what){0});
	log_send(LOG_LEVEL_NOTICE, &(struct log_about){.kind = "reloaded"},
		"%s is read again", fresh->file);
	schedule_asked(s);
	return 0;
}

static int on_reload(void *arg, struct err *e)
{
	int r;

	notify_reloading();
	r = reload(arg, e);
	notify_reloaded();
	return r;
}

static void on_sighup(uv_signal_t *handle, int number)
{
	struct err e = {0};

	(void)number;
	on_reload(handle->data, &e);
}

static void on_live(void *arg, struct buf *out)
{
	struct service *s = arg;
	int64_t wait = (s->next_at - stamp_monotonic()) / STAMP_SECOND;

	buf_printf(out, "\"pid\":%lld,", (long long)getpid());
	report_stamp(out, "since", s->monitor.started);
	buf_putc(out, ',');
	report_text(out, "server", str_of(s->config->url));
	buf_putc(out, ',');
	report_stamp(out, "last_good", s->monitor.last_success);
	buf_printf(out, ",\"lag\":%lld,\"fault\":%s,",
		(long long)(monitor_lag(&s->monitor) / STAMP_SECOND),
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

/* --- The end ------------------------------------------------------------ */

static void on_closed(void *arg)
{
	(void)arg;
}

static void close_worker(struct service *s)
{
	worker_close(s->sync.worker, on_closed, s);
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

	if (worker_pending(s->sync.worker) > 0 || s->push != NULL ||
		s->hooks != NULL || s->maintain != NULL)
		return;
	uv_timer_stop(timer);
	close_worker(s);
}

static void close_all(struct service *s)
{
	s->stopping = true;
	if (s->control != NULL)
		control_close(s->control, on_closed, s);
	s->control = NULL;
	push_close(s->push, on_push_closed, s);
	hooks_close(s->hooks, on_hooks_closed, s);
	maintain_close(s->maintain, on_maintain_closed, s);
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
	if (s->verifying) {
		verify_cancel(&s->verify);
	} else if (s->running) {
		pass_cancel(&s->pass);
	} else {
		monitor_flush(&s->monitor);
		close_all(s);
	}
}

/* --- The beginning ------------------------------------------------------ */

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
	};
	int r = writable_check(c->store_path, e);

	if (r == 0)
		r = store_open(&o, &s->store, e);
	if (r == 0)
		r = mapper_init(&s->mapper, s->store, c, e);
	return r == 0 ? slow_load(&s->slow, store_state(s->store), e) : r;
}

static void watch_signal(
	struct service *s, uv_signal_t *handle, uv_signal_cb on_it, int number)
{
	uv_signal_init(&s->loop, handle);
	handle->data = s;
	uv_signal_start(handle, on_it, number);
}

static int open_control(struct service *s, const char *path, struct err *e)
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

static void begin(struct service *s, struct err *e)
{
	char *socket = config_socket(s->config);

	uv_timer_init(&s->loop, &s->timer);
	watch_signal(s, &s->sigterm, on_signal, SIGTERM);
	watch_signal(s, &s->sigint, on_signal, SIGINT);
	watch_signal(s, &s->sighup, on_sighup, SIGHUP);
	s->sync.loop = &s->loop;
	s->sync.mapper = &s->mapper;
	s->sync.config = s->config;
	s->sync.worker = worker_new(&s->loop);
	s->notify.sync = &s->sync;
	notify_init(&s->notify, &s->loop);
	if (!s->options.once && open_control(s, socket, e) != 0) {
		s->failed = true;
		s->last = *e;
		close_all(s);
	} else {
		notify_ready(&s->notify);
		log_notice("syncing %s into %s", s->config->url,
			s->config->store_path);
		open_hooks(s);
		if (!s->options.verify) /* it moves nothing */
			open_push(s);
		if (s->push != NULL)
			push_begin(s->push);
		else
			begin_passes(s);
	}
	free(socket);
}

/* If there is one, the last error is to say so. */
static int read_pause(struct service *s, struct err *e)
{
	int r = pause_check(store_state(s->store), &s->last);

	s->paused = r == ERR_AGAIN;
	if (r != 0 && !s->paused)
		*e = s->last;
	return s->paused ? 0 : r;
}

static void tell_end(struct service *s)
{
	struct err e = {0};

	if (life_end(store_state(s->store),
		    s->why != NULL ? s->why : s->last.text, &e) != 0)
		log_error("%s", e.text);
}

int service_run(struct config *config, const struct service_options *options,
	struct err *e)
{
	struct service s = {.config = config, .options = *options};
	char *socket = options->once ? NULL : config_socket(config);
	int r;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);  /* until there is something to reload */
	signal(SIGXFSZ, SIG_IGN); /* a full quota is an error, not a death */
	s.monitor.started = stamp_now();
	s.monitor.sync = &s.sync;
	s.reconcile_at = stamp_monotonic() + RECONCILE_FIRST;
	uv_loop_init(&s.loop);
	r = open_client(&s, e);
	if (r == 0) {
		notify_opening();
		r = open_store(&s, socket, e);
		if (r == 0)
			r = monitor_init(&s.monitor, store_state(s.store), e);
		if (r == 0)
			r = read_pause(&s, e);
		if (r == 0 && !options->once)
			r = life_begin(store_state(s.store), e);
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
	wanted_fini(&s.wanted);
	slow_fini(&s.slow);
	free_config(s.fresh);
	free_config(s.config);
	if (r == 0 && (options->once || s.failed) && s.last.code != 0) {
		*e = s.last;
		r = e->code;
	}
	return r;
}
