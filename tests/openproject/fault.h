#ifndef TESTS_OPENPROJECT_FAULT_H
#define TESTS_OPENPROJECT_FAULT_H

#include "tests/openproject/body.h"
#include "tests/openproject/json.h"

/*
 * Misbehaviour on order, for the next requests whose path and query contain
 * match.  What is not given stays as it would be.
 */
struct fault {
	struct fault *next;
	char *match; /* these are owned; NULL: not given */
	char *holds; /* in what would be answered */
	char *body;
	char *content_type;
	char *redirect;
	char *replace; /* in the body, by with */
	char *with;
	struct json *headers; /* owned */
	long longer;          /* than so many bytes; 0: not given */
	long after;           /* matching requests that pass before */
	long times;           /* that are left; -1: without end */
	unsigned status;      /* 0: not given */
	long delay_ms;
	long trickle_ms; /* between two bytes; 0: not given */
	long cut_after;  /* bytes, then the connection is closed; -1: not */
	bool garbage;
	bool drop; /* close without a word */
};

/* Read an order; NULL if it has no match. */
struct fault *fault_parse(const struct json *j);
struct fault *fault_copy(const struct fault *f);
void fault_free(struct fault *f); /* accepts NULL */

/* Append f, which is taken. */
void faults_add(struct fault **list, struct fault *f);
void faults_clear(struct fault **list);

/*
 * A copy, owned by the caller, of the first that a request for url meets whose
 * answer would be body, or NULL; counts it, and forgets one that was met often
 * enough.
 */
struct fault *faults_meet(
	struct fault **list, const char *url, const struct body *body);

#endif
