/*
 * answer - what an answer means: a result, a fault that may pass, or one that
 * will not.
 *
 * Broken connections, 408, 429 and the 5xx of overload pass, and those of
 * proxies that have a range of their own; so does a page of HTML in place of
 * JSON, which proxies show while a server starts.  A
 * refused key, a missing thing and a refused filter do not.  Answers of
 * another host than the server's say nothing about the key or the thing: an
 * address there may just have expired, and a new one comes with a new try.
 */
#include "api/answer.h"

#include <stdio.h>
#include <string.h>

#include "api/address.h"
#include "api/resources.h"

#define MAX_QUERY 60
#define NAME_SIZE 200
#define LONG_PATH 2000 /* bytes that web servers may find too many */
#define SHORT_PATH 500 /* that none does */

void answer_name(const struct api_request *r, char *out, size_t size)
{
	const char *query = strchr(r->path, '?');
	int n = (int)strlen(r->path);

	if (query != NULL && strlen(query) > MAX_QUERY)
		n = (int)(query - r->path) + 1;
	snprintf(out, size, "GET %.*s%s", n, r->path,
		query != NULL && (size_t)n < strlen(r->path) ? "…" : "");
}

static enum verdict fault(
	struct api_request *r, const struct http_get *g, const char *where)
{
	char name[NAME_SIZE];

	answer_name(r, name, sizeof(name));
	switch (g->fault) {
	case HTTP_FAULT_TOO_BIG:
		if (r->content)
			err_set(&r->err, ERR_DATA, "%s: larger than %lld bytes",
				name, (long long)r->max_size);
		else
			err_set(&r->err, ERR_UNAVAILABLE,
				"%s: the answer is too big", name);
		r->too_big = true;
		return VERDICT_END;
	case HTTP_FAULT_PRIVATE:
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: redirected to %s, a private address, or one that "
			"a proxy hides (if that is meant, name the host in "
			"server.storage_hosts)",
			name, where);
		return VERDICT_END;
	case HTTP_FAULT_ENCODING:
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: the answer is packed in a way not asked for (a "
			"proxy?)",
			name);
		return VERDICT_END;
	case HTTP_FAULT_HEADERS:
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: the headers of the answer are too long", name);
		return VERDICT_RETRY;
	case HTTP_FAULT_GZIP:
	case HTTP_FAULT_NONE:
		break;
	}
	err_set(&r->err, ERR_UNAVAILABLE,
		"%s: the answer is damaged: bad gzip data", name);
	return VERDICT_RETRY;
}

/* No answer, or not a whole one: in curl's words. */
static enum verdict broken(
	struct api_request *r, const struct http_get *g, const char *where)
{
	char name[NAME_SIZE];
	struct buf words = {0};
	const char *way_out = "";
	enum verdict verdict = VERDICT_RETRY;

	answer_name(r, name, sizeof(name));
	r->too_slow = g->result == CURLE_OPERATION_TIMEDOUT && g->asked;
	switch (g->result) {
	case CURLE_PEER_FAILED_VERIFICATION:
		way_out = " (server.ca_file may name certificates to trust)";
		verdict = VERDICT_END;
		break;
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		verdict = VERDICT_END;
		break;
	default:
		break;
	}
	api_put_steady(str_of(g->words), &words);
	err_set(&r->err, ERR_UNAVAILABLE, "%s: %s: %s%s", name, where, words.p,
		way_out);
	buf_fini(&words);
	return verdict;
}

static bool has_json(const struct http_get *g, struct str body)
{
	bool named = g->content_type[0] == '\0' ||
		     strcasestr(g->content_type, "json") != NULL;
	size_t at = 0;

	while (body.n > 0 && strchr(" \t\r\n", body.p[body.n - 1]) != NULL)
		body.n--;
	while (at < body.n && strchr(" \t\r\n", body.p[at]) != NULL)
		at++;
	body = str_skip(body, at);
	return named &&
	       ((str_starts(body, STR("{")) && str_ends(body, STR("}"))) ||
		       (str_starts(body, STR("[")) &&
			       str_ends(body, STR("]"))));
}

static enum verdict no_json(struct api_request *r, const struct http_get *g)
{
	struct buf line = {0};
	char name[NAME_SIZE];

	answer_name(r, name, sizeof(name));
	if (strcasestr(g->content_type, "html") != NULL) {
		api_error_line(buf_str(&r->body), &line);
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: %d, answered with a page of HTML, not with JSON "
			"(a login page? a proxy?): %s",
			name, r->status, line.p);
	} else if (r->body.n == 0) {
		err_set(&r->err, ERR_UNAVAILABLE, "%s: %d, empty answer", name,
			r->status);
	} else {
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: %d, the answer is no JSON, or cut short (%zu "
			"bytes)",
			name, r->status, r->body.n);
	}
	buf_fini(&line);
	return VERDICT_RETRY;
}

/* An address up to its query. */
static struct str without_query(const char *address)
{
	return (struct str){address, strcspn(address, "?#")};
}

/*
 * Does what was asked for have the same path there, behind a prefix?  Else it
 * is no other address of the server, and the key is not to be sent there.
 */
