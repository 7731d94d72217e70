#ifndef API_RESOURCES_H
#define API_RESOURCES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/work_package.h"

/*
 * The API's answers as plain structs.  All pure: no I/O, any thread.  Results
 * live in the arena and borrow from nothing else; failures are ERR_DATA with
 * what is wrong and where, or ERR_UNAVAILABLE where the whole answer is not
 * what the API gives (the server is broken, not the item).
 */

/* A collection, cut into its elements without being parsed. */
struct api_list {
	int64_t total;
	int64_t count;
	int64_t page_size; /* what the server made of ours, or -1 */
	int64_t offset;    /* -1 if the answer has none */
	size_t n;
	struct str *elements; /* pieces of the body: borrowed from it */
};

/*
 * Cut a collection into elements by a scan that knows strings and braces.
 * ERR_UNAVAILABLE if it is no collection, is cut short, or count is not n.
 */
int api_list_scan(
	struct arena *a, struct str body, struct api_list *out, struct err *e);

/* The ids of a list of elements/id; fails as api_list_scan() does. */
int api_ids_parse(struct arena *a, struct str body, struct api_list *list,
	int64_t **ids, struct err *e);

/*
 * The source of a work package: what the model needs of its element, without
 * white space, in an order of our own; links with href and title only, long
 * texts with raw and html only, strings and numbers as the server wrote them.
 * The same work package gives the same source from a list and from
 * /work_packages/ID, and a source gives itself.  Of a member that comes twice
 * the last counts.  What the state keeps, and what a document is rendered
 * from; read it with api_work_package_parse() only, since its numbers may be
 * too big for other parsers.
 */
struct api_source {
	int64_t id;
	int64_t project_id;
	int64_t type_id;
	int64_t status_id;  /* 0: it is not shown */
	int64_t updated_at; /* stamp; 0 if the text is no moment */
	size_t n_fields;    /* custom fields that it has, empty or not */
};

/*
 * Add the source of element to out.  ERR_DATA if it has no project or type
 * (head->id is set even then), ERR_UNAVAILABLE if it is no work package at
 * all.
 */
int api_source_make(struct str element, struct buf *out,
	struct api_source *head, struct err *e);

/*
 * Parse a source; members are as base/work_package.h says.  ERR_DATA names
 * the work package, the member and what is wrong with it.
 */
int api_work_package_parse(struct arena *a, struct str source,
	struct work_package *out, struct err *e);

/*
 * The same for attachments: the compact source of a collection (an answer of
 * /work_packages/ID/attachments, or the _embedded.attachments of a whole work
 * package), sorted by id; and its parse into wp->attachments.
 */
int api_attachments_source_make(
	struct str collection, struct buf *out, struct err *e);
int api_attachments_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e);

/*
 * Both sources of a whole work package, _embedded and all; attachments gets
 * nothing where it has no list of them.
 */
int api_whole_make(struct str element, struct buf *source,
	struct buf *attachments, struct api_source *head, struct err *e);

/*
 * The same for comments: the public ones of /work_packages/ID/activities, by
 * id; an answer that gives only a part of them is ERR_UNAVAILABLE.
 */
int api_comments_source_make(
	struct str collection, struct buf *out, struct err *e);
int api_comments_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e);

/* Who made the newest public one of these activities; *user 0: nobody known. */
int api_last_editor(struct str collection, int64_t *user, struct err *e);

/*
 * An element of /relations with its source; and a list of sources parsed into
 * wp->relations, as they look from wp (its id is set).
 */
struct api_relation {
	int64_t id;
	struct link from;
	struct link to;
	struct str source;
};

int api_relation_make(struct arena *a, struct str element,
	struct api_relation *out, struct err *e);
int api_relations_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e);

/* That list with n more in it, by id, or in the place of what has their ids. */
int api_relations_with(struct str list, const struct api_relation *const *news,
	size_t n, struct buf *out, struct err *e);

/* A piece of a JSON object: the text of a member, or STR_NONE. */
struct str api_member(struct str object, const char *key);

/* The same of its _embedded. */
struct str api_embedded(struct str object, const char *key);

/* The same for n members at once. */
void api_members(struct str object, const char *const *keys, size_t n,
	struct str *values);

/* One that cannot be read has its id at least, if it tells that: else 0. */
int api_project_parse(struct arena *a, struct str element, struct project *out,
	struct err *e);
int api_schema_parse(
	struct arena *a, struct str element, struct schema *out, struct err *e);

struct api_name {
	int64_t id;
	struct str name;
	bool is_closed; /* of a status */
};

/*
 * An element of /types or /statuses; what it is, for errors.  If only its name
 * cannot be read, all else is in *out; else its id is 0.
 */
int api_name_parse(struct arena *a, struct str element, const char *what,
	struct api_name *out, struct err *e);

struct api_user {
	int64_t id;
	struct str name;
	bool admin;
	struct str language; /* "en"; STR_NONE where it is not told */
};

int api_user_parse(
	struct arena *a, struct str body, struct api_user *out, struct err *e);

/*
 * One line about an answer that is not 200: "identifier: message" of a JSON
 * error, the title of an HTML page, "empty answer" or "an answer of N bytes";
 * and whether it is a JSON error of the API.
 */
bool api_error_line(struct str body, struct buf *out);

/*
 * Add what curl says of a failure without what is another each time, as how
 * long it waited: as long as the words are the same, so is the failure.
 */
void api_put_steady(struct str words, struct buf *out);

#endif
