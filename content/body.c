/*
 * body - references in a body, found.
 *
 * body_walk goes through the text; what it tells of is looked up here, and
 * noted in order.  A mention is noted as a whole, with what stands in it.
 */
#include "content/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "content/ascii.h"
#include "content/body_walk.h"
#include "content/own_html.h"

/* What begins somewhere may be an address: to another reader, or if changed. */
enum doubt {
	DOUBT_NONE,
	DOUBT_NAME, /* behind a "]:" that ends no definition that we know of */
	DOUBT_ALL,
};

/* The references found so far, and what the walk is in. */
struct finding {
	const struct body_scope *scope;
	struct addresses addresses;
	struct str body;
	struct span span;
	size_t in_anchor; /* <a> that are open */
	size_t looked;    /* here find_doubt() was asked last, and said */
	enum doubt doubt;
	size_t no_label; /* behind the '[' of a "[]" that a target is behind */
	bool may_refer;  /* without a work package: an address was found */
	struct body_reference *refs;
	size_t n;
	size_t cap;
};

static struct body_reference *add(
	struct finding *f, enum reference_kind kind, size_t start, size_t end)
{
	struct body_reference *ref;

	if (f->n > BODY_MOST_REFERENCES)
		f->n--; /* too many, whichever is the last */
	f->refs = grow(f->refs, f->n, &f->cap, sizeof(*f->refs));
	ref = &f->refs[f->n++];
	*ref = (struct body_reference){
		.kind = kind,
		.start = start,
		.n = end - start,
		.html = f->span.html,
		.row = f->span.row,
		.in_link = f->in_anchor > 0,
	};
	return ref;
}

static bool on_span(void *arg, const struct span *span)
{
	struct finding *f = arg;

	f->span = *span;
	f->in_anchor = 0;
	return !f->may_refer;
}

/* What an address without a scheme has, or what ends one. */
static bool ends_address(char c)
{
	return c == '\0' || strchr(" \n/?:()", c) != NULL;
}

bool body_begins_line(struct str body, size_t at)
{
	while (at > 0 &&
		strchr(" \t>*+-.)0123456789", body.p[at - 1]) != NULL &&
		body.p[at - 1] != '\0')
		at--;
	return at == 0 || body.p[at - 1] == '\n';
}

/* "[x" at the start of a line, up to end; "[^1" is a footnote. */
static bool is_definition(const struct finding *f, size_t end)
{
	const char *p = f->body.p;
	size_t at = end;

	while (at > 0 && strchr("[]\n", p[at - 1]) == NULL)
		at--;
	return at > 0 && p[at - 1] == '[' && p[at] != '^' &&
	       body_begins_line(f->body, at - 1);
}

/* What stands before at, with no blank line between, says it. */
static enum doubt doubt_before(const struct finding *f, size_t at)
{
	const char *p = f->body.p;
	int feeds = 0;

	while (at > 0 && strchr(" \t\r\n><", p[at - 1]) != NULL)
		feeds += p[--at] == '\n';
	if (feeds > 1 || at < 2 || p[at - 2] != ']')
		return DOUBT_NONE;
	if (p[at - 1] == ':')
		return is_definition(f, at - 2) ? DOUBT_ALL : DOUBT_NAME;
	return p[at - 1] == '(' ? DOUBT_ALL : DOUBT_NONE;
}

/* Behind "](" or "]:", and perhaps in the scheme of an address? */
static enum doubt find_doubt(struct finding *f, size_t at)
{
	size_t start = at;

	while (start != f->looked && start > 0 &&
		!ends_address(f->body.p[start - 1]))
		start--;
	if (start != f->looked)
		f->doubt = doubt_before(f, start);
	f->looked = at;
	return f->doubt;
}

/* "#12" or a link is no address with a scheme, as a name may be. */
static bool is_in_address(struct finding *f, size_t at, bool name)
{
	return find_doubt(f, at) >= (name ? DOUBT_NAME : DOUBT_ALL);
}

/* A file of its own, or a work package, alone in the text: with its angles. */
static void on_bare(struct finding *f, struct address at, struct str address)
{
	size_t n;
	const struct attachment *attachment =
		address_resolve(&f->addresses, address, &n);
	struct body_reference *ref;
	int64_t id = 0;

	if (n < address.n)
		attachment = NULL; /* a link with its name says less */
	if (attachment == NULL && f->scope->addresses)
		id = address_work_package(&f->addresses, address);
	/* Within <a> it becomes its name alone, else a link. */
	if ((attachment == NULL && id == 0) ||
		is_in_address(f, at.start, f->in_anchor > 0))
		return;
	if (at.start > f->span.start && at.end < f->span.end &&
		f->body.p[at.start - 1] == '<' && f->body.p[at.end] == '>') {
		at.start--;
		at.end++;
	}
	ref = add(
		f, id > 0 ? REFERENCE_BARE : REFERENCE_FILE, at.start, at.end);
	ref->attachment = attachment;
	ref->work_package = id;
}

