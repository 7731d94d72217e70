#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/str.h"

struct attachment;

/*
 * A value as the mapping sees it and as front matter is made of.  A plain
 * tree, usually in an arena; it borrows all that it points to.  A number is
 * kept as the digits that the server or the mapping wrote, so none is lost.
 */
enum value_type {
	VALUE_NULL, /* a zeroed value is null */
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_LIST,
	VALUE_MAP,
};

struct value {
	enum value_type type;
	bool boolean;
	struct str text;                     /* of a number or a string */
	size_t n;                            /* items or members */
	struct value *items;                 /* of a list */
	struct member *members;              /* of a map, in order */
	const struct attachment *attachment; /* that a map stands for */
};

struct member {
	struct str key;
	struct value value;
};

static inline struct value value_string(struct str s)
{
	return (struct value){.type = VALUE_STRING, .text = s};
}

/* Null if there is no text. */
static inline struct value value_text(struct str s)
{
	return (struct value){
		.type = s.p != NULL ? VALUE_STRING : VALUE_NULL, .text = s};
}

static inline struct value value_number(struct str digits)
{
	return (struct value){
		.type = digits.p != NULL ? VALUE_NUMBER : VALUE_NULL,
		.text = digits};
}

static inline struct value value_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .boolean = b};
}

/* The member of a map with that key, or NULL. */
const struct value *value_member(const struct value *map, struct str key);

#endif
