#ifndef API_PATHS_H
#define API_PATHS_H

#include <stdint.h>

#include "base/buf.h"

/*
 * The addresses of the API, ready for api_get(): each adds "/api/v3/…" with
 * its query, percent-encoded, to out.  includeSubprojects=false and filters
 * are always sent.
 */

/* Which work packages are meant. */
struct api_scope {
	size_t n_projects; /* 0: all that the key's user sees */
	const int64_t *projects;
	size_t n_without; /* left out of pages of changes */
	const int64_t *without;
};

/*
 * A page of those changed in [low, high], sorted by updatedAt and id.  Stamps
 * in microseconds (sent with six digits); high INT64_MAX: open.
 */
void api_path_changed(struct buf *out, const struct api_scope *scope,
	int64_t low, int64_t high, int page_size);

/* The ids that are on it. */
void api_path_changed_page(struct buf *out, const struct api_scope *scope,
	int64_t low, int page_size);

/* A page of ids, sorted by id: select=total,count,pageSize,offset,elements/id
 */
void api_path_ids(struct buf *out, const struct api_scope *scope, int page_size,
	int offset);

/* The same for ids changed in [low, high]. */
void api_path_changed_ids(struct buf *out, const struct api_scope *scope,
	int64_t low, int64_t high, int page_size, int offset);

/* The newest change: one element, sorted by updatedAt and id, descending. */
void api_path_newest(struct buf *out, const struct api_scope *scope);

/* Whole work packages by id (at most 200): those of them in scope. */
void api_path_batch(struct buf *out, const struct api_scope *scope,
	const int64_t *ids, size_t n);

void api_path_work_package(struct buf *out, int64_t id);
void api_path_attachments(struct buf *out, int64_t id);
void api_path_activities(struct buf *out, int64_t id);
void api_path_content(struct buf *out, int64_t attachment_id);
/* A page of the relations that these have, at most 200. */
void api_path_relations(struct buf *out, const int64_t *ids, size_t n,
	int page_size, int offset);

void api_path_me(struct buf *out);
void api_path_user(struct buf *out, int64_t id);
void api_path_projects(struct buf *out, int offset); /* a page of 100 */
void api_path_types(struct buf *out);
void api_path_statuses(struct buf *out);

struct api_pair {
	int64_t project_id;
	int64_t type_id;
};

void api_path_schemas(struct buf *out, const struct api_pair *pairs, size_t n);

#endif
