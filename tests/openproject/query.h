#ifndef TESTS_OPENPROJECT_QUERY_H
#define TESTS_OPENPROJECT_QUERY_H

#include "tests/openproject/answer.h"

#define MAX_SORT 4
#define DEFAULT_PAGE 20

enum status_set { STATUS_ANY, STATUS_OPEN, STATUS_CLOSED };

struct id_set {
	bool given;
	bool negated; /* all but these */
	size_t n;
	int64_t *ids; /* owned, sorted */
};

struct sort_key {
	bool by_id; /* else by updatedAt */
	bool down;
};

/* Members of elements that select can name, in the order they are shown. */
enum select_bit {
	SELECT_TOTAL,
	SELECT_COUNT,
	SELECT_PAGE_SIZE,
	SELECT_OFFSET,
	SELECT_ELEMENTS, /* at least one of the elements' members */
	SELECT_ID,
	SELECT_DATE,
	SELECT_TYPE,
	SELECT_DUE_DATE,
	SELECT_SUBJECT,
	SELECT_START_DATE,
	SELECT_SELF,
	SELECT_AUTHOR,
	SELECT_PROJECT,
	SELECT_ASSIGNEE,
	SELECT_RESPONSIBLE,
};

/* What a list of work packages is asked for.  Zero it first. */
struct query {
	struct id_set ids;
	struct id_set projects;
	struct id_set types;
	struct id_set statuses;
	enum status_set status;
	int64_t low; /* updated, both inclusive */
	int64_t high;
	bool alone; /* includeSubprojects=false */
	size_t n_sort;
	struct sort_key sort[MAX_SORT];
	long page_size;
	long offset;
	unsigned select; /* bits, 0 for all */
	char *filters;   /* as the answer's links repeat it, owned */
	char *sort_by;   /* owned */
};

void query_fini(struct query *q);

/*
 * Parse what stands behind the question mark.  False, and an error in a, if
 * the real server refuses it.
 */
bool query_parse(struct query *q, struct answer *a, const struct view *v,
	struct str text);

bool id_set_has(const struct id_set *set, int64_t id);

/* The decoded value of a parameter, owned by the caller, or NULL. */
char *query_param(struct str text, const char *name);

/* "a+b%20c" decoded; plus is a space only in queries. */
char *url_decode(struct str s, bool plus) __attribute__((returns_nonnull));
void url_encode(struct str s, struct buf *out);

#endif
