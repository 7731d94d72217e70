/*
 * sanitize_allow - the list of what sanitizing lets through.
 *
 * No attribute runs anything, names anything on the page (id, name), makes
 * text look like the site's own (class, style), or loads what is not a
 * picture.  Addresses are looked at as a browser reads them: white space and
 * control characters in a scheme do not count.
 */

#include "base/util.h"
#include "content/ascii.h"
#include "content/body.h"
#include "content/body_walk.h"
#include "content/markdown_text.h"
#include "content/sanitize.h"

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	return c;
}

enum sanitize_element sanitize_element(struct str name)
{
	static const char *const allowed[] = {"a", "abbr", "b", "bdi", "bdo",
		"blockquote", "br", "caption", "cite", "code", "col",
		"colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt",
		"em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
		"h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p",
		"pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
		"strike", "strong", "sub", "summary", "sup", "table", "tbody",
		"td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul",
		"var", "wbr"};
	static const char *const dropped[] = {"address", "area", "article",
		"aside", "base", "basefont", "bgsound", "big", "blink", "body",
		"center", "data", "dialog", "dir", "fieldset", "font", "footer",
		"form", "header", "hgroup", "html", "label", "legend", "link",
		"macro", "main", "marquee", "mention", "menu", "menuitem",
		"meta", "meter", "nav", "nobr", "optgroup", "option", "output",
		"param", "picture", "progress", "rb", "rtc", "search",
		"section", "slot", "source", "track", "acronym", "input",
		"keygen", "embed", "image", "isindex", "frame"};
	static const char *const cut[] = {"applet", "audio", "button", "canvas",
		"datalist", "frameset", "head", "iframe", "listing", "map",
		"math", "noembed", "noframes", "noscript", "object",
		"plaintext", "portal", "script", "select", "style", "svg",
		"template", "textarea", "title", "video", "xml", "xmp"};

	if (ascii_one_of(name, allowed, ARRAY_LEN(allowed)))
		return ELEMENT_ALLOWED;
	if (ascii_one_of(name, dropped, ARRAY_LEN(dropped)))
		return ELEMENT_DROPPED;
	return ascii_one_of(name, cut, ARRAY_LEN(cut)) ? ELEMENT_CUT
						       : ELEMENT_UNKNOWN;
}

bool sanitize_is_void(struct str name)
{
	static const char *const names[] = {"br", "col", "hr", "img", "wbr"};

	return ascii_one_of(name, names, ARRAY_LEN(names));
}

/* --- Addresses ---------------------------------------------------------- */

/* What stands before a ':' that comes before any '/', '?' or '#'. */
struct scheme {
	char name[16]; /* lower case; longer ones are cut */
	size_t n;
	bool there;
};

static struct scheme scheme_of(struct str address)
{
	struct scheme s = {.there = false};

	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];

		if ((unsigned char)c <= ' ' || c == 0x7F)
			continue;
		if (strchr("/?#", c) != NULL)
			return s;
		if (c == ':') {
			s.there = true;
			return s;
		}
		if (s.n < sizeof(s.name) - 1)
			s.name[s.n++] = lower(c);
	}
	return s;
}

bool sanitize_is_address(struct str address)
{
	static const char *const schemes[] = {"http", "https", "mailto", "tel"};
	struct scheme s = scheme_of(address);

	return !s.there || ascii_one_of((struct str){s.name, s.n}, schemes,
				   ARRAY_LEN(schemes));
}

bool sanitize_is_inert(struct str address)
{
	static const char *const schemes[] = {"javascript", "vbscript", "data",
		"livescript", "blob", "filesystem", "file", "about", "mocha",
		"view-source", "jar", "mhtml", "ws", "wss"};
	struct scheme s = scheme_of(address);

	return !s.there || !ascii_one_of((struct str){s.name, s.n}, schemes,
				   ARRAY_LEN(schemes));
}

