#ifndef TESTS_UNIT_API_SERVER_H
#define TESTS_UNIT_API_SERVER_H

/*
 * A web server of canned answers on the test's own loop: each request is
 * given to answer(), which sends what it likes, now or later, and counts are
 * kept of what came.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buf.h"
#include "base/util.h"

struct conn;

struct server {
	uv_tcp_t tcp;
	int port;
	void (*answer)(struct conn *c);
	int n_requests;
	int n_keys;      /* requests with a key */
	int n_now;       /* requests that are not answered yet */
	int most_now;    /* the highest n_now */
	struct buf head; /* of the last request */
	struct conn *conns;
};

struct conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	struct server *server;
	struct conn *next;
	struct buf in;
	char path[512];
	int open; /* handles */
	bool closing;
	bool busy;
	int step; /* answer()'s own */
	char memory[65536];
};

static inline void conn_handle_closed(uv_handle_t *handle)
{
	struct conn *c = handle->data;

	if (--c->open > 0)
		return;
	buf_fini(&c->in);
	free(c);
}

static inline void conn_close(struct conn *c)
{
	struct conn **at = &c->server->conns;

	if (c->closing)
		return;
	c->closing = true;
	c->server->n_now -= c->busy;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	uv_close((uv_handle_t *)&c->tcp, conn_handle_closed);
	uv_close((uv_handle_t *)&c->timer, conn_handle_closed);
}

struct conn_write {
	uv_write_t write;
	char *bytes;
};

static inline void conn_written(uv_write_t *write, int status)
{
	struct conn_write *w = write->data;

	(void)status;
	free(w->bytes);
	free(w);
}

static inline void conn_send(struct conn *c, const void *bytes, size_t n)
{
	struct conn_write *w = xmalloc(sizeof(*w));
	uv_buf_t buf;

	w->bytes = memcpy(xmalloc(n), bytes, n);
	w->write.data = w;
	buf = uv_buf_init(w->bytes, (unsigned)n);
	if (uv_write(&w->write, (uv_stream_t *)&c->tcp, &buf, 1,
		    conn_written) != 0)
		conn_written(&w->write, -1);
}

static inline void conn_puts(struct conn *c, const char *text)
{
	conn_send(c, text, strlen(text));
}

/* The answer is complete: the next request may come. */
static inline void conn_end(struct conn *c)
{
	c->server->n_now -= c->busy;
	c->busy = false;
}

/* A whole answer; headers are lines with their ends, or "". */
static inline void conn_answer(struct conn *c, int status, const char *headers,
	const void *body, size_t n)
{
	struct buf b = {0};

	buf_printf(&b, "HTTP/1.1 %d Whatever\r\n%sContent-Length: %zu\r\n\r\n",
		status, headers, n);
	buf_add(&b, body, n);
	conn_send(c, b.p, b.n);
	buf_fini(&b);
	conn_end(c);
}

#define JSON_TYPE "Content-Type: application/hal+json; charset=utf-8\r\n"
#define HTML_TYPE "Content-Type: text/html; charset=utf-8\r\n"

static inline void conn_json(struct conn *c, int status, const char *json)
{
	conn_answer(c, status, JSON_TYPE, json, strlen(json));
}

static inline void conn_request(struct conn *c, size_t n_head)
{
	struct server *s = c->server;
	struct str head = {c->in.p, n_head};
	size_t n;

	buf_clear(&s->head);
	buf_add_str(&s->head, head);
	s->n_requests++;
	s->n_keys += str_find(head, STR("Authorization:")) < head.n;
	c->busy = true;
	if (++s->n_now > s->most_now)
		s->most_now = s->n_now;
	head = str_skip(head, str_find(head, STR(" ")) + 1);
	n = str_find(head, STR(" "));
	n = n < sizeof(c->path) ? n : sizeof(c->path) - 1;
	memcpy(c->path, head.p, n);
	c->path[n] = '\0';
	c->in.n = 0;
	c->step = 0;
	s->answer(c);
}

static inline void conn_alloc(uv_handle_t *handle, size_t n, uv_buf_t *buf)
{
	struct conn *c = handle->data;

	(void)n;
	*buf = uv_buf_init(c->memory, sizeof(c->memory));
}

static inline void conn_read(
	uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;
	struct str in;
	size_t end;

	if (n < 0) {
		conn_close(c);
		return;
	}
	buf_add(&c->in, buf->base, (size_t)n);
	in = buf_str(&c->in);
	end = str_find(in, STR("\r\n\r\n"));
	if (end < in.n)
		conn_request(c, end + 2);
}

static inline void server_accept(uv_stream_t *stream, int status)
{
	struct server *s = stream->data;
	struct conn *c = xcalloc(1, sizeof(*c));

	(void)status;
	c->server = s;
	uv_tcp_init(stream->loop, &c->tcp);
	uv_timer_init(stream->loop, &c->timer);
	c->tcp.data = c;
	c->timer.data = c;
	c->open = 2;
	c->next = s->conns;
	s->conns = c;
	if (uv_accept(stream, (uv_stream_t *)&c->tcp) != 0 ||
		uv_read_start((uv_stream_t *)&c->tcp, conn_alloc, conn_read) !=
			0)
		conn_close(c);
}

static inline void server_start(
	struct server *s, uv_loop_t *loop, void (*answer)(struct conn *c))
{
	struct sockaddr_storage address;
	int size = sizeof(address);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	uv_tcp_init(loop, &s->tcp);
	s->tcp.data = s;
	uv_ip4_addr("127.0.0.1", 0, (struct sockaddr_in *)(void *)&address);
	uv_tcp_bind(&s->tcp, (const struct sockaddr *)&address, 0);
	uv_listen((uv_stream_t *)&s->tcp, 64, server_accept);
	uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&address, &size);
	s->port = ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
}

/* Close all; the loop must run once more. */
static inline void server_stop(struct server *s)
{
	while (s->conns != NULL)
		conn_close(s->conns);
	uv_close((uv_handle_t *)&s->tcp, NULL);
	buf_fini(&s->head);
}

#endif
