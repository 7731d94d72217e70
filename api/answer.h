#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api/client.h"
#include "api/http.h"

/* What to do after an exchange. */
enum verdict {
	VERDICT_END,    /* r->err is the result */
	VERDICT_RETRY,  /* as END, but another try may help */
	VERDICT_FOLLOW, /* a redirect of contents: look where it leads */
};

/*
 * Judge the answer g to r, and set r->status and r->err.  where names the
 * origin that was asked; away says that it is not the server but one that
 * contents were redirected to; whole, that what was packed is complete.
 */
enum verdict answer_judge(struct api_request *r, const struct http_get *g,
	const char *where, bool away, bool whole);

/* "GET /path" as errors name it, without a long query. */
void answer_name(const struct api_request *r, char *out, size_t size);

#endif
