/*
 * parse_operands - names, literals, members, indexes, filters and functions.
 *
 * Every name is resolved here, so that a misspelling is an error of the
 * configuration and never of a work package.
 */
#include <stdlib.h>

#include "content/ascii.h"
#include "content/constants.h"
#include "content/filters.h"
#include "content/model.h"
#include "content/number.h"
#include "content/parser.h"

#define MAX_ARGS 16
#define MAX_ITEMS 256 /* of a list literal */

/* Comma-separated expressions up to close, behind the opening bracket. */
static int parse_arguments(struct parser *p, const char *close, size_t max,
	struct expression **items, size_t *n)
{
	size_t cap = 0;

	*items = NULL;
	*n = 0;
	if (parse_accept(p, close))
		return 0;
	do {
		int rc;

		*items = grow(*items, *n, &cap, sizeof(**items));
		if (*n == max)
			return parse_fail(p, p->at, "more than %zu items", max);
		rc = parse_expression(p, &(*items)[*n]);
		if (rc != 0)
			return rc;
		++*n;
	} while (parse_accept(p, ","));
	if (!parse_accept(p, close))
		return parse_unexpected(p, close);
	return 0;
}

static int parse_list(struct parser *p, size_t start, struct expression *out)
{
	struct expression *items;
	size_t n;
	int rc = parse_arguments(p, "]", MAX_ITEMS, &items, &n);

	if (rc == 0)
		parse_make(p, OP_LIST, start, out, items, n);
	free(items);
	return rc;
}

static int count_wrong(
	struct parser *p, size_t at, const char *what, size_t min, size_t max)
{
	if (min == max)
		return parse_fail(p, at, "%s takes %zu argument%s", what, min,
			min == 1 ? "" : "s");
	return parse_fail(
		p, at, "%s takes %zu to %zu arguments", what, min, max);
}

/* Arguments that are literals can be judged now. */
static int check_literals(struct parser *p, const struct filter *f, size_t at,
	const struct expression *args, size_t n)
{
	struct value values[MAX_ARGS];
	struct err e = {0};

	if (f->check == NULL || n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (args[i].op != OP_LITERAL)
			return 0;
		values[i] = args[i].literal;
	}
	if (f->check(values, n, &e) == 0)
		return 0;
	return parse_fail(p, at, "%s", e.text);
}

static int no_member(struct parser *p, const char *item,
	const struct expression *of, struct str name, size_t at)
{
	const struct shape *shape = shape_of(p->with, of);

	parse_fail(p, at, "%s%.*s has no '%.*s'", item, STR_ARGS(of->text),
		STR_ARGS(name));
	return shape_suggest(shape, name, p->with->err, ERR_CONFIG);
}

/*
 * Refuse a member that no value of an expression has and that is named by a
 * text, the second of two expressions.
 */
static int check_literal(struct parser *p, const char *item,
	bool (*has)(const struct shape *s, struct str name),
	const struct expression *args)
{
	const struct expression *name = &args[1];

	if (name->op != OP_LITERAL || name->literal.type != VALUE_STRING ||
		has(shape_of(p->with, &args[0]), name->literal.text))
		return 0;
	return no_member(p, item, &args[0], name->literal.text,
		(size_t)(name->text.p - p->text.p));
}

static int parse_filter(
	struct parser *p, size_t start, struct expression *piped)
{
	struct str name = parse_peek_name(p);
	const struct filter *f = filter_find(name);
	size_t at = p->at;
	struct expression *args = NULL;
	struct expression all[MAX_ARGS + 1];
	size_t n = 0;
	int rc = 0;

	if (name.n == 0)
		return parse_unexpected(p, "the name of a filter");
	if (f == NULL) {
		parse_fail(p, at, "unknown filter '%.*s'", STR_ARGS(name));
		return err_nearest(
			p->with->err, ERR_CONFIG, filter_nearest(name));
	}
	p->at += name.n;
	if (parse_accept(p, "("))
		rc = parse_arguments(p, ")", MAX_ARGS, &args, &n);
	if (rc == 0 && (n < f->min || n > f->max))
		rc = count_wrong(p, at, f->name, f->min, f->max);
	if (rc == 0)
		rc = check_literals(p, f, at, args, n);
	if (rc == 0) {
		all[0] = *piped;
		for (size_t i = 0; i < n; i++)
			all[i + 1] = args[i];
		parse_make(p, OP_FILTER, start, piped, all, n + 1);
		piped->filter = f;
		if ((f->traits & GIVES_MEMBERS) != 0)
			rc = check_literal(p, "an item of ", shape_has, all);
	}
	free(args);
	return rc;
}

