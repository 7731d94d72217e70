/*
 * words_date - strftime of moments and dates, in any zone that ICU knows.
 *
 * A moment is shown in the zone; a date alone is midnight there.  UTC, the
 * usual zone, needs no ICU.  What fails says which text, conversion or zone.
 */
#include "content/words.h"

#include <stdint.h>
#include <stdio.h>

#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

#include "base/buf.h"
#include "base/stamp.h"

#define MILLIS 1000
#define MAX_ZONE 64

/* A moment as a zone shows it. */
struct local {
	int64_t stamp;      /* the moment */
	struct civil civil; /* there */
	int offset;         /* of the zone from UTC, seconds */
	char zone[32];      /* its short name then, where it is asked for */
};

static const char *const months[] = {"January", "February", "March", "April",
	"May", "June", "July", "August", "September", "October", "November",
	"December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday"};

/* Days since 1970-01-01, rounded down. */
static int64_t day_number(int64_t stamp)
{
	int64_t day = stamp / (STAMP_SECOND * 86400);

	return stamp % (STAMP_SECOND * 86400) < 0 ? day - 1 : day;
}

/* A local time, in micros as if it were UTC. */
static int64_t local_stamp(const struct local *t)
{
	return t->stamp + t->offset * STAMP_SECOND;
}

static int weekday(const struct local *t)
{
	int64_t day = (day_number(local_stamp(t)) + 4) % 7;

	return (int)(day < 0 ? day + 7 : day);
}

static int day_of_year(const struct civil *c)
{
	static const int before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap =
		c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);

	return before[c->month - 1] + c->day + (leap && c->month > 2);
}

/* Seconds that the calendar's zone is ahead of UTC at stamp. */
static int offset_at(UCalendar *calendar, int64_t stamp, UErrorCode *status)
{
	int64_t millis = stamp / MILLIS;

	ucal_setMillis(calendar, (double)millis, status);
	return (ucal_get(calendar, UCAL_ZONE_OFFSET, status) +
		       ucal_get(calendar, UCAL_DST_OFFSET, status)) /
	       MILLIS;
}

static bool is_utc(const char *zone)
{
	return zone == NULL || strcmp(zone, "UTC") == 0;
}

static int fail_in_zone(const char *zone, UErrorCode status, struct err *e)
{
	return err_set(e, ERR_DATA, "no time in zone '%s': %s", zone,
		u_errorName(status));
}

/* Set what the zone says; t->stamp is local still if t is a date alone. */
static int enter_zone(
	struct local *t, const char *zone, bool date_only, struct err *e)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar id[MAX_ZONE];
	UChar canonical[MAX_ZONE];
	UCalendar *calendar;

	if (strlen(zone) >= MAX_ZONE)
		return err_set(e, ERR_DATA, "unknown time zone '%.80s'", zone);
	u_uastrcpy(id, zone);
	ucal_getCanonicalTimeZoneID(id, -1, canonical, MAX_ZONE, NULL, &status);
	calendar = U_SUCCESS(status)
			   ? ucal_open(id, -1, "en", UCAL_GREGORIAN, &status)
			   : NULL;
	if (calendar == NULL)
		return err_set(e, ERR_DATA, "unknown time zone '%s'", zone);
	t->offset = offset_at(calendar, t->stamp, &status);
	if (date_only) {
		int64_t midnight = t->stamp;

		t->stamp = midnight - t->offset * STAMP_SECOND;
		t->offset = offset_at(calendar, t->stamp, &status);
		t->stamp = midnight - t->offset * STAMP_SECOND;
	}
	ucal_close(calendar);
	if (U_FAILURE(status))
		return fail_in_zone(zone, status, e);
	return 0;
}

/*
 * The zone's short name in English at the moment: its rules, and with them its
 * name, may have been others than today.  Most have none; then it is GMT+1.
 */
static int name_zone(struct local *t, const char *zone, struct err *e)
{
	int64_t millis = t->stamp / MILLIS;
	UErrorCode status = U_ZERO_ERROR;
	UChar id[MAX_ZONE];
	UChar pattern[2];
	UChar name[32];
	UDateFormat *format;

	u_uastrcpy(id, zone);
	u_uastrcpy(pattern, "z");
	format = udat_open(
		UDAT_PATTERN, UDAT_PATTERN, "en", id, -1, pattern, -1, &status);
	udat_format(format, (double)millis, name, 32, NULL, &status);
	udat_close(format);
	if (U_FAILURE(status))
		return fail_in_zone(zone, status, e);
	u_austrncpy(t->zone, name, sizeof(t->zone) - 1);
	return 0;
}

/* Read a moment or a date, as zone shows it. */
static int read_local(
	struct local *t, struct str in, const char *zone, struct err *e)
{
	bool date_only = in.n == 10;
	char midnight[24];
	struct str text = in;

