#ifndef TESTS_OPENPROJECT_JSON_H
#define TESTS_OPENPROJECT_JSON_H

#include <stdint.h>

#include "base/buf.h"

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/*
 * A JSON tree that can be edited and is written back byte for byte: numbers
 * keep their digits and strings their escapes, so that a lone surrogate or
 * 1e400, which no library would let pass, can be put into an answer.  A node
 * owns its children; whoever holds the root frees it.
 */
struct json {
	enum json_type type;
	char *key;  /* of a member: as between the quotes; else NULL */
	char *text; /* of a number or a string: as between the quotes */
	struct json *first;
	struct json *next;
};

/* Parse a whole document (at most 200 deep); NULL if it is not JSON. */
struct json *json_parse(struct str s);
void json_free(struct json *j); /* accepts NULL */

struct json *json_new(enum json_type type)
	__attribute__((malloc, returns_nonnull));
struct json *json_string(struct str s) __attribute__((returns_nonnull));
struct json *json_int(int64_t v) __attribute__((returns_nonnull));
struct json *json_bool(bool b) __attribute__((returns_nonnull));

/* A copy without key; a null of NULL. */
struct json *json_copy(const struct json *j) __attribute__((returns_nonnull));

/* The member with that key, or NULL; obj may be NULL or no object. */
struct json *json_get(const struct json *obj, const char *key);

/* The first member of an object, to go on by next; NULL of all else. */
struct json *json_members(const struct json *obj);

/* The member of a member: json_at(j, "_links", "self", NULL). */
struct json *json_at(const struct json *j, ...) __attribute__((sentinel));

/*
 * Put value, which is taken, under key, in place of what was there.  Nothing
 * happens to what is no object.
 */
void json_set(struct json *obj, const char *key, struct json *value);
void json_set_text(struct json *obj, const char *key, const char *text);
void json_remove(struct json *obj, const char *key);
void json_append(struct json *array, struct json *item); /* takes item */
size_t json_count(const struct json *j);

/* Between the quotes of a string, a number's digits; "" of all else. */
const char *json_raw(const struct json *j) __attribute__((returns_nonnull));

/* What a string says, decoded, owned by the caller; NULL if it is none. */
char *json_dup_text(const struct json *string);
bool json_is(const struct json *string, const char *text);
int64_t json_to_int(const struct json *number, int64_t fallback);

bool json_to_bool(const struct json *j); /* true only for true */

/* A number, or a string of digits; else fallback. */
int64_t json_to_id(const struct json *j, int64_t fallback);

void json_write(const struct json *j, struct buf *out);        /* compact */
void json_write_spaced(const struct json *j, struct buf *out); /* ": ", ", " */
void json_escape(struct str s, struct buf *out);

#endif
