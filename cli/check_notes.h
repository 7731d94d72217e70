#ifndef CLI_CHECK_NOTES_H
#define CLI_CHECK_NOTES_H

#include <jansson.h>

#include "daemon/names.h"

/*
 * Add to the notes of each entry of a coverage (cli/coverage.h) what is no
 * error of the mapping by itself, and hardly meant: an entry that nothing
 * reaches, one path for all, and custom fields that nothing has which the
 * entry takes (if names know all fields).
 */
void check_notes_add(json_t *coverage, const struct program *program,
	const struct names *names, bool fields);

#endif
