#ifndef CLI_STATUS_PRINT_H
#define CLI_STATUS_PRINT_H

#include "cli/cli.h"
#include "cli/term.h"

/*
 * The answer to a status request, for people: whole, or as one line of a
 * table of instances.  down: why no daemon answered, or code 0.
 */
void status_print(const struct term *t, const struct config *config,
	const json_t *status, const struct err *down);
void status_print_line(const struct term *t, const struct config *config,
	const json_t *status, const struct err *down);

/* Is all that was committed at the remote of the configuration, if it has one,
 * as far as the state knows? */
bool status_is_pushed(const struct config *config, const json_t *status);

#endif