/* --- Attributes --------------------------------------------------------- */

static bool is_any(struct str value)
{
	(void)value;
	return true;
}

static bool is_number(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_digit(value.p[i]))
			return false;
	return value.n > 0 && value.n < 6;
}

/* width="300", "50%", "300px" */
static bool is_length(struct str value)
{
	if (str_ends(value, STR("%")))
		value.n--;
	else if (str_ends(value, STR("px")))
		value.n -= 2;
	return is_number(value);
}

static bool is_align(struct str value)
{
	static const char *const words[] = {"left", "right", "center"};

	return ascii_one_of(value, words, ARRAY_LEN(words));
}

static bool is_direction(struct str value)
{
	static const char *const words[] = {"ltr", "rtl", "auto"};

	return ascii_one_of(value, words, ARRAY_LEN(words));
}

/* Languages, moments: letters, digits and a few marks. */
static bool is_code(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_name(value.p[i]) &&
			strchr("-+:. ", value.p[i]) == NULL)
			return false;
	return value.n > 0 && value.n < 40;
}

static const struct {
	const char *name;
	const char *elements; /* NULL: all */
	bool (*is_good)(struct str value);
	bool address;
} attributes[] = {
	{"title", NULL, is_any, false},
	{"lang", NULL, is_code, false},
	{"dir", NULL, is_direction, false},
	{"href", " a ", sanitize_is_address, true},
	{"src", " img ", sanitize_is_address, true},
	{"alt", " img ", is_any, false},
	{"width", " img table td th col ", is_length, false},
	{"height", " img ", is_length, false},
	{"align", " td th tr table img p div h1 h2 h3 h4 h5 h6 col ", is_align,
		false},
	{"colspan", " td th ", is_number, false},
	{"rowspan", " td th ", is_number, false},
	{"span", " col colgroup ", is_number, false},
	{"start", " ol ", is_number, false},
	{"value", " li ", is_number, false},
	{"datetime", " time ins del ", is_code, false},
	{"open", " details ", is_any, false},
};

static bool is_for(const char *elements, struct str name)
{
	char word[16];
	size_t n = name.n < sizeof(word) - 3 ? name.n : sizeof(word) - 3;

	if (elements == NULL)
		return true;
	word[0] = ' ';
	for (size_t i = 0; i < n; i++)
		word[i + 1] = lower(name.p[i]);
	word[n + 1] = ' ';
	word[n + 2] = '\0';
	return strstr(elements, word) != NULL;
}

/* As text within quotes; nothing in it means something to markdown. */
static void put_value(struct str value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (strchr("`|[]{}\\\n\r\t", c) != NULL)
			buf_printf(out, "&#%d;", c);
		else
			html_escape((struct str){&c, 1}, out);
	}
}

static void put_name(struct str name, struct buf *out)
{
	for (size_t i = 0; i < name.n; i++)
		buf_putc(out, lower(name.p[i]));
}

void sanitize_start_tag(
	struct str name, const GumboNode *element, struct buf *out)
{
	size_t start = out->n;

	buf_putc(out, '<');
	put_name(name, out);
	for (size_t i = 0; element != NULL && i < ARRAY_LEN(attributes); i++) {
		struct str value = html_attribute(element, attributes[i].name);
		size_t before = out->n;

		if (value.p == NULL || !is_for(attributes[i].elements, name) ||
			!attributes[i].is_good(value))
			continue;
		buf_printf(out, " %s=\"", attributes[i].name);
		if (attributes[i].address)
			body_add_address(value, out);
		else
			put_value(value, out);
		buf_putc(out, '"');
		/* For who finds references behind us, it must stay a tag. */
		if (out->n - start >= WALK_MAX_TAG)
			out->n = before;
	}
	buf_putc(out, '>');
}

void sanitize_end_tag(struct str name, struct buf *out)
{
	buf_puts(out, "</");
	put_name(name, out);
	buf_putc(out, '>');
}
