/*
 * compile - one entry of documents:, from nodes to what rendering reads.
 *
 * Names come into scope in the order in which their values will be known:
 * let, one after the other; then what picks bind; so path and save_as see the
 * former, body and front matter see all.
 */

#include "content/mapping.h"
#include "content/paths.h"

static int compile_text(struct compiling *c, const struct node *node,
	const char *what, struct expression *out)
{
	if (node->type != NODE_SCALAR)
		return node_err(node, c->err,
			"%s must be text, which may hold ${ }", what);
	return template_scalar(&c->templating, node, out);
}

static int compile_let(
	struct compiling *c, const struct node *node, struct entry *out)
{
	struct arena *a = &c->program->arena;

	if (node->type != NODE_MAP)
		return node_err(node, c->err, "let must be a map of names");
	out->lets = ARENA_ARRAY(a, struct let, node->n);
	for (size_t i = 0; i < node->n; i++) {
		const struct node_member *m = &node->members[i];
		struct let *let = &out->lets[i];
		int rc = template_compile(&c->templating, &m->value,
			arena_printf(a, "let.%.*s", STR_ARGS(m->key.text)),
			&let->value);

		if (rc == 0)
			rc = scope_push(&c->templating.parsing, m->key.text,
				&m->key, &let->slot);
		if (rc != 0)
			return rc;
		c->scope.items[let->slot].shape = let->value.shape;
		out->n_lets++;
	}
	return 0;
}

int compile_word(struct compiling *c, const struct node *node, const char *what,
	const char *const *words, size_t n)
{
	struct str word;
	struct buf list = {0};
	int rc = node_string(node, what, &word, c->err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (str_is(word, words[i]))
			return (int)i;
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s",
			i == 0 ? "" : (i + 1 < n ? ", " : " or "), words[i]);
	rc = node_err(node, c->err, "%s must be %s, not '%.*s'", what, list.p,
		STR_ARGS(word));
	buf_fini(&list);
	return rc;
}

int compile_word_of(struct compiling *c, const struct node *map,
	const char *key, const char *const *words, size_t n)
{
	const struct node *node = node_get(map, key);

	return node != NULL ? compile_word(c, node, key, words, n) : 0;
}

static int emit_width(
	struct compiling *c, const struct node *node, struct entry *out)
{
	const struct node *width = node_get(node, "width");
	int64_t v = 80;
	int rc = 0;

	if (width != NULL)
		rc = node_int(width, "emit.width", 0, 100000, &v, c->err);
	out->style.width = (size_t)v;
	return rc;
}

static int emit_flag(struct compiling *c, const struct node *node,
	const char *key, bool *out)
{
	const struct node *flag = node_get(node, key);

	return flag != NULL ? node_bool(flag, key, out, c->err) : 0;
}

/* Keys that would do nothing in this format are a mistake. */
static int refuse_for_format(
	struct compiling *c, const struct node *node, enum emit_format format)
{
	static const char *const keys[] = {
		"width", "indent_sequences", "quotes"};

	for (size_t i = 0; format != EMIT_YAML && i < ARRAY_LEN(keys); i++) {
		const struct node *value = node_get(node, keys[i]);

		if (value != NULL && (i < 2 || format == EMIT_JSON))
			return node_err(value, c->err,
				"emit.%s has no effect beside format: %s",
				keys[i], format == EMIT_TOML ? "toml" : "json");
	}
	return 0;
}

static int emit_words(
	struct compiling *c, const struct node *node, struct emit_style *style)
{
	static const char *const orders[] = {"config", "sorted"};
	static const char *const formats[] = {"yaml", "toml", "json"};
	static const char *const quotes[] = {"single", "double"};
	const struct node *order = node_get(node, "order");
	const struct node *format = node_get(node, "format");
	const struct node *quote = node_get(node, "quotes");
	int rc = 0;

	if (format != NULL)
		rc = compile_word(c, format, "emit.format", formats, 3);
	if (rc >= 0) {
		style->format = (enum emit_format)rc;
		rc = refuse_for_format(c, node, style->format);
	}
	if (rc == 0 && order != NULL)
		rc = compile_word(c, order, "emit.order", orders, 2);
	if (rc < 0)
		return rc;
	style->sorted = rc == 1;
	if (quote == NULL)
		return 0;
	rc = compile_word(c, quote, "emit.quotes", quotes, 2);
	style->quotes = rc == 1 ? QUOTES_DOUBLE : QUOTES_SINGLE;
	return rc < 0 ? rc : 0;
}

