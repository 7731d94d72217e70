#ifndef BASE_ARGUMENTS_H
#define BASE_ARGUMENTS_H

#include "base/str.h"

/* The option that getopt_long() took last, as it was given, without a value. */
struct str argument_taken(char **argv);

/* Is that an abbreviation of --name, which tomorrow's options may break? */
bool argument_is_cut(char **argv, const char *name);

#endif
