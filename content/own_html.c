/*
 * own_html - OpenProject's HTML for things of its own.
 */
#include "content/own_html.h"

#include "base/util.h"
#include "content/ascii.h"
#include "content/body_scan.h"

/* An element for ##12, or for ###12 with its details. */
static bool write_quickinfo(const GumboNode *element, struct buf *out)
{
	struct str number = html_attribute(element, "data-id");
	struct str detailed = html_attribute(element, "data-detailed");
	size_t n = 0;

	if (number.p == NULL || address_number(number, &n) == 0 ||
		n != number.n)
		return false;
	buf_puts(out, str_is(detailed, "true") ? "###" : "##");
	buf_add_str(out, number);
	return true;
}

/* A task of a list, done or not. */
static bool write_checkbox(const GumboNode *element, struct buf *out)
{
	struct str type = html_attribute(element, "type");
	bool checked = html_attribute(element, "checked").p != NULL;

	if (type.p == NULL || !ascii_same(type, STR("checkbox")))
		return false;
	buf_puts(out, checked ? "[x]" : "[ ]");
	return true;
}

bool own_html_write(const GumboNode *element, struct buf *out)
{
	if (html_is(element, GUMBO_TAG_INPUT))
		return write_checkbox(element, out);
	return ascii_same(html_name(element), STR("opce-macro-wp-quickinfo")) &&
	       write_quickinfo(element, out);
}

bool own_html_leads_nowhere(struct str class)
{
	static const struct str kinds[] = {STR_INIT("user-mention"),
		STR_INIT("version op-uc-link"), STR_INIT("wiki-page ")};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_starts(class, kinds[i]))
			return true;
	return false;
}
