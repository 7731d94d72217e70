#ifndef CONTENT_SHAPE_H
#define CONTENT_SHAPE_H

#include "base/arena.h"
#include "base/err.h"
#include "content/expression.h"

/*
 * What is known of a value before there is one: which members a map has, be it
 * the value, an item of its list or an item of that one's.  A NULL shape is
 * that of a value of which nothing is known.  Members that may be null are
 * members, too.
 */
struct shape_member;

struct shape {
	size_t n;
	const struct shape_member *members;
	bool table; /* written in the mapping: any key may be looked up in it */
};

struct shape_member {
	const char *name;
	const struct shape *shape;
};

extern const struct shape shape_plain; /* in which there is no map */
extern const struct shape shape_empty; /* of null, [] and {}: all is null */

/* Of what an expression gives.  All names that it uses must be in scope. */
const struct shape *shape_of(
	const struct parsing *with, const struct expression *x);

/* Of a value that has one shape or the other, or of a list of both. */
const struct shape *shape_join(
	struct arena *a, const struct shape *x, const struct shape *y);

/* False if no map of this shape has that member. */
bool shape_has(const struct shape *s, struct str name);

/* False if no map of this shape can be asked for that key, in brackets. */
bool shape_takes(const struct shape *s, struct str key);

/*
 * Put behind an error's words which member was meant, or which there are;
 * gives code back.
 */
int shape_suggest(
	const struct shape *s, struct str name, struct err *e, int code);

#endif
