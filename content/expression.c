/*
 * expression - the scalars of the mapping: text with ${ expressions } in it.
 *
 * The same reader serves a scalar of the configuration and a string inside an
 * expression, since both may hold ${ }.  The first fault ends it, with the
 * place inside the scalar.
 */
#include "content/expression.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "content/ascii.h"
#include "content/json.h"
#include "content/model.h"
#include "content/parser.h"

#define MAX_EXPRESSION 4096 /* bytes between ${ and } */

/* Literal text and expressions in turn, while they are gathered. */
struct parts {
	struct expression *items;
	size_t n;
	size_t cap;
	struct buf text; /* literal, not yet among the items */
	size_t text_start;
};

int parse_fail(const struct parser *p, size_t offset, const char *fmt, ...)
{
	struct node at = node_within(p->scalar, offset);
	char words[sizeof(p->with->err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return node_err(&at, p->with->err, "%s", words);
}

static int fail_unclosed(
	const struct parser *p, size_t offset, const char *what)
{
	if (p->scalar->plain)
		return parse_fail(p, offset,
			"%s is not closed (YAML cuts a value at ' #' and "
			"': '): quote the whole value",
			what);
	return parse_fail(p, offset, "%s is not closed", what);
}

static void part_push(struct parts *parts, const struct expression *x)
{
	parts->items = grow(
		parts->items, parts->n, &parts->cap, sizeof(*parts->items));
	parts->items[parts->n++] = *x;
}

static void end_text(struct parser *p, struct parts *parts)
{
	struct expression x = {.op = OP_LITERAL};

	if (parts->text.n == 0)
		return;
	x.literal =
		value_string(arena_str(p->with->arena, buf_str(&parts->text)));
	x.text = (struct str){
		p->text.p + parts->text_start, p->at - parts->text_start};
	part_push(parts, &x);
	buf_clear(&parts->text);
}

/* Behind \u. */
static int text_unicode(struct parser *p, struct buf *to)
{
	size_t used;
	int32_t cp = json_unicode(str_skip(p->text, p->at), &used);
	char bytes[4];

	if (cp < 0)
		return parse_fail(
			p, p->at - 2, "\\u must have four hexadecimal digits");
	p->at += used;
	buf_add(to, bytes, utf8_put(bytes, cp));
	return 0;
}

/* Behind a backslash of an expression's string. */
static int text_escape(struct parser *p, struct buf *to)
{
	char c = ascii_at(p->text, p->at);

	p->at += c != '\0';
	switch (c) {
	case '\\':
	case '"':
	case '\'':
		buf_putc(to, c);
		return 0;
	case 'n':
		buf_putc(to, '\n');
		return 0;
	case 't':
		buf_putc(to, '\t');
		return 0;
	case 'u':
		return text_unicode(p, to);
	case '\0':
		return fail_unclosed(p, p->at, "a string");
	default:
		return parse_fail(p, p->at - 2,
			"unknown escape '\\%c': strings have \\\\ \\\" \\' \\n "
			"\\t and \\uXXXX",
			c);
	}
}

/* A long one nests deep, too: each operator is one level more. */
static int check_length(const struct parser *p, size_t open)
{
	if (p->at - p->start <= MAX_EXPRESSION)
		return 0;
	return parse_fail(p, open,
		"an expression of more than %d bytes: split it up with let",
		MAX_EXPRESSION);
}

/* No } stands behind the expression that opens there. */
static int fail_unended(const struct parser *p, size_t open)
{
	if (p->at >= p->text.n)
		return fail_unclosed(p, open, "${");
	return parse_unexpected(p, "} or an operator");
}

/* At ${. */
static int text_expression(struct parser *p, struct parts *parts)
{
	struct parser inner = *p;
	struct expression x;
	size_t open = p->at;
	int rc;

	end_text(p, parts);
	inner.at = open + 2;
	inner.start = p->depth == 0 ? inner.at : p->start;
	inner.right_of_else = false;
	rc = parse_expression(&inner, &x);
	if (rc != 0)
		return rc;
	if (!parse_accept(&inner, "}"))
		return fail_unended(&inner, open);
	rc = check_length(&inner, open);
	if (rc != 0)
		return rc;
	p->at = inner.at;
	part_push(parts, &x);
	parts->text_start = p->at;
	return 0;
}

static int gather(struct parser *p, char quote, struct parts *parts)
{
	size_t open = p->at;

	parts->text_start = p->at;
	while (p->at < p->text.n) {
		struct str rest = str_skip(p->text, p->at);
		int rc = 0;

		if (quote != '\0' && rest.p[0] == quote)
			break;
		if (str_starts(rest, STR("$${"))) {
			buf_puts(&parts->text, "${");
			p->at += 3;
		} else if (str_starts(rest, STR("${"))) {
			rc = text_expression(p, parts);
		} else {
			p->at++;
			if (quote != '\0' && rest.p[0] == '\\')
				rc = text_escape(p, &parts->text);
			else
				buf_putc(&parts->text, rest.p[0]);
		}
		if (rc != 0)
			return rc;
	}
	end_text(p, parts);
	if (quote == '\0')
		return 0;
	if (p->at >= p->text.n)
		return fail_unclosed(p, open - 1, "a string");
	p->at++;
	return 0;
}

void parse_make(struct parser *p, enum expression_op op, size_t start,
	struct expression *out, const struct expression *args, size_t n)
{
	struct str text = {p->text.p + start, p->at - start};
	struct expression x = {.op = op, .n = n};

	while (text.n > 0 && ascii_space(text.p[text.n - 1]))
		text.n--;
	x.text = text;
	x.args = ARENA_ARRAY(p->with->arena, struct expression, n);
	if (n > 0)
		memcpy(x.args, args, n * sizeof(*args));
	*out = x;
}

int parse_text(struct parser *p, char quote, struct expression *out)
{
	struct parts parts = {0};
	size_t start = p->at;
	int rc = gather(p, quote, &parts);

	if (rc == 0 && parts.n == 0) {
		*out = (struct expression){.op = OP_LITERAL,
			.text = {p->text.p + start, p->at - start},
			.literal = value_string(STR(""))};
	} else if (rc == 0 && parts.n == 1 &&
		   (quote == '\0' || parts.items[0].op == OP_LITERAL)) {
		*out = parts.items[0];
	} else if (rc == 0) {
		parse_make(p, OP_TEXT, start, out, parts.items, parts.n);
	}
	free(parts.items);
	buf_fini(&parts.text);
	return rc;
}

static struct parser parser_for(
	const struct parsing *with, const struct node *scalar)
{
	return (struct parser){.with = with,
		.scalar = scalar,
		.text = arena_str(with->arena, scalar->text)};
}

int expression_scalar(const struct parsing *with, const struct node *scalar,
	struct expression *out)
{
	struct parser p = parser_for(with, scalar);

	return parse_text(&p, '\0', out);
}

int expression_one(const struct parsing *with, const struct node *scalar,
	const char *what, struct expression *out)
{
	struct parser p = parser_for(with, scalar);
	struct str text = scalar->text;
	int rc;

	if (scalar->type != NODE_SCALAR || !str_starts(text, STR("${")))
		return node_err(scalar, with->err,
			"%s must be one expression, as in \"${ cf.field }\"",
			what);
	p.at = 2;
	p.start = 2;
	rc = parse_expression(&p, out);
	if (rc != 0)
		return rc;
	if (!parse_accept(&p, "}"))
		return fail_unended(&p, 0);
	if (p.at < text.n)
		return parse_fail(&p, p.at,
			"%s must be one expression: nothing may stand behind "
			"its }",
			what);
	return check_length(&p, 0);
}

int expression_each(const struct parsing *with, const struct node *scalar,
	struct str *name, struct expression *out)
{
	struct parser p = parser_for(with, scalar);
	int rc;

	if (scalar->type != NODE_SCALAR)
		return node_err(
			scalar, with->err, "$each must be \"NAME in LIST\"");
	*name = parse_peek_name(&p);
	p.at += name->n;
	if (name->n == 0 || !parse_accept_word(&p, "in"))
		return parse_fail(&p, 0,
			"$each must be \"NAME in LIST\", as in \"user in "
			"cf.Reviewers\", without ${ }");
	rc = parse_expression(&p, out);
	if (rc != 0)
		return rc;
	parse_skip_space(&p);
	if (p.at < p.text.n)
		return parse_unexpected(&p, "the end or an operator");
	if (p.at > MAX_EXPRESSION)
		return parse_fail(
			&p, 0, "$each is longer than %d bytes", MAX_EXPRESSION);
	return 0;
}

bool expression_is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_name(s.p[i]) || (i == 0 && ascii_digit(s.p[i])))
			return false;
	return s.n > 0;
}

int scope_push(const struct parsing *with, struct str name,
	const struct node *at, size_t *slot)
{
	static const char *const reserved[] = {"and", "or", "not", "in", "if",
		"true", "false", "null", "cf", "const"};
	struct scope *s = with->scope;

	if (!expression_is_name(name))
		return node_err(at, with->err,
			"'%.*s' is no name: use letters, digits and _",
			STR_ARGS(name));
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (str_is(name, reserved[i]))
			return node_err(at, with->err,
				"'%.*s' cannot be a name of your own",
				STR_ARGS(name));
	if (model_find(name) >= 0)
		return node_err(at, with->err,
			"'%.*s' already is what the work package has under "
			"that name: choose another",
			STR_ARGS(name));
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->items[i].name, name))
			return node_err(at, with->err,
				"'%.*s' is already defined: choose another "
				"name",
				STR_ARGS(name));
	s->items = grow(s->items, s->n, &s->cap, sizeof(*s->items));
	s->items[s->n] =
		(struct scope_name){.name = arena_str(with->arena, name)};
	*slot = s->n++;
	if (s->n > s->most)
		s->most = s->n;
	return 0;
}
