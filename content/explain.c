/*
 * explain - why an entry fits or not, and what each step of a key gives.
 *
 * It goes the way of render.c and tells what it sees; nothing is kept.
 */
#include <stdlib.h>

#include "content/emit.h"
#include "content/render.h"
#include "content/words.h"

#define SHOWN 200 /* characters of a value */
#define ITEMS 10  /* of a list's items, how many are told one by one */

struct explaining {
	struct evaluation with;
	struct buf *out;
	struct err *err;
};

/* Keys of the mapping, to find the nearest to a misspelt one. */
struct name_list {
	const char **items; /* owned; the texts are the arena's */
	size_t n;
	size_t cap;
};

static void say_value(struct explaining *x, const struct value *v)
{
	struct buf json = {0};
	struct str shown;

	if (evaluate_limit(v, NULL) == 0)
		emit_json(v, &json);
	shown = words_truncate(buf_str(&json), SHOWN);
	buf_printf(x->out, " = %.*s%s\n", STR_ARGS(shown),
		shown.n < json.n ? "…" : "");
	buf_fini(&json);
}

/* One line: a text of the mapping, and its value or what is wrong. */
static void say_step(struct explaining *x, const char *mark, struct str text,
	const struct expression *step)
{
	struct value v;
	struct err e = {0};

	buf_printf(x->out, "  %s%.*s", mark, STR_ARGS(text));
	if (evaluate(&x->with, step, &v, &e) == 0)
		say_value(x, &v);
	else
		buf_printf(x->out, ": %s\n", e.text);
}

/* The filter's own text: what stands behind the | after its input. */
static struct str filter_text(const struct expression *x)
{
	const char *end = x->text.p + x->text.n;
	const char *at = x->args[0].text.p + x->args[0].text.n;

	while (at < end && *at != '|')
		at++;
	return (struct str){at, (size_t)(end - at)};
}

static void say_steps(struct explaining *x, const struct expression *e)
{
	/* A function's first operand stands behind its second. */
	bool function = e->op == OP_FILTER && e->n > 1 &&
			e->args[0].text.p > e->args[1].text.p;

	if (e->op == OP_TEXT) {
		for (size_t i = 0; i < e->n; i++)
			if (e->args[i].op != OP_LITERAL)
				say_steps(x, &e->args[i]);
		return;
	}
	if (e->op == OP_FILTER && !function) {
		say_steps(x, &e->args[0]);
		say_step(x, "", filter_text(e), e);
		return;
	}
	if (e->op == OP_ELSE)
		say_steps(x, &e->args[0]);
	say_step(x, "", e->text, e);
}

static const struct template *find(const struct template *t, struct str key)
{
	const struct template *found = NULL;

	if (str_eq(t->key, key))
		return t;
	for (size_t i = 0; found == NULL && i < t->n; i++)
		found = find(t->type == TEMPLATE_LIST ? &t->items[i]
						      : &t->members[i].value,
			key);
	return found;
}

/* What of the entry has it in it, or is it. */
static const struct template *find_key(
	const struct entry *entry, struct str key)
{
	const struct template *found = NULL;

	if (entry->has_front_matter && find(&entry->front_matter, key) != NULL)
		found = &entry->front_matter;
	for (size_t i = 0; found == NULL && i < entry->n_lets; i++)
		if (find(&entry->lets[i].value, key) != NULL)
			found = &entry->lets[i].value;
	if (found == NULL && find(&entry->body, key) != NULL)
		found = &entry->body;
	return found;
}

/*
 * A key as it is written, or for short without what stands before it: what it
 * stands in, and its whole name.
 */
static const struct template *find_any(struct arena *a,
	const struct entry *entry, struct str key, struct str *whole)
{
	static const char *const heads[] = {"", "front_matter.", "let."};
	const struct template *found = NULL;

	for (size_t i = 0; found == NULL && i < ARRAY_LEN(heads); i++) {
		*whole = arena_printf(a, "%s%.*s", heads[i], STR_ARGS(key));
		found = find_key(entry, *whole);
	}
	return found;
}

static void say_template(struct explaining *x, const struct template *t)
{
	struct value v;
	struct err e = {0};
	bool there;

	if (t->when != NULL && !t->when_each)
		say_step(x, "$when: ", t->when->text, t->when);
	if (t->each != NULL)
		say_step(x, "$each in ", t->each->text, t->each);
	else if (t->type == TEMPLATE_SCALAR && t->scalar.op != OP_LITERAL)
		say_steps(x, &t->scalar);
	if (template_evaluate(&x->with, t, &there, &v, &e) != 0) {
		buf_printf(x->out, "%s\n", e.text);
		return;
	}
	buf_printf(x->out, "%.*s", STR_ARGS(t->key));
	if (there)
		say_value(x, &v);
	else
		buf_puts(x->out, " is left out\n");
}

