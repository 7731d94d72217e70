/*
 * term - colours and a pager, for people.
 */
#include "cli/term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void term_init(struct term *t)
{
	const char *none = getenv("NO_COLOR");
	const char *name = getenv("TERM");

	*t = (struct term){.terminal = isatty(STDOUT_FILENO) != 0};
	t->colours = t->terminal && (none == NULL || none[0] == '\0') &&
		     name != NULL && strcmp(name, "dumb") != 0;
}

static const char *pager(void)
{
	const char *names[] = {getenv("OPSYNC_PAGER"), getenv("PAGER"), "less"};
	const char *found = NULL;

	for (size_t i = 0; found == NULL; i++)
		found = names[i];
	return found[0] == '\0' || strcmp(found, "cat") == 0 ? NULL : found;
}

static void run_pager(const char *command, int in)
{
	dup2(in, STDIN_FILENO);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void term_page(struct term *t)
{
	const char *command = t->terminal ? pager() : NULL;
	int ends[2];

	if (command == NULL || pipe(ends) != 0)
		return;
	fflush(stdout);
	t->pager = fork();
	if (t->pager == 0) {
		close(ends[1]);
		run_pager(command, ends[0]);
	}
	if (t->pager > 0) {
		dup2(ends[1], STDOUT_FILENO);
		signal(SIGINT, SIG_IGN); /* the pager's to answer */
	} else {
		t->pager = 0;
	}
	close(ends[0]);
	close(ends[1]);
}

void term_end(struct term *t)
{
	if (t->pager == 0)
		return;
	fflush(stdout); /* a pager that was left early is no failure */
	clearerr(stdout);
	close(STDOUT_FILENO);
	while (waitpid(t->pager, NULL, 0) < 0)
		;
	t->pager = 0;
}

const char *term_on(const struct term *t, enum colour colour)
{
	static const char *const codes[] = {
		[PLAIN] = "",
		[BOLD] = "\033[1m",
		[DIM] = "\033[2m",
		[RED] = "\033[31m",
		[GREEN] = "\033[32m",
		[YELLOW] = "\033[33m",
		[CYAN] = "\033[36m",
	};

	return t->colours ? codes[colour] : "";
}

const char *term_off(const struct term *t)
{
	return t->colours ? "\033[0m" : "";
}
