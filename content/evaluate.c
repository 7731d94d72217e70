/*
 * evaluate - the value of an expression for one work package.
 *
 * Pure but for notes: steps taken, and what must be here first (the list of
 * attachments, or their contents).  The first fault ends it with a sentence for
 * the person who wrote the work package or the mapping; it always ends, since
 * expressions have no loops, and steps, memory and depth are capped.
 */
#include "content/evaluate.h"

#include "content/constants.h"
#include "content/filters.h"
#include "content/model.h"
#include "content/words.h"

#define SHOWN 120 /* characters of an expression in an error */

/* "key: ${ expression }: " before the words. */
static int prefix_expression(struct err *e, struct str key, struct str text)
{
	struct str shown = words_truncate(text, SHOWN);

	err_prefix(e, "%.*s: ${ %.*s%s }", STR_ARGS(key), STR_ARGS(shown),
		shown.n < text.n ? "…" : "");
	return ERR_DATA;
}

/* One part of a text, and the length of all so far. */
static int part_text(struct evaluation *with, const struct expression *part,
	struct str *out, size_t *length, struct err *e)
{
	struct value v;
	int rc = evaluate(with, part, &v, e);

	if (rc == 0)
		rc = evaluate_as_text(&v, out, e);
	if (rc != 0)
		return rc;
	*length += out->n;
	rc = evaluate_limit_text(*length, e);
	return rc == 0 ? evaluate_spend(with, 1 + out->n / 64, e) : rc;
}

static struct str joined(
	struct arena *a, const struct str *texts, size_t n, size_t length)
{
	struct str out = {arena_bytes(a, length + 1), 0};
	char *p = (char *)out.p;

	for (size_t i = 0; i < n; i++) {
		if (texts[i].n > 0)
			memcpy(p + out.n, texts[i].p, texts[i].n);
		out.n += texts[i].n;
	}
	p[out.n] = '\0';
	return out;
}

/* A fault is named by the part where key is known. */
static int join_parts(struct evaluation *with, const struct expression *x,
	const struct str *key, struct value *out, struct err *e)
{
	struct str *texts = ARENA_ARRAY(with->arena, struct str, x->n);
	size_t length = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->n; i++) {
		rc = part_text(with, &x->args[i], &texts[i], &length, e);
		if (rc != 0 && key != NULL)
			rc = prefix_expression(e, *key, x->args[i].text);
		else if (rc != 0 && x->args[i].op != OP_LITERAL)
			err_prefix(e, "%.*s", STR_ARGS(x->args[i].text));
	}
	if (rc == 0)
		*out = value_string(joined(with->arena, texts, x->n, length));
	return rc;
}

static int evaluate_list(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	struct value v = {.type = VALUE_LIST, .n = x->n};
	int rc = 0;

	v.items = ARENA_ARRAY(with->arena, struct value, v.n);
	for (size_t i = 0; rc == 0 && i < v.n; i++)
		rc = evaluate(with, &x->args[i], &v.items[i], e);
	if (rc == 0)
		*out = v;
	return rc;
}

static int evaluate_filter(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	size_t n = x->n - 1;
	struct value *values = ARENA_ARRAY(with->arena, struct value, x->n);
	struct call c = {with, x->filter, values, values + 1, n};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < x->n; i++)
		rc = evaluate(with, &x->args[i], &values[i], e);
	if (rc == 0)
		rc = filter_run(&c, out, e);
	return rc;
}

static int index_list(
	const struct value *list, const struct value *at, struct value *out)
{
	long long i;

	*out = (struct value){0};
	if (str_to_int64(at->text, &i) && i >= 0 && (size_t)i < list->n)
		*out = list->items[i];
	return 0;
}

static int evaluate_index(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	struct value of;
	struct value at;
	int rc = evaluate(with, &x->args[0], &of, e);

	if (rc == 0)
		rc = evaluate(with, &x->args[1], &at, e);
	if (rc != 0)
		return rc;
	if (of.type == VALUE_NULL || at.type == VALUE_NULL) {
		*out = (struct value){0};
		return 0;
	}
	if (of.type == VALUE_LIST && at.type == VALUE_NUMBER)
		return index_list(&of, &at, out);
	if (of.type == VALUE_MAP && at.type == VALUE_STRING)
		return model_member(&of, at.text, out, e);
	return err_set(e, ERR_DATA, "%s cannot be an index of %s",
		value_type_name(&at), value_type_name(&of));
}

