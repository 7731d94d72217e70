/*
 * transfer - where the bytes of an answer go.
 *
 * Contents go to the caller, counted against max_size; answers are collected
 * up to max_body, packed ones as a rule until they are whole; of an answer
 * that is an error only as much is kept as its words can take.
 */
#include "api/transfer.h"

#include <string.h>
#include <strings.h>

#define MAX_ERROR_BODY ((size_t)64 * 1024)

static enum http_take stop(struct api_transfer *t, enum http_fault why)
{
	t->get.fault = why;
	return HTTP_STOP;
}

static enum http_take stream(
	struct api_transfer *t, const void *bytes, size_t n)
{
	struct api_request *r = t->request;

	if (t->packed)
		return stop(t, HTTP_FAULT_ENCODING);
	if (r->content && (int64_t)n > r->max_size - t->n_streamed)
		return stop(t, HTTP_FAULT_TOO_BIG);
	if (r->on_bytes(r, bytes, n) != 0) {
		t->paused = true;
		return HTTP_PAUSE;
	}
	t->n_streamed += (int64_t)n;
	return HTTP_TAKEN;
}

static enum http_take unpacked(
	struct api_transfer *t, enum gunzip_result result)
{
	switch (result) {
	case GUNZIP_OK:
		break;
	case GUNZIP_BAD:
		return stop(t, HTTP_FAULT_GZIP);
	case GUNZIP_TOO_BIG:
		return stop(t, HTTP_FAULT_TOO_BIG);
	}
	return HTTP_TAKEN;
}

static enum http_take collect(
	struct api_transfer *t, const void *bytes, size_t n, size_t max)
{
	struct buf *body = &t->request->body;

	if (t->packed)
		return unpacked(t, gunzip_add(&t->gunzip, bytes, n, body, max));
	if (n > max - body->n)
		return stop(t, HTTP_FAULT_TOO_BIG);
	buf_add(body, bytes, n);
	return HTTP_TAKEN;
}

static void forgive(struct api_transfer *t)
{
	if (t->request->body.n > MAX_ERROR_BODY)
		t->request->body.n = MAX_ERROR_BODY;
	t->get.fault = HTTP_FAULT_NONE;
}

/* Of an error: what does not fit or cannot be read is dropped, no fault. */
static void collect_error(struct api_transfer *t, const void *bytes, size_t n)
{
	size_t room = MAX_ERROR_BODY - t->request->body.n;

	if (t->full)
		return;
	if (!t->packed && n > room)
		n = room;
	if (collect(t, bytes, n, MAX_ERROR_BODY) != HTTP_TAKEN || n == room)
		t->full = true;
	forgive(t);
}

static size_t most(const struct api_transfer *t)
{
	const struct api_request *r = t->request;

	return r->content ? (size_t)r->max_size : t->max_body;
}

/*
 * No coding (RFC 9110, 8.4), or a word that storages keep of how something came
 * to them: sizes and digests tell if that is wrong.
 */
static bool is_plain(const char *encoding)
{
	static const char *const words[] = {"identity", "none", "aws-chunked"};

	if (encoding[strspn(encoding, " \t\r\n")] == '\0')
		return true; /* of an empty one curl leaves the line's end */
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(encoding, words[i]) == 0)
			return true;
	return false;
}

/* Look at how the answer is packed, at its first byte. */
static bool begin(struct api_transfer *t)
{
	const char *encoding = http_header(&t->get, "Content-Encoding");

	t->packed = encoding != NULL && !is_plain(encoding);
	return !t->packed || strcasecmp(encoding, "gzip") == 0 ||
	       strcasecmp(encoding, "x-gzip") == 0;
}

enum http_take transfer_take(
	struct api_transfer *t, const void *bytes, size_t n)
{
	struct api_request *r = t->request;

	if (!t->packed && t->n_streamed == 0 && r->body.n == 0 && !begin(t))
		return stop(t, HTTP_FAULT_ENCODING);
	if (http_status(&t->get) != 200) {
		collect_error(t, bytes, n);
		return HTTP_TAKEN;
	}
	if (r->on_bytes != NULL)
		return stream(t, bytes, n);
	return collect(t, bytes, n, most(t));
}

void transfer_end(struct api_transfer *t)
{
	struct buf *body = &t->request->body;
	bool good = t->get.status == 200;

	if (!t->packed || t->full || t->get.fault != HTTP_FAULT_NONE ||
		t->get.result != CURLE_OK)
		return;
	unpacked(t,
		gunzip_end(&t->gunzip, body, good ? most(t) : MAX_ERROR_BODY));
	if (!good)
		forgive(t);
}

void transfer_restart(struct api_transfer *t)
{
	gunzip_fini(&t->gunzip);
	buf_clear(&t->request->body);
	t->packed = false;
	t->full = false;
	t->n_streamed = 0;
	t->paused = false;
	t->resume_at = 0;
	t->resume = false;
	t->get = (struct http_get){0};
}

bool transfer_whole(const struct api_transfer *t)
{
	return !t->packed || t->gunzip.whole;
}
