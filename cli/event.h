#ifndef CLI_EVENT_H
#define CLI_EVENT_H

#include "cli/cli.h"
#include "cli/term.h"

/* One line of the sync log, for people. */
void event_print(const struct term *t, const json_t *event);

#endif
