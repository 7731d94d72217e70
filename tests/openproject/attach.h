#ifndef TESTS_OPENPROJECT_ATTACH_H
#define TESTS_OPENPROJECT_ATTACH_H

#include "tests/openproject/model.h"

/* What the server says of an attachment.  All is borrowed. */
struct file_facts {
	int64_t id;
	int64_t work_package;
	const char *file_name;
	const char *content_type;
	size_t size;
	const char *md5; /* 32 hex digits */
	const char *created;
	const char *title; /* the work package's subject */
	const char *author;
};

struct json *file_json(const struct file_facts *f);

/* As POST /side/attach has it; the id, or 0 and what is wrong in *why. */
int64_t attach(struct model *m, const struct json *order, const char **why);

#endif