static bool has_moved(
	const struct api_request *r, const char *to, struct str *prefix)
{
	struct str asked = without_query(r->path);
	struct str path = without_query(to);
	size_t host = str_find(path, STR("://"));

	if (!str_ends(path, asked) || host == path.n)
		return false;
	path = str_skip(path, host + 3);
	path = str_skip(path, str_find(path, STR("/")));
	if (path.n < asked.n)
		return false;
	*prefix = (struct str){path.p, path.n - asked.n};
	return true;
}

/* A redirect where none is followed. */
static enum verdict redirected(struct api_request *r, const struct http_get *g)
{
	char name[NAME_SIZE];
	char to[NAME_SIZE];
	struct str prefix;
	struct origin o;

	answer_name(r, name, sizeof(name));
	if (g->redirect == NULL || !origin_parse(&o, g->redirect)) {
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: %d, a redirect to no web address", name,
			r->status);
		return VERDICT_END;
	}
	origin_name(&o, to, sizeof(to));
	if (has_moved(r, g->redirect, &prefix))
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: %d, the server is redirected to %s%.*s: put that "
			"address into server.url",
			name, r->status, to, STR_ARGS(prefix));
	else
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: %d, redirected to %s (a login page? programs must "
			"reach the API without one)",
			name, r->status, to);
	origin_fini(&o);
	return VERDICT_END;
}

/* Is it a list of work packages of some projects? */
static bool has_projects(const char *path)
{
	return strstr(path, "%22project%22") != NULL;
}

/* What a person can do about an answer that says little by itself. */
static const char *way_out_of(const struct api_request *r, bool api)
{
	if (r->status == 401)
		return " (is the key right? OpenProject makes one under My "
		       "account → Access tokens; or is Basic "
		       "authentication for the API switched off? server.auth: "
		       "bearer does without)";
	if (r->too_long && (strlen(r->path) > LONG_PATH || r->status == 414))
		return has_projects(r->path)
			       ? " (is the address too long for it? that has "
				 "the ids of all projects: fewer of them make "
				 "it shorter, and '*' needs none)"
			       : " (is the address too long for it, or a proxy "
				 "before it?)";
	if (r->status == 404 && !api)
		return " (is this an OpenProject? does server.url lack a "
		       "prefix?)";
	return "";
}

/*
 * Web servers and proxies have a limit each, and an answer each beyond it,
 * which may be that of a server that is gone.
 */
static bool may_be_too_long(const struct api_request *r, bool api)
{
	return r->status == 414 || r->status == 431 ||
	       (!api && (r->status == 400 || r->status == 404) &&
		       strlen(r->path) > SHORT_PATH);
}

static enum verdict refused(struct api_request *r, const char *where, bool away)
{
	struct buf line = {0};
	char name[NAME_SIZE];
	int code = ERR_UNAVAILABLE;
	bool api = api_error_line(buf_str(&r->body), &line);

	answer_name(r, name, sizeof(name));
	if (away) {
		err_set(&r->err, ERR_UNAVAILABLE,
			"%s: redirected to %s, which answers %d (%s)", name,
			where, r->status, line.p);
		buf_fini(&line);
		return VERDICT_RETRY;
	}
	r->too_slow = r->status == 504 || r->status == 524;
	r->too_long = may_be_too_long(r, api);
	if (r->status == 401 || r->status == 403)
		code = ERR_AUTH;
	else if (r->status == 404 && api)
		code = ERR_NOT_FOUND;
	else if (r->status == 400 && api &&
		 str_starts(buf_str(&line), STR("InvalidQuery:")))
		code = ERR_QUERY;
	err_set(&r->err, code, "%s: %d %s%s", name, r->status, line.p,
		way_out_of(r, api));
	buf_fini(&line);
	return VERDICT_END;
}

/*
 * 520 to 526 and 530 are Cloudflare's, and others' after it: what is wrong
 * between the proxy and the server, down to the certificate there.
 */
bool api_is_away(int status)
{
	return (status >= 502 && status <= 504) ||
	       (status >= 520 && status <= 526) || status == 530;
}

static bool may_pass(int status)
{
	return status == 408 || status == 429 || status == 500 ||
	       api_is_away(status);
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

enum verdict answer_judge(struct api_request *r, const struct http_get *g,
	const char *where, bool away, bool whole)
{
	enum verdict verdict;

	r->err = (struct err){0};
	r->too_slow = r->too_long = false;
	r->status = g->status;
	if (g->fault != HTTP_FAULT_NONE)
		return fault(r, g, where);
	if (g->result != CURLE_OK)
		return broken(r, g, where);
	if (is_redirect(g->status))
		return r->content && g->redirect != NULL ? VERDICT_FOLLOW
							 : redirected(r, g);
	if (g->status != 200) {
		verdict = refused(r, where, away);
		return may_pass(g->status) ? VERDICT_RETRY : verdict;
	}
	if (!whole)
		return fault(r, g, where);
	if (!r->content && r->on_bytes == NULL &&
		!has_json(g, buf_str(&r->body)))
		return no_json(r, g);
	return VERDICT_END;
}
