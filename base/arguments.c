/*
 * arguments - what getopt_long() does not tell of what it took.
 */
#include "base/arguments.h"

#include <getopt.h>
#include <string.h>

struct str argument_taken(char **argv)
{
	bool apart = optarg != NULL && optarg == argv[optind - 1];
	const char *given = argv[optind - (apart ? 2 : 1)];

	return (struct str){given, strcspn(given, "=")};
}

bool argument_is_cut(char **argv, const char *name)
{
	return argument_taken(argv).n < strlen("--") + strlen(name);
}
