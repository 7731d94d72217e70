/*
 * log - one message, one line or one datagram, so that those of two threads
 * never mix.
 *
 *   message --> said within the hour? --> counted
 *                     |
 *                     `--> journal (fields), or standard error (a line)
 *
 * Control characters, and what is no UTF-8, become '?': what a server sends
 * cannot forge a line.
 * Where the journal does not listen, it gets lines as sd-daemon(3) has them.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "daemon/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "base/stamp.h"

#define MAX_TEXT 2000
#define HOUR (3600 * STAMP_SECOND)
#define N_FAULTS 64

/* A warning or an error that was said, to be counted when it comes again. */
struct fault {
	enum log_level level;
	char text[MAX_TEXT];
	int64_t work_package; /* that it is about, or 0 */
	int64_t said;         /* monotonic; 0: free */
	int64_t since;        /* wall clock, of the first that was counted */
	int64_t n;            /* counted, and not told */
};

enum target { TO_FILE, TO_TERMINAL, TO_COLOURS, TO_JOURNAL };

/* How the program was started decides it, once. */
static struct {
	enum log_level max;
	enum target target;
	pthread_mutex_t lock;
	struct fault faults[N_FAULTS];
	bool ending;
} log_state = {.max = LOG_LEVEL_NOTICE, .lock = PTHREAD_MUTEX_INITIALIZER};

/* $JOURNAL_STREAM names the device and inode of the stream to the journal. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[48];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_init(enum log_level max_level)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	log_state.max = max_level;
	log_state.target = TO_FILE;
	if (is_journal())
		log_state.target = TO_JOURNAL;
	else if (isatty(STDERR_FILENO) && (none == NULL || none[0] == '\0') &&
		 term != NULL && strcmp(term, "dumb") != 0)
		log_state.target = TO_COLOURS;
	else if (isatty(STDERR_FILENO))
		log_state.target = TO_TERMINAL;
}

/* --- The journal -------------------------------------------------------- */

/* By `systemd-id128 new`, once for ever; docs/logs.md lists them. */
static const struct {
	const char *kind;
	const char *id;
} message_ids[] = {
	{"started", "ea0e4ddd2d074dbb8b25a29859058cb5"},
	{"stopped", "15d1d9c908084bc0afe8e52c31ee8668"},
	{"reloaded", "501e2fe463734c67be04b3493dd3a4ab"},
	{"paused", "aab11f75590241e7aada6c2df085d7e4"},
	{"resumed", "806b0da7e70c426f936be6dc76eae9d8"},
	{"canceled", "c97dad25c6ac4569b6415fa3d9485d16"},
	{"run", "4785b34c808041398f8f88ddf70552f2"},
	{"fault", "6b6dfa0251f64b918a5b2a9df5bd5594"},
	{"recovered", "477b8a6698884960b2945c37593155dc"},
	{"added", "35f09f9a7a28478d866599cea6cfb1a8"},
	{"changed", "a48b3c1a9bff48c08f9ec5fdab09203f"},
	{"moved", "faedcfe617a440bdaa86abb3c3efd747"},
	{"removed", "ab220600aa3f4ad8be8ff288cc21a622"},
	{"held", "d0a4f6b75c5e4a98b0149f276bcdfc53"},
	{"failed", "eaeb0c12edaa462ab482f5aae33b2962"},
	{"frozen", "5219b7a5911346ce9181af192979fdab"},
	{"thawed", "1a8bd438700b4526a7d9dc097f6903eb"},
	{"retried", "b8e517d84d684b7da036b94be30571f7"},
	{"kept", "79449ff73656412c8485325d3ebcabe4"},
	{"restored", "04145dd924f249d8ad68a2564c6893e9"},
	{"adopted", "76eb078ecd8e4f5db80387c8a89837ec"},
	{"pushed", "957593fcb5404d978c485b05800f5d22"},
	{"committed", "1b792f587e2647bda15eedb7bfef3b02"},
};

static const char *message_id(const char *kind)
{
	for (size_t i = 0; kind != NULL && i < ARRAY_LEN(message_ids); i++)
		if (strcmp(message_ids[i].kind, kind) == 0)
			return message_ids[i].id;
	return NULL;
}

#define MAX_FIELDS 12

struct fields {
	size_t n;
	struct iovec at[MAX_FIELDS];
};

static void add_text(struct fields *f, const char *key, struct str value)
{
	char *field;

	if (value.p == NULL || value.n == 0)
		return;
	field = xasprintf("%s=%.*s", key, STR_ARGS(value));
	f->at[f->n++] = (struct iovec){field, strlen(field)};
}

static void add_number(struct fields *f, const char *key, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	if (value != 0)
		add_text(f, key, str_of(digits));
}

static bool to_journal(
	enum log_level level, const struct log_about *about, const char *text)
{
	struct fields f = {0};
	int r;

