/*
 * work_package - what passes between the API and the mapping.
 */
#include "base/work_package.h"

#include <stdlib.h>

struct str schema_name_of(const struct schema *schema, struct str key)
{
	if (schema == NULL)
		return STR_NONE;
	for (size_t i = 0; i < schema->n_fields; i++)
		if (str_eq(schema->fields[i].key, key))
			return schema->fields[i].name;
	return STR_NONE;
}

const struct schema_field *schema_unreadable(const struct schema *schema)
{
	for (size_t i = 0; i < schema->n_fields; i++)
		if (schema->fields[i].name.p == NULL)
			return &schema->fields[i];
	return NULL;
}

static int to_attachment(const void *key, const void *item)
{
	const int64_t *id = key;
	const struct attachment *a = item;

	return (*id > a->id) - (*id < a->id);
}

const struct attachment *work_package_attachment(
	const struct work_package *wp, int64_t id)
{
	if (wp->n_attachments == 0)
		return NULL;
	return bsearch(&id, wp->attachments, wp->n_attachments,
		sizeof(*wp->attachments), to_attachment);
}

int64_t href_id(struct str href)
{
	long long id;
	size_t at = href.n;

	while (at > 0 && href.p[at - 1] != '/')
		at--;
	if (at == 0 || !str_to_int64(str_skip(href, at), &id) || id <= 0)
		return 0;
	return id;
}

bool name_is_address(struct str name)
{
	size_t at = str_find(name, STR("@"));

	return at > 0 && at + 1 < name.n && memchr(name.p, ' ', name.n) == NULL;
}
