#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "base/log.h"
#include "base/util.h"

/*
 * What the daemon tells the journal or a terminal, on standard error: one
 * line each, written whole, from any thread.  With systemd the level goes in
 * front as sd-daemon(3) has it; else the time does.
 */
void log_init(enum log_level max_level);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)

#endif
