/*
 * pages - the pages of a list, as they come.
 *
 * Their figures are read on the loop's thread, as they are few; the elements
 * are left to the worker.
 */
#include "daemon/pages.h"

#include <stdlib.h>

#include "api/resources.h"
#include "base/util.h"

#define MAX_WALKS 5

static void add(struct pages *p, struct buf *body)
{
	p->bodies = grow(p->bodies, p->n, &p->cap, sizeof(*p->bodies));
	p->bodies[p->n++] = *body;
	*body = (struct buf){0};
}

int pages_take(struct pages *p, struct buf *body, bool *more, struct err *e)
{
	struct arena scratch = {0};
	struct api_list list = {0};
	int r;

	add(p, body);
	if (more == NULL)
		return 0;
	r = api_list_scan(&scratch, buf_str(&p->bodies[p->n - 1]), &list, e);
	if (r == 0 && p->n > 1 && list.total != p->total)
		r = err_set(e, ERR_AGAIN,
			"the server's list changed while it was read");
	if (r == 0) {
		p->listed += list.n;
		p->total = list.total;
		*more = list.n > 0 && (int64_t)p->listed < list.total;
	}
	arena_fini(&scratch);
	return r;
}

bool pages_again(struct pages *p, struct err *e)
{
	int walks = p->walks + 1;

	if (e->code != ERR_AGAIN)
		return false;
	if (walks == MAX_WALKS) {
		e->code = ERR_UNAVAILABLE;
		return false;
	}
	pages_fini(p);
	p->walks = walks;
	*e = (struct err){0};
	return true;
}

struct str *pages_strs(const struct pages *p)
{
	struct str *strs = xcalloc(p->n, sizeof(*strs));

	for (size_t i = 0; i < p->n; i++)
		strs[i] = buf_str(&p->bodies[i]);
	return strs;
}

void pages_fini(struct pages *p)
{
	for (size_t i = 0; i < p->n; i++)
		buf_fini(&p->bodies[i]);
	free(p->bodies);
	*p = (struct pages){0};
}
