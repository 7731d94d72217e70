#ifndef TESTS_OPENPROJECT_LOAD_H
#define TESTS_OPENPROJECT_LOAD_H

#include "base/err.h"
#include "tests/openproject/model.h"

/*
 * Fill an empty model from a folder of recorded answers; the attachments'
 * contents are in the folder contents beside it.  ERR_IO or ERR_DATA.
 */
int load_recorded(struct model *m, const char *dir, struct err *e);

/*
 * Fill an empty model with n work packages in n_projects projects and
 * n_files attachments of file_size bytes, the same for the same arguments.
 */
struct generate {
	long n;
	long n_projects;
	long n_files;
	long file_size;
	unsigned long seed;
};

void generate(struct model *m, const struct generate *how);

#endif
