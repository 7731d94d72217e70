/*
 * fault - misbehaviour on order: which request meets which.
 * What it does to an answer is in handle.c and send.c.
 */
#include "tests/openproject/fault.h"

#include <stdlib.h>
#include <string.h>

struct fault *fault_parse(const struct json *j)
{
	struct fault *f = xcalloc(1, sizeof(*f));
	const struct json *headers = json_get(j, "headers");

	*f = (struct fault){
		.match = json_dup_text(json_get(j, "match")),
		.holds = json_dup_text(json_get(j, "holds")),
		.body = json_dup_text(json_get(j, "body")),
		.content_type = json_dup_text(json_get(j, "content_type")),
		.redirect = json_dup_text(json_get(j, "redirect")),
		.replace = json_dup_text(json_get(j, "replace")),
		.with = json_dup_text(json_get(j, "with")),
		.headers = headers != NULL ? json_copy(headers) : NULL,
		.longer = json_to_int(json_get(j, "longer"), 0),
		.after = json_to_int(json_get(j, "after"), 0),
		.times = json_to_int(json_get(j, "times"), 1),
		.status = (unsigned)json_to_int(json_get(j, "status"), 0),
		.delay_ms = json_to_int(json_get(j, "delay_ms"), 0),
		.trickle_ms = json_to_int(json_get(j, "trickle_ms"), 0),
		.cut_after = json_to_int(json_get(j, "cut_after"), -1),
		.garbage = json_to_bool(json_get(j, "garbage")),
		.drop = json_to_bool(json_get(j, "drop")),
	};
	if (f->match != NULL)
		return f;
	fault_free(f);
	return NULL;
}

static char *copy_text(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

struct fault *fault_copy(const struct fault *f)
{
	struct fault *copy = xmalloc(sizeof(*copy));

	*copy = *f;
	copy->next = NULL;
	copy->match = copy_text(f->match);
	copy->holds = copy_text(f->holds);
	copy->body = copy_text(f->body);
	copy->content_type = copy_text(f->content_type);
	copy->redirect = copy_text(f->redirect);
	copy->replace = copy_text(f->replace);
	copy->with = copy_text(f->with);
	copy->headers = f->headers != NULL ? json_copy(f->headers) : NULL;
	return copy;
}

void fault_free(struct fault *f)
{
	if (f == NULL)
		return;
	free(f->match);
	free(f->holds);
	free(f->body);
	free(f->content_type);
	free(f->redirect);
	free(f->replace);
	free(f->with);
	json_free(f->headers);
	free(f);
}

void faults_add(struct fault **list, struct fault *f)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = f;
}

void faults_clear(struct fault **list)
{
	while (*list != NULL) {
		struct fault *f = *list;

		*list = f->next;
		fault_free(f);
	}
}

static bool holds(const struct body *body, const char *text)
{
	struct buf bytes = {0};
	bool found;

	body_write(body, &bytes);
	found = str_find(buf_str(&bytes), str_of(text)) < bytes.n;
	buf_fini(&bytes);
	return found;
}

static bool is_met(
	const struct fault *f, const char *url, const struct body *body)
{
	return strstr(url, f->match) != NULL &&
	       strlen(url) > (size_t)f->longer &&
	       (f->holds == NULL || holds(body, f->holds));
}

struct fault *faults_meet(
	struct fault **list, const char *url, const struct body *body)
{
	for (; *list != NULL; list = &(*list)->next) {
		struct fault *f = *list;

		if (!is_met(f, url, body))
			continue;
		if (f->after > 0) {
			f->after--;
			continue;
		}
		if (f->times < 0 || --f->times > 0)
			return fault_copy(f);
		*list = f->next;
		f->next = NULL;
		return f;
	}
	return NULL;
}
