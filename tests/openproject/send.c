/*
 * send - an answer as HTTP: headers, ETag, gzip, and how slowly or how far.
 *
 * A plain body of a few pieces goes out from where it lies.  A list of many
 * elements, what is compressed, and what is to trickle or to break off is
 * read by a callback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "tests/openproject/server.h"

#define CACHE_SECONDS 21590
#define BLOCK (256 << 10) /* bytes handed to the socket at once */

/* libmicrohttpd 0.9.75 stalls behind the 1024th piece of an iovec. */
#define MAX_IN_PLACE 16

struct name_value {
	const char *name;
	const char *value;
};

static const struct name_value always[] = {
	{"X-Frame-Options", "SAMEORIGIN"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-XSS-Protection", "1; mode=block"},
	{"X-Download-Options", "noopen"},
	{"X-Permitted-Cross-Domain-Policies", "none"},
	{"Referrer-Policy", "origin-when-cross-origin"},
	{"vary", "Accept-Encoding, Origin"},
};

#define HAL "application/hal+json; charset=utf-8"

static const struct {
	const char *type;
	const char *cache;
	bool link;
	bool tagged;
} wraps[] = {
	[WRAP_JSON] = {HAL, "max-age=0, private, must-revalidate", true, true},
	[WRAP_SCHEMA] = {HAL, "no-cache", true, true},
	[WRAP_ERROR] = {HAL, "no-cache", false, false},
	[WRAP_DENIED] = {HAL, "no-cache", false, false},
	[WRAP_CONTENT] = {NULL, "public, max-age=21590", true, false},
	[WRAP_HTML] = {"text/html; charset=utf-8", NULL, false, false},
	[WRAP_EMPTY] = {"text/plain", "no-cache", true, false},
	[WRAP_SIDE] = {"application/json", NULL, false, false},
};

/* A body that is read piece by piece while it is sent. */
struct stream {
	struct body body;
	size_t part;   /* of the body, where the next byte is */
	size_t offset; /* in that part */
	size_t end;    /* how many are sent before the connection breaks */
	struct request *request;
	struct MHD_Connection *connection;
	long trickle_ms;
	bool rested;
};

static void add(
	struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_ids(struct MHD_Response *response, struct request *r)
{
	char text[64];
	uint64_t n = r->number;

	snprintf(text, sizeof(text), "%08x-7e57-4a11-9d0c-%012llx",
		(unsigned)(n * 2654435761U), (unsigned long long)n);
	add(response, "X-Request-Id", text);
	snprintf(text, sizeof(text), "%.6f", r->answer.work_ms / 1000);
	add(response, "X-Runtime", text);
}

static void add_expires(struct MHD_Response *response, int64_t now)
{
	time_t t = (time_t)(now / STAMP_SECOND) + CACHE_SECONDS;
	char text[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	add(response, "Expires", text);
}

static void etag(const struct answer *a, char out[40])
{
	uint64_t h = a->body.hash;
	uint64_t other = h * UINT64_C(0x9e3779b97f4a7c15);

	snprintf(out, 40, "W/\"%016llx%016llx\"", (unsigned long long)h,
		(unsigned long long)other);
}

/* Headers of an order, each in place of ours of that name. */
static void add_ordered(struct MHD_Response *response, const struct json *list)
{
	for (struct json *c = json_members(list); c != NULL; c = c->next) {
		const char *ours = MHD_get_response_header(response, c->key);
		char *value = json_dup_text(c);

		if (ours != NULL)
			MHD_del_response_header(response, c->key, ours);
		add(response, c->key, value != NULL ? value : "");
		free(value);
	}
}

static void add_headers(struct MHD_Response *response, struct request *r)
{
	const struct answer *a = &r->answer;
	const struct fault *f = r->fault;
	const char *type = a->type != NULL ? a->type : wraps[a->wrap].type;
	char tag[40];

	if (f != NULL && f->content_type != NULL)
		type = f->content_type;
	if (type != NULL && a->status != 304)
		add(response, "Content-Type", type);
	if (wraps[a->wrap].cache != NULL)
		add(response, "Cache-Control", wraps[a->wrap].cache);
	if (wraps[a->wrap].link)
		add(response, "Link",
			"</api/v3/openapi.json>; rel=\"service-desc\"");
	if (wraps[a->wrap].tagged) {
		etag(a, tag);
		add(response, "ETag", tag);
	}
	if (a->wrap == WRAP_DENIED)
		add(response, "WWW-Authenticate",
			"Basic realm=\"OpenProject API\"");
	if (a->wrap == WRAP_CONTENT) {
		add(response, "Content-Disposition", a->disposition);
		add_expires(response, r->now);
	}
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		add(response, always[i].name, always[i].value);
	add_ids(response, r);
	if (f != NULL && f->redirect != NULL)
		add(response, "Location", f->redirect);
	if (f != NULL && f->headers != NULL)
		add_ordered(response, f->headers);
}

/* The next n bytes or fewer. */
static size_t read_parts(struct stream *s, char *out, size_t n)
{
	size_t done = 0;

	while (done < n && s->part < s->body.n) {
		struct str rest =
			str_skip(s->body.parts[s->part].bytes, s->offset);
		size_t k = rest.n < n - done ? rest.n : n - done;

		memcpy(out + done, rest.p, k);
		done += k;
		s->offset += k;
		if (k == rest.n) {
			s->part++;
			s->offset = 0;
		}
	}
	return done;
}

static ssize_t read_stream(void *cls, uint64_t pos, char *out, size_t max)
{
	struct stream *s = cls;

	if (pos >= s->end)
		return s->end < s->body.size ? MHD_CONTENT_READER_END_WITH_ERROR
					     : MHD_CONTENT_READER_END_OF_STREAM;
	if (s->end - pos < max)
		max = s->end - pos;
	if (s->trickle_ms > 0) {
		s->rested = !s->rested;
		if (s->rested && waker_sleep(&s->request->server->waker,
					 s->connection, s->trickle_ms * 1000))
			return 0;
		max = 1;
	}
	return (ssize_t)read_parts(s, out, max);
}

static void free_stream(void *cls)
{
	struct stream *s = cls;

	body_fini(&s->body);
	free(s);
}

static void free_body(void *cls)
{
	body_fini(cls);
	free(cls);
}

/* All bytes of the body, compressed. */
static void gzip(const struct body *body, struct buf *out)
{
	z_stream z = {0};
	size_t bound;

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
		Z_OK)
		abort();
	bound = deflateBound(&z, body->size);
	buf_reserve(out, bound);
	z.next_out = (Bytef *)out->p;
	z.avail_out = (uInt)bound;
	for (size_t i = 0; i < body->n; i++) {
		z.next_in = (Bytef *)(uintptr_t)body->parts[i].bytes.p;
		z.avail_in = (uInt)body->parts[i].bytes.n;
		deflate(&z, Z_NO_FLUSH);
	}
	z.next_in = NULL;
	z.avail_in = 0;
	deflate(&z, Z_FINISH);
	out->n = z.total_out;
	deflateEnd(&z);
}

/* The answer's body, which keeps nothing but its hash. */
static struct body take_body(struct request *r)
{
	struct body body = r->answer.body;

	r->answer.body = (struct body){.hash = body.hash};
	return body;
}

/* Through a callback: as it is, or compressed. */
static struct MHD_Response *streamed(
	struct request *r, struct MHD_Connection *c, bool compressed)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	struct buf bytes = {0};

	if (compressed) {
		gzip(&r->answer.body, &bytes);
		body_add_buf(&s->body, &bytes);
	} else {
		s->body = take_body(r);
	}
	s->request = r;
	s->connection = c;
	s->end = s->body.size;
	if (r->fault != NULL) {
		s->trickle_ms = r->fault->trickle_ms;
		if (r->fault->cut_after >= 0 &&
			(size_t)r->fault->cut_after < s->end)
			s->end = (size_t)r->fault->cut_after;
	}
	return MHD_create_response_from_callback(
		compressed ? MHD_SIZE_UNKNOWN : s->body.size, BLOCK,
		read_stream, s, free_stream);
}

/* From where it lies. */
static struct MHD_Response *in_place(struct request *r)
{
	struct body *body = xmalloc(sizeof(*body));
	struct MHD_IoVec iov[MAX_IN_PLACE];

	*body = take_body(r);
	for (size_t i = 0; i < body->n; i++) {
		iov[i].iov_base = body->parts[i].bytes.p;
		iov[i].iov_len = body->parts[i].bytes.n;
	}
	return MHD_create_response_from_iovec(
		iov, (unsigned)body->n, free_body, body);
}

static bool wants(struct MHD_Connection *c, const char *name, const char *value)
{
	const char *given =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	return given != NULL && strstr(given, value) != NULL;
}

static struct MHD_Response *empty(void)
{
	return MHD_create_response_from_buffer(
		0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *respond(struct request *r, struct MHD_Connection *c)
{
	struct answer *a = &r->answer;
	const struct fault *f = r->fault;
	struct MHD_Response *response;
	bool compressed = r->server->gzip && a->wrap != WRAP_SIDE &&
			  wants(c, "Accept-Encoding", "gzip");
	char tag[40];

	etag(a, tag);
	if (wraps[a->wrap].tagged && a->status == 200 &&
		wants(c, "If-None-Match", tag)) {
		a->status = 304;
		return empty();
	}
	if (f != NULL && (f->trickle_ms > 0 || f->cut_after >= 0))
		return streamed(r, c, compressed && a->body.size > 0);
	if (a->body.size == 0)
		return empty();
	if (!compressed)
		return r->answer.body.n <= MAX_IN_PLACE ? in_place(r)
							: streamed(r, c, false);
	response = streamed(r, c, true);
	add(response, "Content-Encoding", "gzip");
	return response;
}

enum MHD_Result request_send(struct request *r, struct MHD_Connection *c)
{
	struct MHD_Response *response;
	enum MHD_Result rc;

	if (r->fault != NULL && r->fault->drop)
		return MHD_NO;
	response = respond(r, c);
	add_headers(response, r);
	rc = MHD_queue_response(c, r->answer.status, response);
	MHD_destroy_response(response);
	return rc;
}