static const struct template *child_with(
	const struct template *t, struct str key)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct template *child = t->type == TEMPLATE_LIST
						       ? &t->items[i]
						       : &t->members[i].value;

		if (find(child, key) != NULL)
			return child;
	}
	return NULL;
}

/* Of what the key stands in: is it there at all? */
static bool say_when(
	struct explaining *x, const struct template *t, struct str key)
{
	struct value v;

	if (t->when == NULL ||
		(evaluate(&x->with, t->when, &v, NULL) == 0 && value_truth(&v)))
		return true;
	say_step(x, "$when: ", t->when->text, t->when);
	buf_printf(x->out, "%.*s is left out with %.*s\n", STR_ARGS(key),
		STR_ARGS(t->key));
	return false;
}

static void say_in(
	struct explaining *x, const struct template *t, struct str key);

static void say_in_items(
	struct explaining *x, const struct template *t, struct str key)
{
	struct value list;

	say_step(x, "$each in ", t->each->text, t->each);
	if (evaluate(&x->with, t->each, &list, NULL) != 0 ||
		list.type != VALUE_LIST)
		return;
	for (size_t i = 0; i < list.n && i < ITEMS; i++) {
		x->with.locals[t->slot] = list.items[i];
		buf_printf(x->out, "  item %zu", i + 1);
		say_value(x, &list.items[i]);
		if (!t->when_each || say_when(x, t, key))
			say_in(x, child_with(t, key), key);
	}
	if (list.n > ITEMS)
		buf_printf(x->out, "  and %zu more\n", list.n - ITEMS);
}

/* From what the key stands in down to it. */
static void say_in(
	struct explaining *x, const struct template *t, struct str key)
{
	for (; t != NULL && !str_eq(t->key, key); t = child_with(t, key)) {
		if (!t->when_each && !say_when(x, t, key))
			return;
		if (t->each != NULL) {
			say_in_items(x, t, key);
			return;
		}
	}
	if (t != NULL)
		say_template(x, t);
}

/*
 * What the document needs of contents that are not here turns errors into
 * null; those of this key are to be seen.
 */
static void say_frankly(
	struct explaining *x, const struct template *t, struct str key)
{
	size_t needs = x->with.n_needs;

	x->with.n_needs = 0;
	x->with.needed = NULL;
	say_in(x, t, key);
	if (x->with.n_needs < needs)
		x->with.n_needs = needs;
}

/* With its references rewritten, where all is here that this takes. */
static void say_written(struct explaining *x, struct str body)
{
	const struct value v = value_string(body);

	if (evaluate_in_vain(&x->with))
		return;
	buf_puts(x->out, "in the document");
	say_value(x, &v);
}

/* All that a key can see: let, picks, and the addresses of files. */
static int say_key(
	struct explaining *x, const struct entry *entry, struct str key)
{
	struct str whole;
	const struct template *t = find_any(x->with.arena, entry, key, &whole);
	bool is_path = str_is(key, "path");
	struct document d = {0};
	struct saves saves = {0};
	struct buf body = {0};
	int rc;

	if (t == NULL && !is_path)
		return ERR_USAGE;
	buf_printf(x->out, "%s:\n", entry->name.p);
	rc = render_begin(&x->with, entry, 0, &d, &saves, x->err);
	if (rc == 0 && !is_path)
		rc = render_body(&x->with, entry, &saves, &body, x->err);
	if (is_path && x->with.locals != NULL)
		say_steps(x, &entry->path);
	if (is_path && d.path != NULL)
		buf_printf(x->out, "path = %s\n", d.path);
	if (t != NULL && rc == 0)
		say_frankly(x, t, whole);
	if (t == &entry->body && rc == 0)
		say_written(x, buf_str(&body));
	buf_fini(&body);
	free(saves.items);
	document_fini(&d);
	return rc;
}

/* The first part of a condition that makes it false; the parts of "and" are
 * decided in order. */
static const struct expression *failing_part(
	struct explaining *x, const struct expression *e)
{
	struct value v;

	while (e->op == OP_AND) {
		bool first = evaluate(&x->with, &e->args[0], &v, NULL) != 0 ||
			     !value_truth(&v);

		e = &e->args[first ? 0 : 1];
	}
	return e;
}

