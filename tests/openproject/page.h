#ifndef TESTS_OPENPROJECT_PAGE_H
#define TESTS_OPENPROJECT_PAGE_H

#include "tests/openproject/query.h"

/* Work packages that a list found, in order. */
struct chosen {
	struct work_item **items; /* all, owned by who found them */
	struct work_item **page;  /* the page of them */
	size_t n;                 /* on the page */
	size_t total;
};

/* Write a page of whole elements; the model is left out if select is used. */
void page_full(struct answer *a, const struct view *v, const struct query *q,
	const struct chosen *found);
void page_selected(
	struct answer *a, const struct query *q, const struct chosen *found);

#endif