static void on_address(void *arg, enum place place, struct address at)
{
	struct finding *f = arg;
	struct str address = {f->body.p + at.start, at.end - at.start};
	const struct attachment *attachment;
	int64_t id;
	size_t n;

	if (f->scope->wp == NULL) {
		f->may_refer |= address_may_mean(&f->addresses, address);
		return;
	}
	if (place == PLACE_BARE) {
		on_bare(f, at, address);
		return;
	}
	attachment = address_resolve(&f->addresses, address, &n);
	if (attachment != NULL) {
		add(f, REFERENCE_ATTACHMENT, at.start, at.start + n)
			->attachment = attachment;
		return;
	}
	id = address_attachment(&f->addresses, address);
	if (id > 0) {
		add(f, REFERENCE_UNKNOWN, at.start, at.end)->unknown = id;
		return;
	}
	if (f->scope->addresses)
		id = address_work_package(&f->addresses, address);
	if (id == 0)
		return;
	if (f->no_label > 0 && at.start == f->no_label + 2)
		add(f, REFERENCE_LABEL, at.start - 3, at.start)->work_package =
			id;
	add(f, REFERENCE_ADDRESS, at.start, at.end)->work_package = id;
}

/* By OpenProject's sign that a reference is none, or by its place. */
static bool is_switched_off(struct finding *f, size_t start, bool name)
{
	return (start > f->span.start && f->body.p[start - 1] == '!') ||
	       is_in_address(f, start, name);
}

/* Does a word go on here?  The '_' that ends an emphasis does not. */
static bool goes_on(struct str s)
{
	while (s.n > 0 && s.p[0] == '_')
		s = str_skip(s, 1);
	return s.n > 0 && ascii_name(s.p[0]);
}

/* Hashes and digits, and nothing that would make a word of them. */
static int64_t number_at(struct str s, int *detail, size_t *length)
{
	size_t hashes = 0;
	size_t n;
	int64_t id;

	while (hashes < s.n && s.p[hashes] == '#')
		hashes++;
	id = address_number(str_skip(s, hashes), &n);
	*detail = (int)hashes;
	*length = hashes + n;
	if (hashes == 0 || hashes > 3 || (n > 1 && s.p[hashes] == '0') ||
		goes_on(str_skip(s, *length)))
		return 0;
	return id;
}

static size_t on_number(void *arg, size_t at)
{
	struct finding *f = arg;
	struct str rest = {f->body.p + at, f->span.end - at};
	struct body_reference *ref;
	int detail;
	size_t n;
	int64_t id = number_at(rest, &detail, &n);

	if (id == 0 || is_switched_off(f, at, false))
		return 0;
	ref = add(f, REFERENCE_NUMBER, at, at + n);
	ref->work_package = id;
	ref->detail = detail;
	return at + n;
}

/* user#8, and nothing that would make a word of it. */
static size_t on_named(void *arg, size_t start, size_t at)
{
	static const char *const words[] = {
		"user", "group", "version", "project"};
	struct finding *f = arg;
	struct str word = {f->body.p + start, at - start};
	struct str rest = {f->body.p + at + 1, f->span.end - at - 1};
	struct body_reference *ref;
	size_t n;
	int64_t id = address_number(rest, &n);

	if (id == 0 || goes_on(str_skip(rest, n)) ||
		is_switched_off(f, start, true))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_is(word, words[i]))
			continue;
		ref = add(f, REFERENCE_NAMED, start, at + 1 + n);
		ref->path = arena_printf(f->addresses.arena, "/%ss/%.*s",
			words[i], STR_ARGS(((struct str){rest.p, n})));
		return at + 1 + n;
	}
	return 0;
}

/*
 * What [[Page]] and [[Page|Label]] show; another project's page: its label.
 * In a row of a table a '|' parts the cells, unless a backslash is before it.
 */
static bool wiki_label(struct str inside, bool row, struct str *label)
{
	size_t bar = str_find(inside, STR("|"));
	struct str page = {inside.p, bar};

	if (bar == inside.n) {
		*label = inside;
		return inside.n > 0 && str_find(inside, STR(":")) == inside.n;
	}
	if (row && (!str_ends(page, STR("\\")) || str_ends(page, STR("\\\\"))))
		return false;
	*label = str_skip(inside, bar + 1);
	return bar > (row ? 1 : 0) && label->n > 0 &&
	       str_find(*label, STR("|")) == label->n;
}

/*
 * Up to a bracket, the end, or the line's: no search is in vain twice.  With
 * what code, HTML or attributes are made of in it, it is no name of a page.
 */
