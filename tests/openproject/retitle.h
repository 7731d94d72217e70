#ifndef TESTS_OPENPROJECT_RETITLE_H
#define TESTS_OPENPROJECT_RETITLE_H

#include "tests/openproject/model.h"

/* Titles of links, wherever the API shows them.  None moves updatedAt. */

/* Put title wherever something is shown by that href. */
void retitle(struct model *m, const char *href, const struct json *title);

/* Let links to href lead nowhere. */
void retitle_gone(struct model *m, const char *href);

/* The subject of an element, and the titles that repeat it. */
void retitle_own(struct json *element, const struct json *subject);

/* The same in what other work packages and attachments say of it. */
void retitle_work_package(
	struct model *m, int64_t id, const struct json *subject);

/* Set the parent of an element (0: none), with its ancestors. */
void retitle_parent(struct model *m, struct json *element, int64_t parent);

/* Make the link named children of a work package right. */
void retitle_children(struct model *m, int64_t parent);

#endif
