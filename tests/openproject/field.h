#ifndef TESTS_OPENPROJECT_FIELD_H
#define TESTS_OPENPROJECT_FIELD_H

#include "tests/openproject/model.h"

/* {"format":"markdown",…} of a raw text; the caller owns it. */
struct json *field_formattable(const struct json *raw);

/*
 * A link, that the caller owns, to a thing of that kind by its number; a list
 * of them for a list; else a copy of value.
 */
struct json *field_link(
	const struct model *m, enum kind kind, const struct json *value);

/* Set the custom field value->key of an element, as its schema has it. */
void field_set(const struct model *m, struct json *element,
	const struct json *schema, const struct json *value);

/* Give an element the custom fields of its schema (if any), and no others. */
void field_fit_all(
	const struct model *m, struct json *element, const struct json *schema);

/*
 * The schema of an element; a pair of project and type that has none gets a
 * copy of the next best one.  NULL if there is none at all.
 */
const struct json *field_schema(struct model *m, const struct json *element);

#endif
