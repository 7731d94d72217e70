/*
 * maintain - the repository consolidated now and then.
 *
 *   time passed, no pass runs --> job: may we? --> git maintenance run --auto
 *   --> job: what a killed one left is cleared --> wait
 *
 * git itself judges whether there is enough to do.  Who has set gc.auto = 0 in
 * the repository does not want it.  What a pass writes meanwhile is new, and
 * git gc leaves alone what is newer than two weeks.
 *
 * Loose objects become a pack without a look at the others, which would take
 * memory and time by the size of the store; git gc, which looks at all, makes
 * one pack of many.  A large pack stays as it is: a store of many attachments
 * is not written again and again, nor twice on the disk.
 */
#include "daemon/maintain.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/git_child.h"
#include "daemon/log.h"

#define LIMIT (INT64_C(4) * 3600 * STAMP_SECOND)
#define FEW_LOOSE 2000
#define FEW_PACKS 50 /* as git itself */

struct maintain {
	struct maintain_host host;
	char *path;
	int64_t every;
	int64_t next_at; /* monotonic */
	struct git_child git;
	struct job job;
	bool busy;
	bool wait;
	struct store_gc gc; /* what the job gave it */
	struct err err;     /* or why it gave nothing */
	bool told;          /* that it failed */
	void (*closed)(void *arg);
	void *closed_arg;
};

static void finish_closing(struct maintain *m)
{
	void (*closed)(void *arg) = m->closed;
	void *arg = m->closed_arg;

	free(m->path);
	free(m);
	closed(arg);
}

static void end(struct maintain *m)
{
	bool wait = m->wait;

	m->busy = m->wait = false;
	m->next_at = stamp_monotonic() + m->every;
	if (m->closed != NULL)
		finish_closing(m);
	else if (wait)
		m->host.idle(m->host.arg);
}

static void tell(struct maintain *m, const char *why)
{
	if (m->closed == NULL && !m->told)
		log_warning("the repository cannot be consolidated (git gc): "
			    "%s",
			why);
	m->told = true;
}

static void run_end(struct job *job)
{
	struct maintain *m = container_of(job, struct maintain, job);

	store_gc_end(m->host.store, m->gc.fd, m->git.child.err.code == 0);
}

static void on_end(struct job *job)
{
	struct maintain *m = container_of(job, struct maintain, job);

	git_child_fini(&m->git);
	end(m);
}

static void give_end(struct maintain *m)
{
	m->job = (struct job){.run = run_end, .done = on_end};
	worker_give(m->host.worker, &m->job);
}

static void on_gc(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct maintain *m = container_of(g, struct maintain, git);
	struct buf why = {0};

	if (child->err.code != 0) {
		git_child_reason(g, &why);
		tell(m, buf_str(&why).p);
		buf_fini(&why);
	} else {
		m->told = false;
	}
	give_end(m);
}

static void set(struct maintain *m, const char *key, int64_t value)
{
	git_child_arg(&m->git, "-c");
	git_child_arg(&m->git, "%s=%" PRId64, key, value);
}

/* Were there more large packs than the limit, git would write them again. */
static void start(struct maintain *m)
{
	static const struct config_push none;

	git_child_init(&m->git, m->host.loop, m->path, &none);
	set(m, "maintenance.loose-objects.auto", FEW_LOOSE);
	set(m, "gc.auto", INT32_MAX); /* packs alone count */
	set(m, "gc.autoPackLimit", FEW_PACKS + (int64_t)m->gc.n_large);
	set(m, "gc.bigPackThreshold", m->gc.large);
	set(m, "gc.autoDetach", 0);
	set(m, "pack.threads", 1); /* nobody waits for it */
	git_child_arg(&m->git, "maintenance");
	git_child_arg(&m->git, "run");
	git_child_arg(&m->git, "--auto");
	git_child_arg(&m->git, "--quiet");
	git_child_arg(&m->git, "--task=loose-objects");
	git_child_arg(&m->git, "--task=gc");
	m->git.child.timeout = LIMIT;
	m->git.child.input_fd = m->gc.fd;
	git_child_start(&m->git, on_gc);
}

static void run_may(struct job *job)
{
	struct maintain *m = container_of(job, struct maintain, job);

	m->err = (struct err){0};
	store_gc_begin(m->host.store, &m->gc, &m->err);
}

static void on_may(struct job *job)
{
	struct maintain *m = container_of(job, struct maintain, job);

	if (m->err.code != 0)
		tell(m, m->err.text);
	if (m->gc.fd < 0) {
		end(m);
		return;
	}
	if (m->closed != NULL) {
		give_end(m);
		return;
	}
	start(m);
}

void maintain_now(struct maintain *m, bool wait)
{
	if (m->busy) {
		m->wait |= wait;
		return;
	}
	if (!wait && stamp_monotonic() < m->next_at)
		return;
	m->busy = true;
	m->wait = wait;
	m->job = (struct job){.run = run_may, .done = on_may};
	worker_give(m->host.worker, &m->job);
}

struct maintain *maintain_new(
	const struct maintain_host *host, const struct config *config)
{
	struct maintain *m = xcalloc(1, sizeof(*m));

	m->host = *host;
	m->path = xstrdup(config->store_path);
	m->every = config->consolidate;
	m->next_at = stamp_monotonic() + m->every;
	return m;
}

void maintain_close(struct maintain *m, void (*closed)(void *arg), void *arg)
{
	if (m == NULL)
		return;
	m->closed = closed;
	m->closed_arg = arg;
	if (m->busy)
		child_kill(&m->git.child); /* a job comes to its end */
	else
		finish_closing(m);
}
