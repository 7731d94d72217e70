#ifndef CONTENT_SANITIZE_H
#define CONTENT_SANITIZE_H

#include "base/buf.h"
#include "content/html_tree.h"

/*
 * What sanitizing lets through: elements, their attributes and addresses.
 * Everything is written anew in one form, so that no reader takes it for
 * something else.
 */
enum sanitize_element {
	ELEMENT_ALLOWED,
	ELEMENT_DROPPED, /* its tags go, what is in it stays */
	ELEMENT_CUT,     /* it goes with all that is in it: <script> … */
	ELEMENT_UNKNOWN, /* no element of HTML */
};

/* By name, in any case. */
enum sanitize_element sanitize_element(struct str name);
bool sanitize_is_void(struct str name); /* <br>, <img>: without an end */

/* "<name attribute="value">" with the attributes that are allowed. */
void sanitize_start_tag(
	struct str name, const GumboNode *element, struct buf *out);
void sanitize_end_tag(struct str name, struct buf *out);

/*
 * Is an address, entities resolved, one that leads somewhere and does nothing
 * else: http, https, mailto, tel, or relative?
 */
bool sanitize_is_address(struct str address);

/* The same for what is read as a definition only by mistake: nothing runs. */
bool sanitize_is_inert(struct str address);

#endif
