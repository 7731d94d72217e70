#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "cli/cli.h"

/*
 * status --check: print one line, as monitoring plugins do, and give the exit
 * code: 0 all well, 1 somebody should look, 2 the store is not kept in step.
 * max_lag in microseconds; 0: a quarter of an hour, or twice schedule.poll.
 */
int check_status(const struct cli *cli, int64_t max_lag);

#endif
