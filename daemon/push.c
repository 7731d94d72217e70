/*
 * push - commits on their way to a remote.
 *
 *   (start) --> FETCHING --> (WAITING) --> FOLLOWING --.
 *                  ^                                   v
 *   a pass ended --|------------------------------> LOOKING <-- a part --.
 *                  |                                   v                 |
 *                  '--- the remote has moved ------ PUSHING --------> NOTING
 *                                                                        v
 *                                                                      IDLE
 *
 * LOOKING asks the store what is not there yet, and where that did not get
 * there in time, for half of it, and half again: so each push that ends brings
 * it nearer, however much there is and however slow the line.  FOLLOWING brings
 * the branch to where the remote is, with our commits on top (store/follow.c):
 * never a merge commit, never by force; a pass that runs is waited for.  What
 * fails is written into the sync log once (TELLING) and tried again, later and
 * later; it keeps no pass from its work.
 */
#include "daemon/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/git_fetch.h"
#include "daemon/log.h"
#include "daemon/pushed.h"
#include "daemon/report.h"

#define RETRY_FIRST (10 * STAMP_SECOND)
#define RETRY_MOST (900 * STAMP_SECOND)
#define RACES 8 /* times that somebody else was first, without a pause */
#define SLOW                                                                   \
	", though it is a single commit: a slow line needs a longer "          \
	"store.push.timeout"
#define FIRST_MOST (60 * STAMP_SECOND) /* that a start waits for the remote */

enum step {
	IDLE,
	FETCHING,
	WAITING,
	FOLLOWING,
	LOOKING,
	PUSHING,
	NOTING,
	TELLING
};

struct push {
	struct push_host host;
	char *path; /* owned, as all of where */
	struct config_push where;
	enum step step;
	bool first; /* before the first pass: only fetch and follow */
	bool again; /* something was committed meanwhile */
	bool only_look;
	bool closing;
	int races;
	int64_t wait; /* before the next try; 0: all is well */
	uv_timer_t timer;
	struct git_fetch fetch;
	struct git_child git; /* that pushes */
	struct job job;
	struct err err; /* of the step that ends */
	struct err fault;
	bool said; /* the journal has it already, */
	bool told; /* and so has the state */
	int64_t pending;
	int64_t pushed_at; /* wall clock */
	size_t most;       /* commits at a time, in a row; 0: all */
	uint64_t began;    /* the push, ms of the loop */
	bool fetched; /* what is there is not noted yet: what was fetched, */
	bool none;    /* or no such branch */

	/* What jobs found; pending is taken over when they are done. */
	struct store_backlog backlog;
	struct store_follow follow;

	struct push **owner; /* at the end: NULL is put there */
};

static void enter(struct push *p, enum step step);

static void on_timer_closed(uv_handle_t *handle)
{
	struct push *p = handle->data;

	*p->owner = NULL;
	free(p->path);
	free((char *)p->where.remote);
	free((char *)p->where.branch);
	free((char *)p->where.ssh_key);
	free((char *)p->where.known_hosts);
	free((char *)p->where.credentials);
	free(p);
}

