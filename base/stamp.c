/*
 * stamp - moments in microseconds, read and written as RFC 3339.
 *
 * The calendar arithmetic counts days in eras of 400 years that begin on
 * the first of March, so that a leap day is the last of its year.
 */
#include "base/stamp.h"

#include <stdio.h>
#include <time.h>

#include "base/util.h"

#define DAY_SECONDS 86400
#define ERA_DAYS 146097
#define ERA_YEARS 400
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = floor_div(y, ERA_YEARS);
	int64_t of_era = y - era * ERA_YEARS;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

	return era * ERA_DAYS + days - EPOCH_DAYS;
}

static void civil_from_days(int64_t days, struct civil *c)
{
	int64_t z = days + EPOCH_DAYS;
	int64_t era = floor_div(z, ERA_DAYS);
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe =
		(doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * ERA_YEARS + (c->month <= 2);
}

static bool digits(struct str *s, size_t n, int *out)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_skip(*s, n);
	*out = v;
	return true;
}

static bool mark(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool fraction(struct str *s, int *micros)
{
	int scale = 100000;
	size_t n = 0;

	*micros = 0;
	if (!mark(s, '.'))
		return true;
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
		*micros += (s->p[n] - '0') * scale;
		scale /= 10;
		n++;
	}
	*s = str_skip(*s, n);
	return n > 0;
}

/* Z or +hh:mm, in seconds east of Greenwich. */
static bool offset(struct str *s, int *seconds)
{
	int hours;
	int minutes;
	int sign;

	if (mark(s, 'Z') || mark(s, 'z')) {
		*seconds = 0;
		return true;
	}
	sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;
	if (!mark(s, '+') && !mark(s, '-'))
		return false;
	if (!digits(s, 2, &hours) || !mark(s, ':') || !digits(s, 2, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

static bool parse_civil(struct str *s, struct civil *c)
{
	int year;

	if (!digits(s, 4, &year) || !mark(s, '-') || !digits(s, 2, &c->month) ||
		!mark(s, '-') || !digits(s, 2, &c->day))
		return false;
	c->year = year;
	if (!mark(s, 'T') && !mark(s, 't') && !mark(s, ' '))
		return false;
	if (!digits(s, 2, &c->hour) || !mark(s, ':') ||
		!digits(s, 2, &c->minute) || !mark(s, ':') ||
		!digits(s, 2, &c->second))
		return false;
	return fraction(s, &c->micros);
}

static bool civil_ok(const struct civil *c)
{
	struct civil back = {0};

	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > 31)
		return false;
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return false;
	civil_from_days(days_from_civil(c->year, c->month, c->day), &back);
	return back.day == c->day;
}

bool stamp_parse(struct str s, int64_t *out)
{
	struct civil c = {0};
	int east;
	int64_t seconds;

	if (!parse_civil(&s, &c) || !offset(&s, &east) || s.n != 0 ||
		!civil_ok(&c))
		return false;
	seconds = days_from_civil(c.year, c.month, c.day) * DAY_SECONDS;
	seconds += c.hour * 3600 + c.minute * 60 + c.second - east;
	*out = seconds * STAMP_SECOND + c.micros;
	return true;
}

struct civil stamp_civil(int64_t stamp)
{
	struct civil c = {0};
	int64_t seconds = floor_div(stamp, STAMP_SECOND);
	int64_t days = floor_div(seconds, DAY_SECONDS);
	int of_day = (int)(seconds - days * DAY_SECONDS);

	civil_from_days(days, &c);
	c.hour = of_day / 3600;
	c.minute = of_day / 60 % 60;
	c.second = of_day % 60;
	c.micros = (int)(stamp - seconds * STAMP_SECOND);
	return c;
}

void stamp_format(int64_t stamp, int digits, char out[STAMP_TEXT])
{
	struct civil c = stamp_civil(stamp);
	int n = snprintf(out, STAMP_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d",
		(int)c.year, c.month, c.day, c.hour, c.minute, c.second);

	if (digits == 3)
		n += snprintf(out + n, STAMP_TEXT - (size_t)n, ".%03d",
			c.micros / 1000);
	else if (digits == 6)
		n += snprintf(
			out + n, STAMP_TEXT - (size_t)n, ".%06d", c.micros);
	snprintf(out + n, STAMP_TEXT - (size_t)n, "Z");
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * STAMP_SECOND + ts.tv_nsec / 1000;
}

int64_t stamp_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t stamp_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

bool stamp_duration(struct str s, int64_t *out)
{
	static const struct str_unit units[] = {
		{"ms", STAMP_SECOND / 1000},
		{"s", STAMP_SECOND},
		{"m", STAMP_SECOND * 60},
		{"h", STAMP_SECOND * 3600},
		{"d", STAMP_SECOND * 86400},
	};

	return str_with_unit(s, units, ARRAY_LEN(units), out);
}

void stamp_span(int64_t micros, char out[STAMP_SPAN])
{
	long long s = (long long)(micros / STAMP_SECOND);
	long long m = s / 60;
	long long h = m / 60;

	if (s < 120)
		snprintf(out, STAMP_SPAN, "%lld s", s);
	else if (m < 120)
		snprintf(out, STAMP_SPAN, "%lld min", m);
	else if (h < 48)
		snprintf(out, STAMP_SPAN, "%lld h %lld min", h, m % 60);
	else
		snprintf(out, STAMP_SPAN, "%lld d %lld h", h / 24, h % 24);
}

const char *stamp_clock(struct str s, char out[STAMP_CLOCK])
{
	int64_t at;
	time_t seconds;
	struct tm tm;

	if (!stamp_parse(s, &at)) {
		snprintf(out, STAMP_CLOCK, "?");
		return out;
	}
	seconds = (time_t)floor_div(at, STAMP_SECOND);
	localtime_r(&seconds, &tm);
	strftime(out, STAMP_CLOCK, "%F %T", &tm);
	return out;
}
