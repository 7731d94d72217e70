#ifndef TESTS_OPENPROJECT_SERVER_H
#define TESTS_OPENPROJECT_SERVER_H

#include <microhttpd.h>

#include "tests/openproject/answer.h"
#include "tests/openproject/fault.h"
#include "tests/openproject/waker.h"

#define N_WORKERS 2 /* of the real server, whose cost is played */

/* A request as it is remembered for GET /side/requests. */
struct seen {
	char *method; /* these are owned */
	char *url;    /* path and query, as sent */
	char *agent;
	unsigned status; /* 0: none was sent */
	bool authorization;
	bool fault;
	uint64_t number; /* as the request's */
	int64_t at;   /* worked out, in microseconds of the monotonic clock */
	int64_t sent; /* all of it; 0: not yet */
};

/* An edit that is committed only after some more lists were asked for. */
struct late_edit {
	struct late_edit *next;
	long lists;
	struct json *edit; /* owned */
};

/* The stand-in.  All of it is under lock once the daemon runs. */
struct server {
	pthread_mutex_t lock;
	struct model model;
	struct fault *faults; /* owned list, oldest first */
	struct late_edit *late;
	size_t n_seen;
	size_t cap_seen;
	struct seen *seen;
	uint64_t n_requests;
	int64_t busy_until[N_WORKERS]; /* monotonic */

	/* Options, fixed once the daemon runs. */
	long max_page_size;
	bool gzip;
	bool bearer; /* keys are Bearer tokens, and Basic is switched off */
	double cost; /* the real server's times, times this; 0: none */

	struct waker waker;
	struct MHD_Daemon *daemon;
};

/* One request on its way.  Made when its first line is there. */
struct request {
	struct server *server;
	char *url; /* owned */
	bool begun;
	bool answered;
	uint64_t number; /* among all requests */
	int64_t now;     /* by the server's clock */
	struct buf upload;
	struct answer answer;
	struct fault *fault; /* owned copy, or NULL */
};

/* Start serving on 127.0.0.1; gives the port, or 0 with errno set. */
uint16_t server_start(struct server *s, uint16_t port, unsigned threads);
void server_stop(struct server *s);
void server_fini(struct server *s);

/* Work out the answer to a request, under the lock.  In handle.c. */
void request_answer(
	struct request *r, struct MHD_Connection *c, const char *method);

/* All of it was sent, or it will not be.  Takes the lock.  In handle.c. */
void request_sent(struct request *r);

/* Microseconds to wait before the answer is sent. */
int64_t request_delay(struct request *r);

/* Send what was worked out.  In send.c. */
enum MHD_Result request_send(struct request *r, struct MHD_Connection *c);

/* POST /side/… and GET /side/…: see side.c. */
void side_answer(struct answer *a, struct server *s, const char *method,
	struct str path, struct str body);

#endif