/* What if, ??, and, or decide by their first operand. */
static int evaluate_choice(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	struct value first;
	bool truth;
	int rc = evaluate(with, &x->args[0], &first, e);

	if (rc != 0)
		return rc;
	truth = value_truth(&first);
	if (x->op == OP_IF)
		return evaluate(with, &x->args[truth ? 1 : 2], out, e);
	if (x->op == OP_ELSE) {
		*out = first;
		return value_is_empty(&first)
			       ? evaluate(with, &x->args[1], out, e)
			       : 0;
	}
	if (truth == (x->op == OP_AND)) {
		rc = evaluate(with, &x->args[1], &first, e);
		if (rc != 0)
			return rc;
	}
	*out = value_bool(value_truth(&first));
	return 0;
}

static int evaluate_in(struct evaluation *with, const struct value *item,
	const struct value *list, bool *out, struct err *e)
{
	int rc = 0;

	*out = false;
	if (list->type == VALUE_NULL)
		return 0;
	if (list->type == VALUE_STRING && item->type == VALUE_STRING) {
		*out = str_find(list->text, item->text) < list->text.n ||
		       item->text.n == 0;
		return evaluate_spend(with, list->text.n / 64, e);
	}
	if (list->type != VALUE_LIST)
		return err_set(e, ERR_DATA, "%s cannot be in %s",
			value_type_name(item), value_type_name(list));
	for (size_t i = 0; rc == 0 && !*out && i < list->n; i++)
		rc = evaluate_equal(with, item, &list->items[i], out, e);
	return rc;
}

static bool ordered(enum expression_op op, int order)
{
	switch (op) {
	case OP_LESS:
		return order < 0;
	case OP_LESS_EQUAL:
		return order <= 0;
	case OP_MORE:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int evaluate_comparison(struct evaluation *with,
	const struct expression *x, struct value *out, struct err *e)
{
	struct value a;
	struct value b;
	bool yes = false;
	int order = 0;
	int rc = evaluate(with, &x->args[0], &a, e);

	if (rc == 0)
		rc = evaluate(with, &x->args[1], &b, e);
	if (rc != 0)
		return rc;
	if (x->op == OP_IN) {
		rc = evaluate_in(with, &a, &b, &yes, e);
	} else if (x->op == OP_EQUAL || x->op == OP_UNEQUAL) {
		rc = evaluate_equal(with, &a, &b, &yes, e);
		yes = yes == (x->op == OP_EQUAL);
	} else {
		rc = evaluate_order(&a, &b, &order, e);
		yes = ordered(x->op, order);
	}
	if (rc == 0)
		*out = value_bool(yes);
	return rc;
}

static int evaluate_not(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	struct value v;
	int rc = evaluate(with, &x->args[0], &v, e);

	if (rc == 0)
		*out = value_bool(!value_truth(&v));
	return rc;
}

static int evaluate_member(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	struct value of;
	int rc = evaluate(with, &x->args[0], &of, e);

	return rc == 0 ? model_member(&of, x->name, out, e) : rc;
}

int evaluate(struct evaluation *with, const struct expression *x,
	struct value *out, struct err *e)
{
	int rc = evaluate_spend(with, 1, e);

	if (rc != 0)
		return rc;
	switch (x->op) {
	case OP_LITERAL:
		*out = x->literal;
		return 0;
	case OP_LOCAL:
		*out = with->locals[x->slot];
		return 0;
	case OP_MODEL:
		return model_value(with, x->slot, out, e);
	case OP_CONSTANT:
		constants_value(with, x->name, out);
		return 0;
	case OP_FIELD:
		return model_field(
			with, x->name, (enum field_form)x->slot, out, e);
	case OP_MEMBER:
		return evaluate_member(with, x, out, e);
	case OP_INDEX:
		return evaluate_index(with, x, out, e);
	case OP_LIST:
		return evaluate_list(with, x, out, e);
	case OP_TEXT:
		return join_parts(with, x, NULL, out, e);
	case OP_FILTER:
		return evaluate_filter(with, x, out, e);
	case OP_NOT:
		return evaluate_not(with, x, out, e);
	case OP_IF:
	case OP_ELSE:
	case OP_AND:
	case OP_OR:
		return evaluate_choice(with, x, out, e);
	default:
		return evaluate_comparison(with, x, out, e);
	}
}

int evaluate_scalar(struct evaluation *with, struct str key,
	const struct expression *x, struct value *out, struct err *e)
{
	int rc;

	if (x->op == OP_TEXT) {
		rc = join_parts(with, x, &key, out, e);
	} else {
		rc = evaluate(with, x, out, e);
		if (rc != 0)
			rc = prefix_expression(e, key, x->text);
	}
	if (rc != 0 && with->n_needs > 0) {
		*out = (struct value){0};
		rc = 0;
		if (e != NULL)
			*e = (struct err){0};
	}
	return rc;
}

int evaluate_truth(struct evaluation *with, struct str key,
	const struct expression *x, bool *out, struct err *e)
{
	struct value v;
	int rc = evaluate_scalar(with, key, x, &v, e);

	if (rc == 0)
		*out = value_truth(&v);
	return rc;
}
