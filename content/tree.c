/*
 * tree - a YAML file as a tree that remembers where everything stands.
 *
 * libyaml's events become nodes, which are gathered on one stack; when a list
 * or a map ends, its part of the stack moves into the arena.  Each scalar
 * keeps its raw bytes too, so that a fault inside it can be placed exactly.
 * On an error the arena holds garbage, and *out is untouched.
 */
#include "content/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define MAX_BYTES ((size_t)1024 * 1024)
#define MAX_DEPTH 64

struct loader {
	struct arena *arena;
	const char *file;
	struct str text; /* in the arena */
	yaml_parser_t parser;
	size_t index; /* where we are, in characters */
	size_t byte;  /* and in bytes */
	struct node *stack;
	size_t n;
	size_t cap;
	struct err *err;
};

static int load_node(struct loader *l, const yaml_event_t *ev, size_t depth,
	struct node *out);

static struct node node_at(const struct loader *l, const yaml_mark_t *mark)
{
	return (struct node){.file = l->file,
		.line = (int)mark->line + 1,
		.column = (int)mark->column + 1};
}

/* The line where libyaml stumbled. */
static struct str line_at(const struct loader *l, size_t line)
{
	struct str rest = l->text;
	struct str found = STR("");

	while (str_line(&rest, &found) && line > 0)
		line--;
	return line == 0 ? found : STR("");
}

/* How an expression that stands there should look; NULL: there is none. */
static const char *right_form(struct str line, size_t at)
{
	struct str before = {line.p, at < line.n ? at + 1 : line.n};
	bool has_each = str_find(before, STR("$each:")) < before.n;

	if (str_find(before, STR("${")) < before.n)
		return "\"${ ... }\"";
	if (has_each)
		return "$each: \"NAME in LIST\"";
	return str_find(line, STR("${")) < line.n ? "\"${ ... }\"" : NULL;
}

/* The place of a byte, with its column in characters. */
static struct node node_at_byte(const struct loader *l, size_t byte)
{
	struct node at = {.file = l->file, .line = 1, .column = 1};

