#ifndef TESTS_OPENPROJECT_ANSWER_H
#define TESTS_OPENPROJECT_ANSWER_H

#include "tests/openproject/model.h"

/* How an answer is wrapped in headers. */
enum wrap {
	WRAP_JSON,    /* ETag, Cache-Control: max-age=0, private, … */
	WRAP_SCHEMA,  /* ETag, Cache-Control: no-cache */
	WRAP_ERROR,   /* no ETag, no Link */
	WRAP_DENIED,  /* as an error, with WWW-Authenticate */
	WRAP_CONTENT, /* a file */
	WRAP_HTML,
	WRAP_EMPTY,
	WRAP_SIDE, /* plain JSON */
};

/* What is said to one request.  Zero it first. */
struct answer {
	unsigned status;
	enum wrap wrap;
	struct body body;  /* owned */
	char *type;        /* of a file: Content-Type, owned */
	char *disposition; /* of a file: Content-Disposition, owned */
	double work_ms;    /* what it would cost the real server */
};

void answer_fini(struct answer *a);

/* Say bytes (emptied) with status 200. */
void answer_json(struct answer *a, struct buf *bytes);

/* Say an error; identifier is the last part of its URN. */
void answer_error(struct answer *a, unsigned status, const char *identifier,
	const char *fmt, ...) PRINTF_LIKE(4, 5);
void answer_not_found(struct answer *a);
void answer_no_work_package(struct answer *a);

/* What a reader sees and how much at once. */
struct view {
	struct model *m;
	const struct account *who; /* NULL: not authenticated */
	long max_page_size;
};

/*
 * Answer a GET of path (decoded) with query (not decoded).  Runs under the
 * server's lock.
 */
void answer_get(struct answer *a, const struct view *v, struct str path,
	struct str query);

/* Parts of answer_get(), each in the file of its name: list.c, show.c. */
void list_answer(struct answer *a, const struct view *v, struct str query);
void show_item(struct answer *a, const struct view *v, int64_t id);
void show_files(struct answer *a, const struct view *v, int64_t id);
void show_file(struct answer *a, const struct view *v, int64_t id);
void show_content(struct answer *a, const struct view *v, int64_t id);
void show_things(struct answer *a, const struct view *v, enum kind kind,
	int64_t project);
void show_projects(struct answer *a, const struct view *v, struct str query);
void show_thing(struct answer *a, const struct view *v, const struct thing *t);
void show_schemas(struct answer *a, const struct view *v, struct str query);
void show_schema(
	struct answer *a, const struct view *v, int64_t project, int64_t type);

void show_relations(struct answer *a, const struct view *v, struct str query);

/* {"_type":"Collection",…} of count elements that stand in elements. */
void show_collection(
	struct buf *out, size_t count, struct str elements, const char *href);

/* A work package that the reader may see, or NULL. */
struct work_item *view_item(const struct view *v, int64_t id);

/* The JSON of a thing as the reader sees it, written to out. */
void view_thing(const struct view *v, const struct thing *t, struct buf *out);

#endif
