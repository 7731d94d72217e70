/*
 * Each allocation of curl's fails once, from when requests are under way to
 * their end: each is told of, or all ends for want of memory.  None waits for
 * ever.  Every attempt is a process of its own.
 */
#include "api/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stamp.h"
#include "tests/unit/api/server.h"

#define PATIENCE 20 /* seconds, of which an attempt takes some thousandths */
#define BODY "abcdefghi"

/* --- What curl allocates -------------------------------------------------- */

static atomic_bool counting; /* curl has a thread that looks up names */
static atomic_int n_allocations;
static int failing; /* which of them; 0 for none */

static bool fails(void)
{
	return counting && ++n_allocations == failing;
}

static void *take(size_t size)
{
	return fails() ? NULL : malloc(size);
}

static void *take_zeroed(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

static void *take_again(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

static char *take_copy(const char *text)
{
	return fails() ? NULL : strdup(text);
}

static int set_up(void **state)
{
	(void)state;
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, free, take_again,
		       take_copy, take_zeroed) == CURLE_OK
		       ? 0
		       : -1;
}

/* --- An attempt ----------------------------------------------------------- */

struct attempt {
	struct http_get get;
	struct buf got;
	bool done;
};

static enum http_take on_bytes(struct http_get *g, const void *bytes, size_t n)
{
	struct attempt *t = container_of(g, struct attempt, get);

	buf_add(&t->got, bytes, n);
	return HTTP_TAKEN;
}

static void on_done(struct http_get *g)
{
	struct attempt *t = container_of(g, struct attempt, get);

	t->done = true;
	free(g->redirect);
	uv_stop(g->http->loop);
}

static void start(struct attempt *t, struct http *h, const struct server *s)
{
	*t = (struct attempt){
		.get = {.url = xasprintf("http://127.0.0.1:%d/", s->port),
			.on_bytes = on_bytes,
			.on_done = on_done},
	};
	counting = false;
	http_start(h, &t->get);
	counting = true;
}

/* It was told of, and not as complete where it is not. */
static bool is_told(struct attempt *t, uv_loop_t *loop)
{
	bool whole;

	while (!t->done)
		uv_run(loop, UV_RUN_DEFAULT);
	whole = str_is(buf_str(&t->got), BODY);
	buf_fini(&t->got);
	return whole || t->get.result != CURLE_OK;
}

static void answer(struct conn *c)
{
	conn_answer(c, 200, "", BODY, strlen(BODY));
}

static void closed(struct http *h)
{
	h->loop = NULL;
}

/* Two at once, and one over a connection that is there. */
static bool all_are_told(void)
{
	static const struct http_config config = {.user_agent = "opsync-test",
		.connect_timeout = 5 * STAMP_SECOND,
		.stall_timeout = 30 * STAMP_SECOND};
	uv_loop_t loop;
	struct server server;
	struct http http;
	struct attempt tries[3];
	bool told;

	uv_loop_init(&loop);
	server_start(&server, &loop, answer);
	if (http_init(&http, &loop, &config) != 0)
		return false;
	start(&tries[0], &http, &server);
	start(&tries[1], &http, &server);
	told = is_told(&tries[0], &loop);
	told = is_told(&tries[1], &loop) && told;
	start(&tries[2], &http, &server);
	told = is_told(&tries[2], &loop) && told;
	counting = false;
	server_stop(&server);
	http_close(&http, closed);
	uv_run(&loop, UV_RUN_DEFAULT);
	return told && http.loop == NULL && uv_loop_close(&loop) == 0;
}

enum outcome { TOLD, DIED, NOT_SO_MANY, WRONG };

static _Noreturn void child(int failure, int words)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	dup2(words, STDERR_FILENO);
	alarm(PATIENCE);
	failing = failure;
	if (!all_are_told())
		_exit(WRONG);
	_exit(n_allocations < failing ? NOT_SO_MANY : TOLD);
}

/* What becomes of it where that allocation fails. */
static enum outcome try_with(int failure)
{
	char words[100] = "";
	ssize_t n = 0;
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(failure, ends[1]);
	close(ends[1]);
	for (ssize_t more = 1; more > 0; n += more)
		more = read(ends[0], words + n, sizeof(words) - 1 - (size_t)n);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return (enum outcome)WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGABRT &&
		strcmp(words, "out of memory\n") == 0)
		return DIED;
	print_error("signal %d: %s\n", WTERMSIG(status), words);
	return WRONG;
}

/* --- All of them ---------------------------------------------------------- */

static void no_request_waits_for_ever(void **state)
{
	int n[NOT_SO_MANY + 1] = {0};
	int failure = 0;

	(void)state;
	while (n[NOT_SO_MANY] == 0) {
		enum outcome outcome = try_with(++failure);

		if (outcome > NOT_SO_MANY)
			fail_msg("allocation %d fails, and that is not told",
				failure);
		n[outcome]++;
	}
	assert_true(n[TOLD] > 0);
	assert_true(n[DIED] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_request_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