	for (size_t i = 0; i < byte && i < l->text.n; i++) {
		if (l->text.p[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)l->text.p[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static int syntax_error(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;
	yaml_mark_t mark = p->problem_mark;
	struct node at = node_at(l, &mark);
	const char *form;

	if (p->error == YAML_MEMORY_ERROR)
		abort();                     /* as our own allocations do */
	if (p->error == YAML_READER_ERROR) { /* which has no mark */
		at = node_at_byte(l, p->problem_offset);
		return node_err(&at, l->err, "not YAML: %s (files are UTF-8)",
			p->problem);
	}
	form = right_form(line_at(l, mark.line), mark.column);
	if (form != NULL)
		return node_err(&at, l->err,
			"YAML cuts this value (%s): quote the whole value, as "
			"in %s",
			p->problem != NULL ? p->problem : "bad YAML", form);
	return node_err(&at, l->err, "not YAML: %s",
		p->problem != NULL ? p->problem : "cannot be read");
}

static int next_event(struct loader *l, yaml_event_t *ev)
{
	return yaml_parser_parse(&l->parser, ev) ? 0 : syntax_error(l);
}

/* The byte at which a character stands; index only ever grows. */
static size_t byte_at(struct loader *l, size_t index)
{
	while (l->index < index && l->byte < l->text.n) {
		l->byte++;
		while (l->byte < l->text.n &&
			((unsigned char)l->text.p[l->byte] & 0xc0) == 0x80)
			l->byte++;
		l->index++;
	}
	return l->byte;
}

static void push(struct loader *l, const struct node *node)
{
	l->stack = grow(l->stack, l->n, &l->cap, sizeof(*l->stack));
	l->stack[l->n++] = *node;
}

static int refuse_decoration(struct loader *l, const yaml_event_t *ev)
{
	struct node at = node_at(l, &ev->start_mark);
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return node_err(&at, l->err,
			"aliases (*name) are not read here: use "
			"fragments and $merge");
	case YAML_SCALAR_EVENT:
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return node_err(&at, l->err,
			"anchors (&%s) are not read here: use fragments and "
			"$merge",
			anchor);
	if (tag != NULL)
		return node_err(
			&at, l->err, "tags (%s) are not read here", tag);
	return 0;
}

static void load_scalar(
	struct loader *l, const yaml_event_t *ev, struct node *out)
{
	struct str value = {
		(const char *)ev->data.scalar.value, ev->data.scalar.length};
	size_t start = byte_at(l, ev->start_mark.index);
	size_t end = byte_at(l, ev->end_mark.index);

	out->type = NODE_SCALAR;
	out->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	out->text = arena_str(l->arena, value);
	out->raw = (struct str){l->text.p + start, end - start};
}

/* The nodes up to the end event go on the stack, from l->n on. */
static int load_items(struct loader *l, yaml_event_type_t end, size_t depth)
{
	for (;;) {
		yaml_event_t ev;
		struct node node;
		int rc = next_event(l, &ev);

		if (rc != 0)
			return rc;
		if (ev.type == end) {
			yaml_event_delete(&ev);
			return 0;
		}
		rc = load_node(l, &ev, depth, &node);
		yaml_event_delete(&ev);
		if (rc != 0)
			return rc;
		push(l, &node);
	}
}

static int load_list(struct loader *l, size_t depth, struct node *out)
{
	size_t base = l->n;
	int rc = load_items(l, YAML_SEQUENCE_END_EVENT, depth + 1);

	if (rc != 0)
		return rc;
	out->type = NODE_LIST;
	out->n = l->n - base;
	out->items = ARENA_ARRAY(l->arena, struct node, out->n);
	if (out->n > 0)
		memcpy(out->items, l->stack + base,
			out->n * sizeof(*out->items));
	l->n = base;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a;
	const struct node *y = *(const struct node *const *)b;
	int c = str_cmp(x->text, y->text);

	return c != 0 ? c : (x > y) - (x < y);
}

static int refuse_double_keys(struct loader *l, const struct node *map)
{
	const struct node **keys =
		ARENA_ARRAY(l->arena, const struct node *, map->n);

	for (size_t i = 0; i < map->n; i++)
		keys[i] = &map->members[i].key;
	if (map->n > 1)
		qsort(keys, map->n, sizeof(const struct node *), by_key);
	for (size_t i = 1; i < map->n; i++)
		if (str_eq(keys[i - 1]->text, keys[i]->text))
			return node_err(keys[i], l->err,
				"the key '%.*s' is here twice (first in line "
				"%d)",
				STR_ARGS(keys[i]->text), keys[i - 1]->line);
	return 0;
}

static int load_map(struct loader *l, size_t depth, struct node *out)
{
	size_t base = l->n;
	int rc = load_items(l, YAML_MAPPING_END_EVENT, depth + 1);

	if (rc != 0)
		return rc;
	out->type = NODE_MAP;
	out->n = (l->n - base) / 2;
	out->members = ARENA_ARRAY(l->arena, struct node_member, out->n);
	for (size_t i = 0; i < out->n; i++) {
		struct node_member *m = &out->members[i];

		m->key = l->stack[base + 2 * i];
		m->value = l->stack[base + 2 * i + 1];
		if (m->key.type != NODE_SCALAR)
			return node_err(&m->key, l->err, "a key must be text");
	}
	l->n = base;
	return refuse_double_keys(l, out);
}

static int load_node(struct loader *l, const yaml_event_t *ev, size_t depth,
	struct node *out)
{
	int rc = refuse_decoration(l, ev);

	if (rc != 0)
		return rc;
	*out = node_at(l, &ev->start_mark);
	if (depth > MAX_DEPTH)
		return node_err(
			out, l->err, "nested more than %d deep", MAX_DEPTH);
	switch (ev->type) {
	case YAML_SEQUENCE_START_EVENT:
		return load_list(l, depth, out);
	case YAML_MAPPING_START_EVENT:
		return load_map(l, depth, out);
	default:
		assert(ev->type == YAML_SCALAR_EVENT);
		load_scalar(l, ev, out);
		return 0;
	}
}

/* The start of the next document; false at the end of the stream. */
static int next_document(struct loader *l, bool *there, struct node *at)
{
	yaml_event_t ev;
	int rc;

	do {
		rc = next_event(l, &ev);
		if (rc != 0)
			return rc;
		*there = ev.type != YAML_STREAM_END_EVENT;
		*at = node_at(l, &ev.start_mark);
		rc = ev.type == YAML_DOCUMENT_START_EVENT ? 1 : 0;
		yaml_event_delete(&ev);
	} while (*there && rc == 0);
	return 0;
}

static int load_document(struct loader *l, struct node *out)
{
	yaml_event_t ev;
	bool there;
	struct node at;
	int rc = next_document(l, &there, &at);

	*out = (struct node){
		.type = NODE_MAP, .file = l->file, .line = 1, .column = 1};
	if (rc != 0 || !there)
		return rc;
	rc = next_event(l, &ev);
	if (rc != 0)
		return rc;
	rc = load_node(l, &ev, 0, out);
	yaml_event_delete(&ev);
	if (rc == 0)
		rc = next_document(l, &there, &at);
	if (rc == 0 && there)
		rc = node_err(&at, l->err, "a second document in one file");
	return rc;
}

static int refuse_bytes(struct loader *l)
{
	struct node at = {.file = l->file, .line = 1, .column = 1};
	const char *nul = memchr(l->text.p, '\0', l->text.n);

	if (l->text.n > MAX_BYTES)
		return node_err(&at, l->err, "larger than 1 MiB");
	if (nul == NULL)
		return 0;
	at = node_at_byte(l, (size_t)(nul - l->text.p));
	return node_err(&at, l->err, "holds a NUL byte");
}

int tree_parse(struct arena *arena, const char *file, struct str text,
	struct node *out, struct err *e)
{
	struct loader l = {.arena = arena, .err = e};
	struct node root;
	int rc;

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	l.file = arena_str(arena, str_of(file)).p;
	l.text = arena_str(arena, text.p != NULL ? text : STR(""));
	rc = refuse_bytes(&l);
	if (rc != 0)
		return rc;
	if (!yaml_parser_initialize(&l.parser))
		abort();
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&l.parser, (const yaml_char_t *)l.text.p, l.text.n);
	rc = load_document(&l, &root);
	yaml_parser_delete(&l.parser);
	free(l.stack);
	if (rc == 0 && root.type == NODE_SCALAR && node_is_null(&root))
		root = (struct node){.type = NODE_MAP,
			.file = l.file,
			.line = 1,
			.column = 1};
	if (rc == 0)
		*out = root;
	return rc;
}

int tree_load(
	struct arena *arena, const char *file, struct node *out, struct err *e)
{
	FILE *f = fopen(file, "re");
	struct str text;
	char *bytes;
	int r = 0;

	if (f == NULL)
		return err_errno(e, ERR_CONFIG, errno, "%s", file);
	bytes = xmalloc(MAX_BYTES + 1);
	text = (struct str){bytes, fread(bytes, 1, MAX_BYTES + 1, f)};
	if (ferror(f) != 0)
		r = err_errno(e, ERR_CONFIG, errno, "%s", file);
	fclose(f);
	text = arena_str(arena, text);
	free(bytes);
	return r == 0 ? tree_parse(arena, file, text, out, e) : r;
}
