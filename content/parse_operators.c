/*
 * parse_operators - from ?? down to comparisons.
 *
 *   else: or { ?? or }      or: and { or and }     and: not { and not }
 *   not: [ not ] compared   compared: pipe [ == != < <= > >= in  pipe ]
 */
#include "content/ascii.h"
#include "content/parser.h"

#define MAX_DEPTH 32

static int parse_not(struct parser *p, struct expression *out);

void parse_skip_space(struct parser *p)
{
	while (p->at < p->text.n && ascii_space(p->text.p[p->at]))
		p->at++;
}

bool parse_accept(struct parser *p, const char *mark)
{
	parse_skip_space(p);
	if (!str_starts(str_skip(p->text, p->at), str_of(mark)))
		return false;
	p->at += strlen(mark);
	return true;
}

struct str parse_peek_name(struct parser *p)
{
	struct str name;

	parse_skip_space(p);
	name = (struct str){p->text.p + p->at, 0};
	while (ascii_name(ascii_at(p->text, p->at + name.n)) &&
		(name.n > 0 || !ascii_digit(name.p[0])))
		name.n++;
	return name;
}

bool parse_accept_word(struct parser *p, const char *word)
{
	struct str name = parse_peek_name(p);

	if (!str_is(name, word))
		return false;
	p->at += name.n;
	return true;
}

/* What people write who know other languages. */
static const char *way_out(struct str rest)
{
	static const struct {
		const char *wrong;
		const char *right;
	} hints[] = {
		{"||", "write 'or'"},
		{"&&", "write 'and'"},
		{"!", "write 'not'"},
		{"=", "write '=='"},
		{"+", "write \"${ a }${ b }\" to join texts"},
		{"?", "write if(condition, then, else) or a ?? b"},
		{"(", "only if() and uuid5() are functions"},
	};

	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (str_starts(rest, str_of(hints[i].wrong)))
			return hints[i].right;
	return NULL;
}

int parse_unexpected(const struct parser *p, const char *wanted)
{
	struct str rest = str_skip(p->text, p->at);
	const char *hint = way_out(rest);
	size_t n = rest.n > 0;

	while (ascii_continues(ascii_at(rest, n)))
		n++;
	rest.n = n;
	if (hint != NULL)
		return parse_fail(p, p->at, "unexpected '%.*s': %s",
			STR_ARGS(rest), hint);
	if (n == 0)
		return parse_fail(p, p->at, "%s is missing", wanted);
	return parse_fail(p, p->at, "unexpected '%.*s': %s should stand here",
		STR_ARGS(rest), wanted);
}

static bool accept_comparison(struct parser *p, enum expression_op *op)
{
	static const struct {
		const char *mark;
		enum expression_op op;
	} marks[] = {
		{"==", OP_EQUAL},
		{"!=", OP_UNEQUAL},
		{"<=", OP_LESS_EQUAL},
		{">=", OP_MORE_EQUAL},
		{"<", OP_LESS},
		{">", OP_MORE},
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (parse_accept(p, marks[i].mark)) {
			*op = marks[i].op;
			return true;
		}
	}
	*op = OP_IN;
	return parse_accept_word(p, "in");
}

static int parse_compared(struct parser *p, struct expression *out)
{
	size_t start = p->at;
	struct expression args[2];
	enum expression_op op;
	size_t second;
	int rc = parse_pipe(p, &args[0]);

	if (rc != 0)
		return rc;
	if (!accept_comparison(p, &op)) {
		*out = args[0];
		return 0;
	}
	rc = parse_pipe(p, &args[1]);
	if (rc != 0)
		return rc;
	parse_make(p, op, start, out, args, 2);
	parse_skip_space(p);
	second = p->at;
	if (accept_comparison(p, &op))
		return parse_fail(p, second,
			"comparisons cannot be chained: put brackets around "
			"one, or join them with 'and'");
	return 0;
}

static int parse_not(struct parser *p, struct expression *out)
{
	size_t start = p->at;
	struct expression arg;
	int rc;

	if (!parse_accept_word(p, "not"))
		return parse_compared(p, out);
	if (++p->depth > MAX_DEPTH)
		return parse_fail(p, start, "nested too deeply");
	rc = parse_not(p, &arg);
	p->depth--;
	if (rc == 0)
		parse_make(p, OP_NOT, start, out, &arg, 1);
	return rc;
}

static int parse_and(struct parser *p, struct expression *out)
{
	size_t start = p->at;
	struct expression args[2];
	int rc = parse_not(p, &args[0]);

	while (rc == 0 && parse_accept_word(p, "and")) {
		rc = parse_not(p, &args[1]);
		if (rc == 0)
			parse_make(p, OP_AND, start, &args[0], args, 2);
	}
	if (rc == 0)
		*out = args[0];
	return rc;
}

static int parse_or(struct parser *p, struct expression *out)
{
	size_t start = p->at;
	struct expression args[2];
	int rc = parse_and(p, &args[0]);

	while (rc == 0 && parse_accept_word(p, "or")) {
		rc = parse_and(p, &args[1]);
		if (rc == 0)
			parse_make(p, OP_OR, start, &args[0], args, 2);
	}
	if (rc == 0)
		*out = args[0];
	return rc;
}

int parse_expression(struct parser *p, struct expression *out)
{
	bool outer = p->right_of_else;
	struct expression args[2];
	size_t start;
	int rc;

	parse_skip_space(p);
	start = p->at;
	if (++p->depth > MAX_DEPTH)
		return parse_fail(p, start, "nested too deeply");
	p->right_of_else = false;
	rc = parse_or(p, &args[0]);
	while (rc == 0 && parse_accept(p, "??")) {
		p->right_of_else = true;
		parse_skip_space(p);
		rc = parse_or(p, &args[1]);
		if (rc == 0)
			parse_make(p, OP_ELSE, start, &args[0], args, 2);
	}
	p->right_of_else = outer;
	p->depth--;
	if (rc == 0)
		*out = args[0];
	return rc;
}
