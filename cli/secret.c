/*
 * secret - a line that is typed and not shown.
 *
 * Signals wait while the terminal shows nothing: one that comes is read with
 * the terminal's input, and sent again when all is as it was.
 */
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static void say(int terminal, const char *text)
{
	while (*text != '\0') {
		ssize_t n = write(terminal, text, strlen(text));

		if (n <= 0)
			return;
		text += n;
	}
}

/* A line, which the terminal gives whole; *number: a signal came instead. */
static int wait_line(int terminal, int signals, char *line, size_t size,
	int *number, struct err *e)
{
	struct pollfd fds[] = {{terminal, POLLIN, 0}, {signals, POLLIN, 0}};
	struct signalfd_siginfo info;
	ssize_t n;

	if (poll(fds, 2, -1) < 0)
		return err_errno(e, ERR_IO, errno, "the terminal");
	if (fds[1].revents != 0) {
		if (read(signals, &info, sizeof(info)) == sizeof(info))
			*number = (int)info.ssi_signo;
		return err_set(e, ERR_CANCELED, "stopped");
	}
	n = read(terminal, line, size - 1);
	if (n <= 0)
		return err_set(e, ERR_USAGE, "nothing was given");
	line[n] = '\0';
	return 0;
}

static int ask_hidden(int terminal, const char *before, char *line, size_t size,
	struct err *e)
{
	struct termios shown;
	struct termios hidden;
	sigset_t ending;
	sigset_t old;
	int signals;
	int number = 0;
	int r;

	if (tcgetattr(terminal, &shown) != 0)
		return err_errno(e, ERR_IO, errno, "the terminal");
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGQUIT);
	sigaddset(&ending, SIGTSTP);
	sigprocmask(SIG_BLOCK, &ending, &old);
	signals = signalfd(-1, &ending, SFD_CLOEXEC);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal, TCSAFLUSH, &hidden);
	say(terminal, before); /* what is typed from here on counts */
	r = wait_line(terminal, signals, line, size, &number, e);
	tcsetattr(terminal, TCSAFLUSH, &shown);
	say(terminal, "\n");
	close(signals);
	if (number != 0)
		raise(number);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int secret_ask(const char *before, char *line, size_t size, struct err *e)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int r;

	if (terminal < 0)
		return err_errno(e, ERR_NOT_FOUND, errno, "the terminal");
	r = ask_hidden(terminal, before, line, size, e);
	close(terminal);
	return r;
}
