/*
 * unique - values that no two documents may share.
 *
 *   value: free? --> it is ours        (whose is decided by level, work
 *     | no                              package and entry: never by who came
 *     |--> on_clash: error              first)
 *     `--> on_clash: suffix: value-ID, one level up: free? --> …
 *
 * All that were tried are claims of the document: so the next one sees who
 * would have had the value before it.  Of one work package's own documents the
 * one of the earlier entry has it, also where that does not fit any more, and
 * the document is there nevertheless (held, or kept); but not where another
 * takes its place (program_successors()).
 */

#include "content/filters.h"
#include "content/mapping.h"

#define MAX_LEVELS 8
#define MAX_VALUES 1000 /* of a document */

/* --- Compiling ---------------------------------------------------------- */

/* One expression; who wrote a text with more in it hears where that goes. */
static int unique_value(
	struct compiling *c, const struct node *node, struct expression *out)
{
	struct parsing quiet = c->templating.parsing;
	struct expression text;
	struct err ignored;
	int rc = expression_one(&c->templating.parsing, node, "unique", out);

	quiet.err = &ignored;
	if (rc == 0 || expression_scalar(&quiet, node, &text) != 0 ||
		text.op != OP_TEXT)
		return rc;
	return node_err(node, c->err,
		"unique must be one expression: give this text a name in let, "
		"and write \"${ NAME }\" here");
}

static int one_unique(struct compiling *c, const struct node *node,
	struct str key, bool suffix, struct entry *out)
{
	struct unique *u = &out->uniques[out->n_uniques];

	u->key = key;
	if (unique_value(c, node, &u->value) != 0)
		return ERR_CONFIG;
	if (!suffix) {
		out->n_uniques++;
		return 0;
	}
	for (size_t i = 0; u->value.op == OP_LOCAL && i < out->n_lets; i++) {
		if (out->lets[i].slot != u->value.slot)
			continue;
		out->lets[i].unique = true;
		return 0;
	}
	return node_err(node, c->err,
		"with on_clash: suffix, unique takes names of let, as in "
		"\"${ slug }\": what the document says of them gets the -ID "
		"too");
}

int compile_unique(
	struct compiling *c, const struct node *entry, struct entry *out)
{
	static const char *const words[] = {"error", "suffix"};
	const struct node *unique = node_get(entry, "unique");
	const struct node *clash = node_get(entry, "on_clash");
	bool list = unique != NULL && unique->type == NODE_LIST;
	size_t n = list ? unique->n : 1;
	int suffix =
		compile_word_of(c, entry, "on_clash", words, ARRAY_LEN(words));
	int rc = 0;

	if (suffix < 0)
		return suffix;
	if (clash != NULL && unique == NULL)
		return node_err(
			clash, c->err, "on_clash has no effect without unique");
	if (unique == NULL)
		return 0;
	if (n == 0 || unique->type == NODE_MAP)
		return node_err(unique, c->err,
			"unique must be a list of values, as in [\"${ slug "
			"}\"]");
	out->uniques = ARENA_ARRAY(&c->program->arena, struct unique, n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = one_unique(c, list ? &unique->items[i] : unique,
			arena_printf(&c->program->arena, "unique[%zu]", i),
			suffix == 1, out);
	return rc;
}

/* --- Rendering ---------------------------------------------------------- */

static int add_value(
	struct document *d, struct str value, unsigned level, struct err *e)
{
	size_t cap = d->n_values;

	if (d->n_values == MAX_VALUES)
		return err_set(e, ERR_DATA,
			"unique: more than %d values in one document",
			MAX_VALUES);
	d->values = grow(d->values, d->n_values, &cap, sizeof(*d->values));
	d->values[d->n_values++] = (struct unique_value){str_dup(value), level};
	return 0;
}

static bool has_value(const struct document *d, struct str value)
{
	for (size_t i = 0; i < d->n_values; i++)
		if (str_is(value, d->values[i].value))
			return true;
	return false;
}

/* What an entry made of it just now, or why it failed to. */
static const struct rendering *rendered_by(
	const struct rendered *r, struct str entry)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_is(entry, r->items[i].entry))
			return &r->items[i];
	return NULL;
}

/*
 * Is there a document of that entry, and none that was made up to now takes its
 * place?  One that failed takes none.
 */
