#ifndef CONTENT_NUMBER_H
#define CONTENT_NUMBER_H

#include "base/arena.h"

/*
 * Numbers as the digits that somebody wrote: -?digits(.digits)?(e[+-]?digits)?
 * of any size, compared exactly, never through a double.
 */

/*
 * How many bytes at the start of s are a number, as JSON has it (RFC 8259):
 * with no zeros in front.  0 if none are.
 */
size_t number_span(struct str s);

/* <0, 0 or >0, for two numbers: 1.0 and 1 and 10e-1 are equal. */
int number_compare(struct str a, struct str b);

/*
 * The whole number that s is, cut towards zero, as plain digits; STR_NONE
 * if it would have more than 400.
 */
struct str number_integer(struct arena *a, struct str s);

#endif
