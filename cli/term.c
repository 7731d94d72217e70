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

#include "base/str.h"
#include "base/util.h"

void term_init(struct term *t)
{
	const char *none = getenv("NO_COLOR");
	const char *name = getenv("TERM");

	*t = (struct term){.terminal = isatty(STDOUT_FILENO) != 0};
	t->moves = t->terminal && name != NULL && strcmp(name, "dumb") != 0;
	t->colours = t->moves && (none == NULL || none[0] == '\0');
}

void term_write(const char *text, size_t n)
{
	bool terminal = isatty(STDOUT_FILENO) != 0;
	struct str rest = {text, n};

	for (size_t k; terminal && rest.n > 0; rest = str_skip(rest, k)) {
		bool fit = str_fit(rest, &k) || rest.p[0] == '\n' ||
			   rest.p[0] == '\t';

		fwrite(fit ? rest.p : "?", 1, fit ? k : 1, stdout);
	}
	fwrite(rest.p, 1, rest.n, stdout);
}

static bool is_in_path(const char *name)
{
	const char *path = getenv("PATH");
	bool found = false;

	for (size_t n; !found && path != NULL; path += n + 1) {
		char *file;

		n = strcspn(path, ":");
		file = xasprintf("%.*s/%s", (int)n, path, name);
		found = access(file, X_OK) == 0;
		free(file);
		if (path[n] == '\0')
			break;
	}
	return found;
}

/* A word alone is a program, and may not be there; the rest is a shell's. */
static const char *pager(void)
{
	const char *names[] = {getenv("OPSYNC_PAGER"), getenv("PAGER"), "less"};
	const char *found = NULL;

	for (size_t i = 0; found == NULL; i++)
		found = names[i];
	if (found[0] == '\0' || strcmp(found, "cat") == 0 ||
		(strpbrk(found, " \t/\"'\\$;|&=") == NULL &&
			!is_in_path(found)))
		return NULL;
	return found;
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
