/*
 * show_commit - from what is shown to the commit that made it so.
 *
 *   git log -1 of its files --> id, when, run and instance by its trailers
 *
 * The log forgets after a while; the repository does not.  Who asks for a
 * path that the state does not know any more is told of the commit alone.
 */
#include "daemon/show_commit.h"

#include <jansson.h>

#include "base/stamp.h"
#include "daemon/report.h"

#define LIMIT (20 * STAMP_SECOND)
#define MOST_PATHS 1000

#define TRAILER(name) "%(trailers:key=Opsync-" name ",valueonly,separator=%x20)"
#define FORMAT "%H%n%ct%n" TRAILER("Run") "%n" TRAILER("Instance") "%n%s"

/* --- What git says ------------------------------------------------------ */

struct commit {
	struct str id, at, run, instance, subject;
};

static struct str take_line(struct str *rest)
{
	struct str line = *rest;

	str_line(rest, &line);
	return line;
}

static void put_commit(struct show_commit *c, const struct commit *found)
{
	struct buf *out = c->line;
	long long at = 0;
	long long run = 0;

	str_to_int64(found->at, &at);
	str_to_int64(found->run, &run);
	report_open(out, "last_commit", '{');
	report_text(out, "id", found->id);
	report_stamp(out, "at", at * STAMP_SECOND);
	report_int(out, "run", run);
	report_text(out, "instance",
		found->instance.n > 0 ? found->instance : STR_NONE);
	report_text(out, "subject", found->subject);
	buf_putc(out, '}');
}

/* The line is an object: what git knows goes into it. */
static void end(struct show_commit *c)
{
	struct str said = buf_str(&c->git.child.out);
	struct commit found = {0};

	found.id = take_line(&said);
	found.at = take_line(&said);
	found.run = take_line(&said);
	found.instance = take_line(&said);
	found.subject = take_line(&said);
	if (c->unknown && found.instance.n == 0) {
		err_set(&c->err, ERR_USAGE,
			"%.*s: no document, and no attachment, of a work "
			"package (a path is given from the store's root)",
			STR_ARGS(c->path));
		return;
	}
	while (c->line->n > 0 && c->line->p[c->line->n - 1] != '}')
		c->line->n--;
	c->line->n--;
	if (found.id.n == 40)
		put_commit(c, &found);
	else
		report_text(c->line, "last_commit", STR_NONE);
	buf_puts(c->line, "}\n");
}

static void on_git(struct child *child)
{
	struct git_child *g = container_of(child, struct git_child, child);
	struct show_commit *c = container_of(g, struct show_commit, git);

	if (child->err.code != 0)
		buf_clear(&child->out);
	end(c);
	git_child_fini(g);
	c->done(c);
}

/* --- Of which files ----------------------------------------------------- */

static size_t add_files(struct show_commit *c, const json_t *document)
{
	const json_t *files = json_object_get(document, "files");
	size_t n = json_array_size(files);

	for (size_t i = 0; i < n && i < MOST_PATHS; i++)
		git_child_args(&c->git,
			json_string_value(json_object_get(
				json_array_get(files, i), "path")),
			NULL);
	return n;
}

/* Of its documents, or where one was; without either, git says nothing. */
static void add_paths(struct show_commit *c)
{
	json_t *one = json_loadb(c->line->p, c->line->n, 0, NULL);
	const json_t *documents = json_object_get(one, "documents");
	size_t n = 0;

	c->unknown = !json_is_integer(json_object_get(one, "work_package"));
	for (size_t i = 0; i < json_array_size(documents) && n < MOST_PATHS;
		i++)
		n += add_files(c, json_array_get(documents, i));
	if (n == 0)
		git_child_arg(&c->git, "%.*s", STR_ARGS(c->path));
	json_decref(one);
}

void show_commit_start(struct show_commit *c, show_commit_done_fn *done)
{
	c->done = done;
	git_child_init(
		&c->git, c->loop, c->config->store_path, &c->config->push);
	git_child_args(&c->git, "--literal-pathspecs", "log", "-1",
		"--no-show-signature", "--format=" FORMAT, NULL);
	git_child_arg(&c->git, "refs/heads/%s", c->config->branch);
	git_child_args(&c->git, "--", NULL);
	add_paths(c);
	c->git.child.timeout = LIMIT;
	git_child_start(&c->git, on_git);
}

void show_commit_cancel(struct show_commit *c)
{
	child_kill(&c->git.child);
}
