#ifndef API_TRANSFER_H
#define API_TRANSFER_H

#include <sys/queue.h>

#include "api/client.h"
#include "api/gunzip.h"
#include "api/http.h"

/*
 * A request on its way: its place in the client's lists, and the exchange
 * that is under way for it.
 */
struct api_transfer {
	struct api_client *client;
	struct api_request *request;
	TAILQ_ENTRY(api_transfer) link;
	struct transfers *list; /* that it is in */
	struct http_get get;
	bool attached; /* get is under way */
	int n_tries;
	int n_pauses; /* tries that brought a Retry-After */
	int n_hops;
	int64_t due;    /* while waiting: when to try again, monotonic */
	char *redirect; /* an address to go to instead of the server's */
	char *where;    /* name of its origin, where that is another, or NULL */
	bool public_only;

	/* The answer as it comes in. */
	struct gunzip gunzip;
	bool packed;
	bool full; /* no more of an error is kept */
	int64_t n_streamed;
	int64_t resume_at; /* paused until then, for its bytes' sake; or 0 */
	bool paused;
	bool resume; /* asked for */
	size_t max_body;
};

TAILQ_HEAD(transfers, api_transfer);

/* Take bytes of t's answer; an http_get's on_bytes(). */
enum http_take transfer_take(
	struct api_transfer *t, const void *bytes, size_t n);

/* All came that comes. */
void transfer_end(struct api_transfer *t);

/* Forget what came, before another try. */
void transfer_restart(struct api_transfer *t);

/* Whether the answer, if it was packed, is complete. */
bool transfer_whole(const struct api_transfer *t);

#endif