/* if(condition, then, else) and uuid5(space, name). */
static int parse_function(
	struct parser *p, struct str name, size_t start, struct expression *out)
{
	bool is_if = str_is(name, "if");
	struct expression *args = NULL;
	struct expression turned[2];
	size_t want = is_if ? 3 : 2;
	size_t n = 0;
	int rc;

	if (!is_if && !str_is(name, "uuid5") && filter_find(name) != NULL)
		return parse_fail(p, start,
			"'%.*s' is a filter: write value | %.*s",
			STR_ARGS(name), STR_ARGS(name));
	if (!is_if && !str_is(name, "uuid5"))
		return parse_fail(p, start,
			"unknown function '%.*s': there are if and uuid5",
			STR_ARGS(name));
	rc = parse_arguments(p, ")", MAX_ARGS, &args, &n);
	if (rc == 0 && n != want)
		rc = count_wrong(p, start, is_if ? "if" : "uuid5", want, want);
	if (rc == 0 && is_if) {
		parse_make(p, OP_IF, start, out, args, n);
	} else if (rc == 0) {
		turned[0] = args[1];
		turned[1] = args[0];
		parse_make(p, OP_FILTER, start, out, turned, 2);
		out->filter = filter_find(name);
		rc = check_literals(p, out->filter, start, &turned[1], 1);
	}
	free(args);
	return rc;
}

static int unknown_name(struct parser *p, struct str name, size_t start)
{
	parse_fail(p, start, "unknown name '%.*s'", STR_ARGS(name));
	return err_nearest(
		p->with->err, ERR_CONFIG, model_nearest(name, p->with->scope));
}

/* cf.NAME or cf["Any Name"], behind cf. */
static int parse_field(struct parser *p, size_t start, struct expression *out)
{
	struct uses *uses = p->with->uses;
	struct expression key;
	struct str name;
	size_t at;
	int rc;

	if (parse_accept(p, ".")) {
		name = parse_peek_name(p);
		at = p->at;
		p->at += name.n;
	} else if (parse_accept(p, "[")) {
		parse_skip_space(p);
		at = p->at;
		rc = parse_expression(p, &key);
		if (rc != 0)
			return rc;
		if (!parse_accept(p, "]"))
			return parse_unexpected(p, "]");
		name = key.op == OP_LITERAL ? key.literal.text : STR_NONE;
	} else {
		return parse_fail(p, start,
			"cf needs the name of a custom field: cf.name or "
			"cf[\"Any Name\"]");
	}
	if (name.n == 0)
		return parse_fail(p, at,
			"the name of a custom field should stand here, as in "
			"cf.name or cf[\"Any Name\"]");
	uses->fields = grow(uses->fields, uses->n_fields, &uses->cap_fields,
		sizeof(*uses->fields));
	uses->fields[uses->n_fields++] =
		(struct field_use){name, node_within(p->scalar, at)};
	parse_make(p, OP_FIELD, start, out, NULL, 0);
	out->name = name;
	out->slot = FIELD_RAW;
	return 0;
}

/* const.NAME, behind const. */
static int parse_constant_name(
	struct parser *p, size_t start, struct expression *out)
{
	struct str name = STR_NONE;
	const char *near;
	size_t at = start;

	if (parse_accept(p, ".")) {
		name = parse_peek_name(p);
		at = p->at;
	}
	if (name.n == 0)
		return parse_fail(p, start,
			"const needs the name of a constant: const.name");
	if (!constants_use(p->with->constants, name, &near)) {
		if (near != NULL)
			return parse_fail(p, at,
				"no project has the constant '%.*s' (did you "
				"mean '%s'?)",
				STR_ARGS(name), near);
		return parse_fail(p, at,
			"no project has the constant '%.*s': constants: in "
			"the configuration has them",
			STR_ARGS(name));
	}
	p->at += name.n;
	parse_make(p, OP_CONSTANT, start, out, NULL, 0);
	out->name = name;
	return 0;
}