static int compile_emit(
	struct compiling *c, const struct node *node, struct entry *out)
{
	static const char *const keys[] = {"order", "width", "final_newline",
		"indent_sequences", "omit_null", "format", "quotes"};
	int rc = node_keys(node, "emit", keys, ARRAY_LEN(keys), c->err);

	if (rc == 0)
		rc = emit_words(c, node, &out->style);
	if (rc == 0)
		rc = emit_width(c, node, out);
	if (rc == 0)
		rc = emit_flag(c, node, "final_newline", &out->final_newline);
	if (rc == 0)
		rc = emit_flag(c, node, "indent_sequences",
			&out->style.indent_sequences);
	if (rc == 0)
		rc = emit_flag(c, node, "omit_null", &out->style.omit_null);
	return rc;
}

static int compile_front_matter(
	struct compiling *c, const struct node *node, struct entry *out)
{
	int rc;

	if (node->type != NODE_MAP)
		return node_err(node, c->err, "front_matter must be a map");
	rc = template_compile(
		&c->templating, node, STR("front_matter"), &out->front_matter);
	if (rc != 0)
		return rc;
	if (out->front_matter.special)
		return node_err(node, c->err,
			"front_matter itself cannot have $when, $each or "
			"$value; its keys can");
	/* Its keys are spoken of as front_matter.KEY. */
	out->has_front_matter = true;
	return 0;
}

static int compile_body(
	struct compiling *c, const struct node *node, struct entry *out)
{
	int rc =
		template_compile(&c->templating, node, STR("body"), &out->body);

	if (rc == 0 && out->body.type == TEMPLATE_MAP)
		rc = node_err(node, c->err,
			"body must be text or a list of texts, not a map");
	out->has_body = true;
	return rc;
}

static int compile_switches(
	struct compiling *c, const struct node *node, struct entry *out)
{
	static const char *const gone[] = {"remove", "keep"};
	static const char *const whose[] = {"documents", "all"};
	static const char *const links[] = {"keep", "relative"};
	static const char *const references[] = {"keep", "text", "link"};
	int rc = compile_word_of(c, node, "when_gone", gone, ARRAY_LEN(gone));

	out->keep_when_gone = rc == 1;
	if (rc >= 0)
		rc = compile_word_of(c, node, "links", links, ARRAY_LEN(links));
	out->links = rc == 1 ? LINKS_RELATIVE : LINKS_KEEP;
	if (rc >= 0)
		rc = compile_word_of(c, node, "references", references,
			ARRAY_LEN(references));
	if (rc < 0)
		return rc;
	out->references = (enum references)rc;
	rc = compile_word_of(c, node, "neighbours", whose, ARRAY_LEN(whose));
	if (rc < 0)
		return rc;
	out->all_neighbours = rc == 1;
	rc = emit_flag(c, node, "continue", &out->goes_on);
	if (rc == 0)
		rc = emit_flag(
			c, node, "escape_shortcodes", &out->escape_shortcodes);
	return rc;
}

static void put_written(const struct expression *x, struct buf *out)
{
	if (x->op == OP_LITERAL && x->literal.type == VALUE_STRING)
		buf_add_str(out, x->literal.text);
	else
		buf_puts(out, "…");
}

/* Is it wrong as it is written, whatever its expressions give? */
static int check_path(const struct compiling *c, const struct node *node,
	const struct expression *path)
{
	struct buf written = {0};
	struct err why = {0};
	struct str checked;
	int rc;

	for (size_t i = 0; path->op == OP_TEXT && i < path->n; i++)
		put_written(&path->args[i], &written);
	if (path->op != OP_TEXT)
		put_written(path, &written);
	rc = paths_check(&c->program->arena, buf_str(&written), &checked, &why);
	buf_fini(&written);
	return rc == 0 ? 0 : node_err(node, c->err, "%s", why.text);
}

static int compile_path(
	struct compiling *c, const struct node *node, struct entry *out)
{
	const struct node *path = node_get(node, "path");
	int rc;

	if (path == NULL)
		return node_err(node, c->err,
			"this entry of documents has no path, as in path: "
			"content/${ id }.md");
	rc = compile_text(c, path, "path", &out->path);
	return rc == 0 ? check_path(c, path, &out->path) : rc;
}

