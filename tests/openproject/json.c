/*
 * json - JSON trees that keep every byte of what they were read from.
 *
 * Numbers and strings are never decoded on the way through: they are kept as
 * they stand in the source and written back so.  A document that is not JSON
 * gives no tree.
 */
#include "tests/openproject/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 200

struct reader {
	const char *p;
	const char *end;
};

static struct json *read_value(struct reader *r, int depth);

struct json *json_new(enum json_type type)
{
	struct json *j = xcalloc(1, sizeof(*j));

	j->type = type;
	return j;
}

void json_free(struct json *j)
{
	while (j != NULL) {
		struct json *next = j->next;

		json_free(j->first);
		free(j->key);
		free(j->text);
		free(j);
		j = next;
	}
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) != NULL && *r->p != 0)
		r->p++;
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* A string's bytes between its quotes, or NULL. */
static char *read_string(struct reader *r)
{
	const char *start;

	if (!take(r, '"'))
		return NULL;
	start = r->p;
	while (r->p < r->end && *r->p != '"')
		r->p += *r->p == '\\' ? 2 : 1;
	if (r->p >= r->end)
		return NULL;
	r->p++;
	return str_dup((struct str){start, (size_t)(r->p - start) - 1});
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

static struct json *read_scalar(struct reader *r)
{
	const char *start = r->p;
	struct json *j;

	if (take_word(r, "null"))
		return json_new(JSON_NULL);
	if (take_word(r, "true"))
		return json_new(JSON_TRUE);
	if (take_word(r, "false"))
		return json_new(JSON_FALSE);
	while (r->p < r->end && *r->p != 0 &&
		strchr("+-.0123456789eE", *r->p) != NULL)
		r->p++;
	if (r->p == start)
		return NULL;
	j = json_new(JSON_NUMBER);
	j->text = str_dup((struct str){start, (size_t)(r->p - start)});
	return j;
}

/* One "key": value or value, appended at *tail. */
static bool read_item(
	struct reader *r, bool member, int depth, struct json **tail)
{
	char *key = NULL;

	if (member) {
		key = read_string(r);
		if (key == NULL || !take(r, ':')) {
			free(key);
			return false;
		}
	}
	*tail = read_value(r, depth + 1);
	if (*tail == NULL) {
		free(key);
		return false;
	}
	(*tail)->key = key;
	return true;
}

static struct json *read_items(struct reader *r, bool members, int depth)
{
	struct json *j = json_new(members ? JSON_OBJECT : JSON_ARRAY);
	struct json **tail = &j->first;
	char close = members ? '}' : ']';

	if (take(r, close))
		return j;
	do {
		if (!read_item(r, members, depth, tail)) {
			json_free(j);
			return NULL;
		}
		tail = &(*tail)->next;
	} while (take(r, ','));
	if (take(r, close))
		return j;
	json_free(j);
	return NULL;
}

static struct json *read_value(struct reader *r, int depth)
{
	struct json *j;

	if (depth > MAX_DEPTH)
		return NULL;
	if (take(r, '{'))
		return read_items(r, true, depth);
	if (take(r, '['))
		return read_items(r, false, depth);
	if (r->p < r->end && *r->p == '"') {
		char *text = read_string(r);

		if (text == NULL)
			return NULL;
		j = json_new(JSON_STRING);
		j->text = text;
		return j;
	}
	return read_scalar(r);
}

struct json *json_parse(struct str s)
{
	struct reader r = {s.p, s.p + s.n};
	struct json *j = read_value(&r, 0);

	skip_space(&r);
	if (r.p == r.end)
		return j;
	json_free(j);
	return NULL;
}

struct json *json_string(struct str s)
{
	struct json *j = json_new(JSON_STRING);
	struct buf text = {0};

	json_escape(s, &text);
	j->text = buf_take(&text);
	return j;
}

struct json *json_int(int64_t v)
{
	struct json *j = json_new(JSON_NUMBER);

	j->text = xasprintf("%" PRId64, v);
	return j;
}

struct json *json_bool(bool b)
{
	return json_new(b ? JSON_TRUE : JSON_FALSE);
}

struct json *json_copy(const struct json *j)
{
	struct json *copy = json_new(j != NULL ? j->type : JSON_NULL);
	struct json **tail = &copy->first;

	if (j == NULL)
		return copy;
	copy->text = j->text != NULL ? xstrdup(j->text) : NULL;
	for (const struct json *c = j->first; c != NULL; c = c->next) {
		*tail = json_copy(c);
		(*tail)->key = c->key != NULL ? xstrdup(c->key) : NULL;
		tail = &(*tail)->next;
	}
	return copy;
}

struct json *json_members(const struct json *obj)
{
	return obj != NULL && obj->type == JSON_OBJECT ? obj->first : NULL;
}

struct json *json_get(const struct json *obj, const char *key)
{
	for (struct json *c = json_members(obj); c != NULL; c = c->next) {
		if (strcmp(c->key, key) == 0)
			return c;
	}
	return NULL;
}

struct json *json_at(const struct json *j, ...)
{
	const char *key;
	struct json *found = NULL;
	va_list ap;

	va_start(ap, j);
	while ((key = va_arg(ap, const char *)) != NULL) {
		found = json_get(j, key);
		j = found;
	}
	va_end(ap);
	return found;
}

void json_set(struct json *obj, const char *key, struct json *value)
{
	struct json **at;

	if (obj == NULL || obj->type != JSON_OBJECT) {
		json_free(value);
		return;
	}
	free(value->key);
	value->key = xstrdup(key);
	at = &obj->first;
	while (*at != NULL && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	if (*at != NULL) {
		struct json *old = *at;

		value->next = old->next;
		old->next = NULL;
		json_free(old);
	}
	*at = value;
}

void json_set_text(struct json *obj, const char *key, const char *text)
{
	json_set(obj, key, json_string(str_of(text)));
}

void json_remove(struct json *obj, const char *key)
{
	struct json **at;

	if (obj == NULL || obj->type != JSON_OBJECT)
		return;
	at = &obj->first;
	while (*at != NULL && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	if (*at != NULL) {
		struct json *old = *at;

		*at = old->next;
		old->next = NULL;
		json_free(old);
	}
}

void json_append(struct json *array, struct json *item)
{
	struct json **at = &array->first;

	while (*at != NULL)
		at = &(*at)->next;
	*at = item;
}

size_t json_count(const struct json *j)
{
	size_t n = 0;

	if (j == NULL)
		return 0;
	for (const struct json *c = j->first; c != NULL; c = c->next)
		n++;
	return n;
}

static void write_with(const struct json *j, struct buf *out, const char *colon,
	const char *comma)
{
	static const char *const words[] = {"null", "false", "true"};
	bool object = j->type == JSON_OBJECT;

	if (j->type <= JSON_TRUE) {
		buf_puts(out, words[j->type]);
		return;
	}
	if (j->type == JSON_NUMBER) {
		buf_puts(out, j->text);
		return;
	}
	if (j->type == JSON_STRING) {
		buf_putc(out, '"');
		buf_puts(out, j->text);
		buf_putc(out, '"');
		return;
	}
	buf_putc(out, object ? '{' : '[');
	for (const struct json *c = j->first; c != NULL; c = c->next) {
		if (object) {
			buf_putc(out, '"');
			buf_puts(out, c->key);
			buf_puts(out, colon);
		}
		write_with(c, out, colon, comma);
		if (c->next != NULL)
			buf_puts(out, comma);
	}
	buf_putc(out, object ? '}' : ']');
}

void json_write(const struct json *j, struct buf *out)
{
	write_with(j, out, "\":", ",");
}

void json_write_spaced(const struct json *j, struct buf *out)
{
	write_with(j, out, "\": ", ", ");
}