static void finish_closing(struct push *p)
{
	git_fetch_fini(&p->fetch);
	git_child_fini(&p->git);
	uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

/* --- What goes wrong ---------------------------------------------------- */

static void rest(struct push *p)
{
	p->step = IDLE;
	p->first = false;
	if (p->again) {
		p->again = false;
		enter(p, LOOKING);
		return;
	}
	p->host.idle(p->host.arg);
}

static void on_timer(uv_timer_t *timer)
{
	struct push *p = timer->data;

	if (p->step == IDLE)
		enter(p, FETCHING);
	else
		uv_timer_start(timer, on_timer, 1000, 0);
}

static void run_tell(struct job *job)
{
	struct push *p = container_of(job, struct push, job);

	pushed_fail(
		store_state(p->host.store), p->fault.text, &p->said, &p->err);
}

static void on_told(struct job *job)
{
	struct push *p = container_of(job, struct push, job);

	p->told = p->err.code == 0;
	if (p->closing)
		finish_closing(p);
	else
		rest(p);
}

/* Told once, while it stays the same; again, if it could not be written. */
static void fail(struct push *p)
{
	if (strcmp(p->fault.text, p->err.text) != 0)
		p->said = p->told = false;
	p->fault = p->err;
	p->races = 0;
	p->wait = p->wait == 0 ? RETRY_FIRST : p->wait * 2;
	if (p->wait > RETRY_MOST || p->err.code == ERR_CONFIG)
		p->wait = RETRY_MOST;
	uv_timer_start(&p->timer, on_timer, (uint64_t)(p->wait / 1000), 0);
	p->again = false;
	if (p->told)
		rest(p);
	else
		enter(p, TELLING);
}

static void proceed(struct push *p, enum step next)
{
	if (p->closing)
		finish_closing(p);
	else if (p->err.code != 0)
		fail(p);
	else if (next == IDLE)
		rest(p);
	else
		enter(p, next);
}

/* On the worker's thread.  One that was never written is told by now. */
static int tell_well(struct push *p, struct state *state)
{
	char *text = xasprintf("%s has all commits again", p->where.remote);
	int r = 0;

	if (p->fault.code != 0 && !p->told)
		r = pushed_fail(state, p->fault.text, &p->said, &p->err);
	if (r == 0)
		r = pushed_well(state, text, &p->err);
	free(text);
	return r;
}

/* All that is committed is there. */
static void be_well(struct push *p)
{
	p->pending = 0;
	p->fault = (struct err){0};
	p->said = p->told = false;
	p->wait = 0;
	p->races = 0;
	p->most = 0;
	uv_timer_stop(&p->timer);
}

/* --- FETCHING ----------------------------------------------------------- */

static void say_why(struct push *p, const char *what,
	const struct git_child *git, const char *way_out)
{
	struct buf why = {0};

	git_child_reason(git, &why);
	err_set(&p->err, ERR_AGAIN, "%s %s, branch %s: %s%s", what,
		p->where.remote, p->where.branch, buf_str(&why).p, way_out);
	buf_fini(&why);
}

static bool said(const struct buf *b, const char *words)
{
	return str_find(buf_str(b), str_of(words)) < b->n;
}

static void on_fetched(struct git_fetch *f)
{
	struct push *p = container_of(f, struct push, fetch);
	const struct child *child = &f->git.child;
	bool none = said(&child->errors, "couldn't find remote ref");

	p->err = (struct err){0};
	if (child->err.code != 0 && !none)
		say_why(p, "cannot fetch from", &f->git, "");
	p->fetched |= p->err.code == 0;
	p->none = none;
	git_fetch_fini(f);
	/* A branch that is not there yet is made by the push. */
	proceed(p, none ? p->first ? IDLE : LOOKING : WAITING);
}

static void fetch(struct push *p)
{
	const struct config_push *c = &p->where;

	p->fetch = (struct git_fetch){
		.loop = p->host.loop,
		.worker = p->host.worker,
		.store = p->host.store,
		.path = p->path,
		.from = c,
		.timeout = p->first && c->timeout > FIRST_MOST ? FIRST_MOST
							       : c->timeout,
	};
	git_fetch_start(&p->fetch, on_fetched);
}

/* --- FOLLOWING ---------------------------------------------------------- */

static void run_follow(struct job *job)
{
	struct push *p = container_of(job, struct push, job);

	store_follow(p->host.store, store_fetched(p->host.store), &p->follow,
		&p->err);
	pushed_kept(
		store_state(p->host.store), &p->where, p->follow.kept_branch);
	if (p->follow.again)
		p->host.made_again(p->host.arg);
}

static void tell_followed(const struct push *p)
{
	const struct store_follow *f = &p->follow;

	if (f->moved && f->n_again > 0)
		log_notice("%s had moved: %zu commits made again on top of it",
			p->where.remote, f->n_again);
	else if (f->moved)
		log_notice("the store follows %s", p->where.remote);
}

static void on_followed(struct job *job)
{
	struct push *p = container_of(job, struct push, job);

	tell_followed(p);
	p->host.followed(p->host.arg, p->follow.again);
	proceed(p, p->first ? IDLE : LOOKING);
}

/* --- LOOKING ------------------------------------------------------------ */

/* What a fetch has shown holds, whatever was pushed before. */
static int note_fetched(struct push *p, struct state *state)
{
	char there[41] = "";
	int r = 0;

	if (!p->fetched)
		return 0;
	if (!p->none)
		r = store_fetched_head(p->host.store, there, &p->err);
	if (r == 0)
		r = pushed_put(state, &p->where, there, &p->err);
	p->fetched = r != 0;
	return r;
}

static void run_look(struct job *job)
{
	struct push *p = container_of(job, struct push, job);
	struct state *state = store_state(p->host.store);
	struct buf old = {0};
	int r = note_fetched(p, state);

	if (r == 0)
		r = pushed_get(state, &p->where, &old, &p->err);
	if (r == 0)
		r = store_backlog(p->host.store, buf_str(&old).p, p->most,
			&p->backlog, &p->err);
	if (r == 0 && str_is(buf_str(&old), p->backlog.tip))
		p->backlog.tip[0] = '\0'; /* nothing to do */
	if (r == 0 && p->backlog.tip[0] == '\0' && !p->only_look)
		tell_well(p, state);
	buf_fini(&old);
}

static void on_looked(struct job *job)
{
	struct push *p = container_of(job, struct push, job);
	bool only_look = p->only_look;
	bool nothing = p->backlog.tip[0] == '\0';

	p->only_look = false;
	if (p->err.code == 0)
		p->pending = p->backlog.n;
	if (p->err.code == 0 && nothing && !only_look)
		be_well(p);
	proceed(p, !nothing && !only_look ? PUSHING : IDLE);
}

/* --- PUSHING ------------------------------------------------------------ */

/* Somebody else was first, or is pushing at this moment. */
static bool has_moved(const struct child *child)
{
	return said(&child->out, "[rejected]") ||
	       said(&child->out, "failed to update ref") ||
	       said(&child->out, "cannot lock ref") ||
	       said(&child->errors, "cannot lock ref");
}

/* What takes too long at once may get there in parts. */
static bool halve(struct push *p)
{
	if (p->backlog.n_line <= 1)
		return false;
	p->most = p->backlog.n_line / 2;
	log_notice("%lld commits did not get to %s within store.push.timeout: "
		   "half of them first",
		(long long)p->backlog.n_part, p->where.remote);
	return true;
}

/* Twice as much would have been there in time, too, and easily. */
static void widen(struct push *p)
{
	uint64_t took = uv_now(p->host.loop) - p->began;

	if (took < (uint64_t)(p->where.timeout / 1000) / 4)
		p->most *= 2;
}

static void on_pushed(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct push *p = container_of(g, struct push, git);
	bool moved = child->err.code != 0 && has_moved(child);
	enum step next = NOTING;

	p->err = (struct err){0};
	if (moved && p->races++ < RACES)
		next = FETCHING;
	else if (child->timed_out && halve(p))
		next = LOOKING;
	else if (child->err.code != 0)
		say_why(p, "cannot push to", g, child->timed_out ? SLOW : "");
	else
		widen(p);
	git_child_fini(&p->git);
	proceed(p, next);
}

static void push(struct push *p)
{
	const struct config_push *c = &p->where;

	git_child_init(&p->git, p->host.loop, p->path, c);
	git_child_args(&p->git, "push", "--porcelain", "--no-verify",
		"--no-follow-tags", "--recurse-submodules=no", "--", c->remote,
		NULL);
	git_child_arg(&p->git, "%s:refs/heads/%s", p->backlog.part, c->branch);
	p->git.child.timeout = c->timeout;
	p->began = uv_now(p->host.loop);
	git_child_start(&p->git, on_pushed);
}

/* --- NOTING ------------------------------------------------------------- */

static bool is_all(const struct push *p)
{
	return strcmp(p->backlog.part, p->backlog.tip) == 0;
}

static void run_note(struct job *job)
{
	struct push *p = container_of(job, struct push, job);
	struct state *state = store_state(p->host.store);

	if (pushed_done(state, &p->where, p->backlog.part, p->backlog.n_part,
		    &p->err) == 0 &&
		is_all(p))
		tell_well(p, state);
}

static void on_noted(struct job *job)
{
	struct push *p = container_of(job, struct push, job);

	if (p->err.code == 0) {
		p->pushed_at = stamp_now();
		p->races = 0;
	}
	if (p->err.code == 0 && is_all(p))
		be_well(p);
	proceed(p, is_all(p) ? IDLE : LOOKING);
}

/* --- The whole ---------------------------------------------------------- */

static void enter(struct push *p, enum step step)
{
	p->step = step;
	p->err = (struct err){0};
	switch (step) {
	case IDLE:
		return;
	case FETCHING:
		fetch(p);
		return;
	case WAITING:
		if (p->host.may_follow(p->host.arg))
			enter(p, FOLLOWING);
		return;
	case FOLLOWING:
		worker_run(p->host.worker, &p->job, run_follow, on_followed);
		return;
	case LOOKING:
		worker_run(p->host.worker, &p->job, run_look, on_looked);
		return;
	case PUSHING:
		push(p);
		return;
	case NOTING:
		worker_run(p->host.worker, &p->job, run_note, on_noted);
		return;
	case TELLING:
		worker_run(p->host.worker, &p->job, run_tell, on_told);
		return;
	}
}

static char *copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* A reload frees the configuration while we are at work: hence copies. */
struct push *push_new(const struct push_host *host, const struct config *config)
{
	const struct config_push *from = &config->push;
	struct push *p;

	if (from->remote == NULL)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->host = *host;
	p->path = xstrdup(config->store_path);
	p->where = (struct config_push){
		.remote = copy(from->remote),
		.branch = copy(from->branch),
		.timeout = from->timeout,
		.ssh_key = copy(from->ssh_key),
		.known_hosts = copy(from->known_hosts),
		.credentials = copy(from->credentials),
	};
	uv_timer_init(host->loop, &p->timer);
	p->timer.data = p;
	return p;
}

void push_begin(struct push *p)
{
	p->first = true;
	enter(p, FETCHING);
}

void push_now(struct push *p, bool fetch)
{
	if (p->step != IDLE) {
		p->again = true;
		return;
	}
	/* What failed waits for its time, but it is known how much waits. */
	p->only_look = p->fault.code != 0 && !fetch;
	enter(p, fetch ? FETCHING : LOOKING);
}

void push_continue(struct push *p)
{
	if (p->step == WAITING)
		enter(p, WAITING);
}

const struct err *push_fault(const struct push *p)
{
	return &p->fault;
}

int64_t push_pending(const struct push *p)
{
	return p->pending;
}

void push_report(const struct push *p, struct buf *out)
{
	if (p == NULL) {
		report_text(out, "push", STR_NONE);
		return;
	}
	report_open(out, "push", '{');
	report_text(out, "remote", str_of(p->where.remote));
	report_text(out, "branch", str_of(p->where.branch));
	report_int(out, "pending", p->pending);
	report_stamp(out, "last", p->pushed_at);
	report_text(out, "error",
		p->fault.code != 0 ? str_of(p->fault.text) : STR_NONE);
	buf_putc(out, '}');
}

void push_close(struct push **owner)
{
	struct push *p = *owner;

	if (p == NULL)
		return;
	p->owner = owner;
	p->closing = true;
	uv_timer_stop(&p->timer);
	if (p->step == IDLE || p->step == WAITING) {
		finish_closing(p);
		return;
	}
	git_fetch_cancel(&p->fetch);
	child_kill(&p->git.child); /* a job comes to its end */
}
