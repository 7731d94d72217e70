/*
 * http - libcurl's multi interface on libuv.
 *
 *   curl says which sockets to watch (on_socket) and when to call it again
 *   (on_timer); libuv calls back (on_poll, on_timeout); both tell curl, and
 *   then collect what is complete.
 *
 * A timeout of 0 starts a timer of 0: one millisecond instead would be waited
 * for in each of the several steps of a request.  Callers are told of an end
 * only from collect(), never from inside of curl, which forbids most calls
 * from its callbacks.
 */
#include "api/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/address.h"
#include "base/util.h"

#define MAX_HEADER ((size_t)64 * 1024)
#define MAX_HEADERS ((size_t)300 * 1024)
#define BUFFER_SIZE (192L * 1024) /* not so much that it would be mapped */
#define SLOWEST 100L              /* bytes a second, on the whole */
#define MILLISECOND 1000
#define SECOND 1000000
#define CONNECTION_SECONDS 300L /* that one is used */

/* A socket of curl's that is watched. */
struct watch {
	uv_poll_t poll;
	LIST_ENTRY(watch) link;
	struct http *http;
	curl_socket_t fd;
	bool connection; /* else one of curl's own, which it closes itself */
	ino_t socket;    /* of a connection: what fd stood for */
	bool wanted;     /* by curl, now */
	int events;      /* that libuv looks for */
};

static void let_go(struct http_get *g)
{
	struct http *h = g->http;

	curl_multi_remove_handle(h->multi, g->easy);
	curl_easy_reset(g->easy);
	h->idle = grow(h->idle, h->n_idle, &h->cap_idle, sizeof(CURL *));
	h->idle[h->n_idle++] = g->easy;
	g->easy = NULL;
	if (g->authorization != NULL)
		explicit_bzero(g->authorization, strlen(g->authorization));
	free(g->authorization);
	free(g->url);
	g->authorization = NULL;
	g->url = NULL;
}

static int64_t info_number(CURL *easy, CURLINFO info)
{
	curl_off_t value = 0;

	curl_easy_getinfo(easy, info, &value);
	return value;
}

static void complete(struct http_get *g, CURLcode result)
{
	const char *text = NULL;

	g->result = result;
	if (g->fault == HTTP_FAULT_PRIVATE && result == CURLE_OK)
		g->fault = HTTP_FAULT_NONE; /* another of its addresses did */
	g->status = http_status(g);
	if (g->words[0] == '\0')
		snprintf(g->words, sizeof(g->words), "%s",
			curl_easy_strerror(result));
	curl_easy_getinfo(g->easy, CURLINFO_CONTENT_TYPE, &text);
	snprintf(g->content_type, sizeof(g->content_type), "%s",
		text != NULL ? text : "");
	text = NULL;
	curl_easy_getinfo(g->easy, CURLINFO_REDIRECT_URL, &text);
	g->redirect = text != NULL ? xstrdup(text) : NULL;
	g->retry_after = info_number(g->easy, CURLINFO_RETRY_AFTER);
	g->n_received = info_number(g->easy, CURLINFO_SIZE_DOWNLOAD_T) +
			(int64_t)g->n_header_bytes;
	g->first_byte = info_number(g->easy, CURLINFO_STARTTRANSFER_TIME_T);
	g->asked = info_number(g->easy, CURLINFO_PRETRANSFER_TIME_T) > 0;
	let_go(g);
	g->on_done(g);
}

/* Tell of all that is complete. */
static void collect(struct http *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
		char *g = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &g);
		complete((struct http_get *)(void *)g, msg->data.result);
	}
}

/*
 * Where curl has no memory to note what it waits for, nothing would ever wake
 * it: so that ends all, as any small allocation that fails.
 */
static void act(struct http *h, curl_socket_t fd, int flags)
{
	int running;

	if (curl_multi_socket_action(h->multi, fd, flags, &running) ==
		CURLM_OUT_OF_MEMORY)
		out_of_memory();
	collect(h);
}

