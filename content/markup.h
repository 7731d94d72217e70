#ifndef CONTENT_MARKUP_H
#define CONTENT_MARKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Texts of markdown, with raw HTML in it, or of HTML, made others.  Code
 * stays as it is.  Results live in the arena, or borrow from the text.
 */

/*
 * Headings by levels lower (or higher, if levels is negative), but none below
 * 6 or above 1.
 */
struct str markup_shift_headings(struct arena *a, struct str text, int levels);

/*
 * The addresses that links lead to, in order: of markdown's links and
 * definitions, HTML's href, and those that stand alone; not of pictures.
 * Gives their number; *out lives in the arena.
 */
size_t markup_links(struct arena *a, struct str text, struct str **out);

/*
 * What OpenProject's editor writes as HTML, as plain markdown where markdown
 * can say it: pictures, figures, mentions, macros, tables and <br>.
 */
struct str markup_markdown(struct arena *a, struct str text);

/*
 * Text from strangers, made harmless: what markdown, or HTML, a reader makes
 * of it holds no other elements, attributes and addresses than those of a
 * list.  ERR_DATA for HTML beyond html_tree_parse()'s limits.
 */
struct str markup_sanitize(struct arena *a, struct str text);
int markup_sanitize_html(
	struct arena *a, struct str html, struct str *out, struct err *e);

#endif
