/*
 * paths - the addresses of the API.
 *
 * Filters and sort orders are JSON, written here in the clear and then
 * percent-encoded as a whole.  Without filters the server hides closed work
 * packages, and without includeSubprojects=false it sweeps in subprojects,
 * so both go with every list of work packages.
 */
#include "api/paths.h"

#include "base/stamp.h"

#define PLAIN                                                                  \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

static void put_encoded(struct buf *out, const struct buf *text)
{
	for (size_t i = 0; i < text->n; i++) {
		unsigned char c = (unsigned char)text->p[i];

		if (c != '\0' && strchr(PLAIN, c) != NULL)
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* Give the list in filters, and end it. */
static void put_filters(struct buf *out, struct buf *filters)
{
	buf_puts(out, "filters=");
	buf_putc(filters, ']');
	put_encoded(out, filters);
	buf_fini(filters);
}

/* Begin a filter of the list, up to its values. */
static void add_filter(
	struct buf *filters, const char *name, const char *operator)
{
	buf_puts(filters, filters->n > 0 ? "," : "[");
	buf_printf(filters, "{\"%s\":{\"operator\":\"%s\",\"values\":[",
		name, operator);
}

static void add_set(struct buf *filters, const char *name, const char *operator,
	const int64_t * ids, size_t n)
{
	add_filter(filters, name, operator);
	for (size_t i = 0; i < n; i++)
		buf_printf(filters, "%s\"%lld\"", i > 0 ? "," : "",
			(long long)ids[i]);
	buf_puts(filters, "]}}");
}

static void add_ids(
	struct buf *filters, const char *name, const int64_t *ids, size_t n)
{
	add_set(filters, name, "=", ids, n);
}

static void add_without(struct buf *filters, const struct api_scope *scope)
{
	if (scope->n_without > 0)
		add_set(filters, "id", "!", scope->without, scope->n_without);
}

static void add_scope(struct buf *filters, const struct api_scope *scope)
{
	if (scope->n_projects > 0)
		add_ids(filters, "project", scope->projects, scope->n_projects);
}

static void add_changed(struct buf *filters, int64_t low, int64_t high)
{
	char from[STAMP_TEXT];
	char to[STAMP_TEXT] = "";

	stamp_format(low, 6, from);
	if (high != INT64_MAX)
		stamp_format(high, 6, to);
	add_filter(filters, "updatedAt", "<>d");
	buf_printf(filters, "\"%s\",\"%s\"]}}", from, to);
}

/* The address of a list of work packages, up to its page size. */
static void put_list(
	struct buf *out, struct buf *filters, const char *sort, int page_size)
{
	struct buf order = {0};

	if (filters->n == 0)
		buf_putc(filters, '[');
	buf_puts(out, "/api/v3/work_packages?");
	put_filters(out, filters);
	buf_puts(out, "&includeSubprojects=false&sortBy=");
	buf_puts(&order, sort);
	put_encoded(out, &order);
	buf_fini(&order);
	buf_printf(out, "&pageSize=%d", page_size);
}

#define BY_ID "[[\"id\",\"asc\"]]"
#define BY_CHANGE "[[\"updatedAt\",\"asc\"],[\"id\",\"asc\"]]"
#define BY_CHANGE_DOWN "[[\"updatedAt\",\"desc\"],[\"id\",\"desc\"]]"

static void put_ids_only(struct buf *out, int offset)
{
	buf_printf(out,
		"&offset=%d&select=total%%2Ccount%%2CpageSize%%2Coffset"
		"%%2Celements%%2Fid",
		offset);
}

void api_path_changed(struct buf *out, const struct api_scope *scope,
	int64_t low, int64_t high, int page_size)
{
	struct buf filters = {0};

	add_scope(&filters, scope);
	add_changed(&filters, low, high);
	add_without(&filters, scope);
	put_list(out, &filters, BY_CHANGE, page_size);
}

void api_path_changed_page(struct buf *out, const struct api_scope *scope,
	int64_t low, int page_size)
{
	api_path_changed(out, scope, low, INT64_MAX, page_size);
	put_ids_only(out, 1);
}

void api_path_ids(struct buf *out, const struct api_scope *scope, int page_size,
	int offset)
{
	struct buf filters = {0};

	add_scope(&filters, scope);
	put_list(out, &filters, BY_ID, page_size);
	put_ids_only(out, offset);
}

void api_path_changed_ids(struct buf *out, const struct api_scope *scope,
	int64_t low, int64_t high, int page_size, int offset)
{
	struct buf filters = {0};

	add_scope(&filters, scope);
	add_changed(&filters, low, high);
	put_list(out, &filters, BY_ID, page_size);
	put_ids_only(out, offset);
}

void api_path_newest(struct buf *out, const struct api_scope *scope)
{
	struct buf filters = {0};

	add_scope(&filters, scope);
	put_list(out, &filters, BY_CHANGE_DOWN, 1);
}

void api_path_batch(struct buf *out, const struct api_scope *scope,
	const int64_t *ids, size_t n)
{
	struct buf filters = {0};

	add_scope(&filters, scope);
	add_ids(&filters, "id", ids, n);
	put_list(out, &filters, BY_ID, (int)n);
}

void api_path_work_package(struct buf *out, int64_t id)
{
	buf_printf(out, "/api/v3/work_packages/%lld", (long long)id);
}

void api_path_attachments(struct buf *out, int64_t id)
{
	buf_printf(
		out, "/api/v3/work_packages/%lld/attachments", (long long)id);
}

void api_path_relations(struct buf *out, const int64_t *ids, size_t n,
	int page_size, int offset)
{
	struct buf filters = {0};

	add_ids(&filters, "involved", ids, n);
	buf_puts(out, "/api/v3/relations?");
	put_filters(out, &filters);
	buf_printf(out, "&pageSize=%d&offset=%d", page_size, offset);
}

void api_path_activities(struct buf *out, int64_t id)
{
	buf_printf(out, "/api/v3/work_packages/%lld/activities", (long long)id);
}

void api_path_content(struct buf *out, int64_t attachment_id)
{
	char digits[STR_INT];

	buf_puts(out, "/api/v3/attachments/");
	buf_add_str(out, str_int(digits, attachment_id));
	buf_puts(out, "/content");
}

void api_path_user(struct buf *out, int64_t id)
{
	buf_printf(out, "/api/v3/users/%lld", (long long)id);
}

void api_path_me(struct buf *out)
{
	buf_puts(out, "/api/v3/users/me");
}

void api_path_projects(struct buf *out, int offset)
{
	buf_printf(out, "/api/v3/projects?filters=%%5B%%5D&sortBy=");
	buf_printf(out, "%%5B%%5B%%22id%%22%%2C%%22asc%%22%%5D%%5D");
	buf_printf(out, "&pageSize=100&offset=%d", offset);
}

void api_path_types(struct buf *out)
{
	buf_puts(out, "/api/v3/types");
}

void api_path_statuses(struct buf *out)
{
	buf_puts(out, "/api/v3/statuses");
}

void api_path_schemas(struct buf *out, const struct api_pair *pairs, size_t n)
{
	struct buf filters = {0};

	add_filter(&filters, "id", "=");
	for (size_t i = 0; i < n; i++)
		buf_printf(&filters, "%s\"%lld-%lld\"", i > 0 ? "," : "",
			(long long)pairs[i].project_id,
			(long long)pairs[i].type_id);
	buf_puts(&filters, "]}}");
	buf_puts(out, "/api/v3/work_packages/schemas?");
	put_filters(out, &filters);
}