static void on_timeout(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&h->timer);
	else
		uv_timer_start(&h->timer, on_timeout, (uint64_t)timeout_ms, 0);
	return 0;
}

static void stop(struct watch *w)
{
	uv_poll_stop(&w->poll);
	w->events = 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static int start(struct watch *w, int events)
{
	int code = 0;

	if (w->events != events)
		code = uv_poll_start(&w->poll, events, on_poll);
	if (code != 0)
		return -1;
	w->events = events;
	w->wanted = true;
	uv_ref((uv_handle_t *)&w->poll);
	return 0;
}

/* libuv looks no more where it met an error. */
static void watch_again(struct watch *w)
{
	int events = w->events;

	stop(w);
	start(w, events);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	int flags = 0;

	if (!w->wanted) {
		stop(w); /* curl looks itself before it uses it again */
		return;
	}
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	/*
	 * Which error, curl finds by reading: one that the server closed just
	 * when it was to be used again is not the end of the request.
	 */
	if (status < 0) {
		flags = CURL_CSELECT_IN;
		watch_again(w);
	}
	act(w->http, w->fd, flags);
}

static void handle_closed(struct http *h)
{
	if (--h->n_handles == 0)
		h->closed(h);
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	struct http *h = w->http;

	free(w);
	handle_closed(h);
}

static struct watch *watch_new(struct http *h, curl_socket_t fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->http = h;
	w->fd = fd;
	if (uv_poll_init_socket(h->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	h->n_handles++;
	LIST_INSERT_HEAD(&h->watches, w, link);
	return w;
}

static void watch_end(struct watch *w)
{
	LIST_REMOVE(w, link);
	stop(w);
	uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static ino_t socket_of(curl_socket_t fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

/* Curl waits for nothing there by now. */
static void watch_rest(struct watch *w)
{
	w->wanted = false;
	if (w->events & UV_WRITABLE) /* it nearly always is */
		stop(w);
	uv_unref((uv_handle_t *)&w->poll);
}

static struct watch *watch_find(struct http *h, curl_socket_t fd)
{
	struct watch *w;

	LIST_FOREACH(w, &h->watches, link)
	if (w->fd == fd)
		return w;
	return NULL;
}

static int on_socket(
	CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct http *h = arg;
	struct watch *w = socket != NULL ? socket : watch_find(h, fd);
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		/* One that never came about curl has closed by itself. */
		if (w != NULL && w->connection && socket_of(fd) == w->socket)
			watch_rest(w);
		else if (w != NULL)
			watch_end(w);
		return 0;
	}
	if (w == NULL && (w = watch_new(h, fd)) == NULL)
		return -1;
	if (socket == NULL)
		curl_multi_assign(h->multi, fd, w);
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= UV_READABLE;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= UV_WRITABLE;
	return start(w, events);
}

static size_t on_header(char *line, size_t one, size_t n, void *arg)
{
	struct http_get *g = arg;

	(void)line;
	(void)one;
	g->n_header_bytes += n;
	if (n <= MAX_HEADER && g->n_header_bytes <= MAX_HEADERS)
		return n;
	g->fault = HTTP_FAULT_HEADERS;
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_get *g = arg;

	(void)one;
	switch (g->on_bytes(g, bytes, n)) {
	case HTTP_TAKEN:
		return n;
	case HTTP_PAUSE:
		return CURL_WRITEFUNC_PAUSE;
	case HTTP_STOP:
		break;
	}
	return CURL_WRITEFUNC_ERROR;
}

/* Where names are resolved to addresses: the last moment to refuse one. */
static curl_socket_t on_open(
	void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_get *g = arg;
	struct watch *w;
	curl_socket_t fd;

	(void)purpose;
	if (g->public_only && !address_is_public(&address->addr)) {
		g->fault = HTTP_FAULT_PRIVATE;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
	if (fd == CURL_SOCKET_BAD)
		return fd;
	w = watch_new(g->http, fd);
	if (w == NULL) {
		close(fd);
		return CURL_SOCKET_BAD;
	}
	w->connection = true;
	w->socket = socket_of(fd);
	return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
	struct watch *w = watch_find(arg, fd);

	if (w != NULL)
		watch_end(w);
	return close(fd);
}

int http_init(struct http *h, uv_loop_t *loop, const struct http_config *config)
{
	*h = (struct http){.config = config, .loop = loop};
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		return -1;
	LIST_INIT(&h->watches);
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	h->n_handles = 1;
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

void http_close(struct http *h, void (*closed)(struct http *h))
{
	h->closed = closed;
	for (size_t i = 0; i < h->n_idle; i++)
		curl_easy_cleanup(h->idle[i]);
	free(h->idle);
	curl_multi_cleanup(h->multi); /* ends the connections that are kept */
	uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

static CURL *take_easy(struct http *h)
{
	CURL *easy = h->n_idle > 0 ? h->idle[--h->n_idle] : curl_easy_init();

	if (easy == NULL)
		out_of_memory();
	return easy;
}

/*
 * Whom to trust.  Debian's curl looks into a folder as well as that file.  It
 * is read for each connection, which are few: one that was renewed holds at
 * once, where curl would keep what was in it for a day.
 */
static void set_trust(CURL *easy, const char *ca_file)
{
	if (ca_file == NULL)
		return;
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

static void set_limits(CURL *easy, const struct http_config *config)
{
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(config->connect_timeout / MILLISECOND));
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOWEST);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
		(long)((config->stall_timeout + SECOND - 1) / SECOND));
	/* Or a server that has moved would never be met at its new address. */
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_SECONDS);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* Also where the system has OpenSSL speak older ones. */
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(
		easy, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
}

static void set_callbacks(CURL *easy, struct http_get *g)
{
	curl_easy_setopt(easy, CURLOPT_PRIVATE, g);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, g->words);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, g);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, g);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, g);
	/* It may be closed when that is gone. */
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, g->http);
}

