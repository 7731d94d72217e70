/*
 * program - the mapping of a configuration, compiled.
 *
 * root --tree--> compile_entry() for each of documents: --> struct program
 *
 * Everything that can be wrong with a mapping without looking at a work
 * package is an error here, with its place.  After a failure nothing is left.
 */
#include "content/program.h"

#include <stdlib.h>

#include "content/mapping.h"
#include "content/words.h"

#define MAX_ENTRIES 1000

static const char *const root_keys[] = {
	"documents", "fragments", "timezone", "constants"};

const char *const *program_keys(size_t *n)
{
	*n = ARRAY_LEN(root_keys);
	return root_keys;
}

const char *program_hash(const struct program *p)
{
	return p->hash;
}

const char *program_text_hash(const struct program *p)
{
	return p->text_hash;
}

const struct program_name *program_names(const struct program *p, size_t *n)
{
	*n = p->n_names;
	return p->names;
}

int program_entry(const struct program *p, struct str name)
{
	for (size_t i = 0; i < p->n_entries; i++)
		if (str_eq(p->entries[i].name, name))
			return (int)i;
	return -1;
}

static int compile_zone(struct compiling *c, const struct node *root)
{
	const struct node *zone = node_get(root, "timezone");
	struct arena *a = &c->program->arena;
	struct str name = STR("UTC");
	struct str ignored;
	int rc = 0;

	if (zone != NULL)
		rc = node_string(zone, "timezone", &name, c->err);
	if (rc != 0)
		return rc;
	c->program->zone = arena_str(a, name).p;
	if (words_date(a, STR("2020-01-02T03:04:05Z"), STR("%H"),
		    c->program->zone, &ignored, NULL) == 0)
		return 0;
	return node_err(zone, c->err,
		"unknown time zone '%.*s' (write it as in Europe/Berlin)",
		STR_ARGS(name));
}

static int compile_constants(struct compiling *c, const struct node *root)
{
	const struct node *node = node_get(root, "constants");
	int rc = 0;

	if (node != NULL)
		rc = constants_compile(
			&c->templating, node, &c->program->constants);
	for (size_t i = 0; rc == 0 && node != NULL && i < node->n; i++) {
		const struct node *key = &node->members[i].key;

		if (!str_is(key->text, "*"))
			compile_note(c, NAMED_PROJECT, key->text, key);
	}
	return rc;
}

static int compile_documents(struct compiling *c, const struct node *documents)
{
	struct program *p = c->program;
	int rc = 0;

	if (documents->type != NODE_LIST || documents->n == 0)
		return node_err(documents, c->err,
			"documents must be a list of at least one entry");
	if (documents->n > MAX_ENTRIES)
		return node_err(documents, c->err, "more than %d documents",
			MAX_ENTRIES);
	p->entries = ARENA_ARRAY(&p->arena, struct entry, documents->n);
	for (size_t i = 0; rc == 0 && i < documents->n; i++) {
		rc = compile_entry(c, &documents->items[i],
			arena_printf(&p->arena, "documents[%zu]", i),
			&p->entries[i]);
		p->n_entries += rc == 0;
	}
	return rc;
}

static int refuse_unused(struct compiling *c, const struct node *fragments)
{
	for (size_t i = 0; fragments != NULL && i < fragments->n; i++)
		if (!c->templating.fragments_used[i])
			return node_err(&fragments->members[i].key, c->err,
				"the fragment '%.*s' is not used by any "
				"$merge",
				STR_ARGS(fragments->members[i].key.text));
	return 0;
}

/* The default mapping takes the place of documents: that are not there. */
static int find_documents(struct compiling *c, const struct node *root,
	struct node *holder, const struct node **out)
{
	int rc;

	*out = node_get(root, "documents");
	if (*out != NULL)
		return 0;
	rc = tree_parse(&c->program->arena, "the default mapping",
		default_mapping(), holder, c->err);
	*out = rc == 0 ? node_get(holder, "documents") : NULL;
	return rc;
}

static int compile_root(struct compiling *c, const struct node *root)
{
	const struct node *fragments = node_get(root, "fragments");
	const struct node *documents;
	struct node holder;
	int rc;

	if (root->type != NODE_MAP)
		return node_err(root, c->err,
			"the configuration must be a map of keys");
	if (fragments != NULL && fragments->type != NODE_MAP)
		return node_err(
			fragments, c->err, "fragments must be a map of maps");
	c->templating.fragments = fragments;
	c->templating.fragments_used = ARENA_ARRAY(
		&c->program->arena, bool, fragments != NULL ? fragments->n : 0);
	rc = compile_zone(c, root);
	if (rc == 0)
		rc = compile_constants(c, root);
	if (rc == 0)
		rc = find_documents(c, root, &holder, &documents);
	if (rc == 0)
		rc = compile_documents(c, documents);
	if (rc == 0)
		rc = constants_refuse_unused(&c->program->constants, c->err);
	return rc == 0 ? refuse_unused(c, fragments) : rc;
}

/* Fields that expressions named become names to be checked. */
static void note_fields(struct compiling *c)
{
	for (size_t i = 0; i < c->uses.n_fields; i++)
		compile_note(c, NAMED_FIELD, c->uses.fields[i].name,
			&c->uses.fields[i].at);
}

int program_compile(
	const struct node *root, struct program **out, struct err *e)
{
	struct err ignored = {0};
	struct program *p = xcalloc(1, sizeof(*p));
	struct compiling c = {.program = p, .err = e != NULL ? e : &ignored};
	int rc;

	c.templating.parsing = (struct parsing){
		.arena = &p->arena,
		.scope = &c.scope,
		.uses = &c.uses,
		.constants = &p->constants,
		.err = c.err,
	};
	rc = compile_root(&c, root);
	if (rc == 0) {
		note_fields(&c);
		comparisons_find(p);
		mapping_hash(root, p->hash);
		mapping_text_hash(root, p->text_hash);
	}
	free(c.scope.items);
	free(c.uses.fields);
	if (rc == 0)
		*out = p;
	else
		program_free(p);
	return rc;
}

void program_free(struct program *p)
{
	if (p == NULL)
		return;
	free(p->names);
	arena_fini(&p->arena);
	free(p);
}
