#ifndef API_JSON_H
#define API_JSON_H

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
#define JSON_DEPTH 512

struct json {
	const char *begin;
	const char *p;
	const char *end;
	const char *fault; /* NULL, or what is wrong at p: nothing works then */
	size_t depth;
	bool fresh; /* the last byte read opened a container */
};

enum json_type {
	JSON_NONE,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

void json_init(struct json *j, struct str text);

/* Go into the '{' or '[' that comes next; false, with a fault, if none does. */
bool json_enter(struct json *j, char open);

/*
 * Go to the value of the next member, or to the next item.  False at the end
 * of the container, which is left by that, and at a fault.  The key is
 * without quotes, its escapes as written.
 */
bool json_member(struct json *j, struct str *key);
bool json_item(struct json *j);

/* The text of the next value, as written; false at a fault. */
bool json_skip(struct json *j, struct str *value);

/* Whether there was no fault and nothing but white space is left. */
bool json_end(struct json *j);

/* What the next value is; JSON_NONE at a fault or the end. */
enum json_type json_peek(struct json *j);

/* What a value is, by its first byte; words for it: "text", "a number", … */
enum json_type json_type(struct str value);
const char *json_type_name(struct str value);

/*
 * Decode a string value into the arena.  False, with *fault set, for bad
 * escapes, \u0000, lone surrogates, control characters and bad UTF-8.
 */
bool json_decode(
	struct arena *a, struct str value, struct str *out, const char **fault);

#endif
