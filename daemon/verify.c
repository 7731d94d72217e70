/*
 * verify - the repository, before the server.
 *
 *   FSCK --> CHECKING --> done
 *     `----> ASIDE --> INDEXING* --> UNPACKING* --> FETCHING --> OPENING --^
 *            (repair, where something is damaged)      --> PRUNING
 *
 * Objects that are damaged are put aside.  What a pack still holds is unpacked
 * from it, an index is made again, and a remote may have the rest; what else
 * can be read of all that is saved when the repository is opened.  The state is
 * repaired by the check.  Documents and attachments come again from the server,
 * by the pass that follows.
 */
#include "daemon/verify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"

#define LIMIT (3600 * STAMP_SECOND) /* of one git */

enum step {
	FSCK,
	ASIDE,
	INDEXING,
	UNPACKING,
	FETCHING,
	OPENING,
	PRUNING,
	CHECKING
};

static void enter(struct verify *v, enum step step);

static void proceed(struct verify *v, enum step next)
{
	bool saves = next > ASIDE && next <= OPENING;

	if (v->canceled && saves && !v->at_end && v->err.code == 0)
		next = OPENING;
	else if (v->canceled)
		err_set(&v->err, ERR_CANCELED, "stopped");
	if (v->err.code != 0)
		v->done(v);
	else
		enter(v, next);
}

static void begin_git(struct verify *v)
{
	git_child_init(&v->git, v->sync->loop, v->sync->config->store_path,
		&v->sync->config->push);
	v->git.child.timeout = LIMIT;
}

/* The next of some lines, which it leaves; false if there is none. */
static bool take_line(struct buf *lines, char **out)
{
	size_t n = lines->n > 0 ? str_find(buf_str(lines), STR("\n")) : 0;

	if (n == 0)
		return false;
	*out = str_dup((struct str){lines->p, n});
	lines->n -= n + (n < lines->n);
	memmove(lines->p, lines->p + n + 1, lines->n);
	lines->p[lines->n] = '\0';
	return true;
}

/* --- FSCK --------------------------------------------------------------- */

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("0123456789abcdef", s.p[i]) == NULL)
			return false;
	return true;
}

/* All that look like ids, and the parts of paths of loose objects. */
static void find_objects(struct str line, struct buf *out)
{
	for (size_t i = 0; i + 40 <= line.n; i++) {
		struct str id = {line.p + i, 40};
		bool loose = i + 41 <= line.n && line.p[i + 2] == '/' &&
			     is_hex((struct str){line.p + i, 2}) &&
			     is_hex((struct str){line.p + i + 3, 38});

		if (loose)
			buf_printf(out, "%.2s%.38s\n", id.p, id.p + 3);
		else if (is_hex(id))
			buf_printf(out, "%.40s\n", id.p);
	}
}

/* "missing blob ID" and "broken link" name what is not there. */
static bool is_damage(struct str line)
{
	return str_find(line, STR("missing ")) == line.n &&
	       str_find(line, STR("broken link")) == line.n &&
	       str_find(line, STR("  to ")) == line.n;
}

static void take_lines(struct verify *v, struct str said)
{
	struct str line;

	while (str_line(&said, &line)) {
		char *text;

		if (line.n == 0 || str_starts(line, STR("notice:")) ||
			str_starts(line, STR("Checking ")))
			continue;
		text = str_dup(line);
		str_clean(text);
		mapper_finding(&v->findings, "objects", 0, STR_NONE, text);
		if (is_damage(line))
			find_objects(line, &v->objects);
		free(text);
	}
}

static void on_fsck(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct verify *v = container_of(g, struct verify, git);

	if (child->err.code == ERR_IO)
		v->err = child->err;
	take_lines(v, buf_str(&child->out));
	take_lines(v, buf_str(&child->errors));
	if (child->err.code != 0 && v->findings.n == 0 && !v->canceled)
		mapper_finding(
			&v->findings, "objects", 0, STR_NONE, child->err.text);
	git_child_fini(&v->git);
	proceed(v, v->repair && v->findings.n > 0 ? ASIDE : CHECKING);
}

static void start_fsck(struct verify *v)
{
	begin_git(v);
	git_child_args(&v->git, "fsck", "--full", "--strict", "--no-dangling",
		"--no-progress", NULL);
	git_child_start(&v->git, on_fsck);
}

/* --- Repairing ---------------------------------------------------------- */

static void run_aside(struct job *job)
{
	struct verify *v = container_of(job, struct verify, job);

	store_set_aside(v->sync->mapper->store, &v->objects, &v->packs,
		&v->indexes, &v->err);
}

