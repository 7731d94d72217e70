#ifndef API_HTTP_H
#define API_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

/*
 * HTTP exchanges on the loop: libcurl's multi interface, driven by libuv.
 * One exchange is one GET and its answer; redirects, retries and what the
 * answer means are the client's.
 */
struct http_config {
	const char *user_agent;  /* borrowed, as all here */
	const char *ca_file;     /* or NULL: the system's */
	int64_t connect_timeout; /* microseconds */
	int64_t stall_timeout;
};

LIST_HEAD(http_watches, watch);

struct http {
	const struct http_config *config;
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	size_t n_handles; /* of libuv that are open */
	struct http_watches watches;
	CURL **idle; /* easy handles to be used again */
	size_t n_idle;
	size_t cap_idle;
	void (*closed)(struct http *h);
};

/* Why we ended an exchange ourselves. */
enum http_fault {
	HTTP_FAULT_NONE,
	HTTP_FAULT_HEADERS,  /* too long or too many */
	HTTP_FAULT_PRIVATE,  /* the address is not public */
	HTTP_FAULT_TOO_BIG,  /* more than the caller takes */
	HTTP_FAULT_GZIP,     /* cannot be unpacked, or is cut short */
	HTTP_FAULT_ENCODING, /* packed in a way not asked for */
};

enum http_take { HTTP_TAKEN, HTTP_PAUSE, HTTP_STOP };

struct http_get;

struct http_get {
	char *url;           /* owned: freed when the exchange is over */
	char *authorization; /* a header line or NULL; the same, wiped */
	bool gzip;           /* asked for; else identity */
	bool public_only;    /* connect to no private address */
	enum http_take (*on_bytes)(
		struct http_get *g, const void *bytes, size_t n);
	void (*on_done)(struct http_get *g);

	/* Result. */
	CURLcode result;
	char words[CURL_ERROR_SIZE]; /* curl's, about result */
	enum http_fault fault;
	int status;
	char content_type[128];
	char *redirect;      /* where it leads, absolute; owned, or NULL */
	int64_t retry_after; /* seconds, 0 for none */
	int64_t n_received;
	int64_t first_byte; /* microseconds */
	bool asked;         /* the request was sent */

	/* Private. */
	struct http *http;
	CURL *easy; /* while it runs */
	struct curl_slist headers[4];
	size_t n_header_bytes;
};

/* The config is borrowed until closed().  0, or -1 if curl does not start. */
int http_init(
	struct http *h, uv_loop_t *loop, const struct http_config *config);

/* Close the handles, then call closed(); no exchange may be under way. */
void http_close(struct http *h, void (*closed)(struct http *h));

/*
 * Start an exchange.  on_done() runs once, later, on the loop's thread and
 * never inside of curl, unless http_stop() came first.
 */
void http_start(struct http *h, struct http_get *g);

/* End it now, without on_done().  Not from on_bytes(). */
void http_stop(struct http_get *g);

/* Go on after HTTP_PAUSE: the bytes come again.  Not from on_bytes(). */
void http_resume(struct http_get *g);

/* In on_bytes(): the status, and a header of the answer or NULL. */
int http_status(const struct http_get *g);
const char *http_header(const struct http_get *g, const char *name);

#endif