	*t = (struct local){.zone = "UTC"};
	if (date_only) {
		snprintf(midnight, sizeof(midnight), "%.10sT00:00:00Z", in.p);
		text = str_of(midnight);
	}
	if (!stamp_parse(text, &t->stamp))
		return err_set(e, ERR_DATA,
			"'%.*s' is neither a date nor a moment",
			STR_ARGS(words_truncate(in, 80)));
	if (!is_utc(zone) && enter_zone(t, zone, date_only, e) != 0)
		return ERR_DATA;
	t->civil = stamp_civil(local_stamp(t));
	return 0;
}

static void put_offset(struct buf *out, int offset, const char *colon)
{
	int minutes = (offset < 0 ? -offset : offset) / 60;

	buf_printf(out, "%c%02d%s%02d", offset < 0 ? '-' : '+', minutes / 60,
		colon, minutes % 60);
}

static void put_fraction(struct buf *out, int micros, int digits)
{
	char text[] = "000000000";

	for (int i = 5; i >= 0; i--, micros /= 10)
		text[i] = (char)('0' + micros % 10);
	buf_add(out, text, (size_t)digits);
}

/* With zeros in front, and with its sign, digits wide. */
static void put_number(struct buf *out, int64_t v, size_t digits)
{
	char bytes[STR_INT];
	struct str text = str_int(bytes, v < 0 ? -v : v);

	if (v < 0)
		buf_putc(out, '-');
	for (size_t n = text.n + (v < 0); n < digits; n++)
		buf_putc(out, '0');
	buf_add_str(out, text);
}

static bool put_date(struct buf *out, const struct local *t, char conversion)
{
	const struct civil *c = &t->civil;

	switch (conversion) {
	case 'Y':
		put_number(out, c->year, 4);
		return true;
	case 'y':
		put_number(out, (c->year % 100 + 100) % 100, 2);
		return true;
	case 'm':
		put_number(out, c->month, 2);
		return true;
	case 'd':
		put_number(out, c->day, 2);
		return true;
	case 'e':
		buf_printf(out, "%2d", c->day);
		return true;
	case 'j':
		put_number(out, day_of_year(c), 3);
		return true;
	case 'B':
		buf_puts(out, months[c->month - 1]);
		return true;
	case 'b':
		buf_add(out, months[c->month - 1], 3);
		return true;
	case 'A':
		buf_puts(out, days[weekday(t)]);
		return true;
	case 'a':
		buf_add(out, days[weekday(t)], 3);
		return true;
	case 'F':
		buf_printf(out, "%04lld-%02d-%02d", (long long)c->year,
			c->month, c->day);
		return true;
	default:
		return false;
	}
}

static bool put_time(struct buf *out, const struct local *t, char conversion)
{
	const struct civil *c = &t->civil;
	int64_t second = t->stamp / STAMP_SECOND;

	switch (conversion) {
	case 'H':
		put_number(out, c->hour, 2);
		return true;
	case 'M':
		put_number(out, c->minute, 2);
		return true;
	case 'S':
		put_number(out, c->second, 2);
		return true;
	case 'T':
		buf_printf(
			out, "%02d:%02d:%02d", c->hour, c->minute, c->second);
		return true;
	case 'N':
		put_fraction(out, c->micros, 9);
		return true;
	case 'Z':
		buf_puts(out, t->zone);
		return true;
	case 'z':
		put_offset(out, t->offset, "");
		return true;
	case 's':
		if (t->stamp % STAMP_SECOND < 0)
			second--;
		put_number(out, second, 1);
		return true;
	case '%':
		buf_putc(out, '%');
		return true;
	default:
		return false;
	}
}

/* Write one conversion, which starts behind its '%'; its length, or 0. */
static size_t put_conversion(
	struct buf *out, const struct local *t, struct str s)
{
	if (s.n > 0 && (put_date(out, t, s.p[0]) || put_time(out, t, s.p[0])))
		return 1;
	if (str_starts(s, STR(":z"))) {
		put_offset(out, t->offset, ":");
		return 2;
	}
	if (s.n > 1 && s.p[0] >= '1' && s.p[0] <= '9' && s.p[1] == 'N') {
		put_fraction(out, t->civil.micros, s.p[0] - '0');
		return 2;
	}
	return 0;
}

int words_date(struct arena *a, struct str in, struct str format,
	const char *zone, struct str *out, struct err *e)
{
	struct buf text = {0};
	struct local t;

	if (read_local(&t, in, zone, e) != 0)
		return ERR_DATA;
	if (!is_utc(zone) && str_find(format, STR("%Z")) < format.n &&
		name_zone(&t, zone, e) != 0)
		return ERR_DATA;
	for (size_t i = 0; i < format.n;) {
		size_t n;

		if (format.p[i] != '%') {
			buf_putc(&text, format.p[i++]);
			continue;
		}
		n = put_conversion(&text, &t, str_skip(format, i + 1));
		if (n == 0) {
			buf_fini(&text);
			return err_set(e, ERR_DATA,
				"unknown conversion '%.*s' in a date's format",
				STR_ARGS(words_truncate(
					str_skip(format, i), 2)));
		}
		i += 1 + n;
	}
	*out = arena_take(a, &text);
	return 0;
}
