#ifndef CONTENT_EVALUATE_H
#define CONTENT_EVALUATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/reads.h"
#include "base/value.h"
#include "base/work_package.h"
#include "content/expression.h"

struct constants;
struct program;
struct rendered;

/*
 * The evaluation of one entry for one work package.  Values live in the
 * arena.  Total: steps and memory are capped.  No struct err may be NULL here.
 */
struct evaluation {
	struct arena *arena;
	const struct work_package *wp;
	const char *zone; /* of date(), an IANA name */
	const struct constants *constants;
	const struct program *program;
	const struct rendered *rendered; /* by entries before this one */
	struct value *locals;            /* by slot */
	bool in_match;       /* a field that the schema lacks is an error, */
	struct str hidden;   /* and what the server hides: none, or its name */
	bool all_neighbours; /* also those without a document here */
	struct value *named; /* by name of the model, once asked for */
	struct value attachments; /* a list once it was read, else null */
	struct value children;    /* the same */
	struct value relations;   /* the same */
	size_t steps;             /* taken so far */
	size_t start;             /* of arena->total */
	struct reads reads;       /* owned: names and neighbours it saw */
	bool needs_list;          /* of attachments: read, but not known */
	bool needs_comments;      /* the same */
	int64_t *needs;           /* owned: attachments to be fetched */
	size_t n_needs;
	size_t cap_needs;
	bool *needed; /* by attachment: is it among them? */
};

/* Evaluate; ERR_DATA with a sentence.  depth is bounded by the parser. */
int evaluate(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e);

/*
 * Evaluate a scalar of the mapping that stands at key: errors are prefixed
 * with key and the ${ expression } at fault.  While contents are needed, what
 * fails for want of them is null, so that all needs are found at once.
 */
int evaluate_scalar(struct evaluation *with, struct str key,
	const struct expression *x, struct value *out, struct err *e);

/* As a condition: the truth of what it gives. */
int evaluate_truth(struct evaluation *with, struct str key,
	const struct expression *x, bool *out, struct err *e);

/* False are null, false, "", [] and {}. */
bool value_truth(const struct value *v);

/* Null, "" and [], for which ?? steps in. */
bool value_is_empty(const struct value *v);

/* Deep equality, numbers by value; counts steps. */
int evaluate_equal(struct evaluation *with, const struct value *a,
	const struct value *b, bool *out, struct err *e);

/* Two numbers or two strings; ERR_DATA for all else. */
int evaluate_order(
	const struct value *a, const struct value *b, int *out, struct err *e);

/* A scalar as text, and added; ERR_DATA for null, lists and maps. */
int evaluate_as_text(const struct value *v, struct str *out, struct err *e);
int evaluate_add_text(struct buf *b, const struct value *v, struct err *e);

/* Count steps; ERR_DATA when there were too many, or too much memory. */
int evaluate_spend(struct evaluation *with, size_t steps, struct err *e);

/* ERR_DATA if a text of n bytes is larger than a document may be. */
int evaluate_limit_text(size_t n, struct err *e);

/* Note that the contents of wp's attachment must be here. */
void evaluate_need(struct evaluation *with, const struct attachment *a);

/* Contents must be fetched first: what is made now will be dropped. */
static inline bool evaluate_in_vain(const struct evaluation *with)
{
	return with->n_needs > 0;
}

/* ERR_DATA if v is larger or deeper than a document may be. */
int evaluate_limit(const struct value *v, struct err *e);

#endif
