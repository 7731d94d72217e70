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
#include "daemon/sync.h"

static void add(struct pages *p, struct buf *body)
{
	p->bodies = grow(p->bodies, p->n, &p->cap, sizeof(*p->bodies));
	p->bodies[p->n++] = *body;
	*body = (struct buf){0};
}

int pages_take(
	struct pages *p, struct api_request *request, bool *more, struct err *e)
{
	struct arena scratch = {0};
	struct api_list list = {0};
	int r;

	add(p, &request->body);
	if (more == NULL)
		return 0;
	r = api_list_scan(&scratch, buf_str(&p->bodies[p->n - 1]), &list, e);
	if (r == 0) {
		p->listed += list.n;
		*more = list.n > 0 && (int64_t)p->listed < list.total;
	}
	sync_name_answer(request, e);
	arena_fini(&scratch);
	return r;
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
