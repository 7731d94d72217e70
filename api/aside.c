/*
 * aside - whose Retry-After is not meant for others.
 */
#include "api/aside.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Where it is, or ASIDE_MOST. */
static size_t find(const struct aside *a, const char *path)
{
	size_t i = 0;

	while (i < ASIDE_MOST &&
		(a->paths[i] == NULL || strcmp(a->paths[i], path) != 0))
		i++;
	return i;
}

bool aside_has(const struct aside *a, const char *path)
{
	return find(a, path) < ASIDE_MOST;
}

void aside_add(struct aside *a, const char *path)
{
	if (aside_has(a, path))
		return;
	free(a->paths[a->next]);
	a->paths[a->next] = xstrdup(path);
	a->next = (a->next + 1) % ASIDE_MOST;
}

void aside_drop(struct aside *a, const char *path)
{
	size_t at = find(a, path);

	if (at == ASIDE_MOST)
		return;
	free(a->paths[at]);
	a->paths[at] = NULL;
}

void aside_fini(struct aside *a)
{
	for (size_t i = 0; i < ASIDE_MOST; i++)
		free(a->paths[i]);
	*a = (struct aside){0};
}
