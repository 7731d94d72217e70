#ifndef API_PACE_H
#define API_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How fast a server may be asked: how many requests at once, how many and how
 * many bytes a second, and when it has had enough.  Plain arithmetic, given
 * the time (monotonic, microseconds); no I/O.
 *
 * A server that says 429 or 503, or takes much longer for the same kind of
 * request than it used to, is asked by half as many at once; each of twenty
 * good answers in a row lets one more through again.
 */
enum pace_kind {
	PACE_BATCH, /* a list of many whole work packages */
	PACE_LIST,  /* any other: many times as quick */
	PACE_SINGLE,
	PACE_CONTENT,
	PACE_KINDS,
	/* Of few or many things: its time says nothing. */
	PACE_ANY = PACE_KINDS,
};

struct pace {
	int most;         /* requests at once */
	int64_t requests; /* a second; 0: as many as there are */
	int64_t bytes;    /* a second; 0: as they come */

	/* Private. */
	int width; /* at once, now */
	int good;  /* answers since it last changed */
	int64_t next_request;
	int64_t next_byte;
	int64_t held_until;
	int64_t usual[PACE_KINDS]; /* time to the first byte, when well */
};

void pace_init(struct pace *p, int most, int64_t requests, int64_t bytes);

/*
 * May another request start, when so many are under way?  0: now; more: in so
 * many microseconds; -1: when one of them has ended.
 */
int64_t pace_wait(const struct pace *p, int n_running, int64_t now);

/* The server asked not to be asked before. */
void pace_hold(struct pace *p, int64_t until);

/* One starts. */
void pace_started(struct pace *p, int64_t now);

/* May more bytes be taken?  0: now; else in so many microseconds. */
int64_t pace_byte_wait(const struct pace *p, int64_t now);

/* So many were. */
void pace_took(struct pace *p, int64_t bytes, int64_t now);

/* One has got its answer: status 0 if none came. */
struct pace_answer {
	enum pace_kind kind;
	int status;
	int64_t first_byte; /* microseconds after it was asked for */
};

void pace_answered(struct pace *p, const struct pace_answer *a);

#endif
