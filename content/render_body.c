/*
 * render_body - the body of a document.
 *
 * The texts of body: are put together; what they refer to is saved, and the
 * references become what attachments:, links: and references: say; last,
 * shortcodes are escaped.  Other work packages are asked for by id, and noted
 * as read, so that the document is made again when they move.
 */
#include <assert.h>
#include <stdlib.h>

#include "content/ascii.h"
#include "content/body.h"
#include "content/markdown_text.h"
#include "content/model.h"
#include "content/paths.h"
#include "content/render.h"

/* One text of a body: null is none. */
static int add_paragraph(struct buf *b, const struct value *v, struct err *e)
{
	if (value_is_empty(v))
		return 0;
	if (b->n > 0)
		buf_puts(b, "\n\n");
	if (evaluate_add_text(b, v, e) == 0)
		return 0;
	return err_prefix(e, "body");
}

static int body_text(struct evaluation *with, const struct entry *entry,
	struct str *out, struct err *e)
{
	struct buf b = {0};
	struct value v;
	bool there;
	int rc = template_evaluate(with, &entry->body, &there, &v, e);

	if (rc == 0 && evaluate_limit(&v, e) != 0)
		rc = err_prefix(e, "body");
	if (rc == 0 && v.type != VALUE_LIST)
		rc = add_paragraph(&b, &v, e);
	for (size_t i = 0; rc == 0 && v.type == VALUE_LIST && i < v.n; i++)
		rc = add_paragraph(&b, &v.items[i], e);
	*out = arena_take(with->arena, &b);
	return rc;
}

static int save_all(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct err *e)
{
	const struct attachment **files;
	struct value all;
	int rc = model_attachments(with, &all, e);

	if (rc != 0)
		return rc;
	files = ARENA_ARRAY(with->arena, const struct attachment *, all.n);
	for (size_t i = 0; i < all.n; i++)
		files[i] = &with->wp->attachments[i];
	return saves_files(with, entry, files, all.n, saves, e);
}

#define TARGET_STEPS 10 /* of looking for one, as against other steps */

/* A work package that references mean. */
struct target {
	int64_t id;
	struct str address; /* of its document from here; or STR_NONE, */
	struct str subject; /* twice if there is none */
};

/* The body on its way. */
struct writing {
	struct evaluation *with;
	const struct entry *entry;
	struct saves *saves;
	struct str text;
	struct body_scope scope;
	struct body_reference *refs;
	size_t n;
	struct target *targets; /* by id, each once */
	size_t n_targets;
	struct known known; /* of what has a name */
};

/* "https://host:port/path" of OpenProject, by the page of a work package. */
static struct str base_of(struct str url)
{
	struct str mark = STR("/work_packages/");

	if (url.p == NULL || str_find(url, mark) == url.n)
		return STR_NONE;
	return (struct str){url.p, str_find(url, mark)};
}

static bool is_html(struct str path)
{
	return str_ends(path, STR(".html")) || str_ends(path, STR(".htm"));
}

/* Save the attachments that it refers to, each once. */
static int save_referenced(struct writing *w, struct err *e)
{
	const struct work_package *wp = w->with->wp;
	const struct attachment **files =
		ARENA_ARRAY(w->with->arena, const struct attachment *, w->n);
	bool *seen = ARENA_ARRAY(w->with->arena, bool, wp->n_attachments);
	size_t n_files = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct attachment *a = w->refs[i].attachment;

		if (a == NULL || seen[a - wp->attachments])
			continue;
		seen[a - wp->attachments] = true;
		files[n_files++] = a;
	}
	return saves_files(w->with, w->entry, files, n_files, w->saves, e);
}

static int look_up(struct writing *w, struct target *t, struct err *e)
{
	struct arena *a = w->with->arena;
	const struct work_package *wp = w->with->wp;
	const struct neighbours *others = wp->neighbours;
	struct neighbour there = {w->saves->document, wp->subject};
	bool found = t->id == wp->id;
	int rc = evaluate_spend(w->with, TARGET_STEPS, e);

	if (!found) {
		reads_add(&w->with->reads, READ_WORK_PACKAGE, t->id, STR_NONE);
		found = rc == 0 && others != NULL &&
			others->find(others->arg, a, t->id, &there);
	}
	if (rc != 0 || !found)
		return rc;
	t->subject = there.subject;
	t->address = paths_address(
		a, paths_relative(a, w->saves->document, there.path));
	return 0;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = ((const struct target *)a)->id;
	int64_t y = ((const struct target *)b)->id;

	return (x > y) - (x < y);
}

