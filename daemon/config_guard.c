/*
 * config_guard - guard: how much may be removed or changed unasked.
 */
#include "daemon/config_parts.h"

static int read_delete(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("within", KIND_DURATION, guard_within),
		KEY("share", KIND_SHARE, guard_share),
		KEY("count", KIND_COUNT, guard_count),
	};

	return config_read_section(
		c, at, "max_delete", keys, ARRAY_LEN(keys), e);
}

static int read_change(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("share", KIND_SHARE, change_share),
		KEY("count", KIND_COUNT, change_count),
	};

	return config_read_section(
		c, at, "max_change", keys, ARRAY_LEN(keys), e);
}

int config_read_guard(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY_OWN("max_delete", read_delete),
		KEY_OWN("max_change", read_change),
	};

	return config_read_section(c, at, "guard", keys, ARRAY_LEN(keys), e);
}