/*
 * The list is built in place, so that curl makes no copy of the key.  The
 * language counts where the key's user has none of its own.
 */
static void set_headers(struct http_get *g)
{
	static char gzip[] = "Accept-Encoding: gzip";
	static char identity[] = "Accept-Encoding: identity";
	static char accept[] = "Accept: application/hal+json, */*;q=0.1";
	static char language[] = "Accept-Language: en";

	g->headers[0].data = g->gzip ? gzip : identity;
	g->headers[0].next = &g->headers[1];
	g->headers[1].data = accept;
	g->headers[1].next = &g->headers[2];
	g->headers[2].data = language;
	g->headers[2].next = g->authorization != NULL ? &g->headers[3] : NULL;
	g->headers[3].data = g->authorization;
	g->headers[3].next = NULL;
	curl_easy_setopt(g->easy, CURLOPT_HTTPHEADER, g->headers);
}

void http_start(struct http *h, struct http_get *g)
{
	CURLMcode code;

	g->http = h;
	g->easy = take_easy(h);
	g->words[0] = '\0';
	set_trust(g->easy, h->config->ca_file);
	set_limits(g->easy, h->config);
	set_callbacks(g->easy, g);
	set_headers(g);
	curl_easy_setopt(g->easy, CURLOPT_URL, g->url);
	curl_easy_setopt(g->easy, CURLOPT_USERAGENT, h->config->user_agent);
	code = curl_multi_add_handle(h->multi, g->easy);
	assert(code == CURLM_OK);
	(void)code;
}

void http_stop(struct http_get *g)
{
	let_go(g);
}

void http_resume(struct http_get *g)
{
	CURLcode code = curl_easy_pause(g->easy, CURLPAUSE_CONT);

	if (code != CURLE_OK)
		complete(g, code);
}

int http_status(const struct http_get *g)
{
	long status = 0;

	curl_easy_getinfo(g->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const char *http_header(const struct http_get *g, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(g->easy, name, 0, CURLH_HEADER, -1, &header) !=
		CURLHE_OK)
		return NULL;
	return header->value;
}
