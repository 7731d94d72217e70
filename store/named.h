#ifndef STORE_NAMED_H
#define STORE_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct state;
struct named_by;

/* Which text of a work package (?), and how an address in it begins. */
struct named_in {
	const char *sql;
	const char *heads[2]; /* the second may be NULL */
};

/*
 * Whom the texts of work packages name.  A text may be large and is kept
 * packed, and many may be looked for in it: each is looked through once, and
 * whom it names is remembered.  What is remembered is as the texts were: to be
 * forgotten when one changes.  Zeroed but for where to look, nothing is.
 */
struct named_texts {
	const struct named_in *in; /* borrowed */
	struct named_by *texts;    /* owned */
	size_t n;                  /* ids that are remembered */
};

/* Does it name one, as HEADid"?  No text, or a damaged one, names nobody. */
int named_has(struct named_texts *n, struct state *s, int64_t work_package,
	int64_t id, bool *has, struct err *e);

void named_forget(struct named_texts *n);

#endif
