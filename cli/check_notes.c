/*
 * check_notes - entries of documents: that are right, and hardly meant.
 */
#include "cli/check_notes.h"

#include <stdlib.h>

#include "base/util.h"
#include "cli/cli.h"

static void add(json_t *one, char *note)
{
	json_array_append_new(json_object_get(one, "notes"), json_string(note));
	free(note);
}

/* --- Custom fields ------------------------------------------------------- */

static bool lists(const json_t *list, struct str name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_is(name, cli_string(json_array_get(list, i), "")))
			return true;
	return false;
}

static const struct api_name *find_type(const struct names *names, int64_t id)
{
	for (size_t i = 0; i < names->n_types; i++)
		if (names->types[i].id == id)
			return &names->types[i];
	return NULL;
}

/* Is a schema of what an entry takes? */
static bool is_taken(const json_t *one, const struct names *names,
	const struct schema *schema)
{
	const struct project *p = names_project(names, schema->project_id);
	const struct api_name *type = find_type(names, schema->type_id);

	return schema->shown && p != NULL && type != NULL &&
	       lists(json_object_get(one, "projects"), p->identifier) &&
	       lists(json_object_get(one, "types"), type->name);
}

static bool has_field(const struct schema *schema, const char *name)
{
	bool has = schema_unreadable(schema) != NULL; /* it may be that */

	for (size_t i = 0; !has && i < schema->n_fields; i++)
		has = str_is(schema->fields[i].name, name) ||
		      str_is(schema->fields[i].key, name);
	return has;
}

static bool takes_field(
	const json_t *one, const struct names *names, const char *name)
{
	bool has = false;

	for (size_t i = 0; !has && i < names->n_schemas; i++)
		has = is_taken(one, names, &names->schemas[i]) &&
		      has_field(&names->schemas[i], name);
	return has;
}

static void note_fields(json_t *one, const struct names *names)
{
	const json_t *fields = json_object_get(one, "fields");

	if (json_array_size(json_object_get(one, "types")) == 0)
		return;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const char *name = json_string_value(
			json_object_get(json_array_get(fields, i), "name"));

		if (!takes_field(one, names, name))
			add(one, xasprintf("of the projects and types that it "
					   "takes none has the custom field "
					   "'%s': what reads it is an error",
					 name));
	}
}

/* --- Each entry ---------------------------------------------------------- */

void check_notes_add(json_t *coverage, const struct program *program,
	const struct names *names, bool fields)
{
	for (size_t i = 0; i < json_array_size(coverage); i++) {
		json_t *one = json_array_get(coverage, i);
		int before = program_taken_before(program, i);

		if (before >= 0)
			add(one, xasprintf("nothing comes to it: '%s' stands "
					   "before it and takes every work "
					   "package",
					 program_entry_name(
						 program, (size_t)before)
						 .p));
		if (program_shares_path(program, i))
			add(one, xstrdup("path is the same for many work "
					 "packages: put the id into it"));
		if (fields)
			note_fields(one, names);
	}
}
