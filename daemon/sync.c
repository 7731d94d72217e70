/*
 * sync - what the flows of a pass share.
 */
#include "daemon/sync.h"

#include <stdlib.h>
#include <string.h>

void sync_name_answer(const struct api_request *request, struct err *e)
{
	if (e->code != 0 && e->code != ERR_IO)
		err_prefix(e, "GET %.*s: %d", (int)strcspn(request->path, "?"),
			request->path, request->status);
}

void quiet_fini(struct quiet *q)
{
	free(q->path);
	buf_fini(&q->list);
	*q = (struct quiet){0};
}
