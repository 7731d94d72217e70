#ifndef API_CLIENT_H
#define API_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * A client of one OpenProject: GET only, HTTP Basic as user apikey (or with a
 * Bearer token), keep alive, at most max_requests at once (fewer while the
 * server is slow or has enough: api/pace.h), each retried with backoff and
 * jitter. Everything happens on the loop's thread.
 */
struct api_client;

struct api_options {
	const char *url;         /* https://host[:port][/prefix] */
	const char *token;       /* copied; wiped when the client goes */
	bool bearer;             /* how it is sent: else by HTTP Basic */
	const char *user_agent;  /* copied */
	int max_requests;        /* in flight at once, 1 to 64 */
	int64_t max_rate;        /* requests a second; 0: any */
	int64_t max_bytes;       /* bytes a second; 0: any */
	int max_tries;           /* of one request, at least 1 */
	int64_t connect_timeout; /* microseconds, as all times here */
	int64_t stall_timeout;   /* too slow (api/http.c) for this long */
	int64_t max_retry_after; /* a longer Retry-After ends the request */
	size_t max_body;         /* of a collected answer, decoded */
	/*
	 * Hosts ("host" or "host:port") that attachments may be redirected
	 * to, without the key; NULL: any public https host.  By http only
	 * where url is http, too.  Copied.
	 */
	size_t n_storage_hosts;
	const char *const *storage_hosts;
	const char *ca_file; /* PEM, instead of the system's; or NULL */
};

/* ERR_CONFIG for a ca_file that cannot be read, or has no certificate. */
int api_check_ca_file(const char *path, struct err *e);

/*
 * Prepare a client.  ERR_CONFIG for an address that is none (no http or
 * https, user:password@ in it, …).  *out is the caller's, who gives it to
 * api_client_close().
 */
int api_client_new(uv_loop_t *loop, const struct api_options *o,
	struct api_client **out, struct err *e);

/* Cancel what is in flight, close the handles, free c, then call closed(). */
void api_client_close(
	struct api_client *c, void (*closed)(void *arg), void *arg);

/* Put the server's key, after a reload or when it was refused. */
void api_client_set_token(struct api_client *c, const char *token);

#define API_STATUSES 600

struct api_counters {
	uint64_t requests; /* tries, as the server sees them */
	uint64_t bytes;    /* of answers, as received */
	uint64_t retries;
	int64_t server_time; /* sum of the times to the first byte */
	uint64_t pieces;     /* of answers, as they arrive */
	uint64_t statuses[API_STATUSES]; /* exchanges; 0: no answer */
};

const struct api_counters *api_client_counters(const struct api_client *c);

/*
 * When the server, by the last Retry-After that ended a request, wants to be
 * asked again: monotonic, 0 at once, within an hour.  To be respected by who
 * asks by himself.
 */
int64_t api_client_not_before(const struct api_client *c);

/*
 * How long the counters may stand still by right, for the requests that are
 * under way or wait for their next try; 0 if there are none.
 */
int64_t api_client_patience(const struct api_client *c);

struct api_request;
typedef void api_done_fn(struct api_request *r);

/*
 * One GET.  Zero it, set the first part, give it to api_get(); embedded in
 * the flow that waits for it.
 */
struct api_request {
	char *path; /* "/api/v3/…?…", owned: freed by api_request_fini() */
	/*
	 * For contents: bytes as they arrive (on the loop's thread) instead
	 * of being collected.  Not 0 pauses the transfer and takes none of
	 * them; api_resume() sends the same bytes again.  restart is called
	 * before each try after the first: forget what came.  content asks
	 * for no compression, allows redirects to storage hosts, and caps
	 * the answer at max_size bytes.
	 */
	int (*on_bytes)(struct api_request *r, const void *bytes, size_t n);
	void (*on_restart)(struct api_request *r);
	bool content;
	bool batch;  /* a list of many whole work packages, which takes long */
	bool varies; /* one of few or many: how long it takes says nothing */
	bool once;   /* the first try is the last */
	bool single; /* of one thing: a third Retry-After ends it, since that
			may be of this thing alone: say whether it is by
			api_set_aside() or api_heed() */
	int64_t max_size;

	/* Result, valid in done() and until api_request_fini(). */
	struct err err;  /* code 0: status is 200 and the answer is whole */
	bool too_big;    /* a failure: ask for less at once */
	bool too_slow;   /* a failure: 504, 524, or silence; the same */
	bool too_long;   /* a failure: perhaps of the address, by its length */
	int status;      /* HTTP status of the last try, 0 if none came */
	struct buf body; /* decoded; the caller may take it */

	/* Private. */
	struct api_transfer *transfer;
	api_done_fn *done;
	bool told_pause; /* the server asks for a pause, */
	int64_t pause;   /* of a single thing: until then; monotonic, or 0 */
};

/*
 * Start r; requests beyond max_requests wait in order.  done() runs exactly
 * once, later, on the loop's thread.  r->err then is one of
 *   ERR_AUTH         401, 403
 *   ERR_NOT_FOUND    404 of the API (an HTML 404 is ERR_UNAVAILABLE)
 *   ERR_QUERY        400 InvalidQuery
 *   ERR_UNAVAILABLE  no connection, 408, 429, 5xx, stalled, cut short, no
 *                    JSON: after max_tries (or once); at once for an untrusted
 *                    certificate, too big, a redirect and all other statuses
 *   ERR_DATA         contents that are larger than max_size
 *   ERR_CANCELED     api_cancel() or api_client_close()
 * with one line: method, path (without the query's values where long),
 * status, identifier and message; never the key.
 */
void api_get(struct api_client *c, struct api_request *r, api_done_fn *done);

/*
 * The same with a request that was zeroed or is done, which forgets its last
 * question and answer: for path, whose text is taken; and tried only once.
 */
void api_ask(struct api_client *c, struct api_request *r, struct buf *path,
	api_done_fn *done);
void api_ask_once(struct api_client *c, struct api_request *r, struct buf *path,
	api_done_fn *done);

/*
 * The server is well, though it asked for a pause (Retry-After) where it was
 * asked for r, which is done: that is not meant for others.  Until it answers
 * there, asking for it again is over at once, and holds nobody up.  If it did
 * not ask for a pause, nothing happens.
 */
void api_set_aside(struct api_client *c, const struct api_request *r);

/*
 * The pause that the server asked for where it was asked for r, single and
 * done, is meant for all: api_client_not_before() says so from now on.
 */
void api_heed(struct api_client *c, const struct api_request *r);

/*
 * Does a status say that a proxy gets no (whole) answer of the server, or that
 * this is away for now?
 */
bool api_is_away(int status);

/* Is it under way: is done() still to come? */
static inline bool api_is_asking(const struct api_request *r)
{
	return r->transfer != NULL;
}

/* done() still comes; one that is not under way is left as it is. */
void api_cancel(struct api_request *r);
void api_resume(struct api_request *r);
void api_request_fini(struct api_request *r); /* not while it runs */

#endif
