/*
 * sync - what the flows of a pass share.
 */
#include "daemon/sync.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/pages.h"

void sync_name_answer(const struct api_request *request, struct err *e)
{
	if (e->code != 0 && e->code != ERR_IO)
		err_prefix(e, "GET %.*s: %d", (int)strcspn(request->path, "?"),
			request->path, request->status);
}

bool sync_take_page(
	struct pages *p, struct api_request *request, bool whole, struct err *e)
{
	bool more = false;

	if (pages_take(p, &request->body, whole ? NULL : &more, e) == 0)
		return !more;
	if (!pages_again(p, e))
		sync_name_answer(request, e);
	return false;
}

bool sync_end_pages(
	struct pages *p, const struct api_request *request, struct err *e)
{
	if (pages_again(p, e))
		return true;
	sync_name_answer(request, e);
	pages_fini(p);
	return false;
}

void quiet_fini(struct quiet *q)
{
	free(q->path);
	buf_fini(&q->list);
	*q = (struct quiet){0};
}

size_t sync_page(const struct sync *sync)
{
	return sync->page > 0 ? sync->page : SYNC_PAGE;
}

size_t sync_ids(const struct sync *sync, size_t n)
{
	return sync->ids > 0 && sync->ids < n ? sync->ids : n;
}

void sync_ask_shorter(struct sync *sync, size_t n)
{
	sync->ids = sync_ids(sync, n);
}

bool sync_halve(const struct api_request *request, size_t *n, bool *shorter)
{
	if (!request->too_long || *n <= 1)
		return false;
	*n /= 2;
	*shorter = true;
	return true;
}

struct api_scope sync_changes(const struct sync *sync)
{
	struct api_scope scope = sync->scope;

	scope.n_without = sync->n_unshown;
	scope.without = sync->unshown;
	return scope;
}

bool sync_hide(struct sync *sync, int64_t id)
{
	sync_show(sync, id);
	if (sync->n_unshown == SYNC_UNSHOWN)
		return false;
	sync->unshown[sync->n_unshown++] = id;
	return true;
}

void sync_show(struct sync *sync, int64_t id)
{
	for (size_t i = 0; i < sync->n_unshown; i++)
		if (sync->unshown[i] == id)
			sync->unshown[i--] = sync->unshown[--sync->n_unshown];
}
