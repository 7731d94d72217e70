#ifndef CONTENT_MODEL_H
#define CONTENT_MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "base/work_package.h"
#include "content/expression.h"
#include "content/shape.h"

/*
 * The plain model of a work package that expressions see: names, and the
 * values that they have.
 */
struct evaluation;

/* The number of a name of the model; -1 if it is none. */
int model_find(struct str name);

/* The name that somebody may have meant; NULL if none is near. */
const char *model_nearest(struct str name, const struct scope *scope);

/* The members of its value, or of its items where that is a list. */
const struct shape *model_shape(size_t name);
bool model_is_list(size_t name);

/* Those of other values, whatever the work package is. */
extern const struct shape model_description_shape;
extern const struct shape model_named_shape; /* a person, a version … */
extern const struct shape model_status_shape;
extern const struct shape model_project_shape;
extern const struct shape model_neighbour_shape;
extern const struct shape model_relation_shape;
extern const struct shape model_comment_shape;
extern const struct shape model_attachment_shape;
extern const struct shape model_field_shape; /* of a custom field */

/* The value of a name; ERR_DATA when it is not known. */
int model_value(
	struct evaluation *with, size_t name, struct value *out, struct err *e);

/*
 * A reference as a map {id, TITLE}, noted as read; null where there is none,
 * or where the server hides it.  In a condition what is hidden cannot be
 * decided about: then with->hidden is what, unless that is none.
 */
struct value model_read_link(struct evaluation *with, struct str what,
	const struct link *l, const char *title);

/* The link that a custom field's map {href, title} stands for. */
struct link model_field_link(const struct value *v);

/*
 * "7 not found" is what the server calls option 7 when it was deleted; so in
 * English, the language of whose key it is.
 */
bool model_is_dangling(int64_t id, struct str title);

/* The links that a work package has, to what has a name.  Zeroed: not yet. */
struct known {
	struct known_link *items; /* in the arena */
	size_t n;
	size_t cap;
	bool gathered;
};

/*
 * The name that the work package itself or one of its custom fields has for
 * what is at an address that ends in path ("/users/8"), noted as read;
 * STR_NONE if it knows none.  Counts steps.
 */
int model_known_name(struct evaluation *with, struct known *known,
	struct str path, struct str *out, struct err *e);

/* What values are made of: digits, and maps of pairs. */
struct value model_number(struct arena *a, int64_t v);
struct member model_pair(const char *key, struct value v);
struct value model_map(struct arena *a, const struct member *members, size_t n);

/*
 * The list of attachments, sorted by name and id.  ERR_DATA where it is not
 * known: with->needs_list says so.
 */
int model_attachments(
	struct evaluation *with, struct value *out, struct err *e);

/* The value of a custom field by its name in the schema. */
int model_field(struct evaluation *with, struct str name, enum field_form form,
	struct value *out, struct err *e);

/*
 * A member of any value: null of null, or where the map has none.  ERR_DATA
 * for what has no members.  (Misspelt members are found before: shape.h.)
 */
int model_member(const struct value *of, struct str name, struct value *out,
	struct err *e);

/* Say at which address an attachment is from now on (its member file). */
void model_set_file(
	struct evaluation *with, const struct attachment *a, struct value file);

/* The map that stands for an attachment of the work package. */
const struct value *model_attachment(
	struct evaluation *with, const struct attachment *a);

#endif
