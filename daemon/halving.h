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
	size_t n;      /* asked for at once */
	bool shorter;  /* more were refused as too many */
	bool in_doubt; /* the server failed at more: each is asked for once */
	bool again;    /* what is asked for next is n of the same */
	size_t n_left; /* alone it failed at these */
};

enum halving_next {
	HALVING_END,   /* it is as it is: an answer, or an error */
	HALVING_AGAIN, /* ask for n, which are less */
	HALVING_LEAVE, /* the pair that was asked for alone stays as it is */
};

/* Before each request, set n: of those left, as many as may be. */
void halving_choose(struct halving *h, size_t left);

/* What follows from the request for n pairs, which is done. */
enum halving_next halving_judge(
	struct halving *h, const struct api_request *request);

#endif
