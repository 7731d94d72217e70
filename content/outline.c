/*
 * outline - the mapping told in a few lines for each entry.
 */
#include "content/mapping.h"

/* An expression as it is written in the mapping. */
static void say_scalar(const struct expression *x, struct buf *out)
{
	bool text = x->op == OP_TEXT || x->op == OP_LITERAL;

	buf_printf(out, text ? "%.*s" : "${ %.*s }", STR_ARGS(x->text));
}

static void say_match(const struct match *m, struct buf *out)
{
	const char *mark = ":";

	for (int key = 0; key < MATCH_KEYS; key++) {
		const struct names *names = &m->names[key];

		for (size_t i = 0; i < names->n; i++) {
			if (i == 0)
				buf_printf(out, "%s %s", mark,
					match_key_names[key]);
			buf_printf(out, "%s '%.*s'", i > 0 ? " or" : "",
				STR_ARGS(names->items[i]));
			mark = ",";
		}
	}
	if (m->where != NULL)
		buf_printf(
			out, "%s where %.*s", mark, STR_ARGS(m->where->text));
	else if (mark[0] == ':')
		buf_puts(out, ": every work package");
	buf_putc(out, '\n');
}

static void say_fields(const struct names *fields, struct buf *out)
{
	for (size_t i = 0; i < fields->n; i++)
		buf_printf(out, "%s'%.*s'",
			i > 0 ? ", " : "  reads the custom fields ",
			STR_ARGS(fields->items[i]));
	if (fields->n > 0)
		buf_putc(out, '\n');
}

void program_outline(const struct program *p, struct buf *out)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		const struct entry *entry = &p->entries[i];

		buf_puts(out, entry->name.p);
		say_match(&entry->match, out);
		buf_puts(out, "  makes ");
		say_scalar(&entry->path, out);
		buf_putc(out, '\n');
		say_fields(&entry->fields, out);
		if (entry->goes_on)
			buf_puts(out, "  and later entries are tried too\n");
	}
}
