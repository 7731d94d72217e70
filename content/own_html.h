#ifndef CONTENT_OWN_HTML_H
#define CONTENT_OWN_HTML_H

#include "base/buf.h"
#include "content/html_tree.h"

/*
 * What OpenProject's HTML has for things of its own: elements that a script
 * fills, links to pages that nobody sees but there.
 */

/*
 * Write what stands for such an element in a text: "##12" and "###12" for
 * what shows a work package, "[ ]" and "[x]" for a checkbox.  False, and
 * nothing written, for any other.
 */
bool own_html_write(const GumboNode *element, struct buf *out);

/*
 * By the class of a link: it is a mention, or leads to a version or a page of
 * the wiki.  Its text is all that is of use elsewhere.
 */
bool own_html_leads_nowhere(struct str class);

#endif
