#ifndef DAEMON_NAMES_RENAMED_H
#define DAEMON_NAMES_RENAMED_H

#include "daemon/names.h"

/*
 * What custom fields were called before: for the words of an error about a
 * name that the mapping has and the server has not any more.
 */

/* Compare two schemas of a pair, and remember (state NULL: in n only). */
int names_note_fields(struct names *n, struct state *state,
	const struct schema *old, const struct schema *now, struct err *e);

/* Learn all names that old knows, as those of before. */
void names_take_renamed(struct names *n, const struct names *old);

/* A row of the state's resources; false if it is about something else. */
bool names_load_renamed(struct names *n, struct str name, struct str body);

/* Has the field that had a name before another in a schema? */
bool names_field_renamed(
	const struct names *n, const struct schema *schema, struct str was);

/* What the field is called now that had a name before, or STR_NONE. */
struct str names_field_now(const struct names *n, struct str was);

#endif
