#ifndef CONTENT_CONSTANTS_H
#define CONTENT_CONSTANTS_H

#include "content/evaluate.h"
#include "content/template.h"

/*
 * The constants of projects: constants: of a configuration's root, which
 * expressions read as const.NAME.  Lives in the program's arena.
 */
struct constant {
	struct str name;
	struct node at;
	struct value value;
	bool used; /* by an expression, while the mapping is compiled */
};

struct project_constants {
	struct str project; /* its identifier; "*": of all others */
	size_t n;
	struct constant *items;
};

struct constants {
	size_t n;
	struct project_constants *projects;
};

/* ERR_CONFIG with the place for all that is no plain value. */
int constants_compile(struct templating *with, const struct node *node,
	struct constants *out);

/* Mark a name as used; false if no project has it, *nearest (or NULL). */
bool constants_use(struct constants *c, struct str name, const char **nearest);

/* ERR_CONFIG for one that no expression uses. */
int constants_refuse_unused(const struct constants *c, struct err *e);

/* What the work package's project has there, or "*"; else null. */
void constants_value(
	struct evaluation *with, struct str name, struct value *out);

#endif
