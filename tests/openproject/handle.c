/*
 * handle - who asks, what for, and what is said, before a byte is sent.
 *
 * An order of misbehaviour that the request meets changes the answer here, as
 * far as its words go; how it is sent is in send.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/base64.h"
#include "tests/openproject/edit.h"
#include "tests/openproject/query.h"
#include "tests/openproject/server.h"

#define MAX_URL 12000 /* the real server refuses longer ones */

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static struct account *account_of(struct model *m, const char *key)
{
	for (size_t i = 0; i < m->n_accounts; i++)
		if (m->accounts[i].key != NULL &&
			strcmp(m->accounts[i].key, key) == 0)
			return &m->accounts[i];
	return NULL;
}

/* The reader whose key is in a Basic header for the user apikey, or NULL. */
static struct account *find_account(struct model *m, const char *authorization)
{
	struct account *found = NULL;
	struct buf plain = {0};

	if (strncasecmp(authorization, "Basic ", 6) == 0 &&
		base64_decode(str_of(authorization + 6), &plain) &&
		str_starts(buf_str(&plain), STR("apikey:")))
		found = account_of(m, plain.p + 7);
	buf_fini(&plain);
	return found;
}

/* The reader whose key is the Bearer token. */
static struct account *find_bearer(struct model *m, const char *authorization)
{
	return strncasecmp(authorization, "Bearer ", 7) == 0
		       ? account_of(m, authorization + 7)
		       : NULL;
}

static void deny(struct answer *a, bool tried)
{
	answer_error(a, 401, "Unauthenticated", "%s",
		tried ? "You did not provide the correct credentials."
		      : "You need to be authenticated to access this "
			"resource.");
	a->wrap = WRAP_DENIED;
}

static bool is_public(struct str path)
{
	return str_is(path, "/api/v3/configuration") ||
	       !str_starts(path, STR("/api/"));
}

/* Two slashes in a row are one to the real server. */
static void squeeze(char *path)
{
	char *to = path;

	for (const char *p = path; *p != '\0'; p++) {
		if (*p != '/' || to == path || to[-1] != '/')
			*to++ = *p;
	}
	*to = '\0';
}

/* Commit the edits that waited for this list. */
static void commit_late(struct server *s)
{
	struct late_edit **at = &s->late;

	while (*at != NULL) {
		struct late_edit *late = *at;

		if (late->lists-- > 0) {
			at = &late->next;
			continue;
		}
		*at = late->next;
		edit_apply(&s->model, late->edit, NULL);
		json_free(late->edit);
		free(late);
	}
}

static void get(struct request *r, struct MHD_Connection *c, struct str path,
	struct str query)
{
	struct server *s = r->server;
	const char *authorization = header(c, "Authorization");
	struct account *(*find)(struct model *, const char *) =
		s->bearer ? find_bearer : find_account;
	const struct view v = {
		.m = &s->model,
		.who = authorization != NULL ? find(&s->model, authorization)
					     : NULL,
		.max_page_size = s->max_page_size,
	};

	if (str_is(path, "/api/v3/work_packages"))
		commit_late(s);
	if (v.who == NULL && !is_public(path))
		deny(&r->answer, authorization != NULL);
	else
		answer_get(&r->answer, &v, path, query);
}

static void answer_method(struct request *r, struct MHD_Connection *c,
	const char *method, struct str path, struct str query)
{
	struct answer *a = &r->answer;

	if (str_starts(path, STR("/side/"))) {
		side_answer(a, r->server, method, str_skip(path, 6),
			buf_str(&r->upload));
	} else if (strlen(r->url) >= MAX_URL) {
		a->status = 400;
		a->wrap = WRAP_EMPTY;
	} else if (strcmp(method, "HEAD") == 0 &&
		   header(c, "Content-Type") == NULL) {
		a->status = 406;
		a->wrap = WRAP_EMPTY;
	} else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
		get(r, c, path, query);
	} else {
		answer_error(a, 405, "MethodNotAllowed",
			"This stand-in is only read.");
	}
}

/* Put one text in the place of another. */
static void replace_first(struct buf *bytes, const char *old, const char *new)
{
	size_t at = str_find(buf_str(bytes), str_of(old));
	struct buf changed = {0};

	if (at == bytes->n)
		return;
	buf_add(&changed, bytes->p, at);
	buf_puts(&changed, new);
	buf_add_str(&changed, str_skip(buf_str(bytes), at + strlen(old)));
	buf_fini(bytes);
	*bytes = changed;
}