/* What it is made of, and that it is false. */
static void say_condition(struct explaining *x, const struct expression *where)
{
	const struct expression *e = failing_part(x, where);

	for (size_t i = 0; e->op != OP_INDEX && i < e->n; i++)
		if (e->args[i].op != OP_LITERAL)
			say_steps(x, &e->args[i]);
	say_step(x, "match.where: ", e->text, e);
}

static void say_unfit(struct explaining *x, const struct entry *entry)
{
	enum match_key key = match_unfit(&entry->match, x->with.wp);
	struct str value;

	buf_printf(x->out, "%s does not fit:", entry->name.p);
	if (key == MATCH_KEYS) {
		buf_putc(x->out, '\n');
		say_condition(x, entry->match.where);
		return;
	}
	value = match_value(x->with.wp, key);
	buf_printf(x->out, " match.%s wants", match_keys[key].name);
	for (size_t i = 0; i < entry->match.names[key].n; i++)
		buf_printf(x->out, "%s '%.*s'", i > 0 ? " or" : "",
			STR_ARGS(entry->match.names[key].items[i]));
	if (value.p != NULL)
		buf_printf(x->out, ", but it is '%.*s'\n", STR_ARGS(value));
	else
		buf_puts(x->out, ", but there is none\n");
}

/* The entries that fit, up to the one after which none is asked. */
static int say_entries(
	struct explaining *x, const struct program *p, struct str key)
{
	int result = key.n > 0 ? ERR_USAGE : 0;

	for (size_t i = 0; i < p->n_entries; i++) {
		const struct entry *entry = &p->entries[i];
		bool fits;
		int rc = match_decide(&x->with, &entry->match, &fits, x->err);

		if (rc != 0) {
			err_prefix(x->err, "%s", entry->name.p);
			return rc;
		}
		if (!fits && key.n == 0)
			say_unfit(x, entry);
		if (!fits)
			continue;
		if (key.n == 0)
			buf_printf(x->out, "%s fits\n", entry->name.p);
		else
			rc = say_key(x, entry, key);
		if (rc != ERR_USAGE)
			result = rc;
		if (!entry->goes_on || (rc != 0 && rc != ERR_USAGE))
			break;
	}
	return result;
}

static void note_names(
	struct arena *a, const struct template *t, struct name_list *names)
{
	static const struct str heads[] = {
		STR_INIT("front_matter."), STR_INIT("let.")};
	struct str key = t->key;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (str_starts(key, heads[i]))
			key = str_skip(key, heads[i].n);
	names->items = grow(
		names->items, names->n, &names->cap, sizeof(*names->items));
	names->items[names->n++] = arena_printf(a, "%.*s", STR_ARGS(key)).p;
	for (size_t i = 0; i < t->n; i++)
		note_names(a,
			t->type == TEMPLATE_LIST ? &t->items[i]
						 : &t->members[i].value,
			names);
}

static int complain_key(
	const struct program *p, struct str key, struct arena *a, struct err *e)
{
	struct name_list names = {0};

	for (size_t i = 0; i < p->n_entries; i++) {
		const struct entry *entry = &p->entries[i];

		if (entry->has_front_matter)
			note_names(a, &entry->front_matter, &names);
		for (size_t k = 0; k < entry->n_lets; k++)
			note_names(a, &entry->lets[k].value, &names);
	}
	err_set(e, ERR_USAGE,
		"no entry of documents that fits has the key '%.*s'",
		STR_ARGS(key));
	err_nearest(e, ERR_USAGE, str_nearest(key, names.items, names.n));
	free(names.items);
	return ERR_USAGE;
}

int program_explain(const struct program *p, const struct work_package *wp,
	struct str key, struct arena *scratch, struct buf *out, struct err *e)
{
	const struct rendered none = {0};
	struct err ignored = {0};
	struct explaining x = {
		.with = {.arena = scratch,
			.wp = wp,
			.zone = p->zone,
			.constants = &p->constants,
			.program = p,
			.rendered = &none,
			.start = scratch->total},
		.out = out,
		.err = e != NULL ? e : &ignored,
	};
	int rc = say_entries(&x, p, key);

	if (x.with.n_needs > 0)
		buf_puts(out,
			"note: contents of attachments are not here: what "
			"depends on them shows as null\n");
	free(x.with.needs);
	reads_fini(&x.with.reads);
	return rc == ERR_USAGE ? complain_key(p, key, scratch, x.err) : rc;
}
