#ifndef CONTENT_PARSER_H
#define CONTENT_PARSER_H

#include "content/expression.h"

/*
 * What the parts of the parser share: text (expression.c), operators
 * (parse_operators.c) and what they bind (parse_operands.c).
 */
struct parser {
	const struct parsing *with;
	const struct node *scalar;
	struct str text; /* of the scalar, in the program's arena */
	size_t at;       /* the next byte */
	size_t start;    /* of the outermost ${ */
	unsigned depth;
	bool right_of_else; /* where a | would be ambiguous */
};

/* ERR_CONFIG at byte offset of the scalar. */
int parse_fail(const struct parser *p, size_t offset, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same for what is missing or wrong at p->at. */
int parse_unexpected(const struct parser *p, const char *wanted);

void parse_skip_space(struct parser *p);

/* Over mark, and true, if it stands next; white space before it is skipped. */
bool parse_accept(struct parser *p, const char *mark);

/* The name that stands next, without going over it; n is 0 if none does. */
struct str parse_peek_name(struct parser *p);

/* Over word, and true, if it stands next as a whole name. */
bool parse_accept_word(struct parser *p, const char *word);

/* A whole expression, and one operand with its members and filters. */
int parse_expression(struct parser *p, struct expression *out);
int parse_pipe(struct parser *p, struct expression *out);

/*
 * Text with ${ } in it: up to quote in an expression's string (from behind
 * the opening one), or with quote 0 the whole scalar.
 */
int parse_text(struct parser *p, char quote, struct expression *out);

/* out becomes op over args, which move into the arena; text from start on. */
void parse_make(struct parser *p, enum expression_op op, size_t start,
	struct expression *out, const struct expression *args, size_t n);

#endif
