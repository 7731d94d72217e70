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
					match_keys[key].name);
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

void program_outline(const struct program *p, size_t entry, struct buf *out)
{
	const struct entry *e = &p->entries[entry];

	buf_puts(out, e->name.p);
	say_match(&e->match, out);
	buf_puts(out, "  makes ");
	say_scalar(&e->path, out);
	buf_putc(out, '\n');
	if (e->goes_on)
		buf_puts(out, "  and later entries are tried too\n");
}

/* --- For programs ------------------------------------------------------- */

size_t program_entries(const struct program *p)
{
	return p->n_entries;
}

size_t program_keeping(const struct program *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_entries; i++)
		n += p->entries[i].keep_when_gone;
	return n;
}

struct str program_entry_name(const struct program *p, size_t entry)
{
	return p->entries[entry].name;
}

const struct str *program_entry_names(
	const struct program *p, size_t entry, enum named kind, size_t *n)
{
	const struct entry *e = &p->entries[entry];
	const struct names *const names[] = {
		[NAMED_PROJECT] = &e->match.names[MATCH_PROJECT],
		[NAMED_TYPE] = &e->match.names[MATCH_TYPE],
		[NAMED_STATUS] = &e->match.names[MATCH_STATUS],
		[NAMED_FIELD] = &e->fields,
	};

	*n = names[kind]->n;
	return names[kind]->items;
}

static bool takes_all(const struct entry *e)
{
	size_t n = 0;

	for (int key = 0; key < MATCH_KEYS; key++)
		n += e->match.names[key].n;
	return n == 0 && e->match.where == NULL && !e->goes_on;
}

int program_taken_before(const struct program *p, size_t entry)
{
	for (size_t i = 0; i < entry; i++)
		if (takes_all(&p->entries[i]))
			return (int)i;
	return -1;
}