	add_text(&f, "MESSAGE", str_of(text));
	add_number(&f, "PRIORITY", level);
	add_text(&f, "MESSAGE_ID", str_of(message_id(about->kind)));
	add_text(&f, "SYSLOG_IDENTIFIER", STR("opsyncd"));
	add_text(&f, "OPSYNC_EVENT", str_of(about->kind));
	add_number(&f, "OPSYNC_RUN", about->run);
	add_number(&f, "OPSYNC_WORK_PACKAGE", about->work_package);
	add_text(&f, "OPSYNC_PROJECT", about->project);
	add_text(&f, "OPSYNC_PATH", about->path);
	r = sd_journal_sendv(f.at, (int)f.n);
	for (size_t i = 0; i < f.n; i++)
		free(f.at[i].iov_base);
	return r == 0;
}

/* --- Lines -------------------------------------------------------------- */

static size_t put_head(enum log_level level, char *line, size_t size)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARNING] = "warning: ",
	};
	const char *word = level <= LOG_LEVEL_WARNING ? words[level] : "";
	bool coloured = log_state.target == TO_COLOURS;
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	if (log_state.target == TO_JOURNAL)
		return (size_t)snprintf(line, size, "<%d>", (int)level);
	localtime_r(&now, &tm);
	n = strftime(line, size, log_state.target == TO_FILE ? "%F %T " : "%T ",
		&tm);
	return n + (size_t)snprintf(line + n, size - n, "%s%s%s",
			   !coloured || word[0] == '\0' ? ""
			   : level == LOG_LEVEL_ERROR   ? "\033[1;31m"
							: "\033[33m",
			   word, coloured && word[0] != '\0' ? "\033[0m" : "");
}

static void to_stderr(enum log_level level, const char *text)
{
	char line[MAX_TEXT + 80];
	size_t n = put_head(level, line, sizeof(line));

	n += (size_t)snprintf(line + n, sizeof(line) - n, "%s\n", text);
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nobody listens: nothing to be done */
}

static void say(
	enum log_level level, const struct log_about *about, const char *text)
{
	if (log_state.target != TO_JOURNAL || log_state.ending ||
		!to_journal(level, about, text))
		to_stderr(level, text);
}

/* --- Repeated faults ---------------------------------------------------- */

/* "text (57 times more since 12:01)" */
static void say_count(const struct fault *fault, const struct log_about *about)
{
	char text[MAX_TEXT + 80];
	time_t since = (time_t)(fault->since / STAMP_SECOND);
	char clock[16];
	struct tm tm;

	localtime_r(&since, &tm);
	strftime(clock, sizeof(clock), "%H:%M", &tm);
	snprintf(text, sizeof(text), "%s (%lld time%s more since %s)",
		fault->text, (long long)fault->n, fault->n == 1 ? "" : "s",
		clock);
	say(fault->level, about, text);
}

static struct fault *find_fault(const char *text)
{
	struct fault *oldest = &log_state.faults[0];

	for (size_t i = 0; i < N_FAULTS; i++) {
		struct fault *fault = &log_state.faults[i];

		if (fault->said != 0 && strcmp(fault->text, text) == 0)
			return fault;
		if (fault->said < oldest->said)
			oldest = fault;
	}
	if (oldest->n > 0)
		say_count(oldest, &(struct log_about){0});
	*oldest = (struct fault){0};
	return oldest;
}

/* Was it said within the hour, as bad as now?  Then it is only counted. */
static bool count(
	enum log_level level, const struct log_about *about, const char *text)
{
	int64_t now = stamp_monotonic();
	struct fault *fault = find_fault(text);
	bool known = fault->said != 0 && fault->level <= level;

	if (known && fault->n++ == 0)
		fault->since = stamp_now();
	if (known && now - fault->said < HOUR)
		return true;
	fault->said = now;
	fault->level = level;
	if (!known) {
		snprintf(fault->text, sizeof(fault->text), "%s", text);
		fault->work_package = about->work_package;
		return false;
	}
	say_count(fault, about);
	fault->n = 0;
	return true;
}

/* Of a work package, or 0: all. */
static void settle(int64_t work_package)
{
	for (size_t i = 0; i < N_FAULTS; i++) {
		struct fault *fault = &log_state.faults[i];

		if (work_package != 0 && fault->work_package != work_package)
			continue;
		if (fault->n > 0)
			say_count(fault,
				&(struct log_about){
					.work_package = fault->work_package});
		*fault = (struct fault){0};
	}
}

void log_settle(void)
{
	pthread_mutex_lock(&log_state.lock);
	settle(0);
	pthread_mutex_unlock(&log_state.lock);
}

/* What is told of it later is news, and none from before. */
static bool recovers(const struct log_about *about)
{
	return about->work_package != 0 && about->kind != NULL &&
	       strcmp(about->kind, "recovered") == 0;
}

void log_end(void)
{
	log_state.ending = true;
}

void log_send(enum log_level level, const struct log_about *about,
	const char *fmt, ...)
{
	char text[MAX_TEXT];
	va_list ap;

	if (level > log_state.max)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_clean(text);
	pthread_mutex_lock(&log_state.lock);
	if (recovers(about))
		settle(about->work_package);
	if (log_state.ending || level > LOG_LEVEL_WARNING ||
		!count(level, about, text))
		say(level, about, text);
	pthread_mutex_unlock(&log_state.lock);
}
