#ifndef CONTENT_EXPRESSION_H
#define CONTENT_EXPRESSION_H

#include "base/arena.h"
#include "base/value.h"
#include "content/tree.h"

/*
 * An expression of the mapping, parsed: what stands in ${ } and, for a
 * scalar with text around, the text and its expressions together.  It lives
 * in the program's arena and never changes.
 */
struct constants;
struct filter;
struct shape;

enum expression_op {
	OP_LITERAL,  /* literal */
	OP_MODEL,    /* the model's name number slot: subject, author … */
	OP_LOCAL,    /* slot of let, as, $each */
	OP_CONSTANT, /* const.NAME */
	OP_FIELD,    /* cf.NAME; slot is a field_form */
	OP_MEMBER,   /* args[0].NAME */
	OP_INDEX,    /* args[0][args[1]] */
	OP_LIST,     /* [args …] */
	OP_TEXT,     /* args joined as text: "a ${ b } c" */
	OP_FILTER,   /* args[0] | filter(args[1] …) */
	OP_IF,       /* if(args[0], args[1], args[2]) */
	OP_ELSE,     /* args[0] ?? args[1] */
	OP_AND,
	OP_OR,
	OP_NOT,
	OP_EQUAL,
	OP_UNEQUAL,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_MORE,
	OP_MORE_EQUAL,
	OP_IN,
};

enum field_form { FIELD_RAW, FIELD_HTML };

struct expression {
	enum expression_op op;
	struct str text; /* as written, for messages */
	struct value literal;
	struct str name;
	size_t slot;
	const struct filter *filter;
	size_t n;
	struct expression *args;
};

/*
 * The names that expressions may use beside the model's: let, as, $each.
 * Each has a slot, its index while it is in scope.
 */
struct scope_name {
	struct str name;
	bool used;
	const struct shape *shape;
};

struct scope {
	struct scope_name *items; /* owned */
	size_t n;
	size_t cap;
	size_t most; /* slots that an evaluation needs */
};

/* A custom field that the mapping names. */
struct field_use {
	struct str name;
	struct node at;
};

/* What expressions use, gathered while they are parsed. */
struct uses {
	bool comments;            /* may be used: the entry asks for them */
	struct field_use *fields; /* owned */
	size_t n_fields;
	size_t cap_fields;
};

/* All that parsing needs.  arena takes what it makes. */
struct parsing {
	struct arena *arena;
	struct scope *scope;
	struct uses *uses;
	struct err *err;
	struct constants *constants;
};

/*
 * Parse a scalar: literal text, one ${ … }, or text with ${ … } in it; $${ is
 * a literal ${.  ERR_CONFIG with the place inside the scalar.
 */
int expression_scalar(const struct parsing *with, const struct node *scalar,
	struct expression *out);

/* Parse a scalar that must be exactly one ${ … }; what names it. */
int expression_one(const struct parsing *with, const struct node *scalar,
	const char *what, struct expression *out);

/*
 * Parse "NAME in EXPRESSION", which stands without ${ }.  The name is not in
 * scope of the expression.
 */
int expression_each(const struct parsing *with, const struct node *scalar,
	struct str *name, struct expression *out);

/* Letters, digits and _, and no digit first. */
bool expression_is_name(struct str s);

/* Bring a name into scope; ERR_CONFIG if it is taken or is no name. */
int scope_push(const struct parsing *with, struct str name,
	const struct node *at, size_t *slot);

#endif
