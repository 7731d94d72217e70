/*
 * model_shape - the members that values of the model have, whatever the work
 * package is.
 */
#include "content/model.h"

#define SHAPE(list)                                                            \
	{                                                                      \
		ARRAY_LEN(list), list, false                                   \
	}

static const struct shape_member description[] = {
	{"raw", &shape_plain},
	{"html", &shape_plain},
};

static const struct shape_member named[] = {
	{"id", &shape_plain},
	{"name", &shape_plain},
};

static const struct shape_member status[] = {
	{"id", &shape_plain},
	{"name", &shape_plain},
	{"isClosed", &shape_plain},
};

static const struct shape_member project[] = {
	{"id", &shape_plain},
	{"identifier", &shape_plain},
	{"name", &shape_plain},
};

static const struct shape_member neighbour[] = {
	{"id", &shape_plain},
	{"subject", &shape_plain},
};

static const struct shape_member relation[] = {
	{"id", &shape_plain},
	{"subject", &shape_plain},
	{"type", &shape_plain},
	{"description", &shape_plain},
};

static const struct shape_member comment[] = {
	{"id", &shape_plain},
	{"author", &model_named_shape},
	{"createdAt", &shape_plain},
	{"raw", &shape_plain},
	{"html", &shape_plain},
};

static const struct shape_member attachment[] = {
	{"id", &shape_plain},
	{"fileName", &shape_plain},
	{"file", &shape_plain},
	{"contentType", &shape_plain},
	{"fileSize", &shape_plain},
	{"createdAt", &shape_plain},
	{"author", &model_named_shape},
	{"link", &shape_plain},
};

/* The schema, which says what a field is, is another's for each type. */
static const struct shape_member field[] = {
	{"id", &shape_plain},
	{"name", &shape_plain},
	{"raw", &shape_plain},
	{"html", &shape_plain},
};

const struct shape model_description_shape = SHAPE(description);
const struct shape model_named_shape = SHAPE(named);
const struct shape model_status_shape = SHAPE(status);
const struct shape model_project_shape = SHAPE(project);
const struct shape model_neighbour_shape = SHAPE(neighbour);
const struct shape model_relation_shape = SHAPE(relation);
const struct shape model_comment_shape = SHAPE(comment);
const struct shape model_attachment_shape = SHAPE(attachment);
const struct shape model_field_shape = SHAPE(field);