static struct str wiki_inside(struct str s, struct str end)
{
	struct str inside = {s.p, 0};

	while (inside.n < s.n && strchr("[]\n<`~{}", s.p[inside.n]) == NULL &&
		!str_starts(str_skip(s, inside.n), end)) {
		char next = ascii_at(s, inside.n + 1);
		bool pair =
			s.p[inside.n] == '\\' && (next == '\\' || next == ']');

		inside.n += pair ? 2 : 1;
	}
	return inside;
}

/* Without a letter, or as "(x)" behind a ']', it could be more than a text. */
static bool is_text(const struct finding *f, size_t at, struct str label)
{
	bool follows = at > 0 && f->body.p[at - 1] == ']' &&
		       (label.p[0] == '(' || label.p[0] == ':');
	size_t i = 0;

	while (i < label.n && !ascii_letter(label.p[i]) &&
		(unsigned char)label.p[i] < 0x80)
		i++;
	return i < label.n && !follows;
}

/*
 * To OpenProject, which looks for pages in the text that markdown shows, they
 * are the same with backslashes, as the filter markdown writes them.
 */
static size_t on_wiki(void *arg, size_t at)
{
	struct finding *f = arg;
	bool escaped = f->body.p[at] == '\\';
	struct str close = escaped ? STR("\\]\\]") : STR("]]");
	struct str rest = {
		f->body.p + at + close.n, f->span.end - at - close.n};
	struct str inside = wiki_inside(rest, close);
	size_t end = at + close.n + inside.n + close.n;
	struct str label;

	if (!str_starts(str_skip(rest, inside.n), close) ||
		is_switched_off(f, at, true) ||
		!wiki_label(inside, f->span.row, &label) ||
		!is_text(f, at, label))
		return 0;
	/* "[[1]](x)" is a link. */
	if (end < f->span.end &&
		(f->body.p[end] == '(' || f->body.p[end] == '['))
		return 0;
	add(f, REFERENCE_TEXT, at, end)->text = label;
	return end;
}

/* A link's text holds no other links; a picture's is no place for any. */
static void on_label(void *arg, size_t start, size_t end, bool picture)
{
	struct finding *f = arg;
	size_t kept = f->n;

	f->no_label = start == end && !picture ? end : 0;
	while (kept > 0 && f->refs[kept - 1].start >= start)
		kept--;
	for (size_t i = kept; i < f->n; i++) {
		struct body_reference *ref = &f->refs[i];
		bool address = ref->kind == REFERENCE_ATTACHMENT ||
			       ref->kind == REFERENCE_ADDRESS;

		bool bare = ref->kind == REFERENCE_BARE ||
			    ref->kind == REFERENCE_FILE;

		if (bare || (picture && !address))
			continue;
		ref->in_link = true;
		f->refs[kept++] = *ref;
	}
	f->n = kept;
}

/* An attribute's value, as it is written; STR_NONE if it is not there. */
static struct str attribute_of(
	struct str body, const struct seen_tag *seen, const char *name)
{
	struct attribute attribute;
	struct tag tag;

	tag_start(body, seen->start, seen->end, &tag);
	while (tag_next(body, seen->end, &tag, &attribute) > 0)
		if (ascii_same(attribute.name, str_of(name)))
			return (struct str){body.p + attribute.value.start,
				attribute.value.end - attribute.value.start};
	return STR_NONE;
}

/* What an element stands for: its text, and where it ends. */
struct element {
	struct str text;
	size_t end;
};

/* An element without others in it. */
static bool element_at(const struct finding *f, const struct seen_tag *tag,
	struct element *out)
{
	struct seen_tag end;
	struct str rest = {f->body.p + tag->end, f->span.end - tag->end};

	out->text = (struct str){rest.p, str_find(rest, STR("<"))};
	if (out->text.n == rest.n ||
		!walk_tag(f->body, tag->end + out->text.n, f->span.end, &end))
		return false;
	out->end = end.end;
	return end.closing && ascii_same(end.name, tag->name);
}

static size_t add_element(struct finding *f, const struct seen_tag *tag,
	const struct element *element, int64_t id, int detail)
{
	struct body_reference *ref;

	/* Whatever was found in its own tag. */
	while (f->n > 0 && f->refs[f->n - 1].start >= tag->start)
		f->n--;
	ref = add(f, id > 0 ? REFERENCE_NUMBER : REFERENCE_TEXT, tag->start,
		element->end);
	ref->work_package = id;
	ref->detail = detail;
	ref->text = element->text;
	return element->end;
}

