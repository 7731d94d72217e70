/*
 * body_html - where blocks of HTML start and end in markdown.
 *
 * CommonMark's seven kinds: five that end with a text of their own, one that
 * starts with the tag of a block, and one of any tag alone in its line; the
 * last two end with a blank line.
 */
#include <string.h>

#include "base/util.h"
#include "content/ascii.h"
#include "content/body_scan.h"

static const char raw_end[] = "</"; /* of <pre>, <script>, … */

static const char *const raw_names[] = {"pre", "script", "style", "textarea"};

static const char *const block_names[] = {"address", "article", "aside", "base",
	"basefont", "blockquote", "body", "caption", "center", "col",
	"colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt",
	"fieldset", "figcaption", "figure", "footer", "form", "frame",
	"frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr",
	"html", "iframe", "legend", "li", "link", "main", "menu", "menuitem",
	"nav", "noframes", "ol", "optgroup", "option", "p", "param", "search",
	"section", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
	"title", "tr", "track", "ul"};

/* True if line has, n bytes in, one of the names and then no name's letter. */
static bool has_name(
	struct str line, size_t n, const char *const *names, size_t n_names)
{
	size_t length = 0;
	struct str rest = str_skip(line, n);

	while (length < rest.n && ascii_alnum(rest.p[length]))
		length++;
	if (length < rest.n &&
		(rest.p[length] == '\0' ||
			strchr(" \t\r>/", rest.p[length]) == NULL))
		return false;
	return ascii_one_of((struct str){rest.p, length}, names, n_names);
}

/* Behind the '>' that ends the attributes from at on; 0 if there is none. */
static size_t behind_attributes(struct str line, size_t at)
{
	const char *quote = NULL; /* the one that is open */

	for (; at < line.n; at++) {
		char c = line.p[at];

		if (quote != NULL) {
			if (c == *quote)
				quote = NULL;
			continue;
		}
		if (c == '"' || c == '\'')
			quote = &line.p[at];
		if (c == '<')
			return 0;
		if (c == '>')
			return at + 1;
	}
	return 0;
}

/* A whole tag, start or end, and nothing behind it. */
static bool is_lone_tag(struct str line)
{
	size_t at = line.n > 1 && line.p[1] == '/' ? 2 : 1;

	if (at >= line.n || !ascii_letter(line.p[at]))
		return false;
	while (at < line.n && (ascii_alnum(line.p[at]) || line.p[at] == '-'))
		at++;
	if (at < line.n && strchr(" \t/>", line.p[at]) == NULL)
		return false;
	at = behind_attributes(line, at);
	if (at == 0)
		return false;
	while (at < line.n && strchr(" \t\r", line.p[at]) != NULL)
		at++;
	return at == line.n;
}

bool block_html_starts(struct str line, bool in_paragraph, const char **end)
{
	static const struct {
		const char *start;
		const char *end;
	} kinds[] = {{"<!--", "-->"}, {"<?", "?>"}, {"<![CDATA[", "]]>"}};
	size_t name_at = line.n > 1 && line.p[1] == '/' ? 2 : 1;

	*end = raw_end;
	if (has_name(line, 1, raw_names, ARRAY_LEN(raw_names)) &&
		!str_starts(line, STR("</")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_starts(line, str_of(kinds[i].start))) {
			*end = kinds[i].end;
			return true;
		}
	*end = ">";
	if (line.n > 2 && line.p[1] == '!' && ascii_letter(line.p[2]))
		return true;
	*end = NULL;
	if (has_name(line, name_at, block_names, ARRAY_LEN(block_names)))
		return true;
	return !in_paragraph && is_lone_tag(line);
}

bool block_html_ends(struct str line, const char *end)
{
	struct str mark = str_of(end);

	for (size_t at = 0; at < line.n; at += mark.n) {
		at += str_find(str_skip(line, at), mark);
		if (at >= line.n)
			return false;
		if (end != raw_end || has_name(str_skip(line, at), 2, raw_names,
					      ARRAY_LEN(raw_names)))
			return true;
	}
	return false;
}
