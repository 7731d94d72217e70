#ifndef DAEMON_HALVING_H
#define DAEMON_HALVING_H

#include "api/client.h"

#define HALVING_PAIRS 100 /* schemas a request: keeps its address short */
#define HALVING_LEFT 3    /* at more it is the server that fails */

/*
 * Schemas of many pairs of a project and a type, asked for by as many at once
 * as the server takes.  Zeroed, it has failed at none.
 */
struct halving {
	size_t n;      /* asked for at once; the owner's to set, unless */
	bool shorter;  /* more were refused as too many, */
	bool halved;   /* or the server failed at more: */
	bool in_doubt; /* then each is asked for once */
	size_t n_left; /* alone it failed at these */
};

enum halving_next {
	HALVING_END,   /* it is as it is: an answer, or an error */
	HALVING_AGAIN, /* ask for n, which are less */
	HALVING_LEAVE, /* the pair that was asked for alone stays as it is */
};

/* What follows from the request for n pairs, which is done. */
enum halving_next halving_judge(
	struct halving *h, const struct api_request *request);

#endif
