/*
 * http - the stand-in as an HTTP server, on libmicrohttpd.
 *
 *   first line -> on_uri: struct request
 *   headers, body, end -> on_access: answer it, sleep if it must, send it
 *   done -> on_done: free it
 *
 * Answers are worked out under one lock and sent without it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/server.h"

#define IDLE_SECONDS 20 /* then the real server closes */
#define MAX_UPLOAD (256UL << 20)

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct request *r = xcalloc(1, sizeof(*r));

	(void)c;
	r->server = cls;
	r->url = xstrdup(uri);
	return r;
}

/* The library wants this many. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *c,
	const char *url, const char *method, const char *version,
	const char *upload, size_t *n_upload, void **con_cls)
{
	struct request *r = *con_cls;
	int64_t delay;

	(void)cls;
	(void)url;
	(void)version;
	if (!r->begun) {
		r->begun = true;
		return MHD_YES;
	}
	if (*n_upload > 0) {
		if (r->upload.n + *n_upload > MAX_UPLOAD)
			return MHD_NO;
		buf_add(&r->upload, upload, *n_upload);
		*n_upload = 0;
		return MHD_YES;
	}
	if (!r->answered) {
		r->answered = true;
		request_answer(r, c, method);
		delay = request_delay(r);
		if (delay > 0 && waker_sleep(&r->server->waker, c, delay))
			return MHD_YES;
	}
	return request_send(r, c);
}

static void on_done(void *cls, struct MHD_Connection *c, void **con_cls,
	enum MHD_RequestTerminationCode why)
{
	struct request *r = *con_cls;

	(void)cls;
	(void)c;
	(void)why;
	if (r == NULL)
		return;
	request_sent(r);
	answer_fini(&r->answer);
	fault_free(r->fault);
	buf_fini(&r->upload);
	free(r->url);
	free(r);
	*con_cls = NULL;
}

uint16_t server_start(struct server *s, uint16_t port, unsigned threads)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const union MHD_DaemonInfo *info;

	pthread_mutex_init(&s->lock, NULL);
	waker_start(&s->waker);
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
					     MHD_ALLOW_SUSPEND_RESUME |
					     MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		port, NULL, NULL, on_access, s, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_done, s,
		MHD_OPTION_THREAD_POOL_SIZE, threads,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(64 << 10),
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	if (s->daemon == NULL)
		return 0;
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info != NULL ? info->port : 0;
}

void server_stop(struct server *s)
{
	waker_stop(&s->waker);
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
	pthread_mutex_destroy(&s->lock);
}

void server_fini(struct server *s)
{
	faults_clear(&s->faults);
	while (s->late != NULL) {
		struct late_edit *late = s->late;

		s->late = late->next;
		json_free(late->edit);
		free(late);
	}
	for (size_t i = 0; i < s->n_seen; i++) {
		free(s->seen[i].method);
		free(s->seen[i].url);
		free(s->seen[i].agent);
	}
	free(s->seen);
	model_fini(&s->model);
}
