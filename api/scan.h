#ifndef API_SCAN_H
#define API_SCAN_H

#include "base/arena.h"
#include "base/str.h"

/*
 * JSON as pieces of its own text: a cursor that walks a document once,
 * entering what matters and skipping the rest, and a decoder for the strings
 * that are kept.  Numbers stay digits, so none is lost or refused.
 *
 * The cursor checks the grammar but not what is inside of strings, so that
 * one bad string is the fault of what it belongs to, and not of the page.
 * Keys are compared as they are written: OpenProject escapes none.
 */
#define SCAN_DEPTH 512

struct scan {
	const char *begin;
	const char *p;
	const char *end;
	const char *fault; /* NULL, or what is wrong at p: nothing works then */
	size_t depth;
	bool fresh; /* the last byte read opened a container */
};

enum scan_type {
	SCAN_NONE,
	SCAN_NULL,
	SCAN_BOOL,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT,
};

void scan_init(struct scan *j, struct str text);

/* Go into the '{' or '[' that comes next; false, with a fault, if none does. */
bool scan_enter(struct scan *j, char open);

/*
 * Go to the value of the next member, or to the next item.  False at the end
 * of the container, which is left by that, and at a fault.  The key is
 * without quotes, its escapes as written.
 */
bool scan_member(struct scan *j, struct str *key);
bool scan_item(struct scan *j);

/* The text of the next value, as written; false at a fault. */
bool scan_skip(struct scan *j, struct str *value);

/*
 * The same; and where it is an object, its members of these n keys, each the
 * last one of its name.  What is not there becomes STR_NONE.
 */
bool scan_pick(struct scan *j, const char *const *keys, size_t n,
	struct str *picked, struct str *value);

/* Whether there was no fault and nothing but white space is left. */
bool scan_end(struct scan *j);

/* What the next value is; SCAN_NONE at a fault or the end. */
enum scan_type scan_peek(struct scan *j);

/* What a value is, by its first byte; words for it: "text", "a number", … */
enum scan_type scan_type(struct str value);
const char *scan_type_name(struct str value);

/*
 * Decode a string value into the arena.  False, with *fault set, for bad
 * escapes, \u0000, lone surrogates, control characters and bad UTF-8.
 */
bool scan_decode(
	struct arena *a, struct str value, struct str *out, const char **fault);

#endif
