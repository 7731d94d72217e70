#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "base/log.h"
#include "base/str.h"
#include "base/util.h"

/*
 * What the daemon tells the journal, a terminal or a file, on standard
 * error, from any thread.  The journal gets fields (docs/logs.md), a person
 * a line with the time in front, written whole.
 *
 * A warning or an error that was said within the last hour is counted and
 * not said again; the next time it is said, or the end, tells the number; of
 * a work package also the line that it has recovered, which comes behind that.
 */
void log_init(enum log_level max_level);

/* What a line is about: fields of the journal.  Zeroed, nothing. */
struct log_about {
	const char *kind; /* of event: gives the MESSAGE_ID; or NULL */
	int64_t run;
	int64_t work_package;
	struct str project; /* or none */
	struct str path;
};

void log_send(enum log_level level, const struct log_about *about,
	const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Say how often what was counted came, and forget it: all is well, or ends. */
void log_settle(void);

/*
 * What follows are the last words: they are said, whatever was said before,
 * and go by the stream.  Whose unit a message with fields is, the journal
 * looks up, and may be too late for it.
 */
void log_end(void);

#define log_line(level, ...)                                                   \
	log_send(level, &(struct log_about){0}, __VA_ARGS__)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)

#endif
