/*
 * render - what the mapping makes of one work package.
 *
 * For each entry that fits:  let --> path --> picks --> body, whose references
 * are saved and rewritten --> front matter --> the document's text.
 *
 * A fault after the match is that document's error and leaves nothing of it; a
 * fault in a match ends the walk through the entries.  Where the list of
 * attachments is wanting, or their contents, all is dropped but that.
 */
#include "content/render.h"

#include <stdlib.h>

#include "content/ascii.h"
#include "content/filters.h"
#include "content/paths.h"

static int evaluate_lets(struct evaluation *with, const struct entry *entry,
	struct document *d, struct err *e)
{
	const struct unique_claim claim = {with, entry, d};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entry->n_lets; i++) {
		const struct let *let = &entry->lets[i];
		struct value *v = &with->locals[let->slot];
		bool there;

		rc = template_evaluate(with, &let->value, &there, v, e);
		if (rc == 0 && let->unique)
			rc = unique_claim(&claim, let->value.key, true, v, e);
	}
	return rc;
}

static int make_path(struct evaluation *with, const struct entry *entry,
	int n_ids, struct document *d, struct err *e)
{
	struct arena *a = with->arena;
	struct str path;
	struct value v;
	int rc = evaluate_scalar(with, STR("path"), &entry->path, &v, e);

	if (rc != 0)
		return rc;
	if (v.type != VALUE_STRING && v.type != VALUE_NUMBER)
		return err_set(e, ERR_DATA, "path must be text, but is %s",
			value_type_name(&v));
	rc = paths_check(a, v.text, &path, e);
	if (rc != 0)
		return rc;
	d->natural_path = str_dup(path);
	for (int i = 0; i < n_ids; i++)
		path = paths_document_with_id(a, path, with->wp->id);
	d->path = str_dup(path);
	return 0;
}

/* All of it is data: lines around would make two documents of YAML. */
static bool is_data_file(const struct entry *entry, struct str path)
{
	static const struct str endings[] = {
		STR_INIT(".yaml"), STR_INIT(".yml"), STR_INIT(".toml")};

	for (size_t i = 0; !entry->has_body && i < ARRAY_LEN(endings); i++)
		if (str_ends(path, endings[i]))
			return true;
	return false;
}

static int make_front_matter(struct evaluation *with, const struct entry *entry,
	struct str path, struct buf *out, struct err *e)
{
	struct value v;
	bool there;
	int rc;

	if (!entry->has_front_matter)
		return 0;
	rc = template_evaluate(with, &entry->front_matter, &there, &v, e);
	if (rc == 0 && evaluate_limit(&v, e) != 0)
		rc = err_prefix(e, "front_matter");
	if (rc != 0)
		return rc;
	if (evaluate_in_vain(with))
		return 0;
	if (is_data_file(entry, path))
		emit_data(&v, &entry->style, out);
	else
		emit_front_matter(&v, &entry->style, out);
	return 0;
}

static struct str skip_space(struct str text)
{
	while (text.n > 0 && ascii_space(text.p[0]))
		text = str_skip(text, 1);
	return text;
}

static bool opens_itself(const struct template *text)
{
	const struct expression *first = text->scalar.op == OP_TEXT
						 ? &text->scalar.args[0]
						 : &text->scalar;

	if (text->type != TEMPLATE_SCALAR)
		return false;
	return first->op == OP_CONSTANT ||
	       (first->op == OP_LITERAL &&
		       skip_space(first->literal.text).n > 0);
}

/* Does the body begin with the mapping's own text, whichever comes first? */
static bool body_opens_itself(const struct template *body)
{
	if (body->type != TEMPLATE_LIST)
		return opens_itself(body);
	for (size_t i = 0; i < body->n; i++) {
		const struct template *t = &body->items[i];

		if (!opens_itself(t))
			return false;
		if (t->when == NULL && t->each == NULL)
			break;
	}
	return true;
}

static bool is_page(struct str path)
{
	static const struct str endings[] = {STR_INIT(".md"),
		STR_INIT(".markdown"), STR_INIT(".mdx"), STR_INIT(".html"),
		STR_INIT(".htm"), STR_INIT(".adoc"), STR_INIT(".org"),
		STR_INIT(".rst")};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (str_ends(path, endings[i]))
			return true;
	return false;
}

/*
 * Would a site generator take the beginning for front matter, or for some that
 * is wrong?  Hugo looks behind a byte order mark, space and comments, and takes
 * an item of a list for a bad fence.
 */
static bool begins_front_matter(struct str text)
{
	static const struct str openings[] = {STR_INIT("-"), STR_INIT("+"),
		STR_INIT("{"), STR_INIT("#+"), STR_INIT("<!--")};

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	text = skip_space(text);
	for (size_t i = 0; i < ARRAY_LEN(openings); i++)
		if (str_starts(text, openings[i]))
			return true;
	return false;
}

/*
 * What people write is not read as front matter where the mapping has none: an
 * empty one goes before it.
 */
static bool guard_beginning(const struct entry *entry, struct str path,
	struct str body, struct buf *out)
{
	const struct value none = {.type = VALUE_MAP};

