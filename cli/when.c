/*
 * when - moments, as people name them.
 */
#include "cli/when.h"

#include <string.h>
#include <time.h>

#include "base/stamp.h"

#define DAY ((int64_t)86400)

/* "90m": that long ago. */
static bool ago(const char *text, int64_t now, int64_t *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {
		{'s', 1},
		{'m', 60},
		{'h', 3600},
		{'d', DAY},
		{'w', 7 * DAY},
	};
	size_t n = strspn(text, "0123456789");
	long long number;

	if (n == 0 || n > 9 || strlen(text) != n + 1 ||
		!str_to_int64((struct str){text, n}, &number))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != text[n])
			continue;
		*out = now - number * units[i].seconds * STAMP_SECOND;
		return true;
	}
	return false;
}

static int64_t stamp_of(struct tm *tm)
{
	tm->tm_isdst = -1;
	return (int64_t)mktime(tm) * STAMP_SECOND;
}

/* mktime() takes February 30 for March 2. */
static bool is_day(const struct tm *tm)
{
	struct tm same = *tm;

	timegm(&same);
	return same.tm_mday == tm->tm_mday;
}

/* The beginning of the day that is so many days before today. */
static bool day(const char *text, int64_t now, int64_t *out)
{
	time_t seconds = (time_t)(now / STAMP_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	if (strcmp(text, "yesterday") == 0)
		tm.tm_mday--;
	else if (strcmp(text, "today") != 0)
		return false;
	*out = stamp_of(&tm);
	return true;
}

static bool local(const char *text, int64_t now, int64_t *out)
{
	static const char *const formats[] = {
		"%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M",
		"%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%dT%H:%M",
		"%Y-%m-%d",
		"%H:%M:%S",
		"%H:%M",
	};
	time_t seconds = (time_t)(now / STAMP_SECOND);

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct tm tm;
		const char *end;

		localtime_r(&seconds, &tm);
		tm.tm_sec = 0;
		if (strchr(formats[i], 'H') == NULL)
			tm.tm_hour = tm.tm_min = 0;
		end = strptime(text, formats[i], &tm);
		if (end == NULL || *end != '\0' || !is_day(&tm))
			continue;
		*out = stamp_of(&tm);
		return true;
	}
	return false;
}

int when_parse(const char *text, const char *option, int64_t now, int64_t *out,
	struct err *e)
{
	if (strcmp(text, "now") == 0) {
		*out = now;
		return 0;
	}
	if (ago(text, now, out) || day(text, now, out) ||
		stamp_parse(str_of(text), out) || local(text, now, out))
		return 0;
	return err_set(e, ERR_USAGE,
		"%s: '%s' is no time (as 2h, yesterday, 14:30, 2026-11-25 or "
		"\"2026-11-25 14:30\")",
		option, text);
}
