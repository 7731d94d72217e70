#ifndef CONTENT_TEMPLATE_H
#define CONTENT_TEMPLATE_H

#include "content/evaluate.h"
#include "content/expression.h"
#include "content/shape.h"
#include "content/tree.h"

/*
 * A value of the configuration with expressions in it, compiled: what stands
 * under let, front_matter and body.  Lives in the program's arena.
 */
enum template_type { TEMPLATE_SCALAR, TEMPLATE_LIST, TEMPLATE_MAP };

struct template
{
	enum template_type type;
	struct str key; /* where it stands: front_matter.link.brand */

	/* $when and $each, which make none or many of it. */
	const struct expression *when;
	const struct expression *each;
	bool when_each; /* $when is asked for each item */
	size_t slot;    /* of $each's name */
	bool special;   /* a map with $ keys: its list is spliced in */

	struct expression scalar;
	size_t n;
	struct template *items;          /* of a list */
	struct template_member *members; /* of a map */
	const struct shape *shape;
};

struct template_member {
	struct str name;
	struct template value;
};

/* What compiling a template needs beside parsing. */
struct templating {
	struct parsing parsing;
	const struct node *fragments; /* a map, or NULL */
	bool *fragments_used;         /* by their index */
	unsigned depth;
	size_t nodes;
};

/*
 * Compile a node that stands at key.  ERR_CONFIG with its place for unknown
 * $ keys, names and filters, and for scalars that YAML readers differ about.
 */
int template_compile(struct templating *with, const struct node *node,
	struct str key, struct template *out);

/*
 * A map with the keys that its $merge mixes in; all else as it is.  ERR_CONFIG
 * for fragments that are not there, or that merge themselves.
 */
int template_merge(
	struct templating *with, const struct node *map, struct node *out);

/*
 * Compile a scalar of the mapping that is text or an expression: a plain one
 * without ${ } has the type that YAML gives it.
 */
int template_scalar(struct templating *with, const struct node *node,
	struct expression *out);

/*
 * Evaluate.  *there is false where $when leaves it out.  ERR_DATA names key
 * and expression.
 */
int template_evaluate(struct evaluation *with, const struct template *t,
	bool *there, struct value *out, struct err *e);

#endif
