/*
 * config_guard - guard: how much may be removed or changed unasked.
 */
#include "daemon/config_parts.h"

/* share and count of what the guard lets through. */
static int read_limit(
	const struct node *at, double *share, int64_t *count, struct err *e)
{
	const struct node *value = node_get(at, "share");
	int r = value != NULL ? config_read_share(value, share, e) : 0;

	value = node_get(at, "count");
	if (r == 0 && value != NULL)
		r = node_int(value, "count", 0, INT64_MAX, count, e);
	return r;
}

int config_read_guard(struct config *c, const struct node *at, struct err *e)
{
	static const char *const names[] = {"max_delete", "max_change"};
	static const struct config_key keys[] = {
		KEY("within", KIND_DURATION, guard_within),
	};
	static const char *const more[] = {"share", "count"};
	const struct node *max;
	int r = node_keys(at, "guard", names, ARRAY_LEN(names), e);

	max = r == 0 ? node_get(at, "max_delete") : NULL;
	if (max != NULL)
		r = config_read_section(c, max,
			&(struct config_section){"max_delete", keys,
				ARRAY_LEN(keys), more, ARRAY_LEN(more)},
			e);
	if (r == 0 && max != NULL)
		r = read_limit(max, &c->guard_share, &c->guard_count, e);
	max = r == 0 ? node_get(at, "max_change") : NULL;
	if (max != NULL)
		r = node_keys(max, "max_change", more, ARRAY_LEN(more), e);
	if (r == 0 && max != NULL)
		r = read_limit(max, &c->change_share, &c->change_count, e);
	return r;
}
