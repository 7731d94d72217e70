/*
 * starter - the text of a first configuration.
 *
 * What comes from the server stands in it as YAML that every reader takes for
 * the same text, also in what is commented out.
 */
#include "cli/starter.h"

#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "cli/coverage.h"
#include "content/ascii.h"
#include "content/emit.h"
#include "store/ids.h"

static bool is_plain_inside(char c, char next)
{
	if (c == ' ')
		return ascii_letter(next);
	if (c == ':') /* before a space a map begins */
		return next != ' ';
	return ascii_alnum(c) || strchr("_-/.", c) != NULL;
}

/* May it stand without quotes, for all readers of YAML? */
static bool is_plain(struct str s)
{
	static const char *const words[] = {
		"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

	if (ascii_one_of(s, words, ARRAY_LEN(words)))
		return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (!is_plain_inside(s.p[i], s.p[i + 1]))
			return false;
	if (s.n > 1 && !is_plain_inside(s.p[s.n - 1], ' '))
		return false;
	return s.n > 0 && (ascii_letter(s.p[0]) || s.p[0] == '/');
}

static void put_text(struct buf *out, struct str s)
{
	struct value v = value_text(s);

	if (is_plain(s))
		buf_add_str(out, s);
	else
		emit_json(&v, out);
}

/* A text of an expression, inside of YAML's single quotes. */
static void put_quoted(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_puts(out, "''");
		else if (s.p[i] == '$')
			buf_puts(out, "\\u0024"); /* a ${ would begin another */
		else
			buf_putc(out, s.p[i]);
	}
}

/* A name of the server's behind a #: what may end a line becomes a space. */
static void put_remark(struct buf *out, struct str s)
{
	static const char *const breaks[] = {
		"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	while (s.n > 0) {
		size_t n = (unsigned char)s.p[0] < ' ' ? 1 : 0;

		for (size_t i = 0; i < ARRAY_LEN(breaks); i++)
			if (str_starts(s, str_of(breaks[i])))
				n = strlen(breaks[i]);
		if (n > 0)
			buf_putc(out, ' ');
		else
			buf_putc(out, s.p[0]);
		s = str_skip(s, n > 0 ? n : 1);
	}
}

static bool in_scope(const struct starter *s, int64_t id)
{
	return ids_contain(s->scope->ids, s->scope->n, id);
}

/* --- Server and projects ------------------------------------------------ */

static void put_server(const struct starter *s, struct buf *out)
{
	buf_puts(out, "# Made by opsync init. Documents are made of what ");
	put_remark(out, s->user);
	buf_puts(out,
		"\n# may see. docs/configuration.md and docs/mapping.md say "
		"what else there is.\nserver:\n  url: ");
	put_text(out, str_of(s->url));
	if (s->bearer)
		buf_puts(out, "\n  auth: bearer");
	if (s->credential) {
		buf_printf(out,
			"\n  # The key is in %s: systemd hands it over.\n"
			"  token: { credential: token }\n",
			s->token_file);
		return;
	}
	buf_puts(out, "\n  token: { file: ");
	put_text(out, str_of(s->token_file));
	buf_puts(out, " }\n");
}

static void put_projects(const struct starter *s, struct buf *out)
{
	buf_puts(out, "# Only these; subprojects are named by themselves.\n"
		      "projects:\n");
	for (size_t i = 0; i < s->names->n_projects; i++) {
		const struct project *p = &s->names->projects[i];

		buf_puts(out, in_scope(s, p->id) ? "- " : "# - ");
		put_text(out, p->identifier);
		buf_puts(out, " # ");
		put_remark(out, p->name);
		buf_putc(out, '\n');
	}
	buf_puts(out, "# A git repository, made where there is none.\nstore: ");
	put_text(out, str_of(s->store));
	buf_puts(out, "\n\n");
}

/* --- The mapping -------------------------------------------------------- */

static const struct schema *schema_of(
	const struct starter *s, size_t project, size_t type)
{
	const struct project *p = &s->names->projects[project];
	const struct schema *schema =
		in_scope(s, p->id) ? names_schema(s->names, p->id,
					     s->names->types[type].id)
				   : NULL;

	return schema != NULL && schema->shown ? schema : NULL;
}

static bool is_used(const struct starter *s, size_t type)
{
	for (size_t i = 0; i < s->names->n_projects; i++)
		if (schema_of(s, i, type) != NULL)
			return true;
	return false;
}

