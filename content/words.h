#ifndef CONTENT_WORDS_H
#define CONTENT_WORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Text to text.  All results live in the arena or borrow from the input.
 * Input is UTF-8; a byte that is none counts as one code point.
 */

/*
 * ICU's Any-Latin; Latin-ASCII; Lower, then every run of [a-z0-9] joined
 * with '-'.  language NULL, or "de" (ä ae, ö oe, ü ue, ß ss).  May be empty.
 */
struct str words_slug(struct arena *a, struct str in, const char *language);

/* ICU's full case mapping, locale root. */
struct str words_lower(struct arena *a, struct str in);
struct str words_upper(struct arena *a, struct str in);

/* Without white space (Unicode's) at both ends; borrows. */
struct str words_trim(struct str in);

/* At most n code points; borrows. */
struct str words_truncate(struct str in, size_t n);

/*
 * in if it has at most n code points; else the whole words (plain spaces
 * part words) that fit into n, or n code points where there is no space.
 */
struct str words_truncate_words(struct str in, size_t n);

/* Unicode code points. */
size_t words_length(struct str in);

/* NFC, then full case folding, for comparing paths. */
struct str words_fold(struct arena *a, struct str in);

/* Shell pattern over a whole text: * ? [a-z] [!x], case matters. */
bool words_glob(struct str pattern, struct str text);

/* ERR_DATA for what is no name space of UUIDs. */
int words_check_space(struct str space, struct err *e);

/* RFC 4122 version 5; space is "url", "dns", "oid", "x500" or a UUID. */
int words_uuid5(struct arena *a, struct str space, struct str name,
	struct str *out, struct err *e);

/*
 * strftime of a moment (RFC 3339) or date in a zone (IANA name, by ICU):
 * %Y %m %d %H %M %S %y %j %e %B %b %A %a %Z %z %:z %F %T %s %% and %N with
 * digits (%3N, %6N, %9N).  %Z is the English short name at that moment, or
 * GMT+1.  ERR_DATA for a text that is no date, for an
 * unknown conversion, and an unknown zone.
 */
int words_date(struct arena *a, struct str in, struct str format,
	const char *zone, struct str *out, struct err *e);

/* The host of an absolute URL, lower case, without port; STR_NONE if none. */
struct str words_url_host(struct arena *a, struct str url);
/* Its path, as written, perhaps empty; STR_NONE if the URL is no absolute one.
 */
struct str words_url_path(struct arena *a, struct str url);
struct str words_strip_www(struct str host); /* without a leading "www." */
struct str words_strip_tld(struct str host); /* without the last label */

/* basename and extension (with no dot) of a path or file name; borrow. */
struct str words_basename(struct str path);
struct str words_ext(struct str path);

#endif
