/*
 * pace - how fast a server may be asked.
 *
 * Requests and bytes are each paid for by time: what was taken moves the
 * moment at which the next may be, and a second's worth may be taken at once
 * after a pause.  What is usual for a kind of request follows quick answers
 * soon and slow ones slowly, so that one slow answer is no rule.
 */
#include "api/pace.h"

#include "base/stamp.h"

#define GOOD_ANSWERS 20
#define SLOW_FACTOR 4
#define SLOW_FLOOR (STAMP_SECOND / 2) /* quicker is never slow */

void pace_init(struct pace *p, int most, int64_t requests, int64_t bytes)
{
	*p = (struct pace){.most = most,
		.requests = requests,
		.bytes = bytes,
		.width = most};
}

int64_t pace_wait(const struct pace *p, int n_running, int64_t now)
{
	int64_t wait = p->held_until > now ? p->held_until - now : 0;

	if (n_running >= p->width)
		return -1;
	if (p->requests > 0 && p->next_request - now > wait)
		wait = p->next_request - now;
	if (pace_byte_wait(p, now) > wait)
		wait = pace_byte_wait(p, now);
	return wait;
}

int64_t pace_byte_wait(const struct pace *p, int64_t now)
{
	return p->bytes > 0 && p->next_byte > now ? p->next_byte - now : 0;
}

void pace_hold(struct pace *p, int64_t until)
{
	if (until > p->held_until)
		p->held_until = until;
}

/* Take n of what comes at a rate a second. */
static void pay(int64_t *next, int64_t n, int64_t rate, int64_t now)
{
	if (*next < now - STAMP_SECOND)
		*next = now - STAMP_SECOND;
	*next += n / rate * STAMP_SECOND + n % rate * STAMP_SECOND / rate;
}

void pace_started(struct pace *p, int64_t now)
{
	if (p->requests > 0)
		pay(&p->next_request, 1, p->requests, now);
}

void pace_took(struct pace *p, int64_t bytes, int64_t now)
{
	if (p->bytes > 0)
		pay(&p->next_byte, bytes, p->bytes, now);
}

static bool is_slow(struct pace *p, const struct pace_answer *a)
{
	int64_t usual;

	if (a->kind == PACE_ANY)
		return false;
	usual = p->usual[a->kind];
	if (usual == 0 || a->first_byte < usual)
		p->usual[a->kind] += (a->first_byte - usual) / (usual ? 2 : 1);
	else
		p->usual[a->kind] += (a->first_byte - usual) / 64;
	return usual > 0 && a->first_byte > SLOW_FLOOR &&
	       a->first_byte > SLOW_FACTOR * usual;
}

static bool has_enough(int status)
{
	return status == 429 || status == 503;
}

void pace_answered(struct pace *p, const struct pace_answer *a)
{
	bool bad = has_enough(a->status) || (a->status == 200 && is_slow(p, a));

	if (bad) {
		p->width = p->width > 1 ? p->width / 2 : 1;
		p->good = 0;
	} else if (a->status == 200 && p->width < p->most &&
		   ++p->good >= GOOD_ANSWERS) {
		p->width++;
		p->good = 0;
	}
}