static int parse_name(struct parser *p, struct expression *out)
{
	struct str name = parse_peek_name(p);
	struct scope *scope = p->with->scope;
	size_t start = p->at;
	int model;

	p->at += name.n;
	if (parse_accept(p, "("))
		return parse_function(p, name, start, out);
	if (str_is(name, "cf"))
		return parse_field(p, start, out);
	if (str_is(name, "const"))
		return parse_constant_name(p, start, out);
	for (size_t i = scope->n; i > 0; i--) {
		if (!str_eq(scope->items[i - 1].name, name))
			continue;
		scope->items[i - 1].used = true;
		parse_make(p, OP_LOCAL, start, out, NULL, 0);
		out->slot = i - 1;
		return 0;
	}
	model = model_find(name);
	if (model < 0)
		return unknown_name(p, name, start);
	if (str_is(name, "comments") && !p->with->uses->comments)
		return parse_fail(p, start,
			"this entry does not ask for comments: write "
			"comments: public");
	parse_make(p, OP_MODEL, start, out, NULL, 0);
	out->slot = (size_t)model;
	out->name = name;
	return 0;
}

static bool parse_constant(struct parser *p, struct expression *out)
{
	size_t start = p->at;
	size_t n = number_span(str_skip(p->text, start));
	struct value v = {0};

	if (n > 0) {
		v = value_number((struct str){p->text.p + start, n});
		p->at += n;
	} else if (parse_accept_word(p, "true")) {
		v = value_bool(true);
	} else if (parse_accept_word(p, "false")) {
		v = value_bool(false);
	} else if (!parse_accept_word(p, "null")) {
		return false;
	}
	parse_make(p, OP_LITERAL, start, out, NULL, 0);
	out->literal = v;
	return true;
}

static int parse_operand(struct parser *p, struct expression *out)
{
	size_t start;
	char c;

	parse_skip_space(p);
	start = p->at;
	c = ascii_at(p->text, start);
	if (c == '"' || c == '\'') {
		p->at++;
		return parse_text(p, c, out);
	}
	if (parse_accept(p, "["))
		return parse_list(p, start, out);
	if (parse_accept(p, "(")) {
		int rc = parse_expression(p, out);

		if (rc == 0 && !parse_accept(p, ")"))
			rc = parse_unexpected(p, ")");
		return rc;
	}
	if (parse_constant(p, out))
		return 0;
	if (parse_peek_name(p).n > 0)
		return parse_name(p, out);
	return parse_unexpected(p, "a name or a value");
}

/* Behind the point. */
static int parse_member(struct parser *p, size_t start, struct expression *out)
{
	struct str name = parse_peek_name(p);
	size_t at = p->at;
	struct expression of = *out;

	if (name.n == 0)
		return parse_unexpected(p, "the name of a member");
	p->at += name.n;
	if (of.op == OP_FIELD &&
		(str_is(name, "html") || str_is(name, "raw"))) {
		out->slot = str_is(name, "html") ? FIELD_HTML : FIELD_RAW;
		out->text.n = (size_t)(p->text.p + p->at - out->text.p);
		return 0;
	}
	if (of.op == OP_MODEL && model_is_list(of.slot))
		return parse_fail(p, at,
			"%.*s is a list: use | first, or | pluck(\"%.*s\")",
			STR_ARGS(of.name), STR_ARGS(name));
	parse_make(p, OP_MEMBER, start, out, &of, 1);
	out->name = name;
	if (shape_has(shape_of(p->with, &of), name))
		return 0;
	return no_member(p, "", &of, name, at);
}

static int parse_index(struct parser *p, size_t start, struct expression *out)
{
	struct expression args[2] = {*out};
	int rc = parse_expression(p, &args[1]);

	if (rc != 0)
		return rc;
	if (!parse_accept(p, "]"))
		return parse_unexpected(p, "]");
	parse_make(p, OP_INDEX, start, out, args, 2);
	return check_literal(p, "", shape_takes, args);
}

int parse_pipe(struct parser *p, struct expression *out)
{
	size_t start;
	int rc;

	parse_skip_space(p);
	start = p->at;
	rc = parse_operand(p, out);
	while (rc == 0) {
		if (parse_accept(p, "."))
			rc = parse_member(p, start, out);
		else if (parse_accept(p, "["))
			rc = parse_index(p, start, out);
		else
			break;
	}
	while (rc == 0) {
		parse_skip_space(p);
		if (str_starts(str_skip(p->text, p->at), STR("||")) ||
			!parse_accept(p, "|"))
			break;
		if (p->right_of_else)
			return parse_fail(p, p->at - 1,
				"right of ?? a filter needs brackets: a ?? (b "
				"| filter), or (a ?? b) | filter");
		rc = parse_filter(p, start, out);
	}
	return rc;
}