/* Look up all that references mean, each once however often it is meant. */
static int look_up_all(struct writing *w, struct err *e)
{
	struct target *all = ARENA_ARRAY(w->with->arena, struct target, w->n);
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->refs[i].work_package > 0)
			all[n++] =
				(struct target){.id = w->refs[i].work_package};
	if (n > 1)
		qsort(all, n, sizeof(*all), by_id);
	w->targets = all;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (i > 0 && all[i].id == all[w->n_targets - 1].id)
			continue;
		all[w->n_targets] = all[i];
		rc = look_up(w, &all[w->n_targets++], e);
	}
	return rc;
}

static const struct target *target_of(
	const struct writing *w, const struct body_reference *ref)
{
	const struct target key = {.id = ref->work_package};

	return bsearch(
		&key, w->targets, w->n_targets, sizeof(*w->targets), by_id);
}

/* A label as a link, or as it is where there is no address or no place. */
static struct str as_link(const struct writing *w,
	const struct body_reference *ref, struct str label, struct str address)
{
	struct buf b = {0};

	if (address.p == NULL || ref->in_link)
		return label;
	if (ref->html) {
		buf_puts(&b, "<a href=\"");
		body_add_address(address, &b);
		buf_printf(&b, "\">%.*s</a>", STR_ARGS(label));
	} else {
		buf_printf(&b, "[%.*s](", STR_ARGS(label));
		body_add_address(address, &b);
		buf_putc(&b, ')');
	}
	return arena_take(w->with->arena, &b);
}

/* A text as the reference's place needs it: behind a ']', "(…)" is a link. */
static void add_words(const struct writing *w, struct buf *b,
	const struct body_reference *ref, struct str text)
{
	bool behind =
		b->n == 0 && ref->start > 0 && w->text.p[ref->start - 1] == ']';

	if (behind && (ascii_at(text, 0) == '(' || ascii_at(text, 0) == ':')) {
		buf_printf(b, "&#%d;", text.p[0]);
		text = str_skip(text, 1);
	}
	if (ref->html)
		html_escape(text, b);
	else
		markdown_escape(text, ref->row, b);
}

/* "#12", or "#12: Subject" for what shows more in OpenProject. */
static struct str write_number(
	const struct writing *w, const struct body_reference *ref)
{
	const struct target *to = target_of(w, ref);
	bool link = w->entry->references == REFERENCES_LINK;
	struct buf b = {0};

	if (ref->identifier.n > 0)
		buf_printf(&b, "#%.*s", STR_ARGS(ref->identifier));
	else
		buf_printf(&b, "#%lld", (long long)ref->work_package);
	if (ref->detail > 1 && to->subject.p != NULL) {
		buf_puts(&b, ": ");
		add_words(w, &b, ref, to->subject);
	}
	return as_link(w, ref, arena_take(w->with->arena, &b),
		link ? to->address : STR_NONE);
}

/* What a link to a work package is called that has no text of its own. */
static struct str label_of(
	const struct writing *w, const struct body_reference *ref)
{
	struct str subject = target_of(w, ref)->subject;
	struct buf b = {0};

	if (subject.n > 0)
		add_words(w, &b, ref, subject);
	else
		buf_printf(&b, "#%lld", (long long)ref->work_package);
	return arena_take(w->with->arena, &b);
}

/* An address alone in a text becomes a link with the subject as its label. */
static struct str write_bare(
	const struct writing *w, const struct body_reference *ref)
{
	struct str address = target_of(w, ref)->address;

	if (address.p == NULL)
		return STR_NONE;
	return as_link(w, ref, label_of(w, ref), address);
}

/* "[Subject](" for "[](". */
static struct str write_label(
	const struct writing *w, const struct body_reference *ref)
{
	if (target_of(w, ref)->address.p == NULL)
		return STR_NONE;
	return arena_printf(
		w->with->arena, "[%.*s](", STR_ARGS(label_of(w, ref)));
}

/* And that of a saved file one with its name. */
static struct str write_file(
	const struct writing *w, const struct body_reference *ref)
{
	struct str address =
		saves_address(w->saves, w->with->wp, ref->attachment);
	struct buf b = {0};

	if (address.p == NULL)
		return STR_NONE;
	add_words(w, &b, ref, ref->attachment->file_name);
	return as_link(w, ref, arena_take(w->with->arena, &b), address);
}

/* The name of what a reference means, if the work package knows it. */
static int write_named(struct writing *w, const struct body_reference *ref,
	struct str *out, struct err *e)
{
	struct buf b = {0};
	struct str name;
	int rc = model_known_name(w->with, &w->known, ref->path, &name, e);

