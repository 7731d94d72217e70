/*
 * texts - the texts that a mapping has as values, as some may be names: what an
 * expression says itself, and the constants of all projects.
 */
#include "content/mapping.h"

static bool value_any(const struct value *v, text_fn *fits, void *arg)
{
	if (v->type == VALUE_STRING)
		return fits(arg, v->text);
	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		if (value_any(&v->items[i], fits, arg))
			return true;
	for (size_t i = 0; v->type == VALUE_MAP && i < v->n; i++)
		if (fits(arg, v->members[i].key) ||
			value_any(&v->members[i].value, fits, arg))
			return true;
	return false;
}

static bool constant_any(
	const struct constants *c, struct str name, text_fn *fits, void *arg)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->projects[i].n; k++) {
			const struct constant *one = &c->projects[i].items[k];

			if (str_eq(one->name, name) &&
				value_any(&one->value, fits, arg))
				return true;
		}
	return false;
}

bool texts_any(const struct program *p, const struct expression *x,
	text_fn *fits, void *arg)
{
	if (x->op == OP_LITERAL)
		return value_any(&x->literal, fits, arg);
	return x->op == OP_CONSTANT &&
	       constant_any(&p->constants, x->name, fits, arg);
}
