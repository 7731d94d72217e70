/*
 * config_schedule - schedule: how often is asked for what, and at which time of
 * the day.
 */
#include "daemon/config_parts.h"

/* "01:30" at p, in microseconds of the day. */
static bool read_clock(const char *p, int64_t *out)
{
	int64_t n[2];

	for (int i = 0; i < 2; i++, p += 3) {
		if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
			return false;
		n[i] = (p[0] - '0') * 10 + (p[1] - '0');
	}
	*out = (n[0] * 60 + n[1]) * 60 * SECONDS;
	return p[-4] == ':' && n[1] < 60 && *out <= DAYS;
}

/* "01:00-05:00" */
static int read_between(struct config *c, const struct node *at, struct err *e)
{
	const char *p = at->text.p;

	if (at->type != NODE_SCALAR || at->text.n != 11 || p[5] != '-' ||
		!read_clock(p, &c->full_from) ||
		!read_clock(p + 6, &c->full_to))
		return node_err(
			at, e, "between: is a part of the day, as 01:00-05:00");
	return 0;
}

static const struct config_key full_keys[] = {
	KEY("every", KIND_DURATION, full_every),
	KEY("newest_first", KIND_BOOL, newest_first),
	KEY_OWN("between", read_between),
};

int config_read_schedule(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("poll", KIND_DURATION, poll),
		KEY("overlap", KIND_DURATION, overlap),
		KEY("reconcile", KIND_DURATION, reconcile),
		KEY_SECTION("full", full_keys),
	};
	int r = config_read_section(
		c, at, "schedule", keys, ARRAY_LEN(keys), e);

	if (r == 0 && c->poll < SECONDS)
		return node_err(at, e, "schedule: poll is at least 1s");
	return r;
}