	*out = STR_NONE;
	if (rc != 0 || name.n == 0)
		return rc;
	/* There, it could be a mark, too. */
	if (!ref->html && body_begins_line(w->text, ref->start))
		markdown_escape_line(name, ref->row, &b);
	else
		add_words(w, &b, ref, name);
	*out = arena_take(w->with->arena, &b);
	return 0;
}

/* What stands for a reference; STR_NONE to leave it. */
static int write_one(struct writing *w, const struct body_reference *ref,
	struct str *out, struct err *e)
{
	switch (ref->kind) {
	case REFERENCE_UNKNOWN:
		return 0;
	case REFERENCE_ATTACHMENT:
		*out = saves_address(w->saves, w->with->wp, ref->attachment);
		return 0;
	case REFERENCE_FILE:
		*out = write_file(w, ref);
		return 0;
	case REFERENCE_ADDRESS:
		*out = target_of(w, ref)->address;
		return 0;
	case REFERENCE_BARE:
		*out = write_bare(w, ref);
		return 0;
	case REFERENCE_LABEL:
		*out = write_label(w, ref);
		return 0;
	case REFERENCE_NUMBER:
		*out = write_number(w, ref);
		return 0;
	case REFERENCE_NAMED:
		return write_named(w, ref, out, e);
	case REFERENCE_TEXT:
		*out = ref->text;
		return 0;
	}
	return 0;
}

/* The first that it leads to in vain is told. */
static void note_unknown(struct writing *w)
{
	for (size_t i = 0; i < w->n && w->saves->unknown == 0; i++)
		if (w->refs[i].kind == REFERENCE_UNKNOWN)
			w->saves->unknown = w->refs[i].unknown;
}

/* Is it too large with what stands for its references, before it is made? */
static int check_texts(
	const struct writing *w, const struct str *texts, struct err *e)
{
	size_t n = w->text.n;

	for (size_t i = 0; i < w->n; i++)
		n += texts[i].n;
	return evaluate_limit_text(n, e);
}

/* Save what the body refers to, and write the body with its addresses. */
static int rewrite(struct writing *w, struct buf *out, struct err *e)
{
	struct arena *a = w->with->arena;
	struct body_scope *scope = &w->scope;
	struct value all;
	struct str *texts;
	int rc = 0;

	if (w->entry->files != FILES_NONE && !scope->wp->attachments_known &&
		body_may_refer(a, w->text, scope))
		return model_attachments(w->with, &all, e);

	w->n = body_references(a, w->text, scope, &w->refs);
	assert(w->n == 0 || w->refs != NULL);
	if (w->n > BODY_MOST_REFERENCES)
		return err_set(e, ERR_DATA, "body: more than %d references",
			BODY_MOST_REFERENCES);
	if (w->entry->files != FILES_NONE) {
		rc = save_referenced(w, e);
		note_unknown(w);
	}
	if (evaluate_in_vain(w->with))
		return rc;
	texts = ARENA_ARRAY(a, struct str, w->n);
	if (rc == 0)
		rc = look_up_all(w, e);
	for (size_t i = 0; rc == 0 && i < w->n; i++)
		rc = write_one(w, &w->refs[i], &texts[i], e);
	if (rc == 0 && check_texts(w, texts, e) != 0)
		rc = err_prefix(e, "body");
	if (rc == 0)
		body_rewrite(w->text, w->refs, w->n, texts, out);
	return rc;
}

int render_body(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct buf *out, struct err *e)
{
	struct writing w = {
		.with = with,
		.entry = entry,
		.saves = saves,
		.scope =
			{
				.wp = with->wp,
				.base = base_of(with->wp->url),
				.html = is_html(saves->document),
				.addresses = entry->links == LINKS_RELATIVE,
				.numbers = entry->references != REFERENCES_KEEP,
			},
	};
	struct buf rewritten = {0};
	size_t start = out->n;
	int rc = 0;

	if (entry->files == FILES_ALL)
		rc = save_all(with, entry, saves, e);
	if (rc == 0)
		rc = body_text(with, entry, &w.text, e);
	if (rc == 0 && !(evaluate_in_vain(with) && entry->files == FILES_ALL))
		rc = rewrite(&w, &rewritten, e);
	if (rc == 0 && entry->escape_shortcodes)
		body_escape_shortcodes(buf_str(&rewritten), out);
	else if (rc == 0)
		buf_add_str(out, buf_str(&rewritten));
	buf_fini(&rewritten);
	if (rc == 0 && evaluate_limit_text(out->n - start, e) != 0)
		rc = err_prefix(e, "body");
	return rc;
}
