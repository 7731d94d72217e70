/*
 * life - the daemon's beginning and end, as values and events.
 */
#include "daemon/life.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/version.h"
#include "daemon/event.h"
#include "daemon/report.h"

#define STARTED "daemon.started"
#define STOPPED "daemon.stopped"
#define WHY "daemon.why"

static int put_now(struct state *s, const char *key, struct err *e)
{
	char now[STAMP_TEXT];

	stamp_format(stamp_now(), 3, now);
	return state_put(s, key, str_of(now), e);
}

int life_begin(struct state *s, struct err *e)
{
	char *text =
		xasprintf("opsyncd " OPSYNC_VERSION " begins, as process %lld",
			(long long)getpid());
	int r = put_now(s, STARTED, e);

	if (r == 0)
		r = state_delete(s, STOPPED, e);
	if (r == 0)
		r = event_happened(s, LOG_LEVEL_NOTICE, "started", text, e);
	free(text);
	return r;
}

int life_end(struct state *s, const char *why, bool failed, struct err *e)
{
	int r;

	/* Where the disk is full, the log is all that has it. */
	event_say(LOG_LEVEL_NOTICE, "stopped",
		failed ? "opsyncd cannot go on" : why);
	r = state_put(s, WHY, str_of(why), e);
	if (r == 0)
		r = put_now(s, STOPPED, e);
	if (r != 0)
		return r;
	return event_add(s, LOG_LEVEL_NOTICE, "stopped", why, e);
}

void life_words(struct state *s, struct buf *out)
{
	struct buf at = {0};
	struct buf why = {0};
	struct err ignored = {0};
	char clock[STAMP_CLOCK];
	bool stopped = false;
	bool said = false;

	if (state_get(s, STOPPED, &at, &stopped, &ignored) == 0 && stopped &&
		state_get(s, WHY, &why, &said, &ignored) == 0)
		buf_printf(out, ", stopped at %s: %s",
			stamp_clock(buf_str(&at), clock),
			said && why.n > 0 ? why.p : "?");
	buf_fini(&at);
	buf_fini(&why);
}

int life_report(struct state *s, struct buf *out, struct err *e)
{
	struct buf started = {0};
	struct buf stopped = {0};
	struct buf why = {0};
	bool was_started = false;
	bool was_stopped = false;
	bool said = false;
	int r = state_get(s, STARTED, &started, &was_started, e);

	if (r == 0)
		r = state_get(s, STOPPED, &stopped, &was_stopped, e);
	if (r == 0)
		r = state_get(s, WHY, &why, &said, e);
	report_text(out, "started", was_started ? buf_str(&started) : STR_NONE);
	if (was_stopped) {
		report_open(out, "stopped", '{');
		report_text(out, "at", buf_str(&stopped));
		report_text(out, "why", said ? buf_str(&why) : STR_NONE);
		buf_putc(out, '}');
	} else {
		report_text(out, "stopped", STR_NONE);
	}
	buf_fini(&started);
	buf_fini(&stopped);
	buf_fini(&why);
	return r;
}