/* The parts in the order in which names come into scope. */
static int compile_parts(
	struct compiling *c, const struct node *node, struct entry *out)
{
	static const struct {
		const char *key;
		int (*compile)(struct compiling *c, const struct node *node,
			struct entry *out);
	} parts[] = {
		{"emit", compile_emit},
		{"let", compile_let},
		{NULL, compile_unique},
		{NULL, compile_path},
		{NULL, compile_attachments},
		{"front_matter", compile_front_matter},
		{"body", compile_body},
		{NULL, compile_switches},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		const struct node *part = parts[i].key != NULL
						  ? node_get(node, parts[i].key)
						  : node;

		if (part != NULL)
			rc = parts[i].compile(c, part, out);
	}
	return rc;
}

static int compile_name(struct compiling *c, const struct node *node,
	struct str default_name, struct entry *out)
{
	const struct node *name = node_get(node, "name");
	struct str text = default_name;
	int rc = 0;

	if (name != NULL)
		rc = node_string(name, "name", &text, c->err);
	if (rc == 0 && text.n == 0)
		rc = node_err(name, c->err, "name must not be empty");
	if (rc != 0)
		return rc;
	if (program_entry(c->program, text) >= 0)
		return node_err(name != NULL ? name : node, c->err,
			"two entries of documents are named '%.*s'",
			STR_ARGS(text));
	out->name = arena_str(&c->program->arena, text);
	return 0;
}

/* The custom fields that were named since there were first of them. */
static struct names fields_since(struct compiling *c, size_t first)
{
	size_t n = c->uses.n_fields - first;
	struct names out = {0};

	out.items = ARENA_ARRAY(&c->program->arena, struct str, n);
	for (size_t i = 0; i < n; i++) {
		struct str name = c->uses.fields[first + i].name;
		size_t j = 0;

		while (j < out.n && !str_eq(out.items[j], name))
			j++;
		out.items[j] = name;
		out.n += j == out.n;
	}
	return out;
}

/* Whether comments may be named: they cost a request each time. */
static int compile_comments(struct compiling *c, const struct node *node)
{
	static const char *const words[] = {"none", "public"};
	int rc = compile_word_of(c, node, "comments", words, ARRAY_LEN(words));

	c->uses.comments = rc == 1;
	return rc < 0 ? rc : 0;
}

/* The entry, and those maps of it that are no templates, as $merge has them. */
static int merge_entry(
	struct compiling *c, const struct node *node, struct node *out)
{
	static const char *const maps[] = {
		"match", "let", "attachments", "emit"};
	struct node_member *members;
	int rc = template_merge(&c->templating, node, out);

	if (rc != 0 || out->type != NODE_MAP)
		return rc;
	members = ARENA_ARRAY(&c->program->arena, struct node_member, out->n);
	for (size_t i = 0; rc == 0 && i < out->n; i++) {
		members[i] = out->members[i];
		for (size_t k = 0; rc == 0 && k < ARRAY_LEN(maps); k++)
			if (str_is(members[i].key.text, maps[k]))
				rc = template_merge(&c->templating,
					&out->members[i].value,
					&members[i].value);
	}
	out->members = members;
	return rc;
}

/* An entry without $merge, but in its templates. */
static int compile_merged(struct compiling *c, const struct node *node,
	struct str default_name, struct entry *out)
{
	static const char *const keys[] = {"name", "match", "continue", "let",
		"path", "attachments", "front_matter", "body", "emit",
		"when_gone", "neighbours", "comments", "unique", "on_clash",
		"escape_shortcodes", "links", "references"};
	const struct node *match = node_get(node, "match");
	size_t fields = c->uses.n_fields;
	int rc = node_keys(
		node, "an entry of documents", keys, ARRAY_LEN(keys), c->err);

	*out = (struct entry){.final_newline = true,
		.escape_shortcodes = true,
		.style.width = 80};
	c->scope.n = 0;
	c->scope.most = 0;
	if (rc == 0)
		rc = compile_name(c, node, default_name, out);
	if (rc == 0)
		rc = compile_comments(c, node);
	if (rc == 0 && match != NULL)
		rc = compile_match(c, match, &out->match);
	if (rc == 0)
		rc = compile_parts(c, node, out);
	if (rc != 0)
		return rc;
	out->n_slots = c->scope.most;
	out->fields = fields_since(c, fields);
	return 0;
}

int compile_entry(struct compiling *c, const struct node *node,
	struct str default_name, struct entry *out)
{
	struct node merged;
	int rc = merge_entry(c, node, &merged);

	return rc == 0 ? compile_merged(c, &merged, default_name, out) : rc;
}
