/*
 * foreground - a child that is all we wait for.
 *
 *   loop runs --> child has ended --> back to the caller
 *     `--> signal: child killed --> has ended --> ended by that signal, too
 */
#include "daemon/foreground.h"

#include <signal.h>

#include "base/util.h"

static const int endings[] = {SIGHUP, SIGINT, SIGTERM};

struct foreground {
	struct child *child;
	uv_signal_t handles[ARRAY_LEN(endings)];
	int ended_by; /* or 0 */
};

static void on_signal(uv_signal_t *handle, int number)
{
	struct foreground *f = handle->data;

	f->ended_by = number;
	child_kill(f->child);
}

/* What is ignored, or somebody else's to answer, stays so. */
static bool would_end(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 &&
	       (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

void foreground_run(uv_loop_t *loop, struct child *c)
{
	struct foreground f = {.child = c};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		uv_signal_init(loop, &f.handles[i]);
		f.handles[i].data = &f;
		uv_unref((uv_handle_t *)&f.handles[i]);
		if (would_end(endings[i]))
			uv_signal_start(&f.handles[i], on_signal, endings[i]);
	}
	uv_run(loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		uv_close((uv_handle_t *)&f.handles[i], NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	if (f.ended_by != 0)
		raise(f.ended_by);
}
