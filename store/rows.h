#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "store/query.h"

/*
 * How rows of several columns are bound and read, for statements over the
 * state and over what is staged.  bind_x() binds the columns in the order of
 * X_COLUMNS; query_x() expects them so, calls fn for each row and closes the
 * query.
 */
#define WORK_PACKAGE_COLUMNS                                                   \
	"id, project_id, type_id, updated_at, generation, outcome, hash,"      \
	" reason, source, attachments, comments, checksum"
void bind_work_package(struct query *q, const struct state_work_package *wp);
int query_work_packages(struct query *q, bool *found, state_work_package_fn *fn,
	void *arg, struct err *e);

/* Like query_next(), with a row of HEAD_COLUMNS. */
#define HEAD_COLUMNS                                                           \
	"id, project_id, updated_at, generation, outcome, hash, source > ''"
bool query_head(struct query *q, struct state_head *out);

#define DOCUMENT_COLUMNS                                                       \
	"work_package, entry, natural_path, claim, keep_when_gone"
#define KEEP_UNPROVEN 2 /* keep_when_gone where that is not known */
void bind_document(struct query *q, const struct state_document *d);

#define FILE_COLUMNS "path, oid, attachment_id, work_package, entry"
void bind_file(struct query *q, const struct state_document *d,
	const struct state_file *f);

/*
 * A row for each file: DOCUMENT_COLUMNS of d, then path, oid, attachment_id
 * of f, in DOCUMENT_ORDER.
 */
#define DOCUMENT_FILE_COLUMNS                                                  \
	"d.work_package AS work_package, d.entry AS entry, d.natural_path,"    \
	" d.claim, d.keep_when_gone, f.path AS path, f.oid,"                   \
	" f.attachment_id AS attachment_id"
#define DOCUMENT_ORDER " ORDER BY 1, 2, attachment_id <> 0, path"
int query_documents(
	struct query *q, state_document_fn *fn, void *arg, struct err *e);

#define ATTACHMENT_COLUMNS                                                     \
	"id, work_package, size, digest, oid, format, width, height"
void bind_attachment(struct query *q, const struct state_attachment *a);
int query_attachments(struct query *q, bool *found, state_attachment_fn *fn,
	void *arg, struct err *e);

#define EVENT_COLUMNS "run, at, level, kind, work_package, path, text, project"
void bind_event(struct query *q, const struct state_event *event);

/* A file at path ?1 on record, whose document is not staged otherwise. */
#define KEPT_FILE                                                              \
	"file f WHERE path = ?1 AND NOT EXISTS (SELECT 1"                      \
	" FROM staged_document d WHERE d.work_package = f.work_package"        \
	" AND d.entry = f.entry)"

#endif
