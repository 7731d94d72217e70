/*
 * pause - one value of the state: since when, and why.
 */
#include "daemon/pause.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/report.h"

#define KEY "paused"

/* The value's two parts, borrowed from it. */
static int read_value(struct state *s, struct buf *value, bool *found,
	struct str *since, struct str *why, struct err *e)
{
	int r = state_get(s, KEY, value, found, e);
	struct str all = buf_str(value);
	size_t at;

	if (r != 0 || !*found)
		return r;
	at = str_find(all, STR(" "));
	*since = (struct str){all.p, at};
	*why = str_skip(all, at < all.n ? at + 1 : at);
	return 0;
}

static int put(
	struct state *s, struct str since, const char *why, struct err *e)
{
	char *value = xasprintf("%.*s %s", STR_ARGS(since), why);
	int r = state_put(s, KEY, str_of(value), e);

	free(value);
	value = xasprintf("paused%s%s", why[0] != '\0' ? ": " : "", why);
	if (r == 0)
		r = event_happened(s, LOG_LEVEL_NOTICE, "paused", value, e);
	free(value);
	return r;
}

int pause_begin(struct state *s, const char *why, struct err *e)
{
	char now[STAMP_TEXT];
	struct str since;
	struct str before;
	struct buf value = {0};
	bool found = false;
	int r;

	stamp_format(stamp_now(), 3, now);
	since = str_of(now);
	r = read_value(s, &value, &found, &since, &before, e);
	if (r == 0 && (!found || why[0] != '\0'))
		r = put(s, since, why, e);
	buf_fini(&value);
	return r;
}

int pause_end(struct state *s, struct err *e)
{
	int r = state_delete(s, KEY, e);

	return r == 0 ? event_happened(s, LOG_LEVEL_NOTICE, "resumed",
				"goes on, after a pause", e)
		      : r;
}

int pause_check(struct state *s, struct err *e)
{
	struct buf value = {0};
	struct str since;
	struct str why;
	char clock[STAMP_CLOCK];
	bool found = false;
	int r = read_value(s, &value, &found, &since, &why, e);

	if (r == 0 && found)
		r = err_set(e, ERR_AGAIN,
			"paused since %s%s%.*s (opsync resume lets it go on)",
			stamp_clock(since, clock), why.n > 0 ? ": " : "",
			STR_ARGS(why));
	buf_fini(&value);
	return r;
}

int pause_report(struct state *s, struct buf *out, struct err *e)
{
	struct buf value = {0};
	struct str since;
	struct str why;
	bool found = false;
	int r = read_value(s, &value, &found, &since, &why, e);

	if (r == 0 && found) {
		report_open(out, "paused", '{');
		report_text(out, "since", since);
		report_text(out, "why", why);
		buf_putc(out, '}');
	} else {
		report_text(out, "paused", STR_NONE);
	}
	buf_fini(&value);
	return r;
}
