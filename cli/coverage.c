/*
 * coverage - what a mapping takes of a server, and what it leaves out.
 */
#include "cli/coverage.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

static json_t *text(struct str s)
{
	return json_stringn_nocheck(s.p != NULL ? s.p : "", s.n);
}

/* As it is, whatever a terminal would make of it. */
static bool is_text(const json_t *v, struct str s)
{
	return str_eq(
		(struct str){json_string_value(v), json_string_length(v)}, s);
}

const char *coverage_kind(struct str type)
{
	static const struct {
		const char *type, *words;
	} kinds[] = {
		{"String", "text"},
		{"Formattable", "long text"},
		{"Integer", "integer"},
		{"Float", "float"},
		{"Boolean", "true or false"},
		{"Date", "date"},
		{"Link", "link"},
		{"CustomOption", "list"},
		{"[]CustomOption", "list, several"},
		{"User", "user"},
		{"[]User", "user, several"},
		{"Version", "version"},
		{"[]Version", "version, several"},
		{"CustomField::Hierarchy::Item", "hierarchy"},
		{"[]CustomField::Hierarchy::Item", "hierarchy, several"},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(type, kinds[i].type))
			return kinds[i].words;
	return "of a kind that opsync does not know";
}

/* --- Which projects and types an entry takes ---------------------------- */

static bool listed(const struct str *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(names[i], name))
			return true;
	return n == 0;
}

static bool takes_project(
	const struct program *p, size_t entry, const struct project *project)
{
	size_t n;
	const struct str *names =
		program_entry_names(p, entry, NAMED_PROJECT, &n);

	return listed(names, n, project->identifier) ||
	       listed(names, n, project->name);
}

static bool takes_type(
	const struct program *p, size_t entry, const struct api_name *type)
{
	size_t n;
	const struct str *names = program_entry_names(p, entry, NAMED_TYPE, &n);

	return listed(names, n, type->name);
}

/* --- One entry ---------------------------------------------------------- */

struct covering {
	const struct program *program;
	size_t entry;
	const struct names *names;
	const struct names_scope *scope;
	json_t *out;
};

static json_t *list(const struct covering *c, const char *key)
{
	return json_object_get(c->out, key);
}

/* Add a text to a list, if it is not in it. */
static void add_once(json_t *to, struct str s)
{
	for (size_t i = 0; i < json_array_size(to); i++)
		if (is_text(json_array_get(to, i), s))
			return;
	json_array_append_new(to, text(s));
}

static json_t *find_field(json_t *in, struct str name)
{
	for (size_t i = 0; i < json_array_size(in); i++) {
		json_t *field = json_array_get(in, i);

		if (is_text(json_object_get(field, "name"), name))
			return field;
	}
	return NULL;
}

static json_t *add_field(json_t *to, struct str name)
{
	json_t *field = json_pack("{s:o, s:n}", "name", text(name), "kind");

	json_array_append_new(to, field);
	return field;
}

static void cover_schema(struct covering *c, const struct schema *schema)
{
	for (size_t i = 0; i < schema->n_fields; i++) {
		const struct schema_field *f = &schema->fields[i];
		struct str name = f->name.p != NULL ? f->name : f->key;
		json_t *field = find_field(list(c, "fields"), name);

		if (field == NULL)
			field = find_field(list(c, "left_out"), name);
		if (field == NULL)
			field = add_field(list(c, "left_out"), name);
		json_object_set_new(
			field, "kind", json_string(coverage_kind(f->type)));
	}
}

static void cover_reads(struct covering *c)
{
	size_t n;
	const struct str *read =
		program_entry_names(c->program, c->entry, NAMED_FIELD, &n);

	for (size_t i = 0; i < n; i++)
		add_field(list(c, "fields"), read[i]);
}

static void cover_project(struct covering *c, const struct project *project)
{
	json_array_append_new(list(c, "projects"), text(project->identifier));
	for (size_t i = 0; i < c->names->n_types; i++) {
		const struct api_name *type = &c->names->types[i];
		const struct schema *schema =
			names_schema(c->names, project->id, type->id);

		if (schema == NULL || !schema->shown ||
			!takes_type(c->program, c->entry, type))
			continue;
		add_once(list(c, "types"), type->name);
		cover_schema(c, schema);
	}
}

static void add_note(void *arg, size_t entry, struct str key, struct str made)
{
	struct covering *c = arg;
	char *note;

	if (entry != c->entry)
		return;
	note = xasprintf("%.*s is made of the title alone (%.*s): two work "
			 "packages may have the same, and a title changes; "
			 "put the id into it",
		STR_ARGS(key), STR_ARGS(made));
	json_array_append_new(list(c, "notes"), json_string(note));
	free(note);
}

static json_t *cover(struct covering *c)
{
	struct buf outline = {0};

	program_outline(c->program, c->entry, &outline);
	c->out = json_pack("{s:o, s:o, s:[], s:[], s:[], s:[], s:[]}", "name",
		text(program_entry_name(c->program, c->entry)), "lines",
		cli_lines(&outline), "projects", "types", "fields", "left_out",
		"notes");
	cover_reads(c);
	for (size_t i = 0; i < c->names->n_projects; i++) {
		const struct project *p = &c->names->projects[i];

		if (names_in_scope(c->scope->ids, c->scope->n, p->id) &&
			takes_project(c->program, c->entry, p))
			cover_project(c, p);
	}
	program_poor_addresses(c->program, add_note, c);
	buf_fini(&outline);
	return c->out;
}

json_t *coverage_make(const struct program *program, const struct names *names,
	const struct names_scope *scope)
{
	json_t *all = json_array();

	for (size_t i = 0; i < program_entries(program); i++) {
		struct covering c = {program, i, names, scope, NULL};

		json_array_append_new(all, cover(&c));
	}
	return all;
}

/* --- For people --------------------------------------------------------- */

/* "  WORDS a, b" or with the kinds of fields; nothing if there is none. */
static void print_list(const char *words, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *one = json_array_get(items, i);
		const char *kind = cli_text(one, "kind", NULL);

		printf("%s%s", i == 0 ? words : ", ",
			json_is_string(one) ? cli_string(one, "")
					    : cli_text(one, "name", ""));
		if (kind != NULL)
			printf(" (%s)", kind);
	}
	if (json_array_size(items) > 0)
		putchar('\n');
}

void coverage_print(const json_t *coverage)
{
	for (size_t i = 0; i < json_array_size(coverage); i++) {
		const json_t *one = json_array_get(coverage, i);
		const json_t *lines = json_object_get(one, "lines");
		const json_t *notes = json_object_get(one, "notes");

		for (size_t k = 0; k < json_array_size(lines); k++)
			puts(cli_string(json_array_get(lines, k), ""));
		print_list(
			"  of the projects ", json_object_get(one, "projects"));
		print_list("  of the types ", json_object_get(one, "types"));
		print_list("  reads the custom fields ",
			json_object_get(one, "fields"));
		print_list("  leaves out the custom fields ",
			json_object_get(one, "left_out"));
		for (size_t k = 0; k < json_array_size(notes); k++)
			printf("  note: %s\n",
				cli_string(json_array_get(notes, k), ""));
	}
}
