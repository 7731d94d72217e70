/*
 * markup_links - the addresses that the links of a text lead to.
 */
#include <stdlib.h>

#include "content/ascii.h"
#include "content/body_walk.h"
#include "content/markup.h"

struct link_at {
	struct address at;
	bool bare;
};

struct collecting {
	struct str body;
	struct link_at *items; /* owned */
	size_t n;
	size_t cap;
};

static void on_address(void *arg, enum place place, struct address at)
{
	struct collecting *c = arg;

	if (place == PLACE_PICTURE || place == PLACE_SRC || at.end == at.start)
		return;
	c->items = grow(c->items, c->n, &c->cap, sizeof(*c->items));
	c->items[c->n++] = (struct link_at){at, place == PLACE_BARE};
}

/* An address in a link's own text is the same link. */
static void on_label(void *arg, size_t start, size_t end, bool picture)
{
	struct collecting *c = arg;
	size_t kept = c->n;

	(void)end;
	(void)picture;
	while (kept > 0 && c->items[kept - 1].at.start >= start)
		kept--;
	for (size_t i = kept; i < c->n; i++)
		if (!c->items[i].bare)
			c->items[kept++] = c->items[i];
	c->n = kept;
}

static bool is_escapable(char c)
{
	return c > ' ' && c < 0x7F && (c == '_' || !ascii_name(c));
}

/* As it is meant: without backslashes, and "&" for "&amp;". */
static struct str plain(struct arena *a, struct str written)
{
	char *p = arena_alloc(a, written.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < written.n; i++) {
		if (written.p[i] == '\\' &&
			is_escapable(ascii_at(written, i + 1)))
			i++;
		p[n++] = written.p[i];
		if (str_starts(str_skip(written, i), STR("&amp;")))
			i += 4;
	}
	return (struct str){p, n};
}

size_t markup_links(struct arena *a, struct str text, struct str **out)
{
	struct collecting c = {.body = text};

	body_walk(&(struct walker){.body = text,
		.arg = &c,
		.on_address = on_address,
		.on_label = on_label});
	*out = ARENA_ARRAY(a, struct str, c.n);
	for (size_t i = 0; i < c.n; i++) {
		struct address at = c.items[i].at;

		(*out)[i] = plain(
			a, (struct str){text.p + at.start, at.end - at.start});
	}
	free(c.items);
	return c.n;
}
