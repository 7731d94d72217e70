#ifndef DAEMON_SERVICE_PARTS_H
#define DAEMON_SERVICE_PARTS_H

#include "daemon/control.h"
#include "daemon/hooks.h"
#include "daemon/maintain.h"
#include "daemon/monitor.h"
#include "daemon/notify.h"
#include "daemon/pass.h"
#include "daemon/push.h"
#include "daemon/service.h"
#include "daemon/token_command.h"
#include "daemon/trial.h"
#include "daemon/verify.h"

/* A configuration that is read again, until it is known to be right. */
struct reload {
	struct config *config; /* owned; NULL: none is read */
	uint64_t number;       /* of it, or of the last one */
	bool again;            /* it is read once more then */
	bool on_trial;         /* its names are; before, its key is asked for */
	char *token;           /* owned: the key, on trial */
	struct token_command command;
	struct trial trial;
};

/*
 * The daemon, as the files service*.c share it.  All on the loop's thread.
 */
struct service {
	uv_loop_t loop;
	uv_timer_t timer; /* to the next pass, or the tick while one runs */
	uv_signal_t sigterm, sigint, sighup;
	struct service_options options;
	struct config *config; /* owned */
	struct config *fresh;  /* owned: takes over before the next pass */
	struct reload reload;
	struct store *store;
	struct mapper mapper;
	struct sync sync;
	struct control_host host;
	struct control *control; /* NULL: for one pass, or at the end */
	struct notify notify;
	struct monitor monitor;

	bool begun;   /* what comes before the first pass is over */
	bool started; /* it was planned; what runs in a pause is not it */

	/* The pass that runs, or ran last. */
	uint64_t number;  /* 0: none yet */
	uint64_t numbers; /* given out, also to what waits */
	bool running;
	bool verifying;
	struct verify verify; /* before the pass, while verifying */
	struct pass pass;
	struct err last; /* how it ended */

	/* The next one. */
	struct wanted wanted;  /* asked for, and not begun yet */
	struct cursor cursor;  /* from where a poll reads */
	struct slow_list slow; /* what slices read */
	int64_t next_at;       /* monotonic, as the next */
	int64_t reconcile_at;
	int64_t reconcile_wait; /* after the last one failed; else 0 */
	bool reconciled;        /* or tried to: then a poll is due first */
	bool compare;           /* the mapping may be another one */
	bool mended;            /* the state was, and all is read again */
	bool paused;            /* by a person */
	bool following;         /* the branch is moved: no pass may begin */

	/* The programs that follow it. */
	struct push *push;         /* owned; NULL: no remote */
	struct hooks *hooks;       /* owned */
	struct maintain *maintain; /* owned */
	bool flushed;              /* the hooks of --once are told */

	/* The end. */
	bool stopping;
	bool failed;     /* it could not begin, or go on */
	const char *why; /* it stops: a literal, or NULL for s->last */
};

/* --- service.c: the beginning, the loop and the end ---------------------- */

/* The first pass, unless a person ordered a pause. */
void service_begin_passes(struct service *s);

/* Start the pass that is planned, or have it ended if it has an error. */
void service_run_pass(struct service *s);

/* End the one that runs, early; it is told as every end. */
void service_end_pass(struct service *s);

/* Wait for the next pass, where none runs; again when something changed. */
void service_schedule(struct service *s);

/* The end, where no pass runs. */
void service_close(struct service *s);

/* --- service_plan.c: what is a pass to do, and when ---------------------- */

/* Monotonic: when it is due after a start, or another configuration. */
int64_t service_first_reconcile(const struct config *c);

/* The next pass into s->pass, with what was asked for taken out. */
void service_plan_pass(struct service *s, const char *cause);

/* What follows from a pass that ended: when the next is due, and what for. */
void service_plan_next(struct service *s, const struct pass *p);

/* --- service_verify.c: comparing everything before a pass ---------------- */

/* Leads to service_run_pass(). */
void service_verify(struct service *s);

/* An object a line, for who waits, or who started us for it. */
void service_tell_findings(struct service *s, const struct buf *findings);

/* --- service_tell.c: who is told of a pass ------------------------------- */

void service_tell_progress(struct service *s);

/* Judge a pass that ended, in s->last; true if a fault begins or ends. */
bool service_tell_end(struct service *s, const struct pass *p);
void service_tell_push(struct service *s); /* no pass follows that would */

/* --- service_orders.c: what the control socket asks ---------------------- */

int service_open_control(struct service *s, const char *path, struct err *e);

/* Ask for a pass; gives the number of the one that does it. */
uint64_t service_want(struct service *s, struct wanted_what *what);

/* What was asked for may begin. */
void service_schedule_asked(struct service *s);

/* --- service_reload.c: the configuration read again ---------------------- */

/* Read it again, now or when what it was read for before has ended. */
void service_reload(struct service *s);

/* The same, for who waits for its end.  arg: the service. */
void service_wait_for_reload(void *arg, struct control_request *r);

/* End it; service_reloads() is false when it is gone. */
void service_end_reload(struct service *s);
bool service_reloads(const struct service *s);

/* What was read again, if it was, holds from now on.  No pass runs. */
void service_take_over(struct service *s);

/* --- service_programs.c: programs that follow a pass --------------------- */

/* Before any job: where nothing is pushed, what went wrong with it is over. */
void service_end_push_fault(struct service *s);

void service_open_programs(struct service *s);

/*
 * After a pass: fetch, to follow others; happened, something that hooks may
 * want to know; last, the only pass: its end is the daemon's.
 */
void service_run_programs(
	struct service *s, bool fetch, bool happened, bool last);

/* After a pass before which, and in which, nothing happened. */
void service_keep_programs(struct service *s);

/* Ends them; service_has_programs() is false when all are gone. */
void service_close_programs(struct service *s);
bool service_has_programs(const struct service *s);

#endif