static void add_garbage(struct buf *bytes)
{
	buf_clear(bytes);
	for (size_t i = 0; i < 4096; i++)
		buf_putc(bytes, (char)(i * 2654435761U >> 13));
}

/* Words and a status of the order's own. */
static void say_otherwise(
	struct answer *a, const struct fault *f, struct buf *bytes)
{
	buf_clear(bytes);
	buf_puts(bytes, f->body != NULL ? f->body : "");
	a->wrap = WRAP_ERROR;
	if (f->status != 0)
		a->status = f->status;
	else if (f->redirect != NULL)
		a->status = 302;
}

/* Change what is said as the order wants it. */
static void misbehave(struct answer *a, const struct fault *f)
{
	struct buf bytes = {0};

	body_write(&a->body, &bytes);
	if (f->status != 0 || f->body != NULL || f->redirect != NULL)
		say_otherwise(a, f, &bytes);
	if (f->garbage)
		add_garbage(&bytes);
	if (f->replace != NULL)
		replace_first(
			&bytes, f->replace, f->with != NULL ? f->with : "");
	body_fini(&a->body);
	body_add_buf(&a->body, &bytes);
}

static void remember(
	struct request *r, struct MHD_Connection *c, const char *method)
{
	struct server *s = r->server;
	const char *agent = header(c, "User-Agent");

	s->seen = grow(s->seen, s->n_seen, &s->cap_seen, sizeof(*s->seen));
	s->seen[s->n_seen++] = (struct seen){
		.method = xstrdup(method),
		.url = xstrdup(r->url),
		.agent = agent != NULL ? xstrdup(agent) : NULL,
		.status = r->fault != NULL && r->fault->drop ? 0
							     : r->answer.status,
		.authorization = header(c, "Authorization") != NULL,
		.fault = r->fault != NULL,
		.number = r->number,
		.at = stamp_monotonic(),
	};
}

void request_sent(struct request *r)
{
	struct server *s = r->server;

	pthread_mutex_lock(&s->lock);
	for (size_t i = s->n_seen; i-- > 0 && s->seen[i].number >= r->number;) {
		if (s->seen[i].number == r->number)
			s->seen[i].sent = stamp_monotonic();
	}
	pthread_mutex_unlock(&s->lock);
}

void request_answer(
	struct request *r, struct MHD_Connection *c, const char *method)
{
	struct server *s = r->server;
	struct str url = str_of(r->url);
	size_t mark = str_find(url, STR("?"));
	char *path = url_decode((struct str){url.p, mark}, false);

	squeeze(path);
	pthread_mutex_lock(&s->lock);
	r->number = ++s->n_requests;
	r->now = model_now(&s->model);
	answer_method(r, c, method, str_of(path),
		str_skip(url, mark < url.n ? mark + 1 : mark));
	if (!str_starts(str_of(path), STR("/side/")))
		r->fault = faults_meet(&s->faults, r->url, &r->answer.body);
	if (r->fault != NULL)
		misbehave(&r->answer, r->fault);
	if (!str_starts(str_of(path), STR("/side/")))
		remember(r, c, method);
	pthread_mutex_unlock(&s->lock);
	free(path);
}

/* When the first free worker would be done with it. */
static int64_t work_delay(struct server *s, double ms)
{
	int64_t now = stamp_monotonic();
	int64_t *worker = &s->busy_until[0];

	for (size_t i = 1; i < N_WORKERS; i++) {
		if (s->busy_until[i] < *worker)
			worker = &s->busy_until[i];
	}
	if (*worker < now)
		*worker = now;
	*worker += (int64_t)(ms * 1000);
	return *worker - now;
}

int64_t request_delay(struct request *r)
{
	struct server *s = r->server;
	int64_t delay = r->fault != NULL ? r->fault->delay_ms * 1000 : 0;

	if (s->cost > 0 && r->answer.wrap != WRAP_SIDE) {
		pthread_mutex_lock(&s->lock);
		delay += work_delay(s, r->answer.work_ms * s->cost);
		pthread_mutex_unlock(&s->lock);
	}
	return delay;
}
