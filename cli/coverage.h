#ifndef CLI_COVERAGE_H
#define CLI_COVERAGE_H

#include <jansson.h>

#include "daemon/names.h"

/*
 * What each entry of documents: takes of a server: an array of {name, lines,
 * projects, types, fields, left_out, notes}.  projects are identifiers, types
 * names; fields and left_out are {name, kind}: the custom fields that the
 * entry reads, and the others of those types.  Where names knows nothing, the
 * others are empty, and kind is null.  The caller owns it.
 */
json_t *coverage_make(const struct program *program, const struct names *names,
	const struct names_scope *scope);

/* A custom field's type, by its name in a schema, in words. */
const char *coverage_kind(struct str type);

/* In lines, for people. */
void coverage_print(const json_t *coverage);

#endif