static bool goes_on(const struct unique_claim *c, struct str entry)
{
	const struct neighbours *ask = c->with->wp->neighbours;
	const struct rendered *r = c->with->rendered;
	struct own_document *own;
	size_t n;

	if (ask->own == NULL)
		return true;
	n = ask->own(ask->arg, c->with->arena, &own);
	if (n > 0)
		program_successors(c->with->program, r, c->with->arena, own, n);
	for (size_t i = 0; i < n; i++)
		if (str_eq(own[i].entry, entry))
			return own[i].successor < 0 ||
			       r->items[own[i].successor].err.code != 0;
	return false;
}

/* Does the document that it has by an entry count, which made none now? */
static bool stands(const struct unique_wish *wish, struct str entry)
{
	const struct unique_claim *c = wish->of;
	const struct program *p = c->with->program;
	const struct rendering *made = rendered_by(c->with->rendered, entry);
	int at = program_entry(p, entry); /* or is it none of the mapping? */

	if (at >= c->entry - p->entries)
		return false;
	if (made != NULL)
		return made->err.code != 0;
	return goes_on(c, entry);
}

/* By a document of an earlier entry. */
static bool is_own(const struct unique_claim *c, struct str value)
{
	const struct rendered *r = c->with->rendered;

	for (size_t i = 0; i < r->n; i++)
		if (&r->items[i].document != c->document &&
			has_value(&r->items[i].document, value))
			return true;
	return false;
}

/* By others, too, where there is somebody who knows. */
static bool is_taken(const struct unique_claim *c, struct str value,
	unsigned level, int64_t *by)
{
	const struct neighbours *ask = c->with->wp->neighbours;
	const struct unique_wish wish = {value, level, stands, c};

	*by = c->with->wp->id;
	if (is_own(c, value))
		return true;
	return ask != NULL && ask->taken != NULL &&
	       ask->taken(ask->arg, &wish, by);
}

static int taken_by(struct str key, struct str value, int64_t by,
	int64_t work_package, struct err *e)
{
	if (by == work_package)
		return err_set(e, ERR_DATA,
			"%.*s: '%.*s' belongs to another document of this work "
			"package",
			STR_ARGS(key), STR_ARGS(value));
	return err_set(e, ERR_DATA,
		"%.*s: '%.*s' belongs to the document of work package %lld",
		STR_ARGS(key), STR_ARGS(value), (long long)by);
}

static int claim_text(const struct unique_claim *c, struct str key, bool suffix,
	struct str *text, struct err *e)
{
	const struct work_package *wp = c->with->wp;
	unsigned level = 0;
	int64_t by = 0;

	for (;;) {
		if (add_value(c->document, *text, level, e) != 0)
			return ERR_DATA;
		if (!is_taken(c, *text, level, &by))
			return 0;
		if (!suffix || ++level == MAX_LEVELS)
			return taken_by(key, *text, by, wp->id, e);
		*text = arena_printf(c->with->arena, "%.*s-%lld",
			STR_ARGS(*text), (long long)wp->id);
	}
}

/* Nothing (null, "" or an empty list) clashes with nothing. */
int unique_claim(const struct unique_claim *c, struct str key, bool suffix,
	struct value *v, struct err *e)
{
	struct str text;
	int rc = 0;

	if (value_is_empty(v))
		return 0;
	if (v->type == VALUE_LIST && !suffix) {
		for (size_t i = 0; rc == 0 && i < v->n; i++)
			rc = unique_claim(c, key, false, &v->items[i], e);
		return rc;
	}
	if (v->type != VALUE_STRING && v->type != VALUE_NUMBER)
		return err_set(e, ERR_DATA, "%.*s: %s cannot be unique",
			STR_ARGS(key), value_type_name(v));
	text = v->text;
	rc = claim_text(c, key, suffix, &text, e);
	if (text.p != v->text.p)
		*v = value_string(text);
	return rc;
}

int unique_claim_all(const struct unique_claim *c, struct err *e)
{
	const struct entry *entry = c->entry;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entry->n_uniques; i++) {
		const struct unique *u = &entry->uniques[i];
		struct value v;

		rc = evaluate_scalar(c->with, u->key, &u->value, &v, e);
		if (rc == 0)
			rc = unique_claim(c, u->key, false, &v, e);
	}
	return rc;
}
