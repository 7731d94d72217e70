/*
 * query - what a list of work packages is asked for.
 *
 * Every parameter is read on its own; the first that the real server refuses
 * ends it with that server's words.  The filters are in filter.c.
 */
#include "tests/openproject/query.h"

#include <stdlib.h>
#include <string.h>

#include "tests/openproject/filter.h"

/* The byte that %XX at the start of s means; false if there is none. */
static bool coded_byte(struct str s, unsigned char *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t value = 0;

	if (s.n < 3 || s.p[0] != '%')
		return false;
	for (size_t i = 1; i < 3; i++) {
		const char *at = s.p[i] != '\0' ? strchr(digits, s.p[i]) : NULL;

		if (at == NULL)
			return false;
		value = value << 4 | ((size_t)(at - digits) & 15);
	}
	*out = (unsigned char)value;
	return true;
}

char *url_decode(struct str s, bool plus)
{
	struct buf out = {0};

	while (s.n > 0) {
		unsigned char c = (unsigned char)s.p[0];
		bool coded = coded_byte(s, &c);

		if (!coded && plus && c == '+')
			c = ' ';
		buf_add(&out, &c, 1);
		s = str_skip(s, coded ? 3 : 1);
	}
	return buf_take(&out);
}

void url_encode(struct str s, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '\0' && strchr(plain, c) != NULL)
			buf_putc(out, c);
		else if (c == ' ')
			buf_putc(out, '+');
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

char *query_param(struct str text, const char *name)
{
	while (text.n > 0) {
		size_t end = str_find(text, STR("&"));
		struct str pair = {text.p, end};
		size_t eq = str_find(pair, STR("="));
		char *key = url_decode((struct str){text.p, eq}, true);
		bool found = strcmp(key, name) == 0;

		free(key);
		if (found && eq < pair.n)
			return url_decode(str_skip(pair, eq + 1), true);
		text = str_skip(text, end < text.n ? end + 1 : end);
	}
	return NULL;
}

void query_fini(struct query *q)
{
	free(q->ids.ids);
	free(q->projects.ids);
	free(q->types.ids);
	free(q->statuses.ids);
	free(q->filters);
	free(q->sort_by);
	*q = (struct query){0};
}

static bool add_sort(struct query *q, struct answer *a, const struct json *pair)
{
	char *column = json_dup_text(pair != NULL ? pair->first : NULL);
	struct sort_key key = {0};
	bool known = column != NULL;

	if (known && strcmp(column, "id") == 0)
		key.by_id = true;
	else
		known = known && strcmp(column, "updatedAt") == 0;
	if (known && pair->first->next != NULL)
		key.down = json_is(pair->first->next, "desc");
	if (!known)
		answer_error(a, 400, "InvalidQuery", "Can't sort by column: %s",
			column != NULL ? column : "");
	else if (q->n_sort < MAX_SORT)
		q->sort[q->n_sort++] = key;
	free(column);
	return known;
}

static bool parse_sort(struct query *q, struct answer *a, const char *text)
{
	struct json *j = json_parse(str_of(text));
	struct buf compact = {0};
	bool ok = j != NULL && j->type == JSON_ARRAY;

	if (!ok)
		answer_error(a, 400, "InvalidQuery", "unexpected token at '%s'",
			text);
	for (struct json *c = ok ? j->first : NULL; c != NULL && ok;
		c = c->next)
		ok = add_sort(q, a, c);
	if (ok)
		json_write(j, &compact);
	q->sort_by = buf_take(&compact);
	json_free(j);
	return ok;
}

static const struct {
	const char *name;
	unsigned bits;
} selects[] = {
	{"total", BIT(SELECT_TOTAL)},
	{"count", BIT(SELECT_COUNT)},
	{"pageSize", BIT(SELECT_PAGE_SIZE)},
	{"offset", BIT(SELECT_OFFSET)},
	{"elements/id", BIT(SELECT_ID)},
	{"elements/date", BIT(SELECT_DATE)},
	{"elements/_type", BIT(SELECT_TYPE)},
	{"elements/dueDate", BIT(SELECT_DUE_DATE)},
	{"elements/subject", BIT(SELECT_SUBJECT)},
	{"elements/startDate", BIT(SELECT_START_DATE)},
	{"elements/self", BIT(SELECT_SELF)},
	{"elements/author", BIT(SELECT_AUTHOR)},
	{"elements/project", BIT(SELECT_PROJECT)},
	{"elements/assignee", BIT(SELECT_ASSIGNEE)},
	{"elements/responsible", BIT(SELECT_RESPONSIBLE)},
	{"elements/*", ~(BIT(SELECT_ELEMENTS) - 1)},
	{"*", ~0U},
};

static bool add_select(struct query *q, struct answer *a, struct str name)
{
	size_t slash;

	for (size_t i = 0; i < ARRAY_LEN(selects); i++) {
		if (!str_is(name, selects[i].name))
			continue;
		q->select |= selects[i].bits;
		if (q->select >> SELECT_ELEMENTS)
			q->select |= BIT(SELECT_ELEMENTS);
		return true;
	}
	slash = str_find(name, STR("/"));
	if (slash < name.n)
		name = str_skip(name, slash + 1);
	answer_error(a, 400, "InvalidSignal",
		"The requested select of %.*s is not supported. Supported "
		"selects are self, project, author, assignee, responsible, "
		"_type, id, subject, startDate, dueDate, date, *.",
		STR_ARGS(name));
	return false;
}

static bool parse_select(struct query *q, struct answer *a, struct str list)
{
	while (list.n > 0) {
		size_t end = str_find(list, STR(","));

		if (!add_select(q, a, (struct str){list.p, end}))
			return false;
		list = str_skip(list, end < list.n ? end + 1 : end);
	}
	return true;
}

static long param_long(struct str text, const char *name, long fallback)
{
	char *value = query_param(text, name);
	long v = value != NULL ? strtol(value, NULL, 10) : 0;

	free(value);
	return v > 0 ? v : fallback;
}

static bool parse_pages(struct query *q, struct answer *a, const struct view *v,
	struct str text)
{
	char *sort = query_param(text, "sortBy");
	char *select = query_param(text, "select");
	char *subprojects = query_param(text, "includeSubprojects");
	bool ok =
		parse_sort(q, a, sort != NULL ? sort : "[[\"id\",\"asc\"]]") &&
		parse_select(q, a, str_of(select != NULL ? select : ""));

	q->alone = subprojects != NULL && strcmp(subprojects, "false") == 0;
	q->page_size = param_long(text, "pageSize", DEFAULT_PAGE);
	if (q->page_size > v->max_page_size)
		q->page_size = v->max_page_size;
	q->offset = param_long(text, "offset", 1);
	free(sort);
	free(select);
	free(subprojects);
	return ok;
}

bool query_parse(struct query *q, struct answer *a, const struct view *v,
	struct str text)
{
	char *filters = query_param(text, "filters");
	bool ok;

	q->low = INT64_MIN;
	q->high = INT64_MAX;
	ok = filter_parse(q, a, v,
		     filters != NULL ? filters
				     : "[{\"status\":{\"operator\":\"o\","
				       "\"values\":[\"\"]}}]") &&
	     parse_pages(q, a, v, text);
	free(filters);
	return ok;
}
