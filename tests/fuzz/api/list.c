/*
 * Fuzz: any bytes as a collection, beside jansson: what is cut are the same
 * elements, and a list that jansson reads is not refused, but where its
 * counts lie or it is nested too deep.
 */
#include "api/resources.h"

#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The elements that jansson sees, if the counts are right; else NULL. */
static json_t *elements_of(json_t *list)
{
	json_t *embedded = json_object_get(list, "_embedded");
	json_t *elements = json_object_get(embedded, "elements");
	json_t *total = json_object_get(list, "total");
	json_t *count = json_object_get(list, "count");

	if (!json_is_integer(total) || json_integer_value(total) < 0 ||
		!json_is_integer(count) || !json_is_array(elements) ||
		json_integer_value(count) !=
			(json_int_t)json_array_size(elements))
		return NULL;
	return elements;
}

static size_t depth_of(struct str text)
{
	size_t depth = 0;
	size_t most = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '[' || text.p[i] == '{')
			most = ++depth > most ? depth : most;
		else if (text.p[i] == ']' || text.p[i] == '}')
			depth -= depth > 0;
	}
	return most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = {(const char *)data, size};
	struct arena a = {0};
	struct api_list l;
	struct api_list ids_list;
	int64_t *ids;
	struct err e = {0};
	int code = api_list_scan(&a, body, &l, &e);
	json_t *list = json_loadb(body.p, body.n, 0, NULL);
	json_t *elements = list != NULL ? elements_of(list) : NULL;

	assert(code == e.code);
	assert(code == 0 || code == ERR_UNAVAILABLE);
	/*
	 * Keys with escapes are compared as they are written; and jansson
	 * overlooks NUL bytes behind numbers.
	 */
	if (elements != NULL && memchr(body.p, '\\', body.n) == NULL &&
		memchr(body.p, '\0', body.n) == NULL && depth_of(body) <= 500) {
		assert(code == 0);
		assert(l.n == json_array_size(elements));
	}
	for (size_t i = 0; code == 0 && i < l.n; i++) {
		assert(l.elements[i].n > 0);
		assert(l.elements[i].p >= body.p);
		assert(l.elements[i].p + l.elements[i].n <= body.p + body.n);
	}
	api_ids_parse(&a, body, &ids_list, &ids, NULL);
	json_decref(list);
	arena_fini(&a);
	return 0;
}