	if (entry->has_front_matter || body_opens_itself(&entry->body) ||
		!is_page(path) || !begins_front_matter(body))
		return false;
	emit_front_matter(&none, &entry->style, out);
	return true;
}

static int make_text(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct buf *out, struct err *e)
{
	struct buf body = {0};
	int rc = render_body(with, entry, saves, &body, e);

	if (rc == 0)
		rc = make_front_matter(with, entry, saves->document, out, e);
	if (rc == 0 && body.n > 0) {
		if (entry->has_front_matter ||
			guard_beginning(
				entry, saves->document, buf_str(&body), out))
			buf_putc(out, '\n');
		buf_add(out, body.p, body.n);
		if (entry->final_newline && !str_ends(buf_str(out), STR("\n")))
			buf_putc(out, '\n');
	}
	buf_fini(&body);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct saved_file *x = a;
	const struct saved_file *y = b;

	return strcmp(x->path, y->path);
}

/* What two picks chose for one path is there once. */
static void keep_files(const struct saves *saves, struct document *d)
{
	struct saved_file *files = xcalloc(saves->n, sizeof(*files));
	size_t n = 0;

	for (size_t i = 0; i < saves->n; i++)
		files[i] = (struct saved_file){saves->items[i].attachment->id,
			str_dup(saves->items[i].path)};
	if (saves->n > 1)
		qsort(files, saves->n, sizeof(*files), by_path);
	for (size_t i = 0; i < saves->n; i++)
		if (n > 0 && by_path(&files[n - 1], &files[i]) == 0)
			free(files[i].path);
		else
			files[n++] = files[i];
	d->files = files;
	d->n_files = n;
}

int render_begin(struct evaluation *with, const struct entry *entry, int n_ids,
	struct document *d, struct saves *saves, struct err *e)
{
	int rc;

	with->attachments = (struct value){0};
	with->children = (struct value){0};
	with->relations = (struct value){0};
	with->all_neighbours = entry->all_neighbours;
	with->locals = ARENA_ARRAY(with->arena, struct value, entry->n_slots);
	rc = evaluate_lets(with, entry, d, e);
	if (rc == 0) /* which says whose place it takes, and whose values */
		rc = make_path(with, entry, n_ids, d, e);
	if (rc == 0)
		rc = unique_claim_all(
			&(struct unique_claim){with, entry, d}, e);
	if (rc != 0)
		return rc;
	saves->document = str_of(d->path);
	return saves_picks(with, entry, saves, e);
}

static void render_entry(struct evaluation *with, const struct entry *entry,
	int n_ids, struct rendering *r)
{
	struct document *d = &r->document;
	struct saves saves = {0};
	int rc = render_begin(with, entry, n_ids, d, &saves, &r->err);

	if (rc == 0)
		rc = make_text(with, entry, &saves, &d->text, &r->err);
	if (rc == 0) {
		d->entry = str_dup(entry->name);
		d->keep_when_gone = entry->keep_when_gone;
		d->unknown_attachment = saves.unknown;
		keep_files(&saves, d);
	} else { /* the place is still its own */
		char *path = d->natural_path;

		d->natural_path = NULL;
		document_fini(d);
		d->natural_path = path;
	}
	free(saves.items);
}

static struct rendering *add_rendering(
	struct rendered *out, size_t *cap, const struct entry *entry)
{
	struct rendering *r;

	out->items = grow(out->items, out->n, cap, sizeof(*out->items));
	r = &out->items[out->n++];
	*r = (struct rendering){.entry = entry->name.p};
	return r;
}

static void render_entries(struct evaluation *with, const struct program *p,
	const struct evasion *evasion, struct rendered *out)
{
	size_t cap = 0;

	for (size_t i = 0; i < p->n_entries; i++) {
		const struct entry *entry = &p->entries[i];
		int n_ids = evasion != NULL && evasion->entry == i
				    ? evasion->times
				    : 0;
		size_t needs = with->n_needs;
		bool fits;

		with->attachments = (struct value){0};
		with->locals = NULL;
		if (match_decide(with, &entry->match, &fits, &out->match_err) !=
			0) {
			err_prefix(&out->match_err, "%s", entry->name.p);
			return;
		}
		if (with->n_needs > needs)
			return; /* it is not known yet whether it fits */
		if (!fits)
			continue;
		render_entry(
			with, entry, n_ids, add_rendering(out, &cap, entry));
		if (!entry->goes_on)
			return;
	}
}

int program_render(const struct program *p, const struct work_package *wp,
	const struct evasion *evasion, struct arena *scratch,
	struct rendered *out)
{
	struct evaluation with = {.arena = scratch,
		.wp = wp,
		.zone = p->zone,
		.constants = &p->constants,
		.program = p,
		.rendered = out,
		.start = scratch->total};

	*out = (struct rendered){0};
	render_entries(&with, p, evasion, out);
	if (!with.needs_list && !with.needs_comments && with.n_needs == 0) {
		free(with.needs);
		reads_sort(&with.reads);
		out->reads = with.reads;
		return 0;
	}
	reads_fini(&with.reads);
	rendered_fini(out);
	out->needs_list = with.needs_list;
	out->needs_comments = with.needs_comments;
	out->needs = with.needs;
	out->n_needs = with.n_needs;
	return ERR_NEED;
}
