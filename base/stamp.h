#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdint.h>

#include "base/str.h"

/*
 * Moments, as microseconds since 1970-01-01T00:00:00Z (proleptic Gregorian,
 * no leap seconds), parsed and written as RFC 3339.
 */
#define STAMP_SECOND INT64_C(1000000)
#define STAMP_TEXT 32 /* bytes that stamp_format() needs */

/*
 * Parse "2021-01-20T04:33:56.131Z": any number of fraction digits (those
 * behind the sixth are dropped), Z or an offset of +hh:mm.  False, and *out
 * untouched, for all else.
 */
bool stamp_parse(struct str s, int64_t *out);

/* Write with digits (0, 3 or 6) of fraction, cut off, and Z. */
void stamp_format(int64_t stamp, int digits, char out[STAMP_TEXT]);

/* The civil date and time of a stamp in UTC. */
struct civil {
	int64_t year;
	int month; /* 1 to 12 */
	int day;
	int hour;
	int minute;
	int second;
	int micros;
};

struct civil stamp_civil(int64_t stamp);

/* Parse a time such as 500ms, 30s, 5m, 1h, 1d: microseconds. */
bool stamp_duration(struct str s, int64_t *out);

/* For people: "12 s", "5 min", "3 h 20 min", "2 d 4 h". */
#define STAMP_SPAN 32
void stamp_span(int64_t micros, char out[STAMP_SPAN]);

/* For people: "2026-11-25 14:03:11" by the local clock, of RFC 3339; or "?". */
#define STAMP_CLOCK 32
const char *stamp_clock(struct str s, char out[STAMP_CLOCK]);

/* The wall clock: for the log only, never for the cursor. */
int64_t stamp_now(void);

/* Microseconds of a clock that never goes back. */
int64_t stamp_monotonic(void);

#endif
