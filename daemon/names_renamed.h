#ifndef DAEMON_NAMES_RENAMED_H
#define DAEMON_NAMES_RENAMED_H

#include "daemon/names.h"

/*
 * What things were called before: for the words of an error about a name that
 * the mapping has and the server has not any more.
 */

/* Compare lists, or two schemas, and remember (state NULL: in n only). */
int names_note_renamed(struct names *n, struct state *state,
	const struct names *old, enum names_kind kind, struct err *e);
int names_note_fields(struct names *n, struct state *state,
	const struct schema *old, const struct schema *now, struct err *e);

/* A row of the state's resources; false if it is about something else. */
bool names_load_renamed(struct names *n, struct str name, struct str body);

/* What is called so now that was called name before; STR_NONE if nothing. */
struct str names_called_now(
	const struct names *n, enum named kind, struct str name);

#endif