/* <mention data-type="user" data-id="8" data-text="@Ada">@Ada</mention> */
static size_t read_mention(struct finding *f, const struct seen_tag *tag)
{
	struct str type = attribute_of(f->body, tag, "data-type");
	struct str number = attribute_of(f->body, tag, "data-id");
	struct str identifier = STR_NONE;
	struct element element;
	int detail = 0;
	size_t n = 0;
	int64_t id = 0;

	if (!element_at(f, tag, &element))
		return tag->end;
	if (element.text.n == 0)
		element.text = attribute_of(f->body, tag, "data-text");
	if (element.text.p == NULL)
		return tag->end;
	if (str_is(type, "work_package")) {
		id = number_at(element.text, &detail, &n);
		identifier = address_identifier(element.text);
	}
	if (identifier.n > 0 && number.p != NULL)
		id = address_number(number, &n);
	n = add_element(f, tag, &element, id, detail);
	f->refs[f->n - 1].identifier = identifier;
	return n;
}

/* What the server's HTML has for ##12: an element that a script fills. */
static size_t read_quickinfo(struct finding *f, const struct seen_tag *tag)
{
	struct str detailed = attribute_of(f->body, tag, "data-detailed");
	struct str number = attribute_of(f->body, tag, "data-id");
	struct element element;
	size_t n = 0;
	int64_t id = number.p != NULL ? address_number(number, &n) : 0;

	if (id == 0 || !element_at(f, tag, &element))
		return tag->end;
	return add_element(
		f, tag, &element, id, str_is(detailed, "true") ? 3 : 2);
}

/* #12 with the address of that very page, whatever else is left of it? */
static bool leads_to(
	struct finding *f, const struct seen_tag *tag, int64_t work_package)
{
	struct str href = attribute_of(f->body, tag, "href");

	return str_starts(href, STR("/")) &&
	       address_work_package(&f->addresses, href) == work_package;
}

/* And for #12, mentions and so on: links that say so. */
static size_t read_anchor(struct finding *f, const struct seen_tag *tag)
{
	struct str class = attribute_of(f->body, tag, "class");
	struct element element;
	int detail = 0;
	size_t n = 0;
	int64_t id = 0;

	f->in_anchor++;
	if (!element_at(f, tag, &element))
		return tag->end;
	id = number_at(element.text, &detail, &n);
	if (!str_starts(class, STR("issue work_package")) &&
		!leads_to(f, tag, id))
		id = 0;
	if (id == 0 && !own_html_leads_nowhere(class))
		return tag->end;
	f->in_anchor--;
	return add_element(f, tag, &element, id, detail);
}

static size_t on_tag(void *arg, const struct seen_tag *tag)
{
	static const struct {
		const char *name;
		size_t (*read)(struct finding *f, const struct seen_tag *tag);
	} readers[] = {
		{"mention", read_mention},
		{"opce-macro-wp-quickinfo", read_quickinfo},
		{"a", read_anchor},
	};
	struct finding *f = arg;
	bool is_anchor = ascii_same(tag->name, STR("a"));

	if (tag->closing) {
		f->in_anchor -= f->in_anchor > 0 && is_anchor;
		return tag->end;
	}
	if (!f->scope->numbers) {
		f->in_anchor += is_anchor;
		return tag->end;
	}
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (ascii_same(tag->name, str_of(readers[i].name)))
			return readers[i].read(f, tag);
	return tag->end;
}

static void find(struct arena *arena, struct finding *f)
{
	struct walker walker = {
		.body = f->body,
		.html = f->scope->html,
		.arg = f,
		.on_span = on_span,
		.on_address = on_address,
		.on_tag = on_tag,
		.on_label = on_label,
	};

	f->addresses = (struct addresses){
		.arena = arena, .wp = f->scope->wp, .base = f->scope->base};
	if (f->scope->numbers) {
		walker.on_number = on_number;
		walker.on_named = on_named;
		walker.on_wiki = on_wiki;
	}
	body_walk(&walker);
}

bool body_may_refer(
	struct arena *arena, struct str body, const struct body_scope *scope)
{
	const struct body_scope any = {
		.base = scope->base, .html = scope->html};
	struct finding f = {.scope = &any, .body = body};

	find(arena, &f);
	return f.may_refer;
}

/* Is there anything to look for?  Without attachments, for others' only. */
static bool is_worth_it(const struct body_scope *scope, struct str body)
{
	return scope->wp->n_attachments > 0 || scope->addresses ||
	       scope->numbers || str_find(body, STR("/attachments/")) < body.n;
}

size_t body_references(struct arena *arena, struct str body,
	const struct body_scope *scope, struct body_reference **out)
{
	struct finding f = {.scope = scope, .body = body};

	*out = NULL;
	if (is_worth_it(scope, body))
		find(arena, &f);
	if (f.n > 0) {
		*out = ARENA_ARRAY(arena, struct body_reference, f.n);
		memcpy(*out, f.refs, f.n * sizeof(*f.refs));
	}
	free(f.refs);
	return f.n;
}
