/*
 * child - a program that runs beside the daemon.
 *
 *   spawned --> its ends are read --> exited and all ends closed --> done
 *        `--> timer: killed with its group --^
 *
 * Whatever it leaves behind in its group is killed when it has ended, so that
 * no pipe stays open for it; what has left that group and holds one is not
 * waited for.
 */
#include "daemon/child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"

#define MOST 65536    /* bytes that are kept of what it says */
#define GRACE_MS 2000 /* for the rest of what it said */

static void judge(struct child *c)
{
	const char *name = c->argv[0];

	if (c->err.code != 0)
		return;
	if (c->timed_out)
		err_set(&c->err, ERR_AGAIN, "%s: no end after %lld s", name,
			(long long)(c->timeout / STAMP_SECOND));
	else if (c->signal != 0)
		err_set(&c->err, ERR_AGAIN, "%s: ended by signal %d", name,
			c->signal);
	else if (c->status != 0)
		err_set(&c->err, ERR_AGAIN, "%s: exit status %d", name,
			c->status);
}

static void on_closed(uv_handle_t *handle)
{
	struct child *c = handle->data;

	if (--c->n_handles > 0)
		return;
	judge(c);
	c->done(c); /* c may be gone */
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void close_all(struct child *c)
{
	for (int i = 0; i < 3; i++)
		close_handle((uv_handle_t *)&c->pipes[i]);
	close_handle((uv_handle_t *)&c->timer);
	close_handle((uv_handle_t *)&c->process);
}

/* --- Its ends ----------------------------------------------------------- */

/* With nothing to come, nothing is waited for. */
static void rest(struct child *c)
{
	if (!c->running && uv_is_closing((uv_handle_t *)&c->pipes[1]) &&
		uv_is_closing((uv_handle_t *)&c->pipes[2]))
		close_handle((uv_handle_t *)&c->timer);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(xmalloc(size), (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct child *c = stream->data;
	bool out = stream == (uv_stream_t *)&c->pipes[1];
	struct buf *to = out ? &c->out : &c->errors;

	if (n > 0 && out && c->heard != NULL)
		c->heard(c, (struct str){bytes->base, (size_t)n});
	else if (n > 0 && to->n < MOST)
		buf_add(to, bytes->base,
			(size_t)n < MOST - to->n ? (size_t)n : MOST - to->n);
	if (n > 0)
		explicit_bzero(bytes->base, (size_t)n); /* a key, maybe */
	free(bytes->base);
	if (n < 0) {
		close_handle((uv_handle_t *)stream);
		rest(c);
	}
}

/* A program need not read what it is given. */
static void on_written(uv_write_t *request, int status)
{
	(void)status;
	close_handle((uv_handle_t *)request->handle);
}

static void give_input(struct child *c)
{
	uv_buf_t buf = uv_buf_init(c->input.p, (unsigned)c->input.n);

	if (c->input.n == 0 || uv_write(&c->write, (uv_stream_t *)&c->pipes[0],
				       &buf, 1, on_written) != 0)
		close_handle((uv_handle_t *)&c->pipes[0]);
}

/* --- Its end ------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
	struct child *c = timer->data;

	c->timed_out |= c->running;
	child_kill(c);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct child *c = process->data;

	c->running = false;
	c->status = signal == 0 ? (int)status : -1;
	c->signal = signal;
	kill(-process->pid, SIGKILL); /* what is left of its group */
	uv_timer_start(&c->timer, on_timer, GRACE_MS, 0);
	close_handle((uv_handle_t *)&c->pipes[0]);
	close_handle((uv_handle_t *)process);
	child_go_on(c);
	rest(c);
}

void child_kill(struct child *c)
{
	if (c->running)
		kill(-c->process.pid, SIGKILL);
	else if (c->n_handles > 0)
		close_all(c);
}

void child_hold(struct child *c)
{
	if (c->running)
		uv_read_stop((uv_stream_t *)&c->pipes[1]);
}

void child_go_on(struct child *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->pipes[1]))
		uv_read_start((uv_stream_t *)&c->pipes[1], on_alloc, on_read);
}

static int spawn(struct child *c)
{
	uv_stdio_container_t stdio[3];
	const uv_process_options_t o = {
		.file = c->program != NULL ? c->program : c->argv[0],
		.args = (char **)c->argv,
		.env = (char **)c->env,
		.cwd = c->folder,
		.exit_cb = on_ended,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};

	for (int i = 0; i < 3; i++) {
		stdio[i].flags = UV_CREATE_PIPE |
				 (i == 0 ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
		stdio[i].data.stream = (uv_stream_t *)&c->pipes[i];
	}
	if (c->input_fd > 0) {
		stdio[0].flags = UV_INHERIT_FD;
		stdio[0].data.fd = c->input_fd;
	}
	return uv_spawn(c->loop, &c->process, &o);
}

void child_start(struct child *c, child_done_fn *done)
{
	int rc;

	c->done = done;
	c->status = -1;
	for (int i = 0; i < 3; i++) {
		uv_pipe_init(c->loop, &c->pipes[i], 0);
		c->pipes[i].data = c;
	}
	uv_timer_init(c->loop, &c->timer);
	c->timer.data = c;
	c->n_handles = 5;
	rc = spawn(c);
	c->process.data = c;
	if (rc != 0) {
		err_set(&c->err, ERR_IO, "cannot start %s: %s", c->argv[0],
			uv_strerror(rc));
		close_all(c);
		return;
	}
	c->running = true;
	uv_timer_start(&c->timer, on_timer, (uint64_t)(c->timeout / 1000), 0);
	uv_read_start((uv_stream_t *)&c->pipes[1], on_alloc, on_read);
	uv_read_start((uv_stream_t *)&c->pipes[2], on_alloc, on_read);
	give_input(c);
}

void child_fini(struct child *c)
{
	buf_fini(&c->input);
	buf_fini(&c->out);
	buf_fini(&c->errors);
	*c = (struct child){0};
}
