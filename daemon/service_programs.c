/*
 * service_programs - programs that follow a pass: a push, hooks, and what git
 * consolidates.
 *
 * They run while passes go on, with one exception: no pass begins while the
 * branch is moved to where others pushed.  A daemon for one pass waits for
 * them, in order, and ends with the last:
 *
 *   pass --> push, or its fault --> hooks --> maintain --> the end
 */
#include "daemon/service_parts.h"

#include "daemon/log.h"
#include "daemon/pushed.h"

/* --- Hooks, and what git consolidates ------------------------------------ */

/* The last thing that --once does. */
static void flush_hooks(struct service *s)
{
	s->flushed = true;
	hooks_flush(s->hooks);
}

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
		service_close(s);
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

/* --- Pushing ------------------------------------------------------------- */

static bool may_follow(void *arg)
{
	struct service *s = arg;

	if (s->running)
		return false;
	s->following = true;
	uv_timer_stop(&s->timer);
	return true;
}

static void on_made_again(void *arg)
{
	struct service *s = arg;

	mapper_forget_state(&s->mapper);
}

static void on_followed(void *arg, bool again)
{
	struct service *s = arg;

	s->following = false;
	if (again) {
		s->cursor = (struct cursor){0};
		s->next_at = 0;
	}
	if (s->begun && !s->stopping && !s->options.once)
		service_schedule(s);
}

/* Nothing is pushed at the moment: the beginning, or the end, of --once. */
static void on_push_idle(void *arg)
{
	struct service *s = arg;

	if (s->stopping || s->running)
		return;
	if (!s->begun) {
		service_begin_passes(s);
	} else if (s->options.once) {
		if (s->last.code == 0 && push_fault(s->push)->code != 0)
			err_set(&s->last, push_fault(s->push)->code,
				"what is committed is not pushed: the next "
				"pass, or a daemon, tries again");
		service_tell_push(s);
		flush_hooks(s);
	} else {
		hooks_now(s->hooks, false);
	}
}

/* A remote that is not named any more can have no fault. */
void service_end_push_fault(struct service *s)
{
	const struct config *c = s->config;
	struct err e = {0};

	if (c->push.remote == NULL && !c->rehearsal && !s->options.verify &&
		pushed_well(store_state(s->store), "nothing is pushed any more",
			&e) != 0)
		log_error("%s", e.text);
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
		.made_again = on_made_again,
		.idle = on_push_idle,
	};

	s->push = push_new(&host, s->config);
}

/* --- All of them --------------------------------------------------------- */

void service_open_programs(struct service *s)
{
	if (!s->options.verify) /* it moves nothing */
		open_push(s);
	open_hooks(s);
}

void service_run_programs(
	struct service *s, bool fetch, bool happened, bool last)
{
	if (!last) {
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

void service_keep_programs(struct service *s)
{
	maintain_now(s->maintain, false);
	if (s->push != NULL)
		push_continue(s->push);
}

void service_close_programs(struct service *s)
{
	push_close(&s->push);
	hooks_close(&s->hooks);
	maintain_close(&s->maintain);
}

bool service_has_programs(const struct service *s)
{
	return s->push != NULL || s->hooks != NULL || s->maintain != NULL;
}
