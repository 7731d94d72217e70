#ifndef API_ASIDE_H
#define API_ASIDE_H

#include <stdbool.h>
#include <stddef.h>

#define ASIDE_MOST 64

/*
 * Paths of single things at which the server asked for a pause while it
 * answered all else: what it says there of pauses holds for them alone.
 * Zeroed, there are none; of more than fit the first are forgotten.
 */
struct aside {
	size_t next;
	char *paths[ASIDE_MOST]; /* owned, or NULL */
};

bool aside_has(const struct aside *a, const char *path);
void aside_add(struct aside *a, const char *path);
void aside_drop(struct aside *a, const char *path);
void aside_fini(struct aside *a);

#endif
