/*
 * compile_parts - match: and attachments: of an entry of documents:.
 */

#include <string.h>

#include "content/mapping.h"
#include "content/model.h"

#define MAX_PICKS 1000

/* A list of texts, or one text; what names it. */
static int compile_names(struct compiling *c, const struct node *node,
	const char *what, struct names *out)
{
	bool list = node->type == NODE_LIST;
	size_t n = list ? node->n : 1;
	struct str *items = ARENA_ARRAY(&c->program->arena, struct str, n);

	if (n == 0)
		return node_err(node, c->err,
			"%s is an empty list, which nothing fits", what);
	for (size_t i = 0; i < n; i++) {
		int rc = node_string(
			list ? &node->items[i] : node, what, &items[i], c->err);

		if (rc != 0)
			return rc;
		items[i] = arena_str(&c->program->arena, items[i]);
	}
	*out = (struct names){n, items};
	return 0;
}

void compile_note(struct compiling *c, enum named kind, struct str name,
	const struct node *at)
{
	struct program *p = c->program;
	struct program_name *note;

	for (size_t i = 0; i < p->n_names; i++)
		if (p->names[i].kind == kind && str_eq(p->names[i].name, name))
			return;
	p->names = grow(p->names, p->n_names, &c->cap_names, sizeof(*p->names));
	note = &p->names[p->n_names++];
	note->kind = kind;
	note->name = arena_str(&p->arena, name);
	note->at = (struct node){.type = NODE_SCALAR,
		.file = arena_str(&p->arena, str_of(at->file)).p,
		.line = at->line,
		.column = at->column,
		.text = note->name};
}

/* The kinds that are checked against the server. */
static void note_names(struct compiling *c, enum match_key key,
	const struct node *node, const struct names *names)
{
	static const enum named kinds[] = {
		[MATCH_PROJECT] = NAMED_PROJECT,
		[MATCH_TYPE] = NAMED_TYPE,
		[MATCH_STATUS] = NAMED_STATUS,
	};

	for (size_t i = 0; key <= MATCH_STATUS && i < names->n; i++)
		compile_note(c, kinds[key], names->items[i],
			node->type == NODE_LIST ? &node->items[i] : node);
}

int compile_match(
	struct compiling *c, const struct node *node, struct match *out)
{
	const struct node *where = node_get(node, "where");
	const char *keys[MATCH_KEYS + 1] = {[MATCH_KEYS] = "where"};
	struct expression *x;
	int rc;

	for (int key = 0; key < MATCH_KEYS; key++)
		keys[key] = match_keys[key].name;
	rc = node_keys(node, "match", keys, ARRAY_LEN(keys), c->err);

	for (int key = 0; rc == 0 && key < MATCH_KEYS; key++) {
		const struct node *names = node_get(node, keys[key]);

		if (names == NULL)
			continue;
		rc = compile_names(c, names, keys[key], &out->names[key]);
		if (rc == 0)
			note_names(c, (enum match_key)key, names,
				&out->names[key]);
	}
	if (rc != 0 || where == NULL)
		return rc;
	x = ARENA_NEW(&c->program->arena, struct expression);
	out->where = x;
	return expression_one(&c->templating.parsing, where, "where", x);
}

static struct str key_within(
	struct compiling *c, struct str outer, const char *key)
{
	return arena_printf(
		&c->program->arena, "%.*s.%s", STR_ARGS(outer), key);
}

static int compile_form(struct compiling *c, const struct node *map,
	struct str outer, const char *key, const struct form **out)
{
	const struct node *node = node_get(map, key);
	struct form *form;

	if (node == NULL)
		return 0;
	if (node->type != NODE_SCALAR)
		return node_err(node, c->err,
			"%s must be text, which may hold ${ }", key);
	form = ARENA_NEW(&c->program->arena, struct form);
	form->key = key_within(c, outer, key);
	*out = form;
	return template_scalar(&c->templating, node, &form->expression);
}

/* save_as and link_as, in which attachment is the one that is saved. */
static int compile_saving(struct compiling *c, const struct node *map,
	struct str key, struct saving *out)
{
	int rc = scope_push(
		&c->templating.parsing, STR("attachment"), map, &out->slot);

	out->key = key;
	if (rc == 0) {
		c->scope.items[out->slot].shape = &model_attachment_shape;
		rc = compile_form(c, map, key, "save_as", &out->save_as);
	}
	if (rc == 0)
		rc = compile_form(c, map, key, "link_as", &out->link_as);
	if (rc == 0)
		c->scope.n--;
	return rc;
}

