#ifndef TESTS_OPENPROJECT_ELEMENT_H
#define TESTS_OPENPROJECT_ELEMENT_H

#include "tests/openproject/model.h"

/*
 * What an element of a list of work packages is made of.  Texts are as they
 * stand between the quotes of JSON; links and fields are JSON.
 */
struct element {
	int64_t id;
	long lock_version;
	long percent; /* -1: null */
	const char *subject;
	const char *raw; /* description */
	const char *html;
	const char *start_date; /* JSON: null or a quoted date */
	const char *created;
	const char *updated;
	const struct thing *project;
	const struct thing *type;
	const struct thing *status;
	const struct thing *priority;
	const struct thing *author;
	const struct thing *assignee; /* these may be NULL */
	const struct thing *version;
	const struct thing *category;
	const char *fields;      /* `"customField1":null,` and so on, or "" */
	const char *field_links; /* the same of those in _links */
};

void element_write(struct buf *out, const struct element *e);

/* {"href":…,"title":…} of a thing; {"href":null} of NULL. */
void element_link(struct buf *out, const struct thing *t);

/* A description's HTML, as the server makes it of plain paragraphs. */
void element_html(struct str raw, struct buf *out);

#endif
