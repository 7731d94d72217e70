/*
 * calls - run a program and make the N-th system call that changes files go
 * wrong, counted over all its threads and children.
 *
 *   calls [-r] [-n N] [-a ACTION] [-f] [-w FILE] [-u FOLDER] [-l FILE]
 *         PROGRAM [ARGUMENT]…
 *
 * ACTION is "before" or "after" (the whole family of processes is killed
 * before or after that call, as a power switch would), an errno by number
 * (the call is not made and fails so), or "short" (a write writes half).
 * -r: of those that read files, in place of those that change them (a short
 * one reads half).  -f: that call and all that follow (for an errno).  -w: each
 * call for as long as there is that file (for an errno).  -u counts only what
 * happens below FOLDER.  -l writes a line for each of those calls: its number
 * and name, and what tests/scenarios/power_cut.py needs to do it again.
 *
 * A seccomp filter stops the program at just these calls; all others run at
 * full speed.  What has a result but no file behind it (sockets, pipes,
 * devices) does not count.  Ends as the program does, 137 where it was
 * killed; 125 if it could not be run.
 */
#include <assert.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/call.h"

#ifndef __x86_64__
#error "calls knows the registers of x86-64 only"
#endif

#define FAILED 125
#define MAX_CALLS 64

enum action { NOTHING, BEFORE, AFTER, ERRNO, SHORT };

struct options {
	bool reading;
	long n;
	enum action action;
	int error;
	bool onwards;
	const char *while_there;
	const char *under;
	FILE *log;
};

/* A call that was let go and whose result is waited for. */
struct pending {
	struct pending *next;
	pid_t tid;
	const struct call *call;
	long number;
	bool last; /* kill when it is done */
	uint64_t args[6];
};

struct tracer {
	struct options o;
	long count;
	struct pending *pending;
};

/* --- The program -------------------------------------------------------- */

static int filter(bool reading)
{
	struct sock_filter f[MAX_CALLS + 3];
	struct sock_fprog prog = {.filter = f};
	size_t n_calls;
	const struct call *calls = call_all(reading, &n_calls);
	size_t n = 0;

	assert(n_calls <= MAX_CALLS);

	f[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n_calls; i++)
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			(uint32_t)calls[i].number, (uint8_t)(n_calls - i), 0);
	f[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	prog.len = (unsigned short)n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
				       &prog) != 0
		       ? -1
		       : 0;
}

static void become(bool reading, char **argv)
{
	if (setpgid(0, 0) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
		raise(SIGSTOP) != 0 || filter(reading) != 0)
		_exit(FAILED);
	execvp(argv[0], argv);
	_exit(FAILED);
}

/* --- The tracer --------------------------------------------------------- */

/*
 * at: what has been stopped.  Any other child that left the group dies at its
 * next call, or with this program.
 */
static void kill_all(pid_t program, pid_t at)
{
	int status;
	pid_t tid;

	kill(-program, SIGKILL);
	kill(at, SIGKILL);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			kill(tid, SIGKILL);
	}
}

static void poke(pid_t tid, size_t offset, int64_t value)
{
	ptrace(PTRACE_POKEUSER, tid, (void *)offset, (void *)(intptr_t)value);
}

#define REGISTER(r) offsetof(struct user_regs_struct, r)

static void spoil(const struct options *o, pid_t tid, const struct call *c,
	const uint64_t *args)
{
	if (o->action == ERRNO) {
		poke(tid, REGISTER(orig_rax), -1);
		poke(tid, REGISTER(rax), -o->error);
	} else if (o->action == SHORT && args[2] > 1 &&
		   (c->number == SYS_write || c->number == SYS_pwrite64 ||
			   c->number == SYS_read || c->number == SYS_pread64)) {
		poke(tid, REGISTER(rdx), (int64_t)(args[2] / 2));
	}
}

static void put_off(struct tracer *t, pid_t tid, const struct call *c,
	const uint64_t *args, bool last)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	*p = (struct pending){t->pending, tid, c, t->count, last, {0}};
	memcpy(p->args, args, sizeof(p->args));
	t->pending = p;
}

