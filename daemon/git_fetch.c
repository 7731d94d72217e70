/*
 * git_fetch - what a remote has, by the git program.
 *
 *   job: a file locked --> git fetch has it as its standard input --> job: the
 *   file removed; where git failed or was killed, its half-made packs with it
 *   (store/gc.c)
 */
#include "daemon/git_fetch.h"

static void run_end(struct job *job)
{
	struct git_fetch *f = container_of(job, struct git_fetch, job);

	if (f->fd >= 0)
		store_fetch_end(f->store, f->fd, f->git.child.err.code == 0);
}

static void on_end(struct job *job)
{
	struct git_fetch *f = container_of(job, struct git_fetch, job);

	f->done(f);
}

static void on_fetched(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct git_fetch *f = container_of(g, struct git_fetch, git);

	worker_run(f->worker, &f->job, run_end, on_end);
}

static void fetch(struct git_fetch *f)
{
	git_child_init(&f->git, f->loop, f->path, f->from);
	git_child_args(&f->git, "fetch", "--quiet", NULL);
	if (f->all)
		git_child_args(&f->git, "--refetch", NULL);
	git_child_args(&f->git, "--no-tags", "--no-write-fetch-head",
		"--no-recurse-submodules", "--refmap=", "--", f->from->remote,
		NULL);
	git_child_arg(&f->git, "+refs/heads/%s:%s", f->from->branch,
		store_fetched(f->store));
	f->git.child.timeout = f->timeout;
	f->git.child.input_fd = f->fd >= 0 ? f->fd : 0;
	git_child_start(&f->git, on_fetched);
}

/* Without the file it works, too. */
static void run_begin(struct job *job)
{
	struct git_fetch *f = container_of(job, struct git_fetch, job);

	if (store_fetch_begin(f->store, &f->fd, NULL) != 0)
		f->fd = -1;
}

static void on_begun(struct job *job)
{
	struct git_fetch *f = container_of(job, struct git_fetch, job);

	if (!f->canceled) {
		fetch(f);
		return;
	}
	err_set(&f->git.child.err, ERR_CANCELED, "stopped");
	worker_run(f->worker, &f->job, run_end, on_end);
}

void git_fetch_start(struct git_fetch *f, git_fetch_done_fn *done)
{
	f->done = done;
	worker_run(f->worker, &f->job, run_begin, on_begun);
}

void git_fetch_cancel(struct git_fetch *f)
{
	f->canceled = true;
	child_kill(&f->git.child);
}

void git_fetch_fini(struct git_fetch *f)
{
	git_child_fini(&f->git);
	*f = (struct git_fetch){0};
}
