/*
 * log - one line on standard error, by one write(2), so that lines of two
 * threads never mix.  Control characters become '?': what a server sends
 * cannot forge a line.
 */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_max = LOG_LEVEL_NOTICE;
static bool log_systemd;

void log_init(enum log_level max_level)
{
	log_max = max_level;
	log_systemd = getenv("JOURNAL_STREAM") != NULL;
}

static size_t put_head(enum log_level level, char *line, size_t size)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARNING] = "warning: ",
	};
	const char *word = level <= LOG_LEVEL_WARNING ? words[level] : "";
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	if (log_systemd)
		return (size_t)snprintf(line, size, "<%d>", (int)level);
	localtime_r(&now, &tm);
	n = strftime(line, size, "%H:%M:%S ", &tm);
	return n + (size_t)snprintf(line + n, size - n, "%s", word);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	size_t head;
	size_t n;
	va_list ap;
	int more;

	if (level > log_max)
		return;
	head = put_head(level, line, sizeof(line));
	va_start(ap, fmt);
	more = vsnprintf(line + head, sizeof(line) - head - 1, fmt, ap);
	va_end(ap);
	if (more < 0)
		return;
	n = strlen(line);
	for (size_t i = head; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nobody listens: nothing to be done */
}
