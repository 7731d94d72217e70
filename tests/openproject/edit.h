#ifndef TESTS_OPENPROJECT_EDIT_H
#define TESTS_OPENPROJECT_EDIT_H

#include "tests/openproject/model.h"

/*
 * Create or change a work package as POST /side/edit has it.  Gives its id,
 * or 0 and what is wrong in *why (which may be NULL).
 */
int64_t edit_apply(struct model *m, const struct json *order, const char **why);

/* Take a work package out, with its attachments; its parent notices. */
bool edit_delete(struct model *m, int64_t id);

/* Move updatedAt of a work package to the server's clock. */
void edit_touch(struct model *m, int64_t id);

#endif