static void put_match(const struct starter *s, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->names->n_types; i++) {
		if (!is_used(s, i))
			continue;
		buf_puts(out, n++ == 0 ? "  match:\n    type: [" : ", ");
		put_text(out, s->names->types[i].name);
	}
	if (n > 0)
		buf_puts(out, "]\n");
	for (size_t i = 0; n > 0 && i < s->names->n_statuses; i++) {
		buf_puts(out, i == 0 ? "    # status: [" : ", ");
		put_text(out, s->names->statuses[i].name);
	}
	if (n > 0 && s->names->n_statuses > 0)
		buf_puts(out, "]\n");
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) &&
			(i == 0 || s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return s.n > 0;
}

/* What gives a name where the value is a person or a version. */
static const char *shown_as(struct str type)
{
	if (str_is(type, "User") || str_is(type, "Version"))
		return ".name";
	if (str_is(type, "[]User") || str_is(type, "[]Version"))
		return " | pluck(\"name\")";
	return "";
}

/* A key of the mapping: it is no $when, and a "${" in it is parted. */
static void put_key(struct buf *out, struct str name)
{
	struct buf key = {0};

	if (str_starts(name, STR("$")))
		buf_putc(&key, '$');
	for (size_t i = 0; i < name.n; i++) {
		buf_putc(&key, name.p[i]);
		if (name.p[i] == '$' && ascii_at(name, i + 1) == '{')
			buf_putc(&key, ' ');
	}
	put_text(out, buf_str(&key));
	buf_fini(&key);
}

static void put_field(const struct schema_field *f, struct buf *out)
{
	struct value name = value_text(f->name);
	struct buf text = {0};

	buf_puts(out, "    #   ");
	put_key(out, f->name);
	emit_json(&name, &text);
	if (is_word(f->name)) {
		buf_printf(out, ": ${ cf.%.*s", STR_ARGS(f->name));
		buf_printf(out, "%s }", shown_as(f->type));
	} else {
		buf_puts(out, ": '${ cf[");
		put_quoted(out, buf_str(&text));
		buf_printf(out, "]%s }'", shown_as(f->type));
	}
	buf_printf(out, " # %s\n", coverage_kind(f->type));
	buf_fini(&text);
}

struct fields {
	size_t n, cap;
	const struct schema_field **items; /* each name once */
};

static void add_fields(struct fields *to, const struct schema *schema)
{
	for (size_t i = 0; i < schema->n_fields; i++) {
		size_t k = 0;

		while (k < to->n &&
			!str_eq(to->items[k]->name, schema->fields[i].name))
			k++;
		if (k < to->n || schema->fields[i].name.p == NULL)
			continue;
		to->items = grow(to->items, to->n, &to->cap,
			sizeof(struct schema_field *));
		to->items[to->n++] = &schema->fields[i];
	}
}

static void put_fields(const struct starter *s, struct buf *out)
{
	struct fields all = {0};

	for (size_t i = 0; i < s->names->n_projects; i++)
		for (size_t k = 0; k < s->names->n_types; k++)
			if (schema_of(s, i, k) != NULL)
				add_fields(&all, schema_of(s, i, k));
	if (all.n > 0)
		buf_puts(out, "    # The custom fields of these types.\n"
			      "    # fields:\n");
	for (size_t i = 0; i < all.n; i++)
		put_field(all.items[i], out);
	free(all.items);
}

void starter_write(const struct starter *s, struct buf *out)
{
	put_server(s, out);
	put_projects(s, out);
	buf_puts(out, "documents:\n"
		      "- name: page\n"
		      "  # Which work packages become documents.\n");
	put_match(s, out);
	buf_puts(out,
		"  let:\n"
		"    words: ${ subject | slug | replace(\"-\", \" \") | "
		"truncate_words(60) | replace(\" \", \"-\") }\n"
		"    name: ${ [id, words] | compact | join(\"-\") }\n"
		"  path: ${ project.identifier | file_name }/${ name }/"
		"index.md\n"
		"  # Files that the description refers to are saved beside "
		"it.\n"
		"  attachments: referenced\n"
		"  front_matter:\n"
		"    title: ${ subject }\n"
		"    date: ${ createdAt }\n"
		"    lastmod: ${ updatedAt }\n"
		"    type: ${ type.name }\n"
		"    status: ${ status.name }\n"
		"    tags: [{ $when: \"${ category }\", $value: \"${ "
		"category.name }\" }]\n"
		"    # People: whoever reads the documents sees their "
		"names.\n"
		"    # author: ${ author.name }\n"
		"    # assignee: ${ assignee.name }\n"
		"    # responsible: ${ responsible.name }\n");
	put_fields(s, out);
	buf_puts(out, "  body: ${ description.raw }\n");
}