static int compile_pick(struct compiling *c, const struct node *node,
	struct str key, struct pick *out)
{
	static const char *const keys[] = {"pick", "as", "save_as", "link_as"};
	const struct node *pick = node_get(node, "pick");
	int rc = node_keys(node, "a pick", keys, ARRAY_LEN(keys), c->err);

	if (rc != 0)
		return rc;
	if (pick == NULL)
		return node_err(node, c->err,
			"this entry of attachments has no pick, as in pick: "
			"\"${ attachments | first }\"");
	out->pick.key = key_within(c, key, "pick");
	rc = expression_one(
		&c->templating.parsing, pick, "pick", &out->pick.expression);
	return rc == 0 ? compile_saving(c, node, key, &out->saving) : rc;
}

/* The names that picks bind come into scope when all picks are compiled. */
static int bind_picks(
	struct compiling *c, const struct node *list, struct entry *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct node *as = node_get(&list->items[i], "as");
		struct str name;
		int rc;

		if (as == NULL)
			continue;
		rc = node_string(as, "as", &name, c->err);
		if (rc == 0)
			rc = scope_push(&c->templating.parsing, name, as,
				&out->picks[i].slot);
		if (rc != 0)
			return rc;
		out->picks[i].bound = true;
	}
	return 0;
}

static int compile_picks(
	struct compiling *c, const struct node *list, struct entry *out)
{
	struct arena *a = &c->program->arena;

	if (list->type != NODE_LIST)
		return node_err(list, c->err, "picks must be a list");
	if (list->n > MAX_PICKS)
		return node_err(list, c->err, "more than %d picks", MAX_PICKS);
	out->picks = ARENA_ARRAY(a, struct pick, list->n);
	for (size_t i = 0; i < list->n; i++) {
		int rc = compile_pick(c, &list->items[i],
			arena_printf(a, "attachments.picks[%zu]", i),
			&out->picks[i]);

		if (rc != 0)
			return rc;
		out->n_picks++;
	}
	return bind_picks(c, list, out);
}

static int compile_files(
	struct compiling *c, const struct node *node, struct entry *out)
{
	static const char *const words[] = {
		[FILES_NONE] = "none",
		[FILES_REFERENCED] = "referenced",
		[FILES_ALL] = "all",
	};
	int rc = compile_word(c, node, "files", words, ARRAY_LEN(words));

	if (rc < 0)
		return rc;
	out->files = (enum files)rc;
	return 0;
}

/* A pattern that has no slash, and nothing that may be one, fits none. */
static int compile_types(
	struct compiling *c, const struct node *node, struct entry *out)
{
	int rc = compile_names(c, node, "types", &out->types);

	for (size_t i = 0; rc == 0 && i < out->types.n; i++)
		if (strpbrk(out->types.items[i].p, "/*?[") == NULL)
			rc = node_err(node->type == NODE_LIST ? &node->items[i]
							      : node,
				c->err,
				"types: no content type is '%.*s': write it as "
				"in image/* or application/pdf",
				STR_ARGS(out->types.items[i]));
	return rc;
}

static int compile_long_form(
	struct compiling *c, const struct node *node, struct entry *out)
{
	static const char *const keys[] = {
		"files", "picks", "save_as", "link_as", "max_size", "types"};
	const struct node *files = node_get(node, "files");
	const struct node *picks = node_get(node, "picks");
	const struct node *size = node_get(node, "max_size");
	const struct node *types = node_get(node, "types");
	int rc = node_keys(node, "attachments", keys, ARRAY_LEN(keys), c->err);

	if (rc == 0 && files != NULL)
		rc = compile_files(c, files, out);
	if (rc == 0 && size != NULL)
		rc = node_size(size, "max_size", &out->max_size, c->err);
	if (rc == 0 && types != NULL)
		rc = compile_types(c, types, out);
	if (rc == 0 && picks != NULL)
		rc = compile_picks(c, picks, out);
	if (rc == 0)
		rc = compile_saving(c, node, STR("attachments"), &out->saving);
	if (rc == 0 && out->files == FILES_NONE &&
		(out->saving.save_as != NULL || out->saving.link_as != NULL))
		rc = node_err(node, c->err,
			"save_as and link_as have no effect beside files: "
			"none; picks have their own");
	return rc;
}

int compile_attachments(
	struct compiling *c, const struct node *entry, struct entry *out)
{
	const struct node *node = node_get(entry, "attachments");

	out->files = FILES_REFERENCED;
	out->saving.key = STR("attachments");
	if (node == NULL)
		return 0;
	if (node->type == NODE_SCALAR)
		return compile_files(c, node, out);
	if (node->type == NODE_LIST)
		return compile_picks(c, node, out);
	return compile_long_form(c, node, out);
}
