#ifndef CLI_RENAMED_H
#define CLI_RENAMED_H

#include "daemon/frozen.h"
#include "daemon/names.h"

/*
 * Learn from a state what the things of now were called before, for the words
 * of errors (names->frozen).  *out is for frozen_fini(), behind now.
 */
int renamed_learn(struct names *now, struct state *state, struct frozen *out,
	struct err *e);

#endif
