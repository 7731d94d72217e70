/*
 * service_reload - the configuration read again.
 *
 *   read, checked --> its key --> its names --> in force before the next pass
 *                \                  ^   \             ^
 *                 `--> the key's ---'     `--> the server is asked
 *                      command is run
 *
 * A new configuration waits for the pass that runs: flows borrow the old one,
 * which also goes on while the key's command runs and the server is asked.  Who
 * asks meanwhile has it read once more, when that has ended.  A fault leaves
 * all as it was: a name that the server does not have would stop the sync.  So
 * does a server that cannot be asked for a name that is not known: what names
 * nothing new needs no server.
 */
#include "daemon/service_parts.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/fixed.h"
#include "daemon/log.h"

/* --- That it was read again ---------------------------------------------- */

/* In the sync log: when may matter years later. */
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
	worker_run(s->sync.worker, &r->job, run_reloaded, on_reloaded);
}

static void take(struct service *s)
{
	api_client_set_token(s->sync.client, s->reload.token);
	config_free(s->fresh);
	s->fresh = s->reload.config;
	s->reload.config = NULL;
	service_want(s, &(struct wanted_what){0});
	log_settle(); /* what went wrong before it may have been its fault */
	note_reloaded(s, s->fresh->file);
	service_schedule_asked(s);
}

/* Whoever waits for it is told. */
static void finish(struct service *s, struct err *e)
{
	if (s->stopping)
		err_set(e, ERR_CANCELED, "the daemon ends");
	else if (e->code == 0)
		take(s);
	else
		log_error("%s (the old configuration stays)", e->text);
	config_wipe_token(s->reload.token);
	config_free(s->reload.config);
	s->reload.token = NULL;
	s->reload.config = NULL;
	notify_reloaded();
	if (s->control != NULL)
		control_reloaded(s->control, s->reload.number, e);
	if (s->reload.again && !s->stopping)
		service_reload(s);
}

/* --- Its names ----------------------------------------------------------- */

static void on_tried(struct trial *trial)
{
	struct reload *reload = container_of(trial, struct reload, trial);
	struct service *s = container_of(reload, struct service, reload);
	struct err e = trial->err;

	reload->on_trial = false;
	if (e.code != 0 && e.code != ERR_CONFIG)
		err_prefix(&e,
			"whether the server has what %s names is not "
			"known: reload again when it answers",
			reload->config->file);
	finish(s, &e);
}

static void try(struct service *s, struct err *e)
{
	struct reload *reload = &s->reload;
	const struct config *before = s->fresh != NULL ? s->fresh : s->config;

	if (e->code != 0 || s->stopping ||
		!trial_is_due(before, reload->config)) {
		finish(s, e);
		return;
	}
	reload->on_trial = true;
	reload->trial = (struct trial){
		.sync = &s->sync,
		.config = reload->config,
		.token = reload->token,
	};
	trial_start(&reload->trial, on_tried);
}

/* --- The key's command --------------------------------------------------- */

static void on_command(struct token_command *command)
{
	struct reload *reload = container_of(command, struct reload, command);
	struct service *s = container_of(reload, struct service, reload);
	struct err e = command->err;

	if (e.code == 0)
		config_token_said(reload->config, buf_str(&command->said),
			&reload->token, &e);
	token_command_fini(command);
	try(s, &e);
}

static void run_command(struct service *s)
{
	struct reload *reload = &s->reload;

	reload->command = (struct token_command){
		.loop = &s->loop,
		.command = reload->config->token_value,
		.timeout = TOKEN_COMMAND_TIME,
	};
	token_command_start(&reload->command, on_command);
}

/* --- Its beginning and its end ------------------------------------------- */

void service_reload(struct service *s)
{
	struct reload *reload = &s->reload;
	struct err e = {0};

	reload->again = service_reloads(s);
	if (reload->again)
		return;
	notify_reloading();
	reload->number++;
	reload->config = xcalloc(1, sizeof(*reload->config));
	if (config_load(s->config->file, reload->config, &e) == 0)
		fixed_check(s->config, reload->config, &e);
	if (e.code == 0 && reload->config->token_kind == TOKEN_COMMAND) {
		run_command(s);
		return;
	}
	if (e.code == 0)
		config_token(reload->config, &reload->token, &e);
	try(s, &e);
}

void service_wait_for_reload(void *arg, struct control_request *r)
{
	struct service *s = arg;

	r->reload = s->reload.number + 1;
	r->cancel = control_end;
	service_reload(s);
}

bool service_reloads(const struct service *s)
{
	return s->reload.config != NULL;
}

void service_end_reload(struct service *s)
{
	if (s->reload.on_trial)
		trial_cancel(&s->reload.trial);
	else if (service_reloads(s))
		token_command_kill(&s->reload.command);
}

/* Somebody else's key may see others: a reconcile follows soon. */
void service_take_over(struct service *s)
{
	int64_t first;

	if (s->fresh == NULL)
		return;
	first = service_first_reconcile(s->fresh);
	config_free(s->config);
	s->config = s->fresh;
	s->fresh = NULL;
	mapper_configure(&s->mapper, s->config);
	s->sync.config = s->config;
	s->sync.resolved = false;
	s->compare = true;
	if (s->reconcile_at > first || s->config->reconcile == 0)
		s->reconcile_at = first;
}