/* A call is about to be made.  0: go on, 1: until its end, -1: killed. */
static int on_call(struct tracer *t, pid_t tid)
{
	struct __ptrace_syscall_info info = {0};
	const struct options *o = &t->o;
	const struct call *c;
	uint64_t args[6];
	bool here;

	ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info);
	c = call_find(o->reading, info.seccomp.nr);
	if (info.op != PTRACE_SYSCALL_INFO_SECCOMP || c == NULL)
		return 0;
	for (size_t i = 0; i < 6; i++)
		args[i] = info.seccomp.args[i];
	if (!call_counts(tid, c, args, o->under))
		return 0;
	t->count++;
	here = t->count == o->n || (o->onwards && t->count > o->n) ||
	       (o->while_there != NULL && access(o->while_there, F_OK) == 0);
	if (here && o->action == BEFORE)
		return -1;
	if (here)
		spoil(o, tid, c, args);
	here = here && o->action == AFTER;
	if (o->log == NULL && !here)
		return 0;
	put_off(t, tid, c, args, here);
	return 1;
}

/* A call that was waited for is done.  Was it the last? */
static bool on_result(struct tracer *t, pid_t tid)
{
	struct pending **at = &t->pending;
	struct __ptrace_syscall_info info = {0};
	struct pending *p;
	bool last;

	while (*at != NULL && (*at)->tid != tid)
		at = &(*at)->next;
	p = *at;
	if (p == NULL)
		return false;
	ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info);
	if (t->o.log != NULL)
		call_log(t->o.log, p->number, tid, p->call, p->args,
			info.exit.rval);
	last = p->last;
	*at = p->next;
	free(p);
	return last;
}

/* One stop of one thread; true if all are to be killed. */
static bool on_stop(struct tracer *t, pid_t tid, int status)
{
	int number = WSTOPSIG(status);
	int event = status >> 16;
	enum __ptrace_request how = PTRACE_CONT;
	int given = 0;

	if (event == PTRACE_EVENT_SECCOMP) {
		int r = on_call(t, tid);

		if (r < 0)
			return true;
		if (r > 0)
			how = PTRACE_SYSCALL;
	} else if (number == (SIGTRAP | 0x80)) {
		if (on_result(t, tid))
			return true;
	} else if (event == 0 && number != SIGSTOP && number != SIGTRAP) {
		given = number;
	}
	ptrace(how, tid, NULL, (void *)(intptr_t)given);
	return false;
}

static int trace(struct tracer *t, pid_t program)
{
	int status;
	int ended = FAILED;
	pid_t tid;

	if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status))
		return FAILED;
	ptrace(PTRACE_SETOPTIONS, program, NULL,
		(void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
			 PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK));
	ptrace(PTRACE_CONT, program, NULL, NULL);
	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status) && on_stop(t, tid, status)) {
			kill_all(program, tid);
			return 128 + SIGKILL;
		}
		if (tid == program && WIFEXITED(status))
			ended = WEXITSTATUS(status);
		else if (tid == program && WIFSIGNALED(status))
			ended = 128 + WTERMSIG(status);
	}
	return ended;
}

static bool read_action(struct options *o, const char *text)
{
	char *end;

	o->action = strcmp(text, "before") == 0  ? BEFORE
		    : strcmp(text, "after") == 0 ? AFTER
		    : strcmp(text, "short") == 0 ? SHORT
						 : ERRNO;
	o->error = (int)strtol(text, &end, 10);
	return o->action != ERRNO || (*end == '\0' && o->error > 0);
}

static bool read_option(struct options *o, int option)
{
	switch (option) {
	case 'r':
		o->reading = true;
		return true;
	case 'n':
		o->n = strtol(optarg, NULL, 10);
		return o->n > 0;
	case 'a':
		return read_action(o, optarg);
	case 'f':
		o->onwards = true;
		return true;
	case 'w':
		o->while_there = optarg;
		return true;
	case 'u':
		o->under = optarg;
		return true;
	case 'l':
		o->log = fopen(optarg, "w");
		return o->log != NULL;
	default:
		return false;
	}
}

static bool read_options(struct options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+rn:a:fw:u:l:")) != -1) {
		if (!read_option(o, option))
			return false;
	}
	return optind < argc;
}

int main(int argc, char **argv)
{
	struct tracer t = {0};
	pid_t program;
	int rc;

	if (!read_options(&t.o, argc, argv)) {
		fputs("usage: calls [-r] [-n N] [-a ACTION] [-f] [-w FILE] "
		      "[-u FOLDER] [-l FILE] PROGRAM [ARGUMENT]...\n",
			stderr);
		return FAILED;
	}
	program = fork();
	if (program == 0)
		become(t.o.reading, argv + optind);
	rc = program > 0 ? trace(&t, program) : FAILED;
	if (t.o.log != NULL && fclose(t.o.log) != 0)
		rc = FAILED;
	return rc;
}
