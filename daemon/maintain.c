/*
 * maintain - the repository consolidated now and then.
 *
 *   time passed, no pass runs --> job: may we, is there enough to do?
 *   --> git repack --> git reflog expire
 *   --> job: what a killed one left is cleared --> wait
 *
 * Who has set gc.auto = 0 in the repository does not want it.  What is to
 * become one pack is in store/consolidate.c.
 */
#include "daemon/maintain.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/git_child.h"
#include "daemon/log.h"

#define LIMIT (INT64_C(4) * 3600 * STAMP_SECOND)

struct maintain {
	struct maintain_host host;
	char *path;
	int64_t every;
	int64_t next_at; /* monotonic */
	struct git_child git;
	struct job job;
	bool busy;
	bool wait;
	struct store_gc gc;      /* what the job gave it */
	struct err err;          /* or why it gave nothing */
	bool told;               /* that it failed */
	struct maintain **owner; /* at the end: NULL is put there */
};

static void finish_closing(struct maintain *m)
{
	*m->owner = NULL;
	free(m->path);
	free(m);
}

static void end(struct maintain *m)
{
	bool wait = m->wait;

	buf_fini(&m->gc.keep);
	m->busy = m->wait = false;
	m->next_at = stamp_monotonic() + m->every;
	if (m->owner != NULL)
		finish_closing(m);
	else if (wait)
		m->host.idle(m->host.arg);
}

static void tell(struct maintain *m, const char *why)
{
	if (m->owner == NULL && !m->told)
		log_warning("the repository cannot be consolidated "
			    "(git repack): %s",
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
	worker_run(m->host.worker, &m->job, run_end, on_end);
}

static bool went_well(struct maintain *m)
{
	struct buf why = {0};
	bool well = m->git.child.err.code == 0;

	if (!well) {
		git_child_reason(&m->git, &why);
		tell(m, buf_str(&why).p);
		buf_fini(&why);
	}
	m->told = m->told && !well;
	return well;
}

static void on_expired(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct maintain *m = container_of(g, struct maintain, git);

	went_well(m);
	give_end(m);
}

static void begin_git(struct maintain *m)
{
	static const struct config_push none;

	git_child_init(&m->git, m->host.loop, m->path, &none);
	m->git.child.timeout = LIMIT;
	m->git.child.input_fd = m->gc.fd;
}

/* What git gc would, if the repository does not say otherwise. */
static void expire(struct maintain *m)
{
	begin_git(m);
	git_child_args(&m->git, "reflog", "expire", "--all", NULL);
	git_child_start(&m->git, on_expired);
}

static void on_repacked(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct maintain *m = container_of(g, struct maintain, git);

	if (!went_well(m) || m->owner != NULL) {
		give_end(m);
		return;
	}
	git_child_fini(&m->git);
	expire(m);
}

static void set(struct maintain *m, const char *setting)
{
	git_child_args(&m->git, "-c", setting, NULL);
}

static void repack(struct maintain *m)
{
	struct str rest = buf_str(&m->gc.keep);

	begin_git(m);
	set(m, "pack.threads=1");              /* nobody waits for it */
	set(m, "core.packedGitWindowSize=1m"); /* what it maps is memory, too */
	set(m, "core.packedGitLimit=8m");
	set(m, "repack.writeBitmaps=false");
	set(m, "repack.packKeptObjects=false");
	git_child_args(
		&m->git, "repack", "-d", "-l", "-q", "--geometric=2", NULL);
	while (rest.n > 0) {
		size_t n = str_find(rest, STR("\n"));

		git_child_arg(&m->git, "--keep-pack=%.*s", (int)n, rest.p);
		rest = str_skip(rest, n + 1);
	}
	git_child_start(&m->git, on_repacked);
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
	if (m->owner != NULL) {
		give_end(m);
		return;
	}
	repack(m);
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
	worker_run(m->host.worker, &m->job, run_may, on_may);
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

void maintain_close(struct maintain **owner)
{
	struct maintain *m = *owner;

	if (m == NULL)
		return;
	m->owner = owner;
	if (m->busy)
		child_kill(&m->git.child); /* a job comes to its end */
	else
		finish_closing(m);
}