static void on_aside(struct job *job)
{
	proceed(container_of(job, struct verify, job), INDEXING);
}

static void on_git(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct verify *v = container_of(g, struct verify, git);
	enum step step = (enum step)v->step;

	/* What it could not save is found missing. */
	if (v->fd > 0)
		close(v->fd);
	v->fd = 0;
	git_child_fini(&v->git);
	if (step == PRUNING)
		step = CHECKING;
	proceed(v, step);
}

static void index_next(struct verify *v)
{
	char *pack;

	if (!take_line(&v->indexes, &pack)) {
		proceed(v, UNPACKING);
		return;
	}
	begin_git(v);
	git_child_args(&v->git, "index-pack", pack, NULL);
	git_child_start(&v->git, on_git);
	free(pack);
}

static void unpack_next(struct verify *v)
{
	char *pack;

	if (!take_line(&v->packs, &pack)) {
		proceed(v, v->sync->config->push.remote != NULL ? FETCHING
								: OPENING);
		return;
	}
	v->fd = open(pack, O_RDONLY | O_CLOEXEC);
	free(pack);
	if (v->fd < 0) {
		v->fd = 0;
		proceed(v, UNPACKING);
		return;
	}
	begin_git(v);
	git_child_args(&v->git, "unpack-objects", "-q", "-r", NULL);
	v->git.child.input_fd = v->fd;
	git_child_start(&v->git, on_git);
}

static void on_fetched(struct git_fetch *f)
{
	git_fetch_fini(f);
	proceed(container_of(f, struct verify, fetch), OPENING);
}

static void fetch(struct verify *v)
{
	v->fetch = (struct git_fetch){
		.loop = v->sync->loop,
		.worker = v->sync->worker,
		.store = v->sync->mapper->store,
		.path = v->sync->config->store_path,
		.from = &v->sync->config->push,
		.timeout = LIMIT,
		.all = true,
	};
	git_fetch_start(&v->fetch, on_fetched);
}

static void run_open(struct job *job)
{
	struct verify *v = container_of(job, struct verify, job);

	store_open_again(v->sync->mapper->store, &v->err);
}

static void on_open(struct job *job)
{
	proceed(container_of(job, struct verify, job), PRUNING);
}

/* The reflog still names commits that are lost. */
static void prune(struct verify *v)
{
	begin_git(v);
	git_child_args(&v->git, "reflog", "expire", "--expire=never",
		"--stale-fix", "--all", NULL);
	git_child_start(&v->git, on_git);
}

/* --- CHECKING ----------------------------------------------------------- */

static void run_check(struct job *job)
{
	struct verify *v = container_of(job, struct verify, job);
	struct mapper *m = v->sync->mapper;
	int r = mapper_check(m, &v->canceled, &v->findings, &v->err);

	if (r == 0 && v->repair && v->findings.n > 0)
		mapper_repair_state(m, &v->mended, &v->err);
}

static void on_checked(struct job *job)
{
	struct verify *v = container_of(job, struct verify, job);

	if (v->canceled)
		err_set(&v->err, ERR_CANCELED, "stopped");
	v->done(v);
}

/* --- The whole ---------------------------------------------------------- */

static void enter(struct verify *v, enum step step)
{
	v->step = (int)step;
	switch (step) {
	case FSCK:
		start_fsck(v);
		return;
	case ASIDE:
		worker_run(v->sync->worker, &v->job, run_aside, on_aside);
		return;
	case INDEXING:
		index_next(v);
		return;
	case UNPACKING:
		unpack_next(v);
		return;
	case FETCHING:
		fetch(v);
		return;
	case OPENING:
		worker_run(v->sync->worker, &v->job, run_open, on_open);
		return;
	case PRUNING:
		prune(v);
		return;
	case CHECKING:
		worker_run(v->sync->worker, &v->job, run_check, on_checked);
		return;
	}
}

void verify_start(struct verify *v, verify_done_fn *done)
{
	v->done = done;
	enter(v, FSCK);
}

void verify_cancel(struct verify *v, bool at_end)
{
	v->canceled = true;
	v->at_end = at_end;
	git_fetch_cancel(&v->fetch);
	child_kill(&v->git.child);
}

void verify_fini(struct verify *v)
{
	buf_fini(&v->findings);
	buf_fini(&v->objects);
	buf_fini(&v->packs);
	buf_fini(&v->indexes);
	*v = (struct verify){0};
}
